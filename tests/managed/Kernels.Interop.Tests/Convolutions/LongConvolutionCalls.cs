using System.Numerics.Tensors;
using Kernels.Interop.Tests.Operators;
using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Ways to call a long convolution.</summary>
public enum ConvolutionCall
{
    /// <summary>Contiguous host memory.</summary>
    Spans,

    /// <summary>Host memory with gaps between the rows.</summary>
    TensorSpans,

    /// <summary>Memory of a device.</summary>
    Tensors,

    /// <summary>Memory of a device, in a workspace of exactly the size that is asked for.</summary>
    TensorsInWorkspace,
}

/// <summary>Runs problems of long convolution.</summary>
internal static class LongConvolutionCalls
{
    private const int Gap = 5;

    /// <summary>The calls that work on a device: spans are host memory.</summary>
    public static IEnumerable<ConvolutionCall> Of(string device) =>
        Enum.GetValues<ConvolutionCall>().Where(
            call => device == "cpu" || call is ConvolutionCall.Tensors or ConvolutionCall.TensorsInWorkspace);

    /// <summary>A plan for a problem, with its filters.</summary>
    public static LongConvolutionPlan Plan<T>(KernelStream stream, ConvolutionSetting setting, ConvolutionProblem<T> problem)
        where T : unmanaged
    {
        var plan = new LongConvolutionPlan(stream.Device, setting.Options);
        plan.SetFilter(stream, problem.Filter);
        return plan;
    }

    /// <summary>Runs the forward pass.</summary>
    public static T[] Forward<T>(string device, ConvolutionCall call, ConvolutionSetting setting, ConvolutionProblem<T> p)
        where T : unmanaged
    {
        using var scope = new TensorScope(device);
        using LongConvolutionPlan plan = Plan(scope.Stream, setting, p);
        switch (call)
        {
            case ConvolutionCall.Spans:
                T[] output = NaNs<T>(p.Input.Length);
                LongConvolution.Forward<T>(
                    scope.Stream, plan, setting.Batch, p.Input, output, p.InputGate, p.OutputGate, p.Skip);
                return output;
            case ConvolutionCall.TensorSpans:
                return ForwardTensorSpans(scope.Stream, plan, setting, p);
            default:
                DeviceTensor<T> input = scope.Upload(p.Input, p.Dims);
                var (y, memory) = scope.Output<T>(p.Dims);
                var inputs = new LongConvolutionInputs<T>
                {
                    InputGate = setting.Gates ? scope.Upload(p.InputGate, p.Dims) : default,
                    OutputGate = setting.Gates ? scope.Upload(p.OutputGate, p.Dims) : default,
                    Skip = setting.Skip ? scope.Upload(p.Skip, setting.Channels) : default,
                };
                using (DeviceBuffer<byte>? workspace = call == ConvolutionCall.TensorsInWorkspace
                    ? scope.Stream.Device.Allocate<byte>(LongConvolution.ForwardWorkspaceBytes(plan, input, y, inputs))
                    : null)
                {
                    LongConvolution.Forward(scope.Stream, plan, input, y, inputs, workspace);
                }
                return memory.ToArray(scope.Stream);
        }
    }

