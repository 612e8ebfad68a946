using Kernels.Interop.Native;

namespace Kernels.Interop.Tests;

/// <summary>The device every test shares, and the check that the whole suite closed what it opened.</summary>
[SetUpFixture]
public sealed class Suite
{
    private static readonly Dictionary<string, Device> s_devices = [];

    /// <summary>The CPU.</summary>
    public static Device Cpu => DeviceNamed("cpu");

    /// <summary>A device, opened once for all tests.</summary>
    public static Device DeviceNamed(string name)
    {
        lock (s_devices)
        {
            return s_devices.TryGetValue(name, out Device? device) ? device : s_devices[name] = Device.Open(name);
        }
    }

    /// <summary>Handles that a test left to the finaliser on purpose.</summary>
    public static long LeaksOnPurpose { get; set; }

    /// <summary>Runs what has to be finalised.</summary>
    public static void RunFinalizers()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    [OneTimeTearDown]
    public void CheckThatNothingLeaked()
    {
        foreach (Device device in s_devices.Values)
        {
            device.Dispose();
        }
        RunFinalizers();
        Assert.That(HandleLeaks.FinalizedCount, Is.EqualTo(LeaksOnPurpose), "handles closed by the finaliser");
        Assert.That(NativeMethods.ki_live_handle_count(), Is.Zero, "handles still open");
    }
}
