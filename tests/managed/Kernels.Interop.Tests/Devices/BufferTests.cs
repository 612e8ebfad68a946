using NUnit.Framework.Constraints;

namespace Kernels.Interop.Tests.Devices;

public sealed class BufferTests
{
    private KernelStream _stream = null!;

    [SetUp]
    public void CreateStream() => _stream = Suite.Cpu.CreateStream();

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    [Test]
    public void CopiesThereAndBack()
    {
        float[] source = [1, 2, 3, 4, 5];
        var result = new float[source.Length];
        using DeviceBuffer<float> buffer = Suite.Cpu.Allocate<float>(source.Length);
        buffer.CopyFrom(source, _stream);
        buffer.CopyTo(result, _stream);
        Assert.That(result, Is.EqualTo(source));
        Assert.That(buffer.AsSpan().ToArray(), Is.EqualTo(source));
    }

    [Test]
    public void CopiesThroughPinnedMemory()
    {
        using PinnedBuffer<short> source = Suite.Cpu.AllocatePinned<short>(3), result = Suite.Cpu.AllocatePinned<short>(3);
        using DeviceBuffer<short> buffer = Suite.Cpu.Allocate<short>(3);
        source.Memory.Span[2] = -7;
        buffer.CopyFrom(source, _stream);
        buffer.CopyTo(result, _stream);
        _stream.Synchronize();
        Assert.That(result.Memory.ToArray(), Is.EqualTo(source.Memory.ToArray()));
    }

    [Test]
    public void FillSetsBytesAndClearSetsZero()
    {
        using DeviceBuffer<int> buffer = Suite.Cpu.Allocate<int>(100);
        buffer.Fill(0x01, _stream);
        Assert.That(buffer.AsSpan().IndexOfAnyExcept(0x01010101), Is.EqualTo(-1));
        buffer.Clear(_stream);
        Assert.That(buffer.AsSpan().IndexOfAnyExcept(0), Is.EqualTo(-1));
    }

    [Test]
    public void EmptyBuffersWork()
    {
        using DeviceBuffer<float> buffer = Suite.Cpu.Allocate<float>(0);
        using PinnedBuffer<float> pinned = Suite.Cpu.AllocatePinned<float>(0);
        buffer.CopyFrom([], _stream);
        buffer.CopyTo(pinned, _stream);
        buffer.Clear(_stream);
        Assert.That(buffer.AsSpan().Length + pinned.Memory.Length, Is.Zero);
        Assert.That(buffer.DevicePointer, Is.Not.Zero);
    }

    [Test]
    public void MemoryIsAlignedTo64Bytes([Values(1, 3, 1000)] int length)
    {
        using DeviceBuffer<byte> buffer = Suite.Cpu.Allocate<byte>(length);
        using PinnedBuffer<byte> pinned = Suite.Cpu.AllocatePinned<byte>(length);
        Assert.That(buffer.DevicePointer % 64 == 0);
        Assert.That(pinned.Address % 64 == 0);
    }

    [Test]
    public void OtherLengthsAreRefused()
    {
        using DeviceBuffer<float> buffer = Suite.Cpu.Allocate<float>(4);
        using PinnedBuffer<float> pinned = Suite.Cpu.AllocatePinned<float>(5);
        Assert.That(() => buffer.CopyFrom(new float[3], _stream), ParameterIs("source"));
        Assert.That(() => buffer.CopyTo(new float[5], _stream), ParameterIs("destination"));
        Assert.That(() => buffer.CopyFrom(pinned, _stream), ParameterIs("source"));
        Assert.That(() => buffer.CopyTo(pinned, _stream), ParameterIs("destination"));
    }

    [Test]
    public void ImpossibleLengthsAreRefused()
    {
        Assert.That(() => Suite.Cpu.Allocate<float>(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Suite.Cpu.Allocate<double>(long.MaxValue / 4), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Suite.Cpu.AllocatePinned<float>(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => Suite.Cpu.Allocate<byte>(1L << 60),
            Throws.TypeOf<KernelOutOfMemoryException>().With.Property("Status").EqualTo(KernelStatus.OutOfMemory));
    }

    [Test]
    public void TensorBeyondItsBufferIsRefused()
    {
        using DeviceBuffer<float> buffer = Suite.Cpu.Allocate<float>(24);
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
        using PinnedBuffer<float> buffer = Suite.Cpu.AllocatePinned<float>(24);
        var tensor = new DeviceTensor<float>(buffer, [2, 3], offset: 4);
        Assert.That(tensor.Device, Is.SameAs(Suite.Cpu));
        Assert.That(tensor.Address, Is.EqualTo(buffer.Address + 16));
        Assert.That(tensor.Shape.ToArray(), Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(tensor.Strides.ToArray(), Is.EqualTo(new long[] { 3, 1 }));
    }

    private static EqualStringConstraint ParameterIs(string name) =>
        Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(name);
}
