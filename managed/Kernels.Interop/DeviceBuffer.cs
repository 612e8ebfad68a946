using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>Memory of a device, aligned to 64 bytes. It is used by one thread at a time.</summary>
/// <typeparam name="T">Type of the elements.</typeparam>
/// <remarks>
/// Copies are ordered with the other work of the stream they are given. Disposing the buffer is ordered after the work
/// queued on it.
/// </remarks>
public sealed unsafe class DeviceBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly BufferHandle _handle;
    private readonly nint _data;

    internal DeviceBuffer(Device device, BufferHandle handle, long length) =>
        (Device, _handle, _data, Length) = (device, handle, handle.GetData(), length);

    /// <summary>The device the memory is on.</summary>
    public Device Device { get; }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Address of the first element: a host pointer on the CPU, else a <c>CUdeviceptr</c>.</summary>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public nint DevicePointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _data;
        }
    }

    internal BufferHandle Handle => _handle;

    private ulong SizeBytes => (ulong)Length * (ulong)sizeof(T);

    /// <summary>The memory as a span, on the CPU. The span must not be used after the buffer is disposed or collected.</summary>
    /// <returns>All elements.</returns>
    /// <exception cref="NotSupportedException">The memory is a GPU's, or longer than a span can be.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public Span<T> AsSpan()
    {
        nint data = DevicePointer;
        if (!Device.IsCpu)
        {
            throw new NotSupportedException($"The buffer is on {Device.Info.Name}; only memory of the CPU can be seen as a span.");
        }
        if (Length > int.MaxValue)
        {
            throw new NotSupportedException($"The buffer has {Length} elements; a span has at most {int.MaxValue}.");
        }
        return new Span<T>((void*)data, (int)Length);
    }

    /// <summary>Copies to a new array and waits until that is done.</summary>
    /// <param name="stream">A stream of the buffer's device; work queued on it is done first.</param>
    /// <returns>All elements.</returns>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, KernelStream)" path="/exception"/>
    public T[] ToArray(KernelStream stream)
    {
        var elements = new T[Length];
        CopyTo(elements, stream);
        return elements;
    }

    /// <summary>Copies from host memory and waits until that is done.</summary>
    /// <param name="source">As many elements as the buffer has.</param>
    /// <param name="stream">A stream of the buffer's device; work queued on it is done first.</param>
    /// <exception cref="ArgumentException">The lengths differ, or the stream is another device's.</exception>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The buffer or the stream is disposed.</exception>
    public void CopyFrom(ReadOnlySpan<T> source, KernelStream stream)
    {
        RequireSameLength(source.Length, nameof(source));
        CopyFrom(source, offset: 0, stream);
    }

    /// <summary>Copies host memory to a part of the buffer and waits until that is done.</summary>
    /// <param name="source">As many elements as are copied.</param>
    /// <param name="offset">Index of the buffer's element that the first one goes to.</param>
    /// <param name="stream">A stream of the buffer's device; work queued on it is done first.</param>
    /// <exception cref="ArgumentOutOfRangeException">The elements do not lie in the buffer.</exception>
    /// <exception cref="ArgumentException">The stream is another device's.</exception>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The buffer or the stream is disposed.</exception>
    public void CopyFrom(ReadOnlySpan<T> source, long offset, KernelStream stream)
    {
        fixed (T* host = source)
        {
            Copy(stream, host, offset, source.Length, toDevice: true);
            stream.Synchronize();
        }
    }

    /// <summary>Copies to host memory and waits until that is done.</summary>
    /// <param name="destination">As many elements as the buffer has.</param>
    /// <param name="stream">A stream of the buffer's device; work queued on it is done first.</param>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, KernelStream)" path="/exception"/>
    public void CopyTo(Span<T> destination, KernelStream stream)
    {
        RequireSameLength(destination.Length, nameof(destination));
        CopyTo(destination, offset: 0, stream);
    }

    /// <summary>Copies a part of the buffer to host memory and waits until that is done.</summary>
    /// <param name="destination">As many elements as are copied.</param>
    /// <param name="offset">Index of the buffer's first element that is copied.</param>
    /// <param name="stream">A stream of the buffer's device; work queued on it is done first.</param>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, long, KernelStream)" path="/exception"/>
    public void CopyTo(Span<T> destination, long offset, KernelStream stream)
    {
        fixed (T* host = destination)
        {
            Copy(stream, host, offset, destination.Length, toDevice: false);
            stream.Synchronize();
        }
    }

    /// <summary>Queues a copy from pinned memory.</summary>
    /// <param name="source">As many elements as the buffer has; not to be written before the copy is done.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, KernelStream)" path="/exception"/>
    public void CopyFrom(PinnedBuffer<T> source, KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(source);
        RequireSameLength(source.Length, nameof(source));
        CopyFrom(source, offset: 0, stream);
    }

    /// <summary>Queues a copy from pinned memory to a part of the buffer.</summary>
    /// <param name="source">As many elements as are copied; not to be written before the copy is done.</param>
    /// <param name="offset">Index of the buffer's element that the first one goes to.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, long, KernelStream)" path="/exception"/>
    public void CopyFrom(PinnedBuffer<T> source, long offset, KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var host = source.Handle.Borrow(source);
        Copy(stream, (T*)source.Address, offset, source.Length, toDevice: true);
    }

    /// <summary>Queues a copy to pinned memory.</summary>
    /// <param name="destination">As many elements as the buffer has; not to be read before the copy is done.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, KernelStream)" path="/exception"/>
    public void CopyTo(PinnedBuffer<T> destination, KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(destination);
        RequireSameLength(destination.Length, nameof(destination));
        CopyTo(destination, offset: 0, stream);
    }

    /// <summary>Queues a copy of a part of the buffer to pinned memory.</summary>
    /// <param name="destination">As many elements as are copied; not to be read before the copy is done.</param>
    /// <param name="offset">Index of the buffer's first element that is copied.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <inheritdoc cref="CopyFrom(ReadOnlySpan{T}, long, KernelStream)" path="/exception"/>
    public void CopyTo(PinnedBuffer<T> destination, long offset, KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var host = destination.Handle.Borrow(destination);
        Copy(stream, (T*)destination.Address, offset, destination.Length, toDevice: false);
    }

    /// <summary>Queues setting every byte to zero.</summary>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <inheritdoc cref="Fill" path="/exception"/>
    public void Clear(KernelStream stream) => Fill(0, stream);

    /// <summary>Queues setting every byte, not every element, to a value.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <exception cref="ArgumentException">The stream is another device's.</exception>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The buffer or the stream is disposed.</exception>
    public void Fill(byte value, KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Device.RequireSame(Device, nameof(stream));
        using var self = _handle.Borrow(this);
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(NativeMethods.ki_fill(borrowed.Pointer, (void*)_data, value, SizeBytes));
    }

    /// <summary>Frees the memory, after the work queued on it.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>Queues a copy from one part of the buffer to another, which does not overlap it.</summary>
    internal void CopyWithin(long from, long to, long length, KernelStream stream)
    {
        using var self = _handle.Borrow(this);
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(
            NativeMethods.ki_copy(borrowed.Pointer, (T*)_data + to, (T*)_data + from, (ulong)length * (ulong)sizeof(T)));
    }

    private void Copy(KernelStream stream, T* host, long offset, long length, bool toDevice)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Device.RequireSame(Device, nameof(stream));
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        using var self = _handle.Borrow(this);
        using var borrowed = stream.Borrow();
        void* device = (T*)_data + offset;
        ulong sizeBytes = (ulong)length * (ulong)sizeof(T);
        NativeError.ThrowIfFailed(toDevice
            ? NativeMethods.ki_copy(borrowed.Pointer, device, host, sizeBytes)
            : NativeMethods.ki_copy(borrowed.Pointer, host, device, sizeBytes));
    }

    private void RequireSameLength(long length, string parameter)
    {
        if (length != Length)
        {
            throw new ArgumentException($"The buffer has {Length} elements, the other side {length}.", parameter);
        }
    }
}
