namespace Kernels.Interop.Native;

/// <summary>Describes problems of short convolution to the native library.</summary>
internal static unsafe class ShortConvolutionCall
{
    /// <summary>The C# parameter behind a native argument.</summary>
    public static string Parameter(string argument) => argument switch
    {
        "grad_output" or "grad_input" or "grad_filter" or "grad_bias" => "gradients",
        "workspace_bytes" => "workspace",
        _ => argument,
    };

    /// <summary>A problem without tensors.</summary>
    public static ki_short_convolution_problem Problem(in ShortConvolutionOptions options) => new()
    {
        struct_size = (uint)sizeof(ki_short_convolution_problem),
        flags = options.ChannelsLast
            ? ki_short_convolution_flags.KI_SHORT_CONVOLUTION_CHANNELS_LAST
            : ki_short_convolution_flags.KI_SHORT_CONVOLUTION_NONE,
    };

    /// <summary>A problem with the tensors that it has in both passes.</summary>
    public static ki_short_convolution_problem Problem<T>(
        ref TensorArguments arguments,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in DeviceTensor bias,
        in ShortConvolutionOptions options)
        where T : unmanaged
    {
        ki_short_convolution_problem problem = Problem(options);
        problem.input = arguments.Required(input, nameof(input));
        problem.filter = arguments.Optional(filter);
        problem.bias = arguments.Optional(bias);
        return problem.filter is not null
            ? problem
            : throw new ArgumentException("The tensor is the default value and views no memory.", nameof(filter));
    }

    /// <summary>Describes gradients.</summary>
    public static ki_short_convolution_gradients Gradients<T>(
        ref TensorArguments arguments, in ShortConvolutionGradients<T> gradients)
        where T : unmanaged => new()
        {
            struct_size = (uint)sizeof(ki_short_convolution_gradients),
            grad_output = arguments.Required(gradients.Output, nameof(gradients)),
            grad_input = arguments.Optional(gradients.Input, nameof(gradients)),
            grad_filter = arguments.Optional(gradients.Filter, nameof(gradients)),
            grad_bias = arguments.Optional(gradients.Bias, nameof(gradients)),
        };
}
