using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

/// <summary>Runs the native probe and hands each entry to a delegate.</summary>
internal sealed unsafe class DeviceProbe
{
    private readonly Action<ProbeEntry> _report;
    private ExceptionDispatchInfo? _failure;

    private DeviceProbe(Action<ProbeEntry> report) => _report = report;

    /// <summary>Runs the probe. What the delegate throws reaches the caller, after the native frames have returned.</summary>
    public static void Run(Action<ProbeEntry> report)
    {
        var probe = new DeviceProbe(report);
        using var self = new GCHandle<DeviceProbe>(probe);
        ki_status status = NativeMethods.ki_probe(&OnEntry, (void*)GCHandle<DeviceProbe>.ToIntPtr(self));
        probe._failure?.Throw();
        NativeError.ThrowIfFailed(status);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnEntry(void* userData, ki_probe_entry* entry)
    {
        DeviceProbe probe = GCHandle<DeviceProbe>.FromIntPtr((nint)userData).Target;
        if (probe._failure is not null)
        {
            return;
        }
        // An exception that reached a native frame would end the process.
        try
        {
            probe._report(new ProbeEntry(
                (DeviceKind)entry->kind,
                (KernelStatus)entry->status,
                Marshal.PtrToStringUTF8((nint)entry->subject) ?? "",
                Marshal.PtrToStringUTF8((nint)entry->detail) ?? ""));
        }
#pragma warning disable CA1031 // Kept for the caller of Run.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            probe._failure = ExceptionDispatchInfo.Capture(failure);
        }
    }
}
