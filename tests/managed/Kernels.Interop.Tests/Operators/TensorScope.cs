using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Tensors of one test on a device, freed together.</summary>
internal sealed class TensorScope(string deviceName) : IDisposable
{
    private readonly List<IDisposable> _buffers = [];

    public KernelStream Stream { get; } = Suite.DeviceNamed(deviceName).CreateStream();

    /// <summary>A contiguous tensor with these elements.</summary>
    public DeviceTensor<T> Upload<T>(T[] elements, params long[] dims)
        where T : unmanaged => new(Keep(Stream.Upload<T>(elements)), dims);

    /// <summary>A contiguous tensor full of NaN, and its memory.</summary>
    public (DeviceTensor<T> Tensor, DeviceBuffer<T> Memory) Output<T>(params long[] dims)
        where T : unmanaged
    {
        var elements = new T[dims.Aggregate(1L, (a, b) => a * b)];
        Array.Fill(elements, Elements.FromDouble<T>(double.NaN));
        DeviceBuffer<T> memory = Keep(Stream.Upload<T>(elements));
        return (new DeviceTensor<T>(memory, dims), memory);
    }

    public void Dispose()
    {
        foreach (IDisposable buffer in _buffers)
        {
            buffer.Dispose();
        }
        Stream.Dispose();
    }

    private DeviceBuffer<T> Keep<T>(DeviceBuffer<T> buffer)
        where T : unmanaged
    {
        _buffers.Add(buffer);
        return buffer;
    }
}
