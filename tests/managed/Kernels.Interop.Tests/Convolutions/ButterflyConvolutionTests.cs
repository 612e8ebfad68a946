using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Butterfly convolution through the managed API, on every device: that each tensor goes where it belongs.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Names))]
public sealed class ButterflyConvolutionTests(string device)
{
    private const int N1 = 16, N2 = 32, Points = N1 * N2, Batch = 2, Channels = 3, Length = 300, Taps = 90;

    private static readonly long[] Rows = [Batch, Channels, Length], First = [N2, N1, N1, 2], Second = [N1, N2, N2, 2];

    private TensorScope _scope = null!;
    private Random _random = null!;
    private float[] _input = null!, _filter = null!, _inputGate = null!, _outputGate = null!, _skip = null!, _gradient = null!;
    private float[] _forwardFirst = null!, _forwardSecond = null!, _inverseSecond = null!, _inverseFirst = null!;

    [SetUp]
    public void MakeTensors()
    {
        _scope = new TensorScope(device);
        _random = new Random(5);
        int rows = Batch * Channels * Length;
        _input = Numbers(rows);
        _filter = Numbers(Channels * Taps);
        _inputGate = Numbers(rows);
        _outputGate = Numbers(rows);
        _skip = Numbers(Channels);
        _gradient = Numbers(rows);
        _forwardFirst = Numbers(2 * Points * N1, 0.3f);
        _forwardSecond = Numbers(2 * Points * N2, 0.2f);
        _inverseSecond = Numbers(2 * Points * N2, 0.2f);
        _inverseFirst = Numbers(2 * Points * N1, 0.3f);
    }

    [TearDown]
    public void Free() => _scope.Dispose();

    [Test]
    public void WithTheCoefficientsOfTheDftItIsTheLongConvolution()
    {
        var first = _scope.Output<float>(First);
        var second = _scope.Output<float>(Second);
        var inverseSecond = _scope.Output<float>(Second);
        var inverseFirst = _scope.Output<float>(First);
        var dft = new ButterflyCoefficients
        {
            ForwardFirst = first.Tensor,
            ForwardSecond = second.Tensor,
            InverseSecond = inverseSecond.Tensor,
            InverseFirst = inverseFirst.Tensor,
        };
        ButterflyConvolution.WriteDftCoefficients(_scope.Stream, dft);
        var output = _scope.Output<float>(Rows);
        ButterflyConvolution.Forward(
            _scope.Stream, _scope.Upload(_input, Rows), _scope.Upload(_filter, Channels, Taps), dft, output.Tensor, Inputs());
        float[] got = output.Memory.ToArray(_scope.Stream);
        for (int row = 0; row < Batch * Channels; row++)
        {
            for (int t = 0; t < Length; t++)
            {
                int at = row * Length + t, channel = row % Channels;
                double sum = 0;
                for (int j = 0; j < Taps && j <= t; j++)
                {
                    sum += (double)_filter[channel * Taps + j] * _input[at - j] * _inputGate[at - j];
                }
                double want = _outputGate[at] * sum + (double)_skip[channel] * _input[at];
                Assert.That(got[at], Is.EqualTo(want).Within(2e-4), $"row {row}, time {t}");
            }
        }
    }

    [Test]
    public void GradientsAreSlopes()
    {
        var input = _scope.Output<float>(Rows);
        var filter = _scope.Output<float>(Channels, Taps);
        var forwardFirst = _scope.Output<float>(First);
        var forwardSecond = _scope.Output<float>(Second);
        var inverseSecond = _scope.Output<float>(Second);
        var inverseFirst = _scope.Output<float>(First);
        var inputGate = _scope.Output<float>(Rows);
        var outputGate = _scope.Output<float>(Rows);
        var skip = _scope.Output<float>(Channels);
        var gradients = new ButterflyConvolutionGradients<float>
        {
            Output = _scope.Upload(_gradient, Rows),
            Input = input.Tensor,
            Filter = filter.Tensor,
            ForwardFirst = forwardFirst.Tensor,
            ForwardSecond = forwardSecond.Tensor,
            InverseSecond = inverseSecond.Tensor,
            InverseFirst = inverseFirst.Tensor,
            InputGate = inputGate.Tensor,
            OutputGate = outputGate.Tensor,
            Skip = skip.Tensor,
        };
        DeviceTensor<float> x = _scope.Upload(_input, Rows), k = _scope.Upload(_filter, Channels, Taps);
        long bytes = ButterflyConvolution.BackwardWorkspaceBytes(
            _scope.Stream.Device, x, k, Coefficients(), gradients, Inputs());
        using DeviceBuffer<byte> workspace = _scope.Stream.Device.Allocate<byte>(checked((int)bytes));
        ButterflyConvolution.Backward(_scope.Stream, x, k, Coefficients(), gradients, Inputs(), workspace);

        Assert.Multiple(() =>
        {
            AssertSlope(_input, input.Memory, "input");
            AssertSlope(_filter, filter.Memory, "filter");
            AssertSlope(_forwardFirst, forwardFirst.Memory, "forward first");
            AssertSlope(_forwardSecond, forwardSecond.Memory, "forward second");
            AssertSlope(_inverseSecond, inverseSecond.Memory, "inverse second");
            AssertSlope(_inverseFirst, inverseFirst.Memory, "inverse first");
            AssertSlope(_inputGate, inputGate.Memory, "input gate");
            AssertSlope(_outputGate, outputGate.Memory, "output gate");
            AssertSlope(_skip, skip.Memory, "skip");
        });
    }

