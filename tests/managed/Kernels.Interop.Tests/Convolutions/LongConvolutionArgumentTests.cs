using System.Numerics.Tensors;
using Kernels.Interop.Native;
using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>What is wrong is refused, by an exception that names the parameter.</summary>
public sealed class LongConvolutionArgumentTests
{
    private const int Channels = 2, Length = 32, Taps = 8;

    private static readonly long[] Dims = [1, Channels, Length];

    private static readonly LongConvolutionOptions Options = new() { Channels = Channels, Length = Length, FilterLength = Taps };

    private readonly float[] _rows = new float[Channels * Length], _output = new float[Channels * Length];

    private TensorScope _scope = null!;
    private LongConvolutionPlan _plan = null!, _streaming = null!;
    private LongConvolutionState _state = null!;
    private DeviceTensor<float> _input, _written;

    private static IEnumerable<TestCaseData> WrongOptions
    {
        get
        {
            yield return Case("channels", Options with { Channels = 0 });
            yield return Case("length", Options with { Length = -1 });
            yield return Case("filter_length", Options with { FilterLength = 0 });
            yield return Case("length", Options with { Length = long.MaxValue });
            yield return Case("flags", Options with { Circular = true, Streaming = true });
            yield return Case("fft_size", Options with { FftSize = 300 });
            yield return Case("fft_size", Options with { FftSize = -256 });
            yield return Case("fft_size", Options with { FftSize = 1 << 23 });
            yield return Case("fft_size", Options with { FftSize = 256, FilterLength = 1000, Streaming = true });
            yield return Case("squash", Options with { Squash = -1 });
            yield return Case("squash", Options with { Squash = float.NaN });
            yield return Case("fft_size", Options with { FrequencyMask = new bool[4], FrequencyBlock = 32 });
            yield return Case(
                "frequency_mask", Options with { FftSize = 256, FrequencyMask = new bool[5], FrequencyBlock = 32 });
            yield return Case("frequency_block", Options with { FftSize = 256, FrequencyMask = new bool[4] });
            yield return Case("frequency_block", Options with { FrequencyBlock = 32 });

            static TestCaseData Case(string name, LongConvolutionOptions options) =>
                new TestCaseData(options, $"options.{name}").SetArgDisplayNames(name, options.ToString());
        }
    }

    [SetUp]
    public void MakePlans()
    {
        _scope = new TensorScope("cpu");
        _plan = new LongConvolutionPlan(Suite.Cpu, Options);
        _plan.SetFilter(_scope.Stream, new float[Channels * Taps]);
        _streaming = new LongConvolutionPlan(Suite.Cpu, Options with { Streaming = true });
        _streaming.SetFilter(_scope.Stream, new float[Channels * Taps]);
        _state = new LongConvolutionState(_scope.Stream, _streaming, 1);
        _input = _scope.Upload(_rows, Dims);
        _written = _scope.Output<float>(Dims).Tensor;
    }

    [TearDown]
    public void Dispose()
    {
        _state.Dispose();
        _streaming.Dispose();
        _plan.Dispose();
        _scope.Dispose();
    }

    [TestCaseSource(nameof(WrongOptions))]
    public void WrongOptionsAreNamed(LongConvolutionOptions options, string argument) =>
        AssertRefused("options", argument, () => new LongConvolutionPlan(Suite.Cpu, options).Dispose());

