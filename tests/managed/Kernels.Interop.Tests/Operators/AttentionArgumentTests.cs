using System.Numerics.Tensors;

namespace Kernels.Interop.Tests.Operators;

/// <summary>What is wrong is refused, by an exception that names the parameter, and nothing is written.</summary>
public sealed unsafe class AttentionArgumentTests
{
    private const long L = 6, H = 2, D = 8;

    private static readonly long[] Dims = [1, L, H, D];

    private KernelStream _stream = null!;
    private DeviceBuffer<float> _input = null!;
    private DeviceBuffer<float> _output = null!;

    [SetUp]
    public void Create()
    {
        _stream = Suite.Cpu.CreateStream();
        _input = Suite.Cpu.Allocate<float>(4096);
        _output = Suite.Cpu.Allocate<float>(4096);
        _input.Clear(_stream);
        _output.Fill(0xab, _stream);
    }

    [TearDown]
    public void CheckThatNothingWasWritten()
    {
        Assert.That(_output.AsSpan().IndexOfAnyExcept(BitConverter.Int32BitsToSingle(unchecked((int)0xabababab))), Is.EqualTo(-1));
        _stream.Dispose();
        _input.Dispose();
        _output.Dispose();
    }

    [Test]
    public void MissingStreamIsNamed() =>
        Assert.That(
            () => Attention.Forward(null!, In(Dims), In(Dims), In(Dims), Out(Dims)),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("stream"));

    [TestCase("query")]
    [TestCase("key")]
    [TestCase("value")]
    [TestCase("output")]
    public void WrongRankIsNamed(string tensor)
    {
        long[] flat = [L, H, D];
        AssertRefused(
            tensor,
            In(tensor == "query" ? flat : Dims), In(tensor == "key" ? flat : Dims), In(tensor == "value" ? flat : Dims),
            Out(tensor == "output" ? flat : Dims));
    }

    [Test]
    public void DefaultTensorIsNamed() =>
        Assert.That(
            () => Attention.Forward(_stream, In(Dims), default, In(Dims), Out(Dims)),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("key"));

    [Test]
    public void MismatchedShapesAreToldWithTheirNumbers()
    {
        var error = AssertRefused("value", In(Dims), In(Dims), In([1, 5, H, D]), Out(Dims));
        Assert.That(error.Message, Does.Contain("5").And.Contain("[1, 6, 2, 8]"));
        AssertRefused("key", In(Dims), In([1, L, H, 4]), In(Dims), Out(Dims));
        AssertRefused("key", In(Dims), In([2, L, H, D]), In([2, L, H, D]), Out(Dims));
        AssertRefused("output", In(Dims), In(Dims), In(Dims), Out([1, L, H, 4]));
        AssertRefused("query", In([1, L, 3, D]), In(Dims), In(Dims), Out([1, L, 3, D]));
    }

    [Test]
    public void LogSumExpOfAnotherShapeIsNamed() =>
        Assert.That(
            () => Attention.Forward(
                _stream, In(Dims), In(Dims), In(Dims), Out(Dims), default, new DeviceTensor<float>(_output, [1, L, H])),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("logsumexp"));

    [TestCase(0, typeof(KernelArgumentException))]
    [TestCase(257, typeof(KernelNotSupportedException))]
    public void HeadDimensionOutsideOfTheRangeIsRefused(int headDim, Type exception)
    {
        long[] dims = [1, 2, 1, headDim];
        Assert.That(
            () => Attention.Forward(_stream, In(dims), In(dims), In([1, 2, 1, 4]), Out([1, 2, 1, 4])),
            Throws.InstanceOf(exception).With.Property("NativeArgument").EqualTo("query"));
    }

    [Test]
    public void NegativeStrideIsNamed() =>
        AssertRefused("query", At(Address(_input, 512), Dims, [96, -16, 8, 1]), In(Dims), In(Dims), Out(Dims));

    [Test]
    public void StridedLastDimensionIsNamed() =>
        AssertRefused("key", In(Dims), At(Address(_input, 0), Dims, [192, 32, 16, 2]), In(Dims), Out(Dims));

    [Test]
    public void MisalignedAddressIsNamed() =>
        AssertRefused("value", In(Dims), In(Dims), At(Address(_input, 0) + 2, Dims, []), Out(Dims));

    [Test]
    public void MissingAddressIsNamed() => AssertRefused("query", At(0, Dims, []), In(Dims), In(Dims), Out(Dims));

    [Test]
    public void NegativeLengthIsNamed() =>
        AssertRefused("query", At(Address(_input, 0), [1, -1, H, D], []), In(Dims), In(Dims), Out(Dims));

