namespace Kernels.Interop.Native;

/// <summary>Describes problems of long convolution to the native library, and calls it.</summary>
internal static unsafe class LongConvolutionCall
{
    /// <summary>The C# parameter behind a native argument, where optional tensors are gathered in structs.</summary>
    public static string Parameter(string argument) => argument switch
    {
        "input_gate" or "output_gate" or "skip" or "state" => "inputs",
        _ => SpanParameter(argument),
    };

    /// <summary>The same, where optional inputs are parameters of their own.</summary>
    public static string SpanParameter(string argument) => argument switch
    {
        "input_gate" => "inputGate",
        "output_gate" => "outputGate",
        "grad_output" or "grad_input" or "grad_filter" or "grad_input_gate" or "grad_output_gate" or "grad_skip" => "gradients",
        "workspace_bytes" => "workspace",
        _ => argument,
    };

    /// <summary>A problem with the tensors that it has in both passes.</summary>
    public static ki_long_convolution_problem Problem<T>(
        ref TensorArguments arguments, in DeviceTensor<T> input, in LongConvolutionInputs<T> inputs)
        where T : unmanaged => new()
        {
            struct_size = (uint)sizeof(ki_long_convolution_problem),
            input = arguments.Required(input, nameof(input)),
            input_gate = arguments.Optional(inputs.InputGate, nameof(inputs)),
            output_gate = arguments.Optional(inputs.OutputGate, nameof(inputs)),
            skip = arguments.Optional(inputs.Skip),
            state = arguments.Optional(inputs.State, nameof(inputs)),
        };

    /// <summary>Describes gradients.</summary>
    public static ki_long_convolution_gradients Gradients<T>(
        ref TensorArguments arguments, in LongConvolutionGradients<T> gradients, in DeviceTensor filter)
        where T : unmanaged => new()
        {
            struct_size = (uint)sizeof(ki_long_convolution_gradients),
            grad_output = arguments.Required(gradients.Output, nameof(gradients)),
            grad_input = arguments.Optional(gradients.Input, nameof(gradients)),
            grad_filter = arguments.Optional(gradients.Filter, nameof(gradients)),
            grad_input_gate = arguments.Optional(gradients.InputGate, nameof(gradients)),
            grad_output_gate = arguments.Optional(gradients.OutputGate, nameof(gradients)),
            grad_skip = arguments.Optional(gradients.Skip, nameof(gradients)),
            filter = arguments.Optional(filter),
        };

    /// <summary>Length of rows that a span has batch * channels of.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch is not positive.</exception>
    /// <exception cref="ArgumentException">The rows are not equally long.</exception>
    public static long RowLength<T>(LongConvolutionPlan plan, int batch, ReadOnlySpan<T> input)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        Int128 rows = (Int128)batch * plan.Channels;
        if (input.Length % rows != 0)
        {
            throw new ArgumentException(
                $"The span has {input.Length} elements, which are not {batch} x {plan.Channels} rows of one length.",
                nameof(input));
        }
        return (long)(input.Length / rows);
    }

    public static void Forward(
        KernelStream stream,
        LongConvolutionPlan plan,
        ki_long_convolution_problem* problem,
        ref TensorArguments arguments,
        DeviceBuffer<byte>? workspace,
        Func<string, string> parameter)
    {
        void* scratch = arguments.Workspace(stream, workspace);
        using var borrowedPlan = plan.Borrow();
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(
            NativeMethods.ki_long_convolution_forward(
                borrowed.Pointer, borrowedPlan.Pointer, problem, scratch, (ulong)(workspace?.Length ?? 0)),
            parameter);
    }

    public static void Backward(
        KernelStream stream,
        LongConvolutionPlan plan,
        ki_long_convolution_problem* problem,
        ki_long_convolution_gradients* gradients,
        ref TensorArguments arguments,
        DeviceBuffer<byte>? workspace,
        Func<string, string> parameter)
    {
        void* scratch = arguments.Workspace(stream, workspace);
        using var borrowedPlan = plan.Borrow();
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(
            NativeMethods.ki_long_convolution_backward(
                borrowed.Pointer, borrowedPlan.Pointer, problem, gradients, scratch, (ulong)(workspace?.Length ?? 0)),
            parameter);
    }
}
