using Kernels.Interop;
using LongContext.Network;

namespace LongContext.Caching;

/// <summary>Attention of whole sequences in one call: each goes to a slot of a contiguous cache that was empty before.</summary>
internal sealed class WholeAttention : CachedAttention
{
    private readonly DeviceBuffer<float> _keys, _values; // [sequences, longest, key/value heads, head dim], of one layer
    private readonly DeviceBuffer<int> _offsets, _used;
    private readonly long[] _dims;

    /// <summary>Allocates the slots.</summary>
    /// <param name="shape">sizes of the decoder</param>
    /// <param name="stream">where attention runs</param>
    /// <param name="lengths">lengths of the sequences</param>
    public WholeAttention(DecoderShape shape, KernelStream stream, IReadOnlyList<int> lengths)
        : base(shape, stream, lengths.Sum(), lengths.Max())
    {
        _dims = [lengths.Count, lengths.Max(), shape.KeyValueHeads, shape.HeadDim];
        _keys = stream.Device.Allocate<float>(_dims.Aggregate(1L, (a, b) => a * b));
        _values = stream.Device.Allocate<float>(_keys.Length);
        var offsets = new int[lengths.Count + 1];
        for (var s = 0; s < lengths.Count; s++)
        {
            offsets[s + 1] = offsets[s] + lengths[s];
        }

        _offsets = stream.Upload<int>(offsets);
        _used = stream.Upload<int>(new int[lengths.Count]);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _keys.Dispose();
        _values.Dispose();
        _offsets.Dispose();
        _used.Dispose();
    }

    /// <inheritdoc/>
    protected override void Attend(
        int layer, in DeviceTensor<float> query, in DeviceTensor<float> key, in DeviceTensor<float> value,
        in DeviceTensor<float> output)
    {
        var offsets = new DeviceTensor<int>(_offsets, [_offsets.Length]);
        var cache = new AttentionCache<float>
        {
            NewKey = key,
            NewValue = value,
            CuSeqlensNew = offsets,
            RotaryCos = Rotary.Cos,
            RotarySin = Rotary.Sin,
        };
        var inputs = new AttentionInputs { CuSeqlensQ = offsets, SeqUsedK = new DeviceTensor<int>(_used, [_used.Length]) };
        Attention.Forward(
            Stream, query, new DeviceTensor<float>(_keys, _dims), new DeviceTensor<float>(_values, _dims), output, cache,
            inputs, Options);
    }
}
