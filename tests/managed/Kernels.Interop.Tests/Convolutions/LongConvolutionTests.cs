using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Long convolutions and their gradients are the formula's, on every device and by every way to call them.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class LongConvolutionTests<T>
    where T : unmanaged
{
    private static IEnumerable<ConvolutionSetting> Settings => ConvolutionSetting.All;

    private static IEnumerable<(string, ConvolutionCall)> ForwardCalls =>
        from device in TestDevices.Names
        from call in LongConvolutionCalls.Of(device)
        select (device, call);

    private static IEnumerable<(string, ConvolutionCall)> BackwardCalls =>
        from device in TestDevices.Names
        from call in LongConvolutionCalls.Of(device)
        where call != ConvolutionCall.TensorSpans
        select (device, call);

    [Test]
    public void OutputMatchesTheFormula(
        [ValueSource(nameof(ForwardCalls))] (string Device, ConvolutionCall Call) how,
        [ValueSource(nameof(Settings))] ConvolutionSetting setting)
    {
        var problem = new ConvolutionProblem<T>(setting, how.Device);
        T[] output = LongConvolutionCalls.Forward(how.Device, how.Call, setting, problem);
        problem.Output().AssertMatches<T>(output, "output");
    }

    [Test]
    public void GradientsMatchTheFormula(
        [ValueSource(nameof(BackwardCalls))] (string Device, ConvolutionCall Call) how,
        [ValueSource(nameof(Settings))] ConvolutionSetting setting)
    {
        var problem = new ConvolutionProblem<T>(setting, how.Device);
        ConvolutionResult<T> actual = LongConvolutionCalls.Backward(how.Device, how.Call, setting, problem);
        ConvolutionGradients expected = problem.Gradients();
        using (Assert.EnterMultipleScope())
        {
            expected.Input.AssertMatches<T>(actual.Input, "gradient of the input");
            expected.Filter.AssertMatches<float>(actual.Filter, "gradient of the filters");
            if (setting.Gates)
            {
                expected.InputGate.AssertMatches<T>(actual.InputGate, "gradient of the input gate");
                expected.OutputGate.AssertMatches<T>(actual.OutputGate, "gradient of the output gate");
            }
            if (setting.Skip)
            {
                expected.Skip.AssertMatches<float>(actual.Skip, "gradient of the skip");
            }
        }
    }

    [Test]
    public void FiltersAndSkipMayHaveTheInputsType([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        var setting = new ConvolutionSetting(1, 2, 50, 20) { Skip = true };
        var problem = new ConvolutionProblem<T>(setting, device, roundWeights: true);
        using var scope = new TensorScope(device);
        using var plan = new LongConvolutionPlan(scope.Stream.Device, setting.Options);
        plan.SetFilter(scope.Stream, scope.Upload(Elements(problem.Filter), 2, 20));
        var (output, memory) = scope.Output<T>(problem.Dims);
        var inputs = new LongConvolutionInputs<T> { Skip = scope.Upload(Elements(problem.Skip), 2) };
        LongConvolution.Forward(scope.Stream, plan, scope.Upload(problem.Input, problem.Dims), output, inputs);
        problem.Output().AssertMatches<T>(memory.ToArray(scope.Stream), "output");

        static T[] Elements(float[] numbers) => [.. numbers.Select(number => Reference.Elements.FromDouble<T>(number))];
    }

    [Test]
    public void OutputDoesNotDependOnTheNumberOfThreads()
    {
        var setting = new ConvolutionSetting(3, 5, 700, 300) { Gates = true, Skip = true };
        var problem = new ConvolutionProblem<T>(setting);
        Assert.That(Run(7), Is.EqualTo(Run(1)));

        T[] Run(int threads)
        {
            using Device device = Device.Open("cpu", new DeviceOptions { ThreadCount = threads });
            using KernelStream stream = device.CreateStream();
            using LongConvolutionPlan plan = LongConvolutionCalls.Plan(stream, setting, problem);
            var output = new T[problem.Input.Length];
            LongConvolution.Forward<T>(
                stream, plan, setting.Batch, problem.Input, output, problem.InputGate, problem.OutputGate, problem.Skip);
            return output;
        }
    }
}
