using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>A point in a stream's work. It is used by one thread at a time.</summary>
public sealed unsafe class KernelEvent : IDisposable
{
    private readonly EventHandle _handle;

    internal KernelEvent(EventHandle handle) => _handle = handle;

    /// <summary>Whether the point was reached; true as well if the event was never recorded. Does not wait.</summary>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    public bool IsReached
    {
        get
        {
            using var @event = Borrow();
            int reached;
            NativeError.ThrowIfFailed(NativeMethods.ki_event_query(@event.Pointer, &reached));
            return reached != 0;
        }
    }

    /// <summary>Marks the point behind the work queued on a stream so far; an earlier mark is forgotten.</summary>
    /// <param name="stream">A stream of the same device.</param>
    /// <exception cref="KernelArgumentException">The stream is another device's.</exception>
    /// <exception cref="ObjectDisposedException">The event or the stream is disposed.</exception>
    public void Record(KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var @event = Borrow();
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(NativeMethods.ki_event_record(@event.Pointer, borrowed.Pointer));
    }

    /// <summary>Blocks until the point is reached; returns at once if the event was never recorded.</summary>
    /// <inheritdoc cref="IsReached" path="/exception"/>
    public void Wait()
    {
        using var @event = Borrow();
        NativeError.ThrowIfFailed(NativeMethods.ki_event_synchronize(@event.Pointer));
    }

    /// <summary>Time between two points that were reached.</summary>
    /// <param name="start">The earlier event, of the same device.</param>
    /// <returns>The time, to the tenth of a microsecond.</returns>
    /// <exception cref="KernelArgumentException">One of the two was never recorded or is not reached yet.</exception>
    /// <exception cref="ObjectDisposedException">One of the two is disposed.</exception>
    public TimeSpan ElapsedSince(KernelEvent start)
    {
        ArgumentNullException.ThrowIfNull(start);
        using var first = start.Borrow();
        using var @event = Borrow();
        double milliseconds;
        NativeError.ThrowIfFailed(NativeMethods.ki_event_elapsed(first.Pointer, @event.Pointer, &milliseconds));
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    /// <summary>Closes the event. Streams that wait for it go on waiting for the point it marked.</summary>
    public void Dispose() => _handle.Dispose();

    internal NativeHandle<ki_event>.Borrowed Borrow() => _handle.Borrow(this);
}