    /// <summary>Runs the backward pass.</summary>
    public static ConvolutionResult<T> Backward<T>(
        string device, ConvolutionCall call, ConvolutionSetting setting, ConvolutionProblem<T> p)
        where T : unmanaged
    {
        using var scope = new TensorScope(device);
        using LongConvolutionPlan plan = Plan(scope.Stream, setting, p);
        bool gates = setting.Gates, skip = setting.Skip;
        if (call == ConvolutionCall.Spans)
        {
            var result = new ConvolutionResult<T>(
                NaNs<T>(p.Input.Length), NaNs<float>(p.Filter.Length), gates ? NaNs<T>(p.Input.Length) : [],
                gates ? NaNs<T>(p.Input.Length) : [], skip ? NaNs<float>(setting.Channels) : []);
            LongConvolution.Backward<T>(
                scope.Stream, plan, setting.Batch, p.Input,
                new LongConvolutionSpanGradients<T>
                {
                    Output = p.GradOutput, Input = result.Input, Filter = result.Filter, InputGate = result.InputGate,
                    OutputGate = result.OutputGate, Skip = result.Skip,
                },
                p.InputGate, p.OutputGate, p.Skip, setting.Squash > 0 ? p.Filter : []);
            return result;
        }
        DeviceTensor<T> input = scope.Upload(p.Input, p.Dims);
        var inputs = new LongConvolutionInputs<T>
        {
            InputGate = gates ? scope.Upload(p.InputGate, p.Dims) : default,
            OutputGate = gates ? scope.Upload(p.OutputGate, p.Dims) : default,
            Skip = skip ? scope.Upload(p.Skip, setting.Channels) : default,
        };
        DeviceTensor filter = setting.Squash > 0 ? scope.Upload(p.Filter, setting.Channels, setting.Taps) : default;
        var du = scope.Output<T>(p.Dims);
        var dk = scope.Output<float>(setting.Channels, setting.Taps);
        var dw = gates ? scope.Output<T>(p.Dims) : default;
        var dv = gates ? scope.Output<T>(p.Dims) : default;
        var dd = skip ? scope.Output<float>(setting.Channels) : default;
        var gradients = new LongConvolutionGradients<T>
        {
            Output = scope.Upload(p.GradOutput, p.Dims), Input = du.Tensor, Filter = dk.Tensor, InputGate = dw.Tensor,
            OutputGate = dv.Tensor, Skip = dd.Tensor,
        };
        using (DeviceBuffer<byte>? workspace = call == ConvolutionCall.TensorsInWorkspace
            ? scope.Stream.Device.Allocate<byte>(
                LongConvolution.BackwardWorkspaceBytes(plan, input, gradients, inputs, filter))
            : null)
        {
            LongConvolution.Backward(scope.Stream, plan, input, gradients, inputs, filter, workspace);
        }
        return new(
            du.Memory.ToArray(scope.Stream), dk.Memory.ToArray(scope.Stream), dw.Memory?.ToArray(scope.Stream) ?? [],
            dv.Memory?.ToArray(scope.Stream) ?? [], dd.Memory?.ToArray(scope.Stream) ?? []);
    }

    private static T[] ForwardTensorSpans<T>(
        KernelStream stream, LongConvolutionPlan plan, ConvolutionSetting setting, ConvolutionProblem<T> p)
        where T : unmanaged
    {
        nint pitch = setting.Length + Gap;
        nint[] dims = [setting.Batch, setting.Channels, setting.Length];

        // The base library wants a stride of 0 where there is one element.
        nint[] strides = [setting.Channels * pitch, pitch, 1];
        strides = [.. strides.Zip(dims, (stride, length) => length == 1 ? 0 : stride)];
        T[] output = Spread(NaNs<T>(p.Input.Length)), input = Spread(p.Input);
        TensorSpan<T> View(T[] memory) => new(memory, dims, strides);
        if (setting.Gates)
        {
            LongConvolution.Forward<T>(
                stream, plan, View(input), View(output), View(Spread(p.InputGate)), View(Spread(p.OutputGate)), p.Skip);
        }
        else
        {
            LongConvolution.Forward<T>(stream, plan, View(input), View(output), skip: p.Skip);
        }
        Assert.That(
            output.Where((_, i) => i % pitch >= setting.Length).All(element => double.IsNaN(Elements.ToDouble(element))),
            "nothing was written between the rows");
        return [.. output.Where((_, i) => i % pitch < setting.Length)];

        T[] Spread(T[] rows)
        {
            T[] spread = NaNs<T>(setting.Batch * setting.Channels * (int)pitch);
            for (int i = 0; i < rows.Length; i++)
            {
                spread[i / setting.Length * (int)pitch + i % setting.Length] = rows[i];
            }
            return spread;
        }
    }

    private static T[] NaNs<T>(int length)
        where T : unmanaged
    {
        var elements = new T[length];
        Array.Fill(elements, Elements.FromDouble<T>(double.NaN));
        return elements;
    }
}

/// <summary>Gradients that a device has written; empty where none was asked for.</summary>
internal sealed record ConvolutionResult<T>(T[] Input, float[] Filter, T[] InputGate, T[] OutputGate, float[] Skip)
    where T : unmanaged;