    [Test]
    public void NullIsRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new LongConvolutionPlan(null!, Options), Throws.ArgumentNullException);
            Assert.That(() => new LongConvolutionPlan(Suite.Cpu, null!), Throws.ArgumentNullException);
            Assert.That(() => _plan.SetFilter<float>(null!, _rows), Throws.ArgumentNullException);
            Assert.That(() => _plan.ToArray(null!), Throws.ArgumentNullException);
            Assert.That(() => _plan.Save(_scope.Stream, null!), Throws.ArgumentNullException);
            Assert.That(() => LongConvolutionPlan.Load(_scope.Stream, (Stream)null!), Throws.ArgumentNullException);
            Assert.That(() => new LongConvolutionState(_scope.Stream, null!, 1), Throws.ArgumentNullException);
            Assert.That(
                () => LongConvolution.Forward<float>(_scope.Stream, null!, 1, _rows, _output), Throws.ArgumentNullException);
            Assert.That(() => LongConvolution.Forward(null!, _plan, _input, _written), Throws.ArgumentNullException);
            Assert.That(
                () => LongConvolution.Backward(_scope.Stream, null!, _input, Gradients()), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void PlanWithoutFiltersIsRefused()
    {
        using var empty = new LongConvolutionPlan(Suite.Cpu, Options);
        AssertRefused("plan", "plan", () => LongConvolution.Forward<float>(_scope.Stream, empty, 1, _rows, _output));
        AssertRefused("plan", "plan", () => LongConvolution.Backward(_scope.Stream, empty, _input, Gradients()));
        AssertRefused("plan", "plan", () => empty.ToArray(_scope.Stream));
        AssertRefused("plan", "plan", () => empty.GetSpectrum(_scope.Stream, new float[Channels * empty.Frequencies * 2]));
    }

    [Test]
    public void StreamOfAnotherDeviceIsRefused()
    {
        using Device other = Device.Open("cpu");
        using KernelStream stream = other.CreateStream();
        AssertRefused("plan", "plan", () => LongConvolution.Forward<float>(stream, _plan, 1, _rows, _output));
        AssertRefused("plan", "plan", () => _plan.SetFilter<float>(stream, new float[Channels * Taps]));
        AssertRefused("plan", "plan", () => _plan.ToArray(stream));
    }

    [Test]
    public void SpanOfAnotherLengthIsNamed()
    {
        var odd = new float[Channels * Length - 1];
        using (Assert.EnterMultipleScope())
        {
            AssertNamed("input", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, odd, _output));
            AssertNamed("output", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, _rows, odd));
            AssertNamed("inputGate", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, _rows, _output, odd));
            AssertNamed(
                "outputGate", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, _rows, _output, outputGate: odd));
            AssertNamed("skip", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, _rows, _output, skip: odd));
            AssertNamed("batch", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 0, _rows, _output));
            AssertNamed("filter", () => _plan.SetFilter<float>(_scope.Stream, odd));
            AssertNamed("spectrum", () => _plan.SetSpectrum(_scope.Stream, odd));
            AssertNamed("spectrum", () => _plan.GetSpectrum(_scope.Stream, odd));
            AssertNamed("gradients", () => LongConvolution.Backward<float>(
                _scope.Stream, _plan, 1, _rows, new LongConvolutionSpanGradients<float> { Output = odd }));
            AssertNamed("gradients", () => LongConvolution.Backward<float>(
                _scope.Stream, _plan, 1, _rows, new LongConvolutionSpanGradients<float> { Output = _rows, Filter = odd }));
            AssertNamed("filter", () => LongConvolution.Backward<float>(
                _scope.Stream, _plan, 1, _rows, new LongConvolutionSpanGradients<float> { Output = _rows }, filter: odd));
        }
    }

    [Test]
    public void RowsThatDoNotFitThePlanAreNamed()
    {
        AssertRefused("input", "input", () => LongConvolution.Forward<float>(
            _scope.Stream, _plan, 1, new float[2 * Channels * Length], new float[2 * Channels * Length]));
        DeviceTensor<float> channels = _scope.Upload(new float[3 * Length], 1, 3, Length);
        AssertRefused("input", "input", () => LongConvolution.Forward(_scope.Stream, _plan, channels, _written));
        AssertRefused("output", "output", () => LongConvolution.Forward(_scope.Stream, _plan, _input, channels));
        var gate = new LongConvolutionInputs<float> { OutputGate = channels };
        AssertRefused("inputs", "output_gate", () => LongConvolution.Forward(_scope.Stream, _plan, _input, _written, gate));
        AssertRefused("outputGate", "output_gate", () => LongConvolution.Forward(
            _scope.Stream, _plan, View(_rows), View(_output), outputGate: new ReadOnlyTensorSpan<float>(_rows, [1, 1, Length])));
        AssertRefused("inputs", "skip", () => LongConvolution.Forward(
            _scope.Stream, _plan, _input, _written, new LongConvolutionInputs<float> { Skip = _scope.Upload(new float[3], 3) }));
        AssertRefused("gradients", "grad_filter", () => LongConvolution.Backward(
            _scope.Stream, _plan, _input, Gradients() with { Filter = _written }));
        AssertRefused("filter", "filter", () => _plan.SetFilter(_scope.Stream, _scope.Upload(new float[3 * Taps], 3, Taps)));
    }

    [Test]
    public void StateTooManyOrTooFewIsNamed()
    {
        AssertRefused("state", "state", () => LongConvolution.Forward<float>(_scope.Stream, _streaming, 1, _rows, _output));
        AssertRefused(
            "state", "state", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, _rows, _output, state: _state));
        AssertRefused("inputs", "state", () => LongConvolution.Forward(_scope.Stream, _streaming, _input, _written));
        using var two = new LongConvolutionState(_scope.Stream, _streaming, 2);
        AssertRefused(
            "state", "state", () => LongConvolution.Forward<float>(_scope.Stream, _streaming, 1, _rows, _output, state: two));
        AssertNamed("plan", () => new LongConvolutionState(_scope.Stream, _plan, 1).Dispose());
        AssertNamed("batch", () => new LongConvolutionState(_scope.Stream, _streaming, -1).Dispose());
    }

    [Test]
    public void StreamingPlanHasNoGradients() => Assert.That(
        () => LongConvolution.Backward(_scope.Stream, _streaming, _input, Gradients()),
        Throws.TypeOf<KernelNotSupportedException>().With.Property("NativeArgument").EqualTo("plan"));

    [Test]
    public void FiltersAreWantedWhereThePlanSquashesAlone()
    {
        using var squashing = new LongConvolutionPlan(Suite.Cpu, Options with { Squash = 1 });
        squashing.SetFilter(_scope.Stream, new float[Channels * Taps]);
        DeviceTensor<float> taps = _scope.Upload(new float[Channels * Taps], Channels, Taps);
        LongConvolutionGradients<float> gradients = Gradients() with { Filter = _scope.Output<float>(Channels, Taps).Tensor };
        AssertRefused("filter", "filter", () => LongConvolution.Backward(_scope.Stream, squashing, _input, gradients));
        AssertRefused(
            "filter", "filter", () => LongConvolution.Backward(_scope.Stream, _plan, _input, gradients, filter: taps));
    }

    [Test]
    public void OverlapIsRefused()
    {
        AssertRefused("output", "output", () => LongConvolution.Forward(_scope.Stream, _plan, _input, _input));
        AssertRefused("output", "output", () => LongConvolution.Forward<float>(_scope.Stream, _plan, 1, _rows, _rows));
        AssertRefused("gradients", "grad_input", () => LongConvolution.Backward(
            _scope.Stream, _plan, _input, Gradients() with { Input = _input }));
    }

    [Test]
    public void MissingTensorIsNamed()
    {
        AssertNamed("input", () => LongConvolution.Forward(_scope.Stream, _plan, default, _written));
        AssertNamed("output", () => LongConvolution.Forward(_scope.Stream, _plan, _input, default));
        AssertNamed("gradients", () => LongConvolution.Backward(
            _scope.Stream, _plan, _input, new LongConvolutionGradients<float> { Output = default }));
        AssertNamed("filter", () => _plan.SetFilter<float>(_scope.Stream, default(DeviceTensor<float>)));
    }

    [Test]
    public void UnsupportedElementTypeIsNamed() => Assert.That(
        () => LongConvolution.Forward<double>(_scope.Stream, _plan, 1, new double[64], new double[64]),
        Throws.TypeOf<NotSupportedException>().With.Message.Contains("System.Double"));

    [Test]
    public void WorkspaceThatIsTooSmallIsNamed()
    {
        long bytes = LongConvolution.ForwardWorkspaceBytes(_plan, _input, _written);
        Assert.That(bytes, Is.Positive, "otherwise no workspace is too small");
        using DeviceBuffer<byte> workspace = Suite.Cpu.Allocate<byte>(bytes - 1);
        AssertRefused("workspace", "workspace", () => LongConvolution.Forward(
            _scope.Stream, _plan, _input, _written, workspace: workspace));
    }

    [Test]
    public void SpansAreOfTheCpuOnly([ValueSource(typeof(TestDevices), nameof(TestDevices.Cuda))] string cuda)
    {
        using KernelStream stream = Suite.DeviceNamed(cuda).CreateStream();
        Assert.That(
            () => LongConvolution.Forward<float>(stream, _plan, 1, _rows, _output), Throws.TypeOf<NotSupportedException>());
        Assert.That(
            () => LongConvolution.Forward<float>(stream, _plan, View(_rows), View(_output)),
            Throws.TypeOf<NotSupportedException>());
    }

    private static TensorSpan<float> View(float[] rows) => new(rows, [1, Channels, Length]);

    private LongConvolutionGradients<float> Gradients() => new() { Output = _input };

    private static void AssertNamed(string parameter, Action call) =>
        Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(parameter));

    private static void AssertRefused(string parameter, string argument, Action call) => Assert.That(
        call,
        Throws.TypeOf<KernelArgumentException>()
            .With.Property("ParamName").EqualTo(parameter)
            .And.Property("NativeArgument").EqualTo(argument));
}
