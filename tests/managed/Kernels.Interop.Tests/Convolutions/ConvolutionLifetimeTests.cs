using Kernels.Interop.Native;
using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Plans and states are closed in any order, refused afterwards, and shared by threads.</summary>
public sealed class ConvolutionLifetimeTests
{
    private static readonly LongConvolutionOptions Options = new() { Channels = 1, Length = 16, FilterLength = 4 };

    [Test]
    public void PlanOutlivesItsDevice()
    {
        long before = NativeMethods.ki_live_handle_count();
        Device device = Device.Open("cpu");
        KernelStream stream = device.CreateStream();
        DeviceBuffer<float> taps = stream.Upload<float>([1, 0, 0, 0]);
        var plan = new LongConvolutionPlan(device, Options);
        device.Dispose();
        plan.SetFilter(stream, new DeviceTensor<float>(taps, [1, 4]));
        var output = new float[16];
        LongConvolution.Forward<float>(stream, plan, 1, Enumerable.Repeat(3f, 16).ToArray(), output);
        stream.Dispose();
        taps.Dispose();
        plan.Dispose();
        Assert.That(output, Has.All.EqualTo(3f).Within(1e-5));
        Assert.That(NativeMethods.ki_live_handle_count(), Is.EqualTo(before));
    }

    [Test]
    public void DisposedObjectsAreRefusedByName()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        var plan = new LongConvolutionPlan(Suite.Cpu, Options);
        plan.SetFilter(stream, new float[4]);
        var streaming = new LongConvolutionPlan(Suite.Cpu, Options with { Streaming = true });
        streaming.SetFilter(stream, new float[4]);
        var state = new LongConvolutionState(stream, streaming, 1);
        KernelStream closed = Suite.Cpu.CreateStream();
        using var scope = new TensorScope("cpu");
        DeviceTensor<float> rows = scope.Upload(new float[16], 1, 1, 16);
        var gradients = new LongConvolutionGradients<float> { Output = rows };
        state.Dispose();
        plan.Dispose();
        plan.Dispose();
        closed.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => plan.HasFilter, Refused("LongConvolutionPlan"));
            Assert.That(() => plan.MemoryBytes, Refused("LongConvolutionPlan"));
            Assert.That(() => plan.SetFilter(stream, new float[4]), Refused("LongConvolutionPlan"));
            Assert.That(() => plan.SetSpectrum(stream, new float[plan.Frequencies * 2]), Refused("LongConvolutionPlan"));
            Assert.That(() => plan.GetSpectrum(stream, new float[plan.Frequencies * 2]), Refused("LongConvolutionPlan"));
            Assert.That(() => plan.ToArray(stream), Refused("LongConvolutionPlan"));
            Assert.That(
                () => LongConvolution.Forward<float>(stream, plan, 1, new float[16], new float[16]),
                Refused("LongConvolutionPlan"));
            Assert.That(() => LongConvolution.Backward(stream, plan, rows, gradients), Refused("LongConvolutionPlan"));
            Assert.That(
                () => LongConvolution.ForwardWorkspaceBytes(plan, rows, rows), Refused("LongConvolutionPlan"));
            Assert.That(() => state.Tensor, Refused("DeviceBuffer"));
            Assert.That(
                () => LongConvolution.Forward<float>(stream, streaming, 1, new float[16], new float[16], state: state),
                Refused("DeviceBuffer"));
            Assert.That(() => state.Reset(stream), Refused("DeviceBuffer"));
            Assert.That(() => streaming.ToArray(closed), Refused("KernelStream"));
            Assert.That(() => LongConvolutionPlan.Load(closed, new byte[100]), Refused("KernelStream"));
            Assert.That(
                () => ShortConvolution.Forward<float>(closed, new(1, 1, 4, 1), new float[4], new float[1], new float[4]),
                Refused("KernelStream"));
        }
        streaming.Dispose();
    }

    [Test]
    public void RefusedCallHoldsNothing()
    {
        using var scope = new TensorScope("cpu");
        using var plan = new LongConvolutionPlan(Suite.Cpu, Options);
        plan.SetFilter(scope.Stream, new float[4]);
        DeviceBuffer<float> gone = Suite.Cpu.Allocate<float>(16), input = Suite.Cpu.Allocate<float>(16);
        var rows = new DeviceTensor<float>(input, [1, 1, 16]);
        var inputs = new LongConvolutionInputs<float> { InputGate = new DeviceTensor<float>(gone, [1, 1, 16]) };
        gone.Dispose();
        Assert.That(
            () => LongConvolution.Forward(scope.Stream, plan, rows, scope.Output<float>(1, 1, 16).Tensor, inputs),
            Refused("DeviceBuffer"));
        long open = NativeMethods.ki_live_handle_count();
        input.Dispose();
        Assert.That(NativeMethods.ki_live_handle_count(), Is.EqualTo(open - 1));
    }

    [Test]
    public void ThreadsShareAPlan()
    {
        const int Threads = 8, Calls = 10;
        var setting = new ConvolutionSetting(1, 3, 500, 200) { Gates = true };
        ConvolutionProblem<float>[] problems =
            [.. Enumerable.Range(0, Threads).Select(t => new ConvolutionProblem<float>(setting, seed: t))];
        using KernelStream stream = Suite.Cpu.CreateStream();
        using LongConvolutionPlan plan = LongConvolutionCalls.Plan(stream, setting, problems[0]);
        var failures = new string?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(t => new Thread(() => failures[t] = Run(t)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(failures, Has.All.Null);

        string? Run(int t)
        {
            ConvolutionProblem<float> problem = problems[t];
            Reference.Bounded expected = problem.Output();
            using KernelStream own = Suite.Cpu.CreateStream();
            for (int i = 0; i < Calls; i++)
            {
                var output = new float[problem.Input.Length];
                LongConvolution.Forward<float>(own, plan, 1, problem.Input, output, problem.InputGate, problem.OutputGate);
                if (expected.Fault<float>(output) is string fault)
                {
                    return $"thread {t}, call {i}: {fault}";
                }
            }
            return null;
        }
    }

    [Test]
    public void PlanDisposedOnAnotherThreadIsEitherUsedOrRefused()
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        for (int i = 0; i < 100; i++)
        {
            var plan = new LongConvolutionPlan(Suite.Cpu, Options);
            plan.SetFilter<float>(stream, [1, 0, 0, 0]);
            float[] input = new float[16], output = new float[16];
            Array.Fill(input, 3);
            bool refused = false;
            var thread = new Thread(() =>
            {
                try
                {
                    using KernelStream own = Suite.Cpu.CreateStream();
                    LongConvolution.Forward<float>(own, plan, 1, input, output);
                }
                catch (ObjectDisposedException)
                {
                    refused = true;
                }
            });
            thread.Start();
            plan.Dispose();
            thread.Join();
            Assert.That(refused || output.All(y => Math.Abs(y - 3) < 1e-5f));
        }
    }

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string type) =>
        Throws.TypeOf<ObjectDisposedException>().With.Property("ObjectName").Contains(type);
}
