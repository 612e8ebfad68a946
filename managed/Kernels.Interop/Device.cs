using System.Text;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>A device, opened. It may be used from any thread; what is created on it outlives it.</summary>
public sealed unsafe class Device : IDisposable
{
    private readonly DeviceHandle _handle;

    private Device(DeviceHandle handle, DeviceInfo info) => (_handle, Info) = (handle, info);

    /// <summary>What the device is, and why it was chosen.</summary>
    public DeviceInfo Info { get; }

    internal bool IsCpu => Info.Kind == DeviceKind.Cpu;

    /// <summary>Describes every device that can be opened on this machine; the CPU comes first.</summary>
    /// <returns>The descriptions.</returns>
    /// <exception cref="NativeLibraryNotFoundException">The native library could not be loaded.</exception>
    /// <exception cref="AbiMismatchException">The native library belongs to another version of this assembly.</exception>
    public static IReadOnlyList<DeviceInfo> Enumerate()
    {
        int count;
        NativeError.ThrowIfFailed(NativeMethods.ki_device_count(&count));
        var devices = new DeviceInfo[count];
        for (int i = 0; i < count; i++)
        {
            var info = new ki_device_info { struct_size = (uint)sizeof(ki_device_info) };
            NativeError.ThrowIfFailed(NativeMethods.ki_device_describe(i, &info));
            devices[i] = DeviceInfo.From(info);
        }
        return devices;
    }

    /// <summary>Looks for everything a device needs, and tells each thing tried, in order.</summary>
    /// <returns>What was tried and what came of it.</returns>
    /// <inheritdoc cref="Enumerate" path="/exception"/>
    public static IReadOnlyList<ProbeEntry> Probe()
    {
        List<ProbeEntry> entries = [];
        DeviceProbe.Run(entries.Add);
        return entries;
    }

    /// <summary>Opens a device.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda:N</c>, or <c>auto</c>: the first usable of <c>cuda:0</c> and <c>cpu</c>.</param>
    /// <param name="options">How to open it; null for the defaults.</param>
    /// <returns>The device, to be disposed.</returns>
    /// <exception cref="KernelArgumentException">The name or an option is malformed or out of range.</exception>
    /// <exception cref="KernelNotSupportedException">The build or the processor lacks what was asked for.</exception>
    /// <exception cref="DeviceNotFoundException">The machine has no such device.</exception>
    /// <inheritdoc cref="Enumerate" path="/exception"/>
    public static Device Open(string name = "auto", DeviceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        fixed (byte* nativeName = Utf8(name), target = Utf8(options?.Target))
        {
            var nativeOptions = new ki_device_options
            {
                struct_size = (uint)sizeof(ki_device_options),
                thread_count = options?.ThreadCount ?? 0,
                target = target,
            };
            ki_device* device;
            NativeError.ThrowIfFailed(NativeMethods.ki_device_open(nativeName, &nativeOptions, &device));
            return FromNative(new DeviceHandle(device));
        }
    }

    /// <summary>Creates a stream on this device.</summary>
    /// <returns>The stream, to be disposed.</returns>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    /// <exception cref="KernelOutOfMemoryException">Memory ran out.</exception>
    public KernelStream CreateStream()
    {
        using var device = Borrow();
        ki_stream* stream;
        NativeError.ThrowIfFailed(NativeMethods.ki_stream_create(device.Pointer, &stream));
        return new KernelStream(this, new StreamHandle(stream));
    }

    /// <summary>Creates an event on this device.</summary>
    /// <returns>The event, to be disposed.</returns>
    /// <inheritdoc cref="CreateStream" path="/exception"/>
    public KernelEvent CreateEvent()
    {
        using var device = Borrow();
        ki_event* @event;
        NativeError.ThrowIfFailed(NativeMethods.ki_event_create(device.Pointer, &@event));
        return new KernelEvent(new EventHandle(@event));
    }

    /// <summary>Allocates memory on this device, aligned to 64 bytes. Its contents are undefined.</summary>
    /// <typeparam name="T">Type of the elements.</typeparam>
    /// <param name="length">Number of elements; 0 is allowed.</param>
    /// <returns>The buffer, to be disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, or its bytes are beyond 64 bits.</exception>
    /// <inheritdoc cref="CreateStream" path="/exception"/>
    public DeviceBuffer<T> Allocate<T>(long length)
        where T : unmanaged =>
        new(this, AllocateBytes(ki_memory_kind.KI_MEMORY_KIND_DEVICE, length, sizeof(T)), length);

    /// <summary>Allocates host memory that this device can read and write while the host goes on, aligned to 64 bytes.</summary>
    /// <typeparam name="T">Type of the elements.</typeparam>
    /// <param name="length">Number of elements; 0 is allowed. Its contents are undefined.</param>
    /// <returns>The buffer, to be disposed.</returns>
    /// <inheritdoc cref="Allocate" path="/exception"/>
    public PinnedBuffer<T> AllocatePinned<T>(int length)
        where T : unmanaged =>
        new(this, AllocateBytes(ki_memory_kind.KI_MEMORY_KIND_PINNED, length, sizeof(T)), length);

    /// <summary>Closes the device. Streams, events and buffers made from it stay valid.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>The device's name, target and model.</summary>
    /// <returns>A line such as <c>cpu (avx2), AMD EPYC</c>.</returns>
    public override string ToString() => $"{Info.Name} ({Info.Target}), {Info.Model}";

    internal NativeHandle<ki_device>.Borrowed Borrow() => _handle.Borrow(this);

    /// <summary>Refuses memory of another device, whose addresses would mean something else here.</summary>
    internal void RequireSame(Device other, string parameter)
    {
        if (Info.Kind != other.Info.Kind || Info.Ordinal != other.Info.Ordinal)
        {
            throw new ArgumentException($"One is on {Info.Name}, the other on {other.Info.Name}.", parameter);
        }
    }

    private BufferHandle AllocateBytes(ki_memory_kind kind, long length, int elementSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue / elementSize);
        using var device = Borrow();
        ki_buffer* buffer;
        NativeError.ThrowIfFailed(
            NativeMethods.ki_buffer_create(device.Pointer, kind, (ulong)length * (ulong)elementSize, &buffer));
        return new BufferHandle(buffer);
    }

    private static Device FromNative(DeviceHandle handle)
    {
        try
        {
            var info = new ki_device_info { struct_size = (uint)sizeof(ki_device_info) };
            using var device = handle.Borrow(handle);
            NativeError.ThrowIfFailed(NativeMethods.ki_device_get_info(device.Pointer, &info));
            return new Device(handle, DeviceInfo.From(info));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text + '\0');
}
