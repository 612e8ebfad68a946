namespace Kernels.Interop.Tests.Devices;

public sealed class StreamTests
{
    [Test]
    public void WaitOnTheCpuIsOverAtOnce()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        ValueTask wait = stream.SynchronizeAsync();
        Assert.That(wait.IsCompletedSuccessfully);
        Assert.That(wait.AsTask, Throws.Nothing);
    }

    [Test]
    public void CancelledTokenEndsTheWaitOnly()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        Assert.That(
            async () => await stream.SynchronizeAsync(new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(stream.Synchronize, Throws.Nothing);
    }

    [Test]
    public void CpuHasNoForeignStreams()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        Assert.That(() => stream.NativeHandle, Throws.TypeOf<KernelNotSupportedException>());
        Assert.That(() => KernelStream.FromHandle(Suite.Cpu, 0), Throws.TypeOf<KernelNotSupportedException>());
        Assert.That(() => KernelStream.FromHandle(null!, 0), Throws.ArgumentNullException);
    }

    [Test]
    public void EventIsReachedOnceItsStreamIsThere()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        using KernelEvent start = Suite.Cpu.CreateEvent(), stop = Suite.Cpu.CreateEvent();
        Assert.That(start.IsReached, "never recorded counts as reached");
        start.Record(stream);
        stop.Record(stream);
        stop.Wait();
        stream.WaitFor(stop);
        Assert.That(stop.IsReached);
        Assert.That(stop.ElapsedSince(start), Is.GreaterThanOrEqualTo(TimeSpan.Zero));
    }

    [Test]
    public void TimeSinceAnEventThatWasNeverRecordedIsRefused()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        using KernelEvent recorded = Suite.Cpu.CreateEvent(), never = Suite.Cpu.CreateEvent();
        recorded.Record(stream);
        Assert.That(
            () => recorded.ElapsedSince(never),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("start"));
        Assert.That(
            () => never.ElapsedSince(recorded),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").Null);
    }

    [Test]
    public void EventOfAnotherDeviceIsRefused()
    {
        using Device other = Device.Open("cpu");
        using KernelStream stream = Suite.Cpu.CreateStream();
        using KernelEvent foreign = other.CreateEvent();
        Assert.That(
            () => foreign.Record(stream),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("stream"));
        Assert.That(
            () => stream.WaitFor(foreign),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("event"));
    }
}
