using NUnit.Framework.Constraints;

namespace Kernels.Interop.Tests.Devices;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Names))]
public sealed class BufferTests(string deviceName)
{
    private KernelStream _stream = null!;

    private Device Device => Suite.DeviceNamed(deviceName);

    [SetUp]
    public void CreateStream() => _stream = Device.CreateStream();

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    [Test]
    public void CopiesThereAndBack()
    {
        float[] source = [1, 2, 3, 4, 5];
        var result = new float[source.Length];
        using DeviceBuffer<float> buffer = Device.Allocate<float>(source.Length);
        buffer.CopyFrom(source, _stream);
        buffer.CopyTo(result, _stream);
        Assert.That(result, Is.EqualTo(source));
    }

    [Test]
    public void CopiesPartsThereAndBack()
    {
        using DeviceBuffer<int> buffer = Device.Allocate<int>(10);
        using PinnedBuffer<int> pinned = Device.AllocatePinned<int>(2);
        buffer.CopyFrom([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], _stream);
        buffer.CopyFrom([70, 80], offset: 7, _stream);
        buffer.CopyTo(pinned, offset: 6, _stream);
        _stream.Synchronize();
        Assert.That(pinned.Memory.ToArray(), Is.EqualTo([6, 70]));
        pinned.Memory.Span.Fill(-1);
        buffer.CopyFrom(pinned, offset: 8, _stream);
        var part = new int[4];
        buffer.CopyTo(part, offset: 6, _stream);
        Assert.That(part, Is.EqualTo([6, 70, -1, -1]));
        buffer.CopyFrom([], offset: 10, _stream);
        Assert.That(Read(buffer), Is.EqualTo([0, 1, 2, 3, 4, 5, 6, 70, -1, -1]));
    }

    [Test]
    public void PartsOutsideOfTheBufferAreRefused()
    {
        using DeviceBuffer<int> buffer = Device.Allocate<int>(10);
        using PinnedBuffer<int> pinned = Device.AllocatePinned<int>(2);
        foreach (long offset in (long[])[-1, 9, 10, long.MaxValue, long.MinValue])
        {
            Assert.That(() => buffer.CopyFrom(new int[2], offset, _stream), OutOfRange());
            Assert.That(() => buffer.CopyTo(new int[2], offset, _stream), OutOfRange());
            Assert.That(() => buffer.CopyFrom(pinned, offset, _stream), OutOfRange());
            Assert.That(() => buffer.CopyTo(pinned, offset, _stream), OutOfRange());
        }
        Assert.That(() => buffer.CopyFrom(new int[11], 0, _stream), OutOfRange());

        static IResolveConstraint OutOfRange() =>
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("offset");
    }

    [Test]
    public void CopiesThroughPinnedMemory()
    {
        using PinnedBuffer<short> source = Device.AllocatePinned<short>(3), result = Device.AllocatePinned<short>(3);
        using DeviceBuffer<short> buffer = Device.Allocate<short>(3);
        source.Memory.Span[2] = -7;
        buffer.CopyFrom(source, _stream);
        buffer.CopyTo(result, _stream);
        _stream.Synchronize();
        Assert.That(result.Memory.ToArray(), Is.EqualTo(source.Memory.ToArray()));
    }

    [Test]
    public void FillSetsBytesAndClearSetsZero()
    {
        using DeviceBuffer<int> buffer = Device.Allocate<int>(100);
        buffer.Fill(0x01, _stream);
        Assert.That(Read(buffer), Has.All.EqualTo(0x01010101));
        buffer.Clear(_stream);
        Assert.That(Read(buffer), Has.All.Zero);
    }

    [Test]
    public void EmptyBuffersWork()
    {
        using DeviceBuffer<float> buffer = Device.Allocate<float>(0);
        using PinnedBuffer<float> pinned = Device.AllocatePinned<float>(0);
        buffer.CopyFrom([], _stream);
        buffer.CopyTo(pinned, _stream);
        buffer.Clear(_stream);
        Assert.That(buffer.Length + pinned.Memory.Length, Is.Zero);
        Assert.That(buffer.DevicePointer, Is.Not.Zero);
    }

