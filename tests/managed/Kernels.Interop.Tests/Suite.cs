using Kernels.Interop.Native;

namespace Kernels.Interop.Tests;

/// <summary>The device every test shares, and the check that the whole suite closed what it opened.</summary>
[SetUpFixture]
public sealed class Suite
{
    private static Device? s_cpu;

    /// <summary>The CPU.</summary>
    public static Device Cpu => s_cpu ?? throw new InvalidOperationException("The suite has not begun.");

    /// <summary>Handles that a test left to the finaliser on purpose.</summary>
    public static long LeaksOnPurpose { get; set; }

    /// <summary>Runs what has to be finalised.</summary>
    public static void RunFinalizers()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    [OneTimeSetUp]
    public void Open() => s_cpu = Device.Open("cpu");

    [OneTimeTearDown]
    public void CheckThatNothingLeaked()
    {
        s_cpu?.Dispose();
        RunFinalizers();
        Assert.That(HandleLeaks.FinalizedCount, Is.EqualTo(LeaksOnPurpose), "handles closed by the finaliser");
        Assert.That(NativeMethods.ki_live_handle_count(), Is.Zero, "handles still open");
    }
}
