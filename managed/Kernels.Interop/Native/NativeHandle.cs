using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

/// <summary>
/// Owns one native handle. A child needs no reference to its parent's handle: the native library keeps alive what is
/// still needed, so handles may be closed in any order.
/// </summary>
/// <typeparam name="T">The opaque native type.</typeparam>
internal abstract unsafe class NativeHandle<T> : SafeHandle
    where T : unmanaged
{
    protected NativeHandle(T* value)
        : base(invalidHandleValue: 0, ownsHandle: true) => SetHandle((nint)value);

    public override bool IsInvalid => handle == 0;

    protected T* Value => (T*)handle;

    /// <summary>Keeps the handle open while the borrowed pointer is in use, whatever other threads dispose.</summary>
    /// <param name="owner">The public object, named if it was disposed.</param>
    public Borrowed Borrow(object owner)
    {
        ObjectDisposedException.ThrowIf(IsClosed, owner);
        return new Borrowed(this);
    }

    /// <summary>Keeps the handle open until <see cref="SafeHandle.DangerousRelease"/> is called.</summary>
    /// <param name="owner">The public object, named if it was disposed.</param>
    public void Hold(object owner)
    {
        ObjectDisposedException.ThrowIf(IsClosed, owner);
        bool added = false;
        DangerousAddRef(ref added);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing && !IsClosed && !IsInvalid)
        {
            HandleLeaks.Count();
        }
        base.Dispose(disposing);
    }

    /// <summary>A pointer to the native object, to be disposed when the call is over.</summary>
    public readonly ref struct Borrowed
    {
        private readonly NativeHandle<T>? _handle;

        public Borrowed(NativeHandle<T> handle)
        {
            bool added = false;
            handle.DangerousAddRef(ref added);
            _handle = handle;
        }

        public T* Pointer => _handle is null ? null : _handle.Value;

        public void Dispose() => _handle?.DangerousRelease();
    }
}

internal sealed unsafe class DeviceHandle(ki_device* device) : NativeHandle<ki_device>(device)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.ki_device_close(Value);
        return true;
    }
}

internal sealed unsafe class StreamHandle(ki_stream* stream) : NativeHandle<ki_stream>(stream)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.ki_stream_close(Value);
        return true;
    }
}

internal sealed unsafe class EventHandle(ki_event* @event) : NativeHandle<ki_event>(@event)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.ki_event_close(Value);
        return true;
    }
}

internal sealed unsafe class BufferHandle(ki_buffer* buffer) : NativeHandle<ki_buffer>(buffer)
{
    public nint GetData()
    {
        void* data;
        NativeError.ThrowIfFailed(NativeMethods.ki_buffer_get_data(Value, &data));
        return (nint)data;
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.ki_buffer_close(Value);
        return true;
    }
}

internal sealed unsafe class LongConvolutionPlanHandle(ki_long_convolution_plan* plan)
    : NativeHandle<ki_long_convolution_plan>(plan)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.ki_long_convolution_plan_close(Value);
        return true;
    }
}
