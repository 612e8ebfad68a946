using System.Numerics.Tensors;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Ways to call attention over the same memory.</summary>
public enum Overload
{
    Spans,
    TensorSpans,
    DeviceBuffers,
    PinnedBuffers,
    Addresses,
}

/// <summary>Runs inputs through one overload.</summary>
internal static class AttentionOverloads
{
    public static void Run<T>(
        Overload overload, KernelStream stream, AttentionInputs<T> inputs, T[] output, float[] logsumexp)
        where T : unmanaged
    {
        AttentionCase c = inputs.Case;
        switch (overload)
        {
            case Overload.Spans:
                Attention.Forward<T>(
                    stream, c.Shape, inputs.Query, inputs.Key, inputs.Value, output, c.Options, logsumexp);
                break;
            case Overload.TensorSpans:
                Attention.Forward(
                    stream,
                    Contiguous(inputs.Query, c.QueryDims),
                    Contiguous(inputs.Key, c.KeyDims),
                    Contiguous(inputs.Value, c.ValueDims),
                    Contiguous(output, c.OutputDims),
                    c.Options,
                    Contiguous(logsumexp, c.LogSumExpDims));
                break;
            case Overload.DeviceBuffers:
                RunDeviceBuffers(stream, inputs, output, logsumexp);
                break;
            case Overload.PinnedBuffers:
                RunPinnedBuffers(stream, inputs, output, logsumexp);
                break;
            case Overload.Addresses:
                RunAddresses(stream, inputs, output, logsumexp);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(overload));
        }
    }

    /// <summary>The overloads that work on a device: spans are host memory.</summary>
    public static IEnumerable<Overload> Of(string deviceName) =>
        Enum.GetValues<Overload>().Where(o => deviceName == "cpu" || o is not (Overload.Spans or Overload.TensorSpans));

    public static TensorSpan<T> Contiguous<T>(T[] elements, long[] dims) =>
        new(elements, [.. dims.Select(length => (nint)length)]);

    private static void RunDeviceBuffers<T>(
        KernelStream stream, AttentionInputs<T> inputs, T[] output, float[] logsumexp)
        where T : unmanaged
    {
        AttentionCase c = inputs.Case;
        using DeviceBuffer<T> q = Upload(stream, inputs.Query), k = Upload(stream, inputs.Key);
        using DeviceBuffer<T> v = Upload(stream, inputs.Value), o = Upload(stream, output);
        using DeviceBuffer<float> lse = Upload(stream, logsumexp);
        Attention.Forward(
            stream,
            new DeviceTensor<T>(q, c.QueryDims),
            new DeviceTensor<T>(k, c.KeyDims),
            new DeviceTensor<T>(v, c.ValueDims),
            new DeviceTensor<T>(o, c.OutputDims),
            c.Options,
            new DeviceTensor<float>(lse, c.LogSumExpDims));
        o.CopyTo(output, stream);
        lse.CopyTo(logsumexp, stream);
    }

    private static void RunPinnedBuffers<T>(
        KernelStream stream, AttentionInputs<T> inputs, T[] output, float[] logsumexp)
        where T : unmanaged
    {
        AttentionCase c = inputs.Case;
        using PinnedBuffer<T> q = Pin(stream.Device, inputs.Query), k = Pin(stream.Device, inputs.Key);
        using PinnedBuffer<T> v = Pin(stream.Device, inputs.Value), o = Pin(stream.Device, output);
        using PinnedBuffer<float> lse = Pin(stream.Device, logsumexp);
        Attention.Forward(
            stream,
            new DeviceTensor<T>(q, c.QueryDims),
            new DeviceTensor<T>(k, c.KeyDims),
            new DeviceTensor<T>(v, c.ValueDims),
            new DeviceTensor<T>(o, c.OutputDims),
            c.Options,
            new DeviceTensor<float>(lse, c.LogSumExpDims));
        stream.Synchronize();
        o.GetSpan().CopyTo(output);
        lse.GetSpan().CopyTo(logsumexp);
    }

    private static void RunAddresses<T>(
        KernelStream stream, AttentionInputs<T> inputs, T[] output, float[] logsumexp)
        where T : unmanaged
    {
        AttentionCase c = inputs.Case;
        using DeviceBuffer<T> q = Upload(stream, inputs.Query), k = Upload(stream, inputs.Key);
        using DeviceBuffer<T> v = Upload(stream, inputs.Value), o = Upload(stream, output);
        using DeviceBuffer<float> lse = Upload(stream, logsumexp);
        Attention.Forward(
            stream,
            new DeviceTensor<T>(stream.Device, q.DevicePointer, c.QueryDims),
            new DeviceTensor<T>(stream.Device, k.DevicePointer, c.KeyDims),
            new DeviceTensor<T>(stream.Device, v.DevicePointer, c.ValueDims),
            new DeviceTensor<T>(stream.Device, o.DevicePointer, c.OutputDims),
            c.Options,
            new DeviceTensor<float>(stream.Device, lse.DevicePointer, c.LogSumExpDims));
        o.CopyTo(output, stream);
        lse.CopyTo(logsumexp, stream);
    }

    private static DeviceBuffer<T> Upload<T>(KernelStream stream, T[] elements)
        where T : unmanaged
    {
        DeviceBuffer<T> buffer = stream.Device.Allocate<T>(elements.Length);
        buffer.CopyFrom(elements, stream);
        return buffer;
    }

    private static PinnedBuffer<T> Pin<T>(Device device, T[] elements)
        where T : unmanaged
    {
        PinnedBuffer<T> buffer = device.AllocatePinned<T>(elements.Length);
        elements.CopyTo(buffer.GetSpan());
        return buffer;
    }
}
