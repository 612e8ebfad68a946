using System.Numerics.Tensors;
using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>What is wrong is refused, by an exception that names the parameter.</summary>
public sealed class ShortConvolutionArgumentTests
{
    private const int Channels = 3, Length = 16, Width = 4;

    private static readonly ShortConvolutionShape Shape = new(1, Channels, Length, Width);

    private readonly float[] _rows = new float[Channels * Length], _output = new float[Channels * Length];
    private readonly float[] _taps = new float[Channels * Width];

    private TensorScope _scope = null!;
    private DeviceTensor<float> _input, _filter, _written;

    [SetUp]
    public void MakeTensors()
    {
        _scope = new TensorScope("cpu");
        _input = _scope.Upload(_rows, 1, Channels, Length);
        _filter = _scope.Upload(_taps, Channels, Width);
        _written = _scope.Output<float>(1, Channels, Length).Tensor;
    }

    [TearDown]
    public void Dispose() => _scope.Dispose();

    [Test]
    public void SpanOfAnotherLengthIsNamed()
    {
        var odd = new float[5];
        using (Assert.EnterMultipleScope())
        {
            AssertNamed("input", () => ShortConvolution.Forward<float>(_scope.Stream, Shape, odd, _taps, _output));
            AssertNamed("filter", () => ShortConvolution.Forward<float>(_scope.Stream, Shape, _rows, odd, _output));
            AssertNamed("output", () => ShortConvolution.Forward<float>(_scope.Stream, Shape, _rows, _taps, odd));
            AssertNamed("bias", () => ShortConvolution.Forward<float>(_scope.Stream, Shape, _rows, _taps, _output, bias: odd));
            AssertNamed("state", () => ShortConvolution.Forward<float>(_scope.Stream, Shape, _rows, _taps, _output, state: odd));
            AssertNamed("gradients", () => ShortConvolution.Backward<float>(
                _scope.Stream, Shape, _rows, _taps, new ShortConvolutionSpanGradients<float> { Output = odd }));
        }
    }

    [Test]
    public void TensorThatDoesNotFitIsNamed()
    {
        DeviceTensor<float> other = _scope.Upload(new float[20], 1, 2, 10), four = _scope.Upload(new float[4], 4);
        using (Assert.EnterMultipleScope())
        {
            AssertRefused("output", "output", () => ShortConvolution.Forward(_scope.Stream, _input, _filter, other));
            AssertRefused("filter", "filter", () => ShortConvolution.Forward(_scope.Stream, other, _filter, _written));
            AssertRefused("bias", "bias", () => ShortConvolution.Forward(_scope.Stream, _input, _filter, _written, bias: four));
            AssertRefused("state", "state", () => ShortConvolution.Forward(_scope.Stream, _input, _filter, _written, state: other));
            AssertRefused("filter", "filter", () => ShortConvolution.Forward(
                _scope.Stream, _input, _filter, _written, new ShortConvolutionOptions { ChannelsLast = true }));
            AssertRefused("output", "output", () => ShortConvolution.Forward(_scope.Stream, _input, _filter, _input));
            AssertRefused("gradients", "grad_bias", () => ShortConvolution.Backward(
                _scope.Stream, _input, _filter, new ShortConvolutionGradients<float> { Output = _written, Bias = four }));
            AssertRefused("gradients", "grad_input", () => ShortConvolution.Backward(
                _scope.Stream, _input, _filter, new ShortConvolutionGradients<float> { Output = _written, Input = other }));
        }
    }

    [Test]
    public void MissingTensorIsNamed()
    {
        using (Assert.EnterMultipleScope())
        {
            AssertNamed("stream", () => ShortConvolution.Forward(null!, _input, _filter, _written));
            AssertNamed("input", () => ShortConvolution.Forward(_scope.Stream, default, _filter, _written));
            AssertNamed("filter", () => ShortConvolution.Forward(_scope.Stream, _input, default, _written));
            AssertNamed("output", () => ShortConvolution.Forward(_scope.Stream, _input, _filter, default));
            AssertNamed("gradients", () => ShortConvolution.Backward(
                _scope.Stream, _input, _filter, new ShortConvolutionGradients<float> { Output = default }));
        }
    }

    [TestCase(0, typeof(KernelArgumentException))]
    [TestCase(129, typeof(KernelNotSupportedException))]
    public void WidthOutsideOfTheRangeIsRefused(int width, Type exception) => Assert.That(
        () => ShortConvolution.Forward<float>(
            _scope.Stream, Shape with { Width = width }, _rows, new float[Channels * width], _output),
        Throws.InstanceOf(exception).With.Property("NativeArgument").EqualTo("filter"));

    [Test]
    public void TensorSpanOfTooManyDimensionsIsNamed() => AssertNamed("input", () => ShortConvolution.Forward<float>(
        _scope.Stream,
        new ReadOnlyTensorSpan<float>(_rows, [1, 1, 1, 1, 1, 1, 1, 1, 48]),
        new ReadOnlyTensorSpan<float>(_taps, [Channels, Width]),
        new TensorSpan<float>(_output, [1, Channels, Length])));

    [Test]
    public void SpansAreOfTheCpuOnly([ValueSource(typeof(TestDevices), nameof(TestDevices.Cuda))] string cuda)
    {
        using KernelStream stream = Suite.DeviceNamed(cuda).CreateStream();
        Assert.That(
            () => ShortConvolution.Forward<float>(stream, Shape, _rows, _taps, _output), Throws.TypeOf<NotSupportedException>());
    }

    private static void AssertNamed(string parameter, Action call) =>
        Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(parameter));

    private static void AssertRefused(string parameter, string argument, Action call) => Assert.That(
        call,
        Throws.TypeOf<KernelArgumentException>()
            .With.Property("ParamName").EqualTo(parameter)
            .And.Property("NativeArgument").EqualTo(argument));
}
