namespace Kernels.Interop.Tests.Operators;

/// <summary>A problem of a few sequences over a cache.</summary>
public sealed record CacheSetting
{
    /// <summary>Keys that the cache holds before the call.</summary>
    public int[] Used { get; init; } = [21, 3, 0];

    /// <summary>Keys that are appended; null: none.</summary>
    public int[]? New { get; init; } = [1, 4, 7];

    /// <summary>Queries, which are packed if their lengths differ.</summary>
    public int[] QueryLengths { get; init; } = [1, 4, 7];

    /// <summary>Rows of a page; 0: the cache is contiguous.</summary>
    public int PageSize { get; init; } = 4;

    /// <summary>Slots of the sequences in a contiguous cache; null: in order.</summary>
    public int[]? Slots { get; init; }

    /// <summary>Elements of a row that are turned; 0: there is no rotary embedding.</summary>
    public int RotaryDim { get; init; }

    public bool RotaryInterleaved { get; init; }

    public AttentionOptions Options { get; init; } = new() { Causal = true };
}

/// <summary>One thing that a cache can be asked for, which changes what is computed.</summary>
/// <param name="Name">For the name of the test.</param>
/// <param name="Without">The problem without it; null if the results may be the same.</param>
/// <param name="With">The problem with it.</param>
public sealed record CacheFeature(string Name, CacheSetting? Without, CacheSetting With)
{
    private static readonly CacheSetting Paged = new();
    private static readonly CacheSetting Contiguous = new() { PageSize = 0 };
    private static readonly CacheSetting Decode = new() { QueryLengths = [1, 1, 1], New = [1, 1, 1] };
    private static readonly CacheSetting Rotary = Paged with { RotaryDim = 16 };

    public static IEnumerable<CacheFeature> All =>
    [
        new("paged", null, Paged),
        new("page_of_one", null, Paged with { PageSize = 1 }),
        new("decode", null, Decode),
        new("contiguous", null, Contiguous),
        new("slots", null, Contiguous with { Slots = [4, 0, 2] }),
        new("nothing_appended", null, Paged with { New = null, QueryLengths = [2, 1, 1] }),
        new("window", Paged, Paged with { Options = new() { Causal = true, WindowLeft = 6, SinkCount = 1 } }),
        new("splits", null, Decode with { Options = new() { Causal = true, SplitCount = 3 } }),
        new("rotary", Paged, Rotary),
        new("rotary_interleaved", Rotary, Rotary with { RotaryInterleaved = true }),
        new("rotary_part", Rotary, Rotary with { RotaryDim = 10 }),
        new("rotary_decode", Decode, Decode with { RotaryDim = 16 }),
    ];

    public override string ToString() => Name;
}
