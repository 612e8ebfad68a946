using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>
/// Attention over a <see cref="PagedCache{T}"/> is attention over each sequence, however it grew, on every device.
/// </summary>
[TestFixture(typeof(float), typeof(float))]
[TestFixture(typeof(Half), typeof(Half))]
[TestFixture(typeof(float), typeof(sbyte))]
public sealed class PagedAttentionTests<TQuery, TKey>
    where TQuery : unmanaged
    where TKey : unmanaged
{
    private const int Heads = 4, KeyValueHeads = 2, HeadDim = 16, ValueHeadDim = 8, PageSize = 4, Layers = 2;

    private readonly Random _random = new(5);

    private static IEnumerable<string> Devices => TestDevices.Names;

    [Test]
    public void PromptsAndSingleTokensMix([ValueSource(nameof(Devices))] string device) => Run(device, (cache, step) =>
    {
        var a = new Track(cache.AddSequence());
        var b = new Track(cache.AddSequence());
        var c = new Track(cache.AddSequence());
        step([(a, 11), (b, 3)]);
        step([(c, 1), (a, 1), (b, 6)]);
        step([(a, 1), (b, 1), (c, 1)]);
        cache.Remove(b.Sequence);
        step([(a, 1), (c, 9)]);
    });

    [Test]
    public void ForksGoTheirOwnWays([ValueSource(nameof(Devices))] string device) => Run(device, (cache, step) =>
    {
        var a = new Track(cache.AddSequence());
        step([(a, 10)]);
        Track b = a.Forked(cache.Fork(a.Sequence)), c = a.Forked(cache.Fork(a.Sequence));
        step([(b, 1), (a, 3)]);
        step([(a, 1), (c, 2), (b, 1)]);
        cache.Remove(a.Sequence);
        step([(b, 5), (c, 5)]);
    });

    [Test]
    public void RejectedTokensLeaveNoTrace([ValueSource(nameof(Devices))] string device) => Run(device, (cache, step) =>
    {
        var a = new Track(cache.AddSequence());
        step([(a, 7)]);
        step([(a, 6)]);
        cache.Truncate(a.Sequence, 9);
        a.Truncate(9);
        step([(a, 1)]);
    });

    [Test]
    public void DraftTokensThatAreATreeSeeTheirAncestors([ValueSource(nameof(Devices))] string device) =>
        Run(device, (cache, step) =>
        {
            var a = new Track(cache.AddSequence());
            var b = new Track(cache.AddSequence());
            step([(a, 6), (b, 2)]);
            step([(a, 5), (b, 5)], [-1, 0, 0, 1, 2]);
        });

    private void Run(string device, Action<PagedCache<TKey>, StepAction> test)
    {
        using var scope = new TensorScope(device);
        using var cache = new PagedCache<TKey>(
            scope.Stream.Device, new PagedCacheShape(24, PageSize, KeyValueHeads, HeadDim, ValueHeadDim, Layers));
        using var rotary = new RotaryTable(scope.Stream, 32, HeadDim);
        test(cache, (batch, parents) => Step(scope, cache, rotary, batch, parents));
    }

    /// <summary>Appends random tokens, and checks what each sequence gives.</summary>
    private void Step(
        TensorScope scope, PagedCache<TKey> cache, RotaryTable rotary, (Track Track, int Count)[] batch, int[]? parents)
    {
        int[] counts = [.. batch.Select(entry => entry.Count)];
        Rows[] query = Random(counts, Heads, HeadDim), key = Random(counts, KeyValueHeads, HeadDim);
        Rows[] value = Random(counts, KeyValueHeads, ValueHeadDim);
        SequenceLayout layout = SequenceLayout.Packed(counts);
        int n = parents?.Length ?? 0;
        bool[] tree = TreeMask.FromParents(parents ?? []);
        cache.Append(scope.Stream, [.. batch.Select(entry => entry.Track.Sequence)], counts);
        AttentionInputs inputs = cache.Inputs with { TreeMask = n > 0 ? scope.Upload(tree, 1, n, n) : default };
        var options = new AttentionOptions { Causal = true };
        foreach (int layer in (int[])[0, Layers - 1])
        {
            var output = scope.Output<TQuery>(layout.Dims(Heads, ValueHeadDim));
            AttentionCache<TQuery> step = cache.Layer(
                layer,
                scope.Upload(layout.Place<TQuery>(key), layout.Dims(KeyValueHeads, HeadDim)),
                scope.Upload(layout.Place<TQuery>(value), layout.Dims(KeyValueHeads, ValueHeadDim)));
            Attention.Forward(
                scope.Stream, scope.Upload(layout.Place<TQuery>(query), layout.Dims(Heads, HeadDim)),
                cache.Key(layer), cache.Value(layer), output.Tensor,
                step with { RotaryCos = rotary.Cos, RotarySin = rotary.Sin }, inputs, options);
            TQuery[] written = output.Memory.ToArray(scope.Stream);
            for (int b = 0; b < batch.Length; b++)
            {
                Track track = batch[b].Track;
                int first = track.Key.Length;
                Rows keys = track.Key.Then(Cached(Turn(key[b], first))), values = track.Value.Then(Cached(value[b]));
                var expected = new SequenceAttention(Turn(query[b], first), keys, values, options)
                {
                    Mask = (_, i, j) => n == 0 || j < first || tree[i * n + j - first],
                };
                Tolerance.AssertMatches<TQuery>(
                    layout.Take(written, b, Heads * ValueHeadDim), Widened(expected.Forward<TQuery>().Output),
                    $"layer {layer}, sequence {track.Sequence} behind {first} keys");
                if (layer == Layers - 1)
                {
                    (track.Key, track.Value) = (keys, values);
                }
            }
        }
    }

    private Rows[] Random(int[] lengths, int heads, int width) =>
        [.. lengths.Select(length => Rows.Random<TQuery>(_random, length, heads, width))];

    /// <summary>Rows as the cache holds them.</summary>
    private static Rows Cached(Rows rows)
    {
        var contents = new CacheContents<TKey>(rows.Length, rows.Heads, rows.Width);
        var cached = new Rows(rows.Length, rows.Heads, rows.Width);
        for (int j = 0; j < rows.Length; j++)
        {
            for (int h = 0; h < rows.Heads; h++)
            {
                contents.Write(j, h, rows[j, h]);
                contents.Read(j, h, cached[j, h]);
            }
        }
        return cached;
    }

    /// <summary>Keys that were turned in float may be rounded to a neighbour in the cache: a step of Half, or of int8.</summary>
    private static Expectation Widened(Expectation expected) => typeof(TKey) == typeof(float)
        ? expected
        : expected with { Terms = [.. expected.Terms.Select(terms => terms * 1024)] };

    private static Rows Turn(Rows rows, int first) => rows.Turned(first, HeadDim, theta: 10_000);

    private delegate void StepAction((Track Track, int Count)[] batch, int[]? parents = null);

    /// <summary>What a sequence of the cache should hold.</summary>
    private sealed class Track(int sequence)
    {
        public int Sequence { get; } = sequence;

        public Rows Key { get; set; } = new(0, KeyValueHeads, HeadDim);

        public Rows Value { get; set; } = new(0, KeyValueHeads, ValueHeadDim);

        public Track Forked(int fork) => new(fork) { Key = Key, Value = Value };

        public void Truncate(int length) => (Key, Value) = (Key.Slice(0, length), Value.Slice(0, length));
    }
}
