namespace Kernels.Interop.Tests.Devices;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Names))]
public sealed class StreamTests(string deviceName)
{
    private Device Device => Suite.DeviceNamed(deviceName);

    [Test]
    public async Task WaitIsOverOnceTheWorkIsDone()
    {
        using KernelStream stream = Device.CreateStream();
        using DeviceBuffer<byte> buffer = Device.Allocate<byte>(1 << 20);
        using PinnedBuffer<byte> seen = Device.AllocatePinned<byte>(1 << 20);
        for (int i = 1; i < 20; i++)
        {
            buffer.Fill((byte)i, stream);
            buffer.CopyTo(seen, stream);
            await stream.SynchronizeAsync();
            Assert.That(seen.Memory.Span.IndexOfAnyExcept((byte)i), Is.EqualTo(-1));
        }
    }

    [Test]
    public void CancelledTokenEndsTheWaitOnly()
    {
        using KernelStream stream = Device.CreateStream();
        Assert.That(
            async () => await stream.SynchronizeAsync(new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(stream.Synchronize, Throws.Nothing);
    }

    [Test]
    public void EventIsReachedOnceItsStreamIsThere()
    {
        using KernelStream stream = Device.CreateStream();
        using KernelEvent start = Device.CreateEvent(), stop = Device.CreateEvent();
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
        using KernelStream stream = Device.CreateStream();
        using KernelEvent recorded = Device.CreateEvent(), never = Device.CreateEvent();
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
        using Device other = Kernels.Interop.Device.Open(deviceName);
        using KernelStream stream = Device.CreateStream();
        using KernelEvent foreign = other.CreateEvent();
        Assert.That(
            () => foreign.Record(stream),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("stream"));
        Assert.That(
            () => stream.WaitFor(foreign),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("event"));
    }
}
