using System.Buffers;
using System.Runtime.CompilerServices;
using Kernels.Interop.Native;
using NUnit.Framework.Constraints;

namespace Kernels.Interop.Tests.Devices;

/// <summary>Handles may be closed in any order, are refused afterwards, and are counted if nobody closed them.</summary>
public sealed class LifetimeTests
{
    private static readonly int[][] Orders =
        [.. from a in Enumerable.Range(0, 4) from b in Enumerable.Range(0, 4) from c in Enumerable.Range(0, 4)
            from d in Enumerable.Range(0, 4) where (1 << a | 1 << b | 1 << c | 1 << d) == 15 select new[] { a, b, c, d }];

    [TestCaseSource(nameof(Orders))]
    public void HandlesAreClosedInAnyOrder(int[] order)
    {
        long before = NativeMethods.ki_live_handle_count();
        Device device = Device.Open("cpu");
        KernelStream stream = device.CreateStream();
        DeviceBuffer<float> buffer = device.Allocate<float>(1000);
        KernelEvent @event = device.CreateEvent();
        IDisposable[] handles = [device, stream, buffer, @event];
        for (int i = 0; i < order.Length; i++)
        {
            handles[order[i]].Dispose();
            foreach (int open in order[(i + 1)..])
            {
                Use(handles[open]);
            }
        }
        Assert.That(NativeMethods.ki_live_handle_count(), Is.EqualTo(before));

        void Use(IDisposable handle)
        {
            switch (handle)
            {
                case Device d:
                    d.CreateStream().Dispose();
                    break;
                case KernelStream s:
                    s.Synchronize();
                    break;
                case DeviceBuffer<float> b:
                    b.AsSpan().Fill(1);
                    break;
                case KernelEvent e:
                    e.Wait();
                    break;
            }
        }
    }

    [Test]
    public void DisposingTwiceIsHarmless()
    {
        Device device = Device.Open("cpu");
        device.Dispose();
        Assert.That(device.Dispose, Throws.Nothing);
    }

    [Test]
    public void DisposedObjectsAreRefusedByName()
    {
        Device device = Device.Open("cpu");
        KernelStream stream = device.CreateStream();
        KernelEvent @event = device.CreateEvent();
        DeviceBuffer<float> buffer = device.Allocate<float>(4);
        PinnedBuffer<float> pinned = device.AllocatePinned<float>(4);
        var tensor = new DeviceTensor<float>(buffer, [1, 1, 1, 4]);
        foreach (IDisposable handle in (IDisposable[])[device, stream, @event, buffer, pinned])
        {
            handle.Dispose();
        }
        using KernelStream open = Suite.Cpu.CreateStream();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.CreateStream, Refused("Device"));
            Assert.That(device.CreateEvent, Refused("Device"));
            Assert.That(() => device.Allocate<int>(1), Refused("Device"));
            Assert.That(() => device.AllocatePinned<int>(1), Refused("Device"));
            Assert.That(stream.Synchronize, Refused("KernelStream"));
            Assert.That(() => stream.SynchronizeAsync().AsTask(), Refused("KernelStream"));
            Assert.That(() => stream.NativeHandle, Refused("KernelStream"));
            Assert.That(@event.Wait, Refused("KernelEvent"));
            Assert.That(() => @event.IsReached, Refused("KernelEvent"));
            Assert.That(() => @event.Record(open), Refused("KernelEvent"));
            Assert.That(() => open.WaitFor(@event), Refused("KernelEvent"));
            Assert.That(() => buffer.DevicePointer, Refused("DeviceBuffer"));
            Assert.That(() => buffer.AsSpan().Length, Refused("DeviceBuffer"));
            Assert.That(() => buffer.Clear(open), Refused("DeviceBuffer"));
            Assert.That(() => buffer.CopyFrom(new float[4], open), Refused("DeviceBuffer"));
            Assert.That(() => pinned.Memory.Span.Length, Refused("PinnedBuffer"));
            Assert.That(() => pinned.Pin(), Refused("PinnedBuffer"));
            Assert.That(() => Attention.Forward(open, tensor, tensor, tensor, tensor), Refused("DeviceBuffer"));
            Assert.That(() => Attention.Forward<float>(stream, default, [], [], [], []), Refused("KernelStream"));
        }
    }

    [Test]
    public void PinnedMemoryOutlivesItsBuffer()
    {
        PinnedBuffer<int> buffer = Suite.Cpu.AllocatePinned<int>(16);
        long open = NativeMethods.ki_live_handle_count();
        MemoryHandle pin = buffer.Memory.Pin();
        ((IDisposable)buffer).Dispose();
        Assert.That(NativeMethods.ki_live_handle_count(), Is.EqualTo(open));
        pin.Dispose();
        Assert.That(NativeMethods.ki_live_handle_count(), Is.EqualTo(open - 1));
    }

    [Test]
    public void HandleThatNobodyDisposedIsClosedAndCounted()
    {
        Suite.RunFinalizers();
        long finalized = HandleLeaks.FinalizedCount;
        long open = NativeMethods.ki_live_handle_count();
        Leak();
        Suite.RunFinalizers();
        Suite.LeaksOnPurpose += 2;
        Assert.That(HandleLeaks.FinalizedCount - finalized, Is.EqualTo(2));
        Assert.That(NativeMethods.ki_live_handle_count(), Is.EqualTo(open));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Leak()
        {
            _ = Suite.Cpu.CreateStream();
            _ = Suite.Cpu.Allocate<float>(10);
        }
    }

    private static ContainsConstraint Refused(string type) =>
        Throws.TypeOf<ObjectDisposedException>().With.Property("ObjectName").Contains(type);
}
