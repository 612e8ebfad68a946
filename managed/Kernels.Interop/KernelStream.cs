using System.Diagnostics.CodeAnalysis;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// A queue of work on a device, done in order, with scratch memory of its own. It is used by one thread at a time.
/// </summary>
/// <remarks>
/// On the CPU a call returns when its work is done. On CUDA a call returns when its work is queued, and an error of the
/// work surfaces at the next synchronisation and stays.
/// </remarks>
[SuppressMessage("Naming", "CA1711", Justification = "Stream is the field's word for a queue of work on a device.")]
public sealed unsafe class KernelStream : IDisposable
{
    private readonly StreamHandle _handle;

    internal KernelStream(Device device, StreamHandle handle) => (Device, _handle) = (device, handle);

    /// <summary>The device it works on.</summary>
    public Device Device { get; }

    /// <summary>The <c>CUstream</c>, for other libraries; valid while this stream is not disposed.</summary>
    /// <exception cref="KernelNotSupportedException">The device is the CPU, which has no foreign streams.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public nint NativeHandle
    {
        get
        {
            using var stream = Borrow();
            void* native;
            NativeError.ThrowIfFailed(NativeMethods.ki_stream_get_native(stream.Pointer, &native));
            return (nint)native;
        }
    }

    /// <summary>Wraps a stream that another library owns. Disposing the wrapper leaves that stream alone.</summary>
    /// <param name="device">The CUDA device the stream belongs to.</param>
    /// <param name="handle">The <c>CUstream</c>; every value is valid, the special streams 0 to 2 included.</param>
    /// <returns>The wrapper, to be disposed.</returns>
    /// <exception cref="KernelNotSupportedException">The device is the CPU, which has no foreign streams.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public static KernelStream FromHandle(Device device, nint handle)
    {
        ArgumentNullException.ThrowIfNull(device);
        using var borrowed = device.Borrow();
        ki_stream* stream;
        NativeError.ThrowIfFailed(NativeMethods.ki_stream_wrap(borrowed.Pointer, (void*)handle, &stream));
        return new KernelStream(device, new StreamHandle(stream));
    }

    /// <summary>Blocks until all work queued so far is done, and reports the first error among it.</summary>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public void Synchronize()
    {
        using var stream = Borrow();
        NativeError.ThrowIfFailed(NativeMethods.ki_stream_synchronize(stream.Pointer));
    }

    /// <summary>
    /// Waits until all work queued so far is done. On the CPU the task that is returned is complete already, and nothing is
    /// allocated. Await the task at most once.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, never the work.</param>
    /// <returns>The wait.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled; the work goes on.</exception>
    /// <inheritdoc cref="Synchronize" path="/exception"/>
    public ValueTask SynchronizeAsync(CancellationToken cancellationToken = default)
    {
        using var stream = Borrow();
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : StreamWait.Start(stream.Pointer, cancellationToken);
    }

    /// <summary>Makes the work queued later wait for an event. An event that was never recorded counts as reached.</summary>
    /// <param name="event">An event of the same device.</param>
    /// <exception cref="KernelArgumentException">The event is another device's.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the event is disposed.</exception>
    public void WaitFor(KernelEvent @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        using var stream = Borrow();
        using var borrowed = @event.Borrow();
        NativeError.ThrowIfFailed(NativeMethods.ki_stream_wait_event(stream.Pointer, borrowed.Pointer));
    }

    /// <summary>Allocates memory of the stream's device, copies to it, and waits until that is done.</summary>
    /// <typeparam name="T">Type of the elements.</typeparam>
    /// <param name="source">The elements.</param>
    /// <returns>The buffer, as long as the source, to be disposed.</returns>
    /// <exception cref="KernelOutOfMemoryException">Memory ran out.</exception>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The stream or its device is disposed.</exception>
    public DeviceBuffer<T> Upload<T>(ReadOnlySpan<T> source)
        where T : unmanaged
    {
        DeviceBuffer<T> buffer = Device.Allocate<T>(source.Length);
        try
        {
            buffer.CopyFrom(source, this);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Closes the stream, once its work is done.</summary>
    public void Dispose() => _handle.Dispose();

    internal NativeHandle<ki_stream>.Borrowed Borrow() => _handle.Borrow(this);
}
