namespace Kernels.Interop.Tests.Operators;

/// <summary>A problem of a few sequences, with what attention takes beside query, key and value.</summary>
public sealed record FeatureSetting
{
    public AttentionOptions Options { get; init; } = new() { Causal = true };

    public int[] QueryLengths { get; init; } = [9, 9];

    public int[] KeyLengths { get; init; } = [37, 37];

    /// <summary>Whether sequences lie behind one another, and are told apart by offsets.</summary>
    public bool IsPacked { get; init; }

    /// <summary>Length of the key tensor where <c>SeqUsedK</c> cuts it; 0: it is not cut.</summary>
    public int KeyCapacity { get; init; }

    /// <summary>Lengths of the bias along batch, heads and queries, each of them all (-1) or 1; null: no bias.</summary>
    public (int Batch, int Heads, int Queries)? Bias { get; init; }

    /// <summary>Whether the bias is float, whatever the query is.</summary>
    public bool BiasIsFloat { get; init; }

    /// <summary>Lengths of the mask.</summary>
    public (int Batch, int Heads, int Queries)? Mask { get; init; }

    /// <summary>Dimensions of the slopes, 1 or 2; 0: there are none.</summary>
    public int SlopeRank { get; init; }

    /// <summary>Parents of draft tokens, as a tree.</summary>
    public int[]? Parents { get; init; }
}

/// <summary>One thing that can be asked of attention, which changes what it computes.</summary>
/// <param name="Name">For the name of the test.</param>
/// <param name="Without">The problem without it.</param>
/// <param name="With">The problem with it.</param>
public sealed record Feature(string Name, FeatureSetting Without, FeatureSetting With)
{
    private static readonly FeatureSetting Plain = new(), Open = new() { Options = default };
    private static readonly AttentionDropout Dropout = new(0.3f, 0x1234_5678_9abc_def0, 7);

    private static readonly FeatureSetting Ragged = new()
    {
        IsPacked = true, QueryLengths = [9, 1, 0, 5, 3], KeyLengths = [37, 3, 4, 0, 2],
    };

    public static IEnumerable<Feature> All =>
    [
        new("causal", Open, Plain),
        Option("scale", o => o with { Scale = -0.3f }),
        Option("window_left", o => o with { WindowLeft = 5 }),
        new("window_right", Open, Open with { Options = new() { WindowRight = 3 } }),
        new("sinks", Windowed(sinks: 0), Windowed(sinks: 2)),
        Option("softcap", o => o with { SoftCap = 0.5f }),
        Option("dropout", o => o with { Dropout = Dropout }),
        new("dropout_seed", Dropped(Dropout), Dropped(Dropout with { Seed = Dropout.Seed + 1 })),
        new("dropout_seed_high", Dropped(Dropout), Dropped(Dropout with { Seed = Dropout.Seed + (1UL << 32) })),
        new("dropout_offset", Dropped(Dropout), Dropped(Dropout with { Offset = 8 })),
        new("bias", Plain, Plain with { Bias = (-1, -1, -1) }),
        new("bias_broadcast", Plain, Plain with { Bias = (1, -1, 1) }),
        new("bias_float", Plain, Plain with { Bias = (-1, 1, -1), BiasIsFloat = true }),
        new("mask", Plain, Plain with { Mask = (-1, -1, -1) }),
        new("mask_broadcast", Open, Open with { Mask = (-1, 1, 1) }),
        new("alibi", Plain, Plain with { SlopeRank = 1 }),
        new("alibi_batch", Plain with { SlopeRank = 1 }, Plain with { SlopeRank = 2 }),
        new("tree_mask", Plain, Plain with { Parents = [-1, 0, 0, 2, 2, -1] }),
        new("seqused_k", Plain, Plain with { KeyLengths = [30, 37], KeyCapacity = 40 }),
        new("packed", Ragged with { Options = default }, Ragged),
        new("packed_bias", Ragged, Ragged with { Bias = (-1, -1, -1) }),
        new(
            "everything",
            Ragged,
            Ragged with
            {
                Options = new()
                {
                    Causal = true, Scale = 0.2f, WindowLeft = 20, SinkCount = 3, SoftCap = 4, Dropout = Dropout,
                },
                Bias = (-1, -1, -1), Mask = (1, -1, -1), SlopeRank = 2,
            }),
    ];

    public override string ToString() => Name;

    private static Feature Option(string name, Func<AttentionOptions, AttentionOptions> set) =>
        new(name, Plain, Plain with { Options = set(Plain.Options) });

    private static FeatureSetting Windowed(int sinks) =>
        new() { Options = new() { Causal = true, WindowLeft = 5, SinkCount = sinks } };

    private static FeatureSetting Dropped(AttentionDropout dropout) =>
        new() { Options = new() { Causal = true, Dropout = dropout } };
}