    [Test]
    public void ErrorsNameTheParameter()
    {
        DeviceTensor<float> x = _scope.Upload(_input, Rows), k = _scope.Upload(_filter, Channels, Taps);
        DeviceTensor<float> output = _scope.Output<float>(Rows).Tensor;
        ButterflyCoefficients good = Coefficients();
        var swapped = new ButterflyCoefficients
        {
            ForwardFirst = good.ForwardFirst,
            ForwardSecond = good.ForwardFirst,
            InverseSecond = good.InverseSecond,
            InverseFirst = good.InverseFirst,
        };
        Assert.That(
            () => ButterflyConvolution.Forward(_scope.Stream, x, k, swapped, output),
            Throws.InstanceOf<KernelArgumentException>().With.Property("ParamName").EqualTo("coefficients"));
        Assert.That(
            () => ButterflyConvolution.Forward(
                _scope.Stream, x, k, good, output, new ButterflyConvolutionInputs<float> { Skip = k }),
            Throws.InstanceOf<KernelArgumentException>().With.Property("ParamName").EqualTo("inputs"));
        Assert.That(
            () => ButterflyConvolution.Backward(
                _scope.Stream, x, k, good, new ButterflyConvolutionGradients<float> { Output = x, Skip = k }),
            Throws.InstanceOf<KernelArgumentException>().With.Property("ParamName").EqualTo("gradients"));
        Assert.That(
            () => ButterflyConvolution.Forward(_scope.Stream, x, default, good, output),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("filter"));
    }

    /// <summary>
    /// Along a random direction, the loss sum(output * gradient) has the slope that the gradient says. In one tensor it has at most
    /// degree 2, so that a difference around the middle errs by rounding only.
    /// </summary>
    private void AssertSlope(float[] values, DeviceBuffer<float> gradient, string what)
    {
        float[] got = gradient.ToArray(_scope.Stream), direction = Numbers(values.Length), before = [.. values];
        double LossAlong(float step)
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = before[i] + step * direction[i];
            }
            return Loss();
        }
        const float step = 1 / 16f;
        double slope = (LossAlong(step) - LossAlong(-step)) / (2 * step), want = 0, size = 0;
        before.CopyTo(values, 0);
        for (int i = 0; i < got.Length; i++)
        {
            want += (double)got[i] * direction[i];
            size += Math.Pow((double)got[i] * direction[i], 2);
        }
        Assert.That(slope, Is.EqualTo(want).Within(1e-2 * Math.Sqrt(size)), what);
    }

    private double Loss()
    {
        using var scope = new TensorScope(device);
        var output = scope.Output<float>(Rows);
        DeviceTensor<float> x = scope.Upload(_input, Rows), k = scope.Upload(_filter, Channels, Taps);
        ButterflyConvolution.Forward(scope.Stream, x, k, Coefficients(scope), output.Tensor, Inputs(scope));
        return output.Memory.ToArray(scope.Stream).Zip(_gradient, (y, g) => (double)y * g).Sum();
    }

    private ButterflyCoefficients Coefficients(TensorScope? scope = null) => new()
    {
        ForwardFirst = (scope ?? _scope).Upload(_forwardFirst, First),
        ForwardSecond = (scope ?? _scope).Upload(_forwardSecond, Second),
        InverseSecond = (scope ?? _scope).Upload(_inverseSecond, Second),
        InverseFirst = (scope ?? _scope).Upload(_inverseFirst, First),
    };

    private ButterflyConvolutionInputs<float> Inputs(TensorScope? scope = null) => new()
    {
        InputGate = (scope ?? _scope).Upload(_inputGate, Rows),
        OutputGate = (scope ?? _scope).Upload(_outputGate, Rows),
        Skip = (scope ?? _scope).Upload(_skip, Channels),
    };

    private float[] Numbers(int count, float scale = 1) =>
        [.. Enumerable.Range(0, count).Select(_ => scale * (2 * _random.NextSingle() - 1))];
}
