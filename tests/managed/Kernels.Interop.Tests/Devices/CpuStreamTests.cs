namespace Kernels.Interop.Tests.Devices;

public sealed class CpuStreamTests
{
    [Test]
    public void WaitIsOverAtOnce()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        ValueTask wait = stream.SynchronizeAsync();
        Assert.That(wait.IsCompletedSuccessfully);
        Assert.That(wait.AsTask, Throws.Nothing);
    }

    [Test]
    public void CpuHasNoForeignStreams()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        Assert.That(() => stream.NativeHandle, Throws.TypeOf<KernelNotSupportedException>());
        Assert.That(() => KernelStream.FromHandle(Suite.Cpu, 0), Throws.TypeOf<KernelNotSupportedException>());
        Assert.That(() => KernelStream.FromHandle(null!, 0), Throws.ArgumentNullException);
    }
}
