using System.Numerics.Tensors;
using Kernels.Interop.Tests.Operators;
using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Short convolutions and their gradients are the formula's, on every device and by every way to call them.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class ShortConvolutionTests<T>
    where T : unmanaged
{
    private static IEnumerable<ShortConvolutionSetting> Settings => ShortConvolutionSetting.All;

    [Test]
    public void SpansMatchTheFormula([ValueSource(nameof(Settings))] ShortConvolutionSetting setting)
    {
        var p = new ShortConvolutionProblem<T>(setting);
        T[] output = new T[p.Input.Length], state = [.. p.State];
        using KernelStream stream = Suite.Cpu.CreateStream();
        ShortConvolution.Forward<T>(
            stream, setting.Shape, p.Input, Floats(p.Filter), output, setting.Options, Floats(p.Bias), state);
        AssertForward(p, output, state);
    }

    [Test]
    public void TensorSpansMatchTheFormula([ValueSource(nameof(Settings))] ShortConvolutionSetting setting)
    {
        var p = new ShortConvolutionProblem<T>(setting);
        T[] output = new T[p.Input.Length], state = [.. p.State];
        nint[] dims = [.. p.Dims.Select(length => (nint)length)];
        using KernelStream stream = Suite.Cpu.CreateStream();
        var taps = new ReadOnlyTensorSpan<float>(Floats(p.Filter), [setting.Channels, setting.Width]);
        if (setting.State)
        {
            ShortConvolution.Forward(
                stream, new ReadOnlyTensorSpan<T>(p.Input, dims), taps, new TensorSpan<T>(output, dims), setting.Options,
                Floats(p.Bias), new TensorSpan<T>(state, [.. p.StateDims.Select(length => (nint)length)]));
        }
        else
        {
            ShortConvolution.Forward(
                stream, new ReadOnlyTensorSpan<T>(p.Input, dims), taps, new TensorSpan<T>(output, dims), setting.Options,
                Floats(p.Bias));
        }
        AssertForward(p, output, state);
    }

    [Test]
    public void TensorsMatchTheFormula(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Settings))] ShortConvolutionSetting setting)
    {
        var p = new ShortConvolutionProblem<T>(setting);
        using var scope = new TensorScope(device);
        var (output, memory) = scope.Output<T>(p.Dims);
        using DeviceBuffer<T> state = scope.Stream.Upload<T>(p.State);
        ShortConvolution.Forward(
            scope.Stream, scope.Upload(p.Input, p.Dims), scope.Upload(p.Filter, setting.Channels, setting.Width), output,
            setting.Options, setting.Bias ? scope.Upload(p.Bias, setting.Channels) : default,
            setting.State ? new DeviceTensor<T>(state, p.StateDims) : default);
        AssertForward(p, memory.ToArray(scope.Stream), state.ToArray(scope.Stream));
    }

    [Test]
    public void GradientsMatchTheFormula(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Settings))] ShortConvolutionSetting setting,
        [Values] bool inWorkspace)
    {
        var p = new ShortConvolutionProblem<T>(setting);
        using var scope = new TensorScope(device);
        var input = scope.Upload(p.Input, p.Dims);
        var filter = scope.Upload(p.Filter, setting.Channels, setting.Width);
        DeviceTensor bias = setting.Bias ? scope.Upload(p.Bias, setting.Channels) : default;
        var du = scope.Output<T>(p.Dims);
        var dk = scope.Output<float>(setting.Channels, setting.Width);
        var db = setting.Bias ? scope.Output<float>(setting.Channels) : default;
        var gradients = new ShortConvolutionGradients<T>
        {
            Output = scope.Upload(p.GradOutput, p.Dims), Input = du.Tensor, Filter = dk.Tensor, Bias = db.Tensor,
        };
        using DeviceBuffer<byte>? workspace = inWorkspace
            ? scope.Stream.Device.Allocate<byte>(ShortConvolution.BackwardWorkspaceBytes(
                scope.Stream.Device, input, filter, gradients, setting.Options, bias))
            : null;
        ShortConvolution.Backward(scope.Stream, input, filter, gradients, setting.Options, bias, workspace);
        AssertGradients(
            p, du.Memory.ToArray(scope.Stream), dk.Memory.ToArray(scope.Stream), db.Memory?.ToArray(scope.Stream) ?? []);
    }

    [Test]
    public void GradientsOverSpansMatchTheFormula([ValueSource(nameof(Settings))] ShortConvolutionSetting setting)
    {
        var p = new ShortConvolutionProblem<T>(setting);
        var du = new T[p.Input.Length];
        float[] dk = new float[p.Filter.Length], db = new float[p.Bias.Length];
        using KernelStream stream = Suite.Cpu.CreateStream();
        ShortConvolution.Backward<T>(
            stream, setting.Shape, p.Input, Floats(p.Filter),
            new ShortConvolutionSpanGradients<T> { Output = p.GradOutput, Input = du, Filter = dk, Bias = db },
            setting.Options, Floats(p.Bias));
        AssertGradients(p, du, dk, db);
    }

    private static void AssertForward(ShortConvolutionProblem<T> p, T[] output, T[] state)
    {
        p.Output().AssertMatches<T>(output, "output");
        Assert.That(Elements.ToDoubles<T>(state), Is.EqualTo(p.StateAfter()), "state");
    }

    private static void AssertGradients(ShortConvolutionProblem<T> p, T[] input, float[] filter, float[] bias)
    {
        (Bounded Input, Bounded Filter, Bounded Bias) expected = p.Gradients();
        using (Assert.EnterMultipleScope())
        {
            expected.Input.AssertMatches<T>(input, "gradient of the input");
            expected.Filter.AssertMatches<float>(filter, "gradient of the filters");
            if (p.Bias.Length > 0)
            {
                expected.Bias.AssertMatches<float>(bias, "gradient of the bias");
            }
        }
    }

    private static float[] Floats(T[] elements) => [.. elements.Select(element => (float)Elements.ToDouble(element))];
}