    [Test]
    public void OnlyMemoryOfTheCpuIsASpan()
    {
        using DeviceBuffer<short> buffer = Device.Allocate<short>(3);
        buffer.CopyFrom([1, 2, 3], _stream);
        if (deviceName == "cpu")
        {
            Assert.That(buffer.AsSpan().ToArray(), Is.EqualTo([1, 2, 3]));
        }
        else
        {
            Assert.That(() => buffer.AsSpan().Length, Throws.TypeOf<NotSupportedException>().With.Message.Contains(deviceName));
        }
    }

    [Test]
    public void MemoryIsAlignedTo64Bytes([Values(1, 3, 1000)] int length)
    {
        using DeviceBuffer<byte> buffer = Device.Allocate<byte>(length);
        using PinnedBuffer<byte> pinned = Device.AllocatePinned<byte>(length);
        Assert.That(buffer.DevicePointer % 64 == 0);
        Assert.That(pinned.Address % 64 == 0);
    }

    [Test]
    public void OtherLengthsAreRefused()
    {
        using DeviceBuffer<float> buffer = Device.Allocate<float>(4);
        using PinnedBuffer<float> pinned = Device.AllocatePinned<float>(5);
        Assert.That(() => buffer.CopyFrom(new float[3], _stream), ParameterIs("source"));
        Assert.That(() => buffer.CopyTo(new float[5], _stream), ParameterIs("destination"));
        Assert.That(() => buffer.CopyFrom(pinned, _stream), ParameterIs("source"));
        Assert.That(() => buffer.CopyTo(pinned, _stream), ParameterIs("destination"));
    }

    [Test]
    public void ImpossibleLengthsAreRefused()
    {
        Assert.That(() => Device.Allocate<float>(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Device.Allocate<double>(long.MaxValue / 4), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Device.AllocatePinned<float>(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => Device.Allocate<byte>(1L << 60),
            Throws.TypeOf<KernelOutOfMemoryException>().With.Property("Status").EqualTo(KernelStatus.OutOfMemory));
    }

    [Test]
    public void TensorBeyondItsBufferIsRefused()
    {
        using DeviceBuffer<float> buffer = Device.Allocate<float>(24);
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, 3, 4]), Throws.Nothing);
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [0, 9], offset: 24), Throws.Nothing);
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, 3, 5]), ParameterIs("shape"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, 3, 4], offset: 1), ParameterIs("shape"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, 12], strides: [13, 1]), ParameterIs("shape"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [long.MaxValue, long.MaxValue], strides: [2, 1]), ParameterIs("shape"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, -1]), ParameterIs("shape"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, 12], strides: [-12, 1]), ParameterIs("strides"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [2, 12], strides: [1]), ParameterIs("strides"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [24], offset: -1), ParameterIs("offset"));
        Assert.That(() => _ = new DeviceTensor<float>(buffer, [1, 1, 1, 1, 1, 1, 1, 1, 1]), ParameterIs("shape"));
    }

    [Test]
    public void TensorTellsWhatItViews()
    {
        using PinnedBuffer<float> buffer = Device.AllocatePinned<float>(24);
        var tensor = new DeviceTensor<float>(buffer, [2, 3], offset: 4);
        Assert.That(tensor.Device, Is.SameAs(Device));
        Assert.That(tensor.Address, Is.EqualTo(buffer.Address + 16));
        Assert.That(tensor.Shape.ToArray(), Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(tensor.Strides.ToArray(), Is.EqualTo(new long[] { 3, 1 }));
    }

    private T[] Read<T>(DeviceBuffer<T> buffer)
        where T : unmanaged
    {
        var elements = new T[buffer.Length];
        buffer.CopyTo(elements, _stream);
        return elements;
    }

    private static EqualStringConstraint ParameterIs(string name) =>
        Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(name);
}
