using System.Buffers;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// Host memory, aligned to 64 bytes, that a device can read and write while the host goes on. Its
/// <see cref="MemoryManager{T}.Memory"/> goes wherever .NET takes memory, and keeps it alive.
/// </summary>
/// <typeparam name="T">Type of the elements.</typeparam>
public sealed unsafe class PinnedBuffer<T> : MemoryManager<T>
    where T : unmanaged
{
    private readonly BufferHandle _handle;
    private readonly nint _data;

    internal PinnedBuffer(Device device, BufferHandle handle, int length) =>
        (Device, _handle, _data, Length) = (device, handle, handle.GetData(), length);

    /// <summary>The device that can reach the memory.</summary>
    public Device Device { get; }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>Address of the first element.</summary>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _data;
        }
    }

    internal BufferHandle Handle => _handle;

    /// <summary>The memory as a span, which must not be used after the buffer is disposed or collected.</summary>
    /// <returns>All elements.</returns>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public override Span<T> GetSpan() => new((void*)Address, Length);

    /// <summary>Keeps the memory allocated, even if the buffer is disposed meanwhile, until the handle is disposed.</summary>
    /// <param name="elementIndex">The element the handle points to, 0 to <see cref="Length"/>.</param>
    /// <returns>The handle, to be disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside of the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)Length, nameof(elementIndex));
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        bool added = false;
        _handle.DangerousAddRef(ref added);
        return new MemoryHandle((T*)_data + elementIndex, pinnable: this);
    }

    /// <summary>Undoes one <see cref="Pin"/>; called by the handle it returned.</summary>
    public override void Unpin() => _handle.DangerousRelease();

    /// <summary>Frees the memory, after the work queued on it.</summary>
    /// <param name="disposing">True when called by <see cref="IDisposable.Dispose"/>.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _handle.Dispose();
        }
    }
}