    [Test]
    public void OutputOverAnInputIsRefused()
    {
        AssertRefused("output", Out(Dims), In(Dims), In(Dims), Out(Dims));
        AssertRefused("output", In(Dims), In(Dims), Out(Dims), new DeviceTensor<float>(_output, Dims, offset: 8));
    }

    [Test]
    public void OutputOverItselfIsRefused() =>
        AssertRefused("output", In(Dims), In(Dims), In(Dims), new DeviceTensor<float>(_output, Dims, [96, 0, 8, 1]));

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void ScaleThatIsNotFiniteIsRefused(float scale) =>
        Assert.That(
            () => Attention.Forward(
                _stream, In(Dims), In(Dims), In(Dims), Out(Dims), new AttentionOptions { Scale = scale }),
            Throws.TypeOf<KernelArgumentException>()
                .With.Property("ParamName").EqualTo("options")
                .And.Property("NativeArgument").EqualTo("problem.scale")
                .And.Property("Status").EqualTo(KernelStatus.InvalidArgument));

    [Test]
    public void WorkspaceThatIsTooSmallIsNamed()
    {
        long bytes = Attention.ForwardWorkspaceBytes(Suite.Cpu, In(Dims), In(Dims), In(Dims), Out(Dims));
        Assert.That(bytes, Is.Positive, "otherwise no workspace is too small");
        using DeviceBuffer<byte> workspace = Suite.Cpu.Allocate<byte>(bytes - 1);
        Assert.That(
            () => Attention.Forward(_stream, In(Dims), In(Dims), In(Dims), Out(Dims), workspace: workspace),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("workspace"));
    }

    [Test]
    public void UnsupportedElementTypeIsNamed()
    {
        var doubles = new double[L * H * D];
        Assert.That(
            () => Attention.Forward<double>(
                _stream, new AttentionShape(1, 6, 6, 2, 2, 8, 8), doubles, doubles, doubles, new double[doubles.Length]),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("System.Double"));
    }

    [TestCase("query")]
    [TestCase("key")]
    [TestCase("value")]
    [TestCase("output")]
    [TestCase("logsumexp")]
    public void SpanOfAnotherLengthIsNamed(string span)
    {
        const int Length = (int)(L * H * D);
        float[] Elements(string name, int length) => new float[name == span ? length - 1 : length];
        Assert.That(
            () => Attention.Forward<float>(
                _stream,
                new AttentionShape(1, 6, 6, 2, 2, 8, 8),
                Elements("query", Length),
                Elements("key", Length),
                Elements("value", Length),
                Elements("output", Length),
                default,
                Elements("logsumexp", (int)(L * H))),
            Throws.ArgumentException.With.Property("ParamName").EqualTo(span).And.Message.Contains("elements"));
    }

    [Test]
    public void ShapeBeyondAnyMemoryIsRefused()
    {
        var shape = new AttentionShape(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, 1, 256, 256);
        Assert.That(
            () => Attention.Forward<float>(_stream, shape, new float[1], new float[1], new float[1], new float[1]),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("query"));
        Assert.That(
            () => Attention.ForwardWorkspaceBytes<float>(Suite.Cpu, shape),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("shape"));
    }

    [Test]
    public void TensorSpanOfTooManyDimensionsIsNamed()
    {
        var elements = new float[16];
        Assert.That(
            () => Attention.Forward(
                _stream,
                new ReadOnlyTensorSpan<float>(elements, [1, 1, 1, 1, 1, 1, 1, 1, 16]),
                new ReadOnlyTensorSpan<float>(elements, [1, 1, 1, 16]),
                new ReadOnlyTensorSpan<float>(elements, [1, 1, 1, 16]),
                new TensorSpan<float>(new float[16], [1, 1, 1, 16])),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("query"));
    }

    private static DeviceTensor<float> At(nint address, long[] dims, long[] strides) =>
        new(Suite.Cpu, address, dims, strides);

    private static nint Address(DeviceBuffer<float> buffer, int element) => buffer.DevicePointer + element * sizeof(float);

    private DeviceTensor<float> In(long[] dims) => new(_input, dims);

    private DeviceTensor<float> Out(long[] dims) => new(_output, dims);

    private KernelArgumentException AssertRefused(
        string parameter,
        DeviceTensor<float> query,
        DeviceTensor<float> key,
        DeviceTensor<float> value,
        DeviceTensor<float> output)
    {
        KernelArgumentException? refusal = null;
        try
        {
            Attention.Forward(_stream, query, key, value, output);
        }
        catch (KernelArgumentException error)
        {
            refusal = error;
        }
        Assert.That(refusal?.ParamName, Is.EqualTo(parameter), refusal?.Message ?? "nothing was refused");
        return refusal!;
    }
}
