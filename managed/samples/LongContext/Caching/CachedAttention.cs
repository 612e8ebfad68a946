using System.Diagnostics;
using Kernels.Interop;
using LongContext.Network;

namespace LongContext.Caching;

/// <summary>
/// Attention of a decoder whose keys and values stay in a cache on a device: queries, new keys and new values go there, the
/// output comes back.
/// </summary>
internal abstract class CachedAttention : IDisposable
{
    private readonly DecoderShape _shape;
    private readonly DeviceBuffer<float> _query, _key, _value, _output;

    /// <summary>Allocates what every step uses.</summary>
    /// <param name="shape">sizes of the decoder</param>
    /// <param name="stream">where attention runs</param>
    /// <param name="stepTokens">most tokens of a step</param>
    /// <param name="positions">positions the cache has room for in one sequence</param>
    protected CachedAttention(DecoderShape shape, KernelStream stream, int stepTokens, int positions)
    {
        (_shape, Stream) = (shape, stream);
        _query = stream.Device.Allocate<float>((long)stepTokens * shape.Width);
        _key = stream.Device.Allocate<float>((long)stepTokens * shape.KeyValueWidth);
        _value = stream.Device.Allocate<float>((long)stepTokens * shape.KeyValueWidth);
        _output = stream.Device.Allocate<float>((long)stepTokens * shape.Width);
        Rotary = new RotaryTable(stream, positions, shape.HeadDim);
    }

    /// <summary>Time spent in attention, with the copies to the device and back.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Where attention runs.</summary>
    protected KernelStream Stream { get; }

    /// <summary>Angles of the rotary embedding.</summary>
    protected RotaryTable Rotary { get; }

    /// <summary>Causal, with a window and attention sinks.</summary>
    protected AttentionOptions Options =>
        new() { Causal = true, WindowLeft = _shape.Window, SinkCount = _shape.Sinks };

    /// <summary>Appends a layer's new keys and values, and attends to all that the queries see.</summary>
    /// <param name="layer">the layer</param>
    /// <param name="query">[tokens, heads, head dim]</param>
    /// <param name="key">[tokens, key/value heads, head dim]</param>
    /// <param name="value">[tokens, key/value heads, head dim]</param>
    /// <param name="output">[tokens, heads, head dim], written</param>
    public void Forward(
        int layer, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, Span<float> output)
    {
        var start = Stopwatch.GetTimestamp();
        _query.CopyFrom(query, offset: 0, Stream);
        _key.CopyFrom(key, offset: 0, Stream);
        _value.CopyFrom(value, offset: 0, Stream);

        long tokens = query.Length / _shape.Width;
        ReadOnlySpan<long> queries = [tokens, _shape.Heads, _shape.HeadDim];
        ReadOnlySpan<long> keys = [tokens, _shape.KeyValueHeads, _shape.HeadDim];
        Attend(
            layer,
            new DeviceTensor<float>(_query, queries),
            new DeviceTensor<float>(_key, keys),
            new DeviceTensor<float>(_value, keys),
            new DeviceTensor<float>(_output, queries));
        _output.CopyTo(output, offset: 0, Stream);
        Elapsed += Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        _query.Dispose();
        _key.Dispose();
        _value.Dispose();
        _output.Dispose();
        Rotary.Dispose();
    }

    /// <summary>The same over memory of the device.</summary>
    protected abstract void Attend(
        int layer, in DeviceTensor<float> query, in DeviceTensor<float> key, in DeviceTensor<float> value,
        in DeviceTensor<float> output);
}
