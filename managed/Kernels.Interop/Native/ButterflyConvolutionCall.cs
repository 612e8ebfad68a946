namespace Kernels.Interop.Native;

/// <summary>Describes problems of butterfly convolution to the native library.</summary>
internal static unsafe class ButterflyConvolutionCall
{
    /// <summary>The C# parameter behind a native argument.</summary>
    public static string Parameter(string argument) => argument switch
    {
        "forward_first" or "forward_second" or "inverse_second" or "inverse_first" => "coefficients",
        "input_gate" or "output_gate" or "skip" => "inputs",
        "workspace_bytes" => "workspace",
        _ when argument.StartsWith("grad_", StringComparison.Ordinal) => "gradients",
        _ => argument,
    };

    /// <summary>A problem with the tensors that it has in both passes.</summary>
    public static ki_butterfly_convolution_problem Problem<T>(
        ref TensorArguments arguments,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in ButterflyCoefficients coefficients,
        in ButterflyConvolutionInputs<T> inputs)
        where T : unmanaged
    {
        var problem = new ki_butterfly_convolution_problem
        {
            struct_size = (uint)sizeof(ki_butterfly_convolution_problem),
            input = arguments.Required(input, nameof(input)),
            filter = arguments.Optional(filter),
            forward_first = arguments.Required(coefficients.ForwardFirst, nameof(coefficients)),
            forward_second = arguments.Required(coefficients.ForwardSecond, nameof(coefficients)),
            inverse_second = arguments.Required(coefficients.InverseSecond, nameof(coefficients)),
            inverse_first = arguments.Required(coefficients.InverseFirst, nameof(coefficients)),
            input_gate = arguments.Optional(inputs.InputGate, nameof(inputs)),
            output_gate = arguments.Optional(inputs.OutputGate, nameof(inputs)),
            skip = arguments.Optional(inputs.Skip),
        };
        return problem.filter is not null
            ? problem
            : throw new ArgumentException("The tensor is the default value and views no memory.", nameof(filter));
    }

    /// <summary>Describes gradients.</summary>
    public static ki_butterfly_convolution_gradients Gradients<T>(
        ref TensorArguments arguments, in ButterflyConvolutionGradients<T> gradients)
        where T : unmanaged => new()
        {
            struct_size = (uint)sizeof(ki_butterfly_convolution_gradients),
            grad_output = arguments.Required(gradients.Output, nameof(gradients)),
            grad_input = arguments.Optional(gradients.Input, nameof(gradients)),
            grad_filter = arguments.Optional(gradients.Filter, nameof(gradients)),
            grad_forward_first = arguments.Optional(gradients.ForwardFirst, nameof(gradients)),
            grad_forward_second = arguments.Optional(gradients.ForwardSecond, nameof(gradients)),
            grad_inverse_second = arguments.Optional(gradients.InverseSecond, nameof(gradients)),
            grad_inverse_first = arguments.Optional(gradients.InverseFirst, nameof(gradients)),
            grad_input_gate = arguments.Optional(gradients.InputGate, nameof(gradients)),
            grad_output_gate = arguments.Optional(gradients.OutputGate, nameof(gradients)),
            grad_skip = arguments.Optional(gradients.Skip, nameof(gradients)),
        };
}
