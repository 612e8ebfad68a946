using Kernels.Interop;
using LongContext.Network;

namespace LongContext.Caching;

/// <summary>Attention over a paged cache that grows step by step.</summary>
internal sealed class PagedAttention : CachedAttention
{
    private readonly PagedCache<float> _cache;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="shape">sizes of the decoder</param>
    /// <param name="stream">where attention runs</param>
    /// <param name="lengths">lengths that sequences will have</param>
    /// <param name="stepTokens">most tokens of a step</param>
    /// <param name="pageSize">tokens of a page</param>
    public PagedAttention(
        DecoderShape shape, KernelStream stream, IReadOnlyList<int> lengths, int stepTokens, int pageSize)
        : base(shape, stream, stepTokens, Pages(lengths.Max(), pageSize) * pageSize)
    {
        _cache = new PagedCache<float>(stream.Device, new PagedCacheShape(
            lengths.Sum(length => Pages(length, pageSize)), pageSize, shape.KeyValueHeads, shape.HeadDim, shape.HeadDim,
            shape.Layers));
        Sequences = [.. lengths.Select(_ => _cache.AddSequence())];
    }

    /// <summary>The sequences.</summary>
    public IReadOnlyList<int> Sequences { get; }

    /// <summary>Memory of all pages, of all layers.</summary>
    public long CacheBytes
    {
        get
        {
            var shape = _cache.Shape;
            return (long)shape.Pages * shape.PageSize * shape.KeyValueHeads * (shape.HeadDim + shape.ValueHeadDim)
                * shape.Layers * sizeof(float);
        }
    }

    /// <summary>Begins a step of tokens, one sequence's behind the other's.</summary>
    /// <param name="sequences">sequences that get tokens</param>
    /// <param name="counts">tokens of each</param>
    public void Begin(ReadOnlySpan<int> sequences, ReadOnlySpan<int> counts) => _cache.Append(Stream, sequences, counts);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _cache.Dispose();
    }

    /// <inheritdoc/>
    protected override void Attend(
        int layer, in DeviceTensor<float> query, in DeviceTensor<float> key, in DeviceTensor<float> value,
        in DeviceTensor<float> output)
    {
        var cache = _cache.Layer(layer, key, value) with { RotaryCos = Rotary.Cos, RotarySin = Rotary.Sin };
        Attention.Forward(
            Stream, query, _cache.Key(layer), _cache.Value(layer), output, cache, _cache.Inputs, Options);
    }

    private static int Pages(int length, int pageSize) => (length + pageSize - 1) / pageSize;
}
