using System.Numerics.Tensors;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// Causal convolution of each channel with a few taps, computed directly (H3, Fu et al. 2022, section 3):
/// <c>output[t] = sum over j of filter[j] * input[t - j] + bias</c>.
/// </summary>
/// <remarks>
/// <para>
/// Shapes: input and output are [batch, channels, length], or [batch, length, channels] with
/// <see cref="ShortConvolutionOptions.ChannelsLast"/>; the filter is [channels, width] with a width of 1 to 128. Indices before the
/// first are 0, or the end of the state. Elements are float, <see cref="Half"/> or <see cref="BFloat16"/>, sums are float.
/// </para>
/// <para>What is written must not overlap itself or another tensor. A call allocates no managed memory.</para>
/// </remarks>
public static unsafe partial class ShortConvolution
{
    /// <summary>Short convolution over contiguous tensors in host memory. Done when it returns.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="shape">The shape; each span has exactly the length it implies.</param>
    /// <param name="input">[batch, channels, length], or [batch, length, channels].</param>
    /// <param name="filter">[channels, width].</param>
    /// <param name="output">Of the input's shape, written.</param>
    /// <param name="options">The layout.</param>
    /// <param name="bias">[channels]: is added to the output. Empty for none.</param>
    /// <param name="state">
    /// [batch, channels, width - 1], or [batch, width - 1, channels]: the inputs before the first one, the latest last; read, and
    /// then written for the next call. Empty: zeros.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A span's length is not what the shape implies, a part of the shape is out of range, or what is written overlaps.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> or the width is not supported, or the stream is not the CPU's, which alone can reach spans.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public static void Forward<T>(
        KernelStream stream,
        ShortConvolutionShape shape,
        ReadOnlySpan<T> input,
        ReadOnlySpan<float> filter,
        Span<T> output,
        ShortConvolutionOptions options = default,
        ReadOnlySpan<float> bias = default,
        Span<T> state = default)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        (int b, int c, int l, int width) = shape;
        ReadOnlySpan<long> rows = options.ChannelsLast ? [b, l, c] : [b, c, l];
        ReadOnlySpan<long> before = options.ChannelsLast ? [b, width - 1L, c] : [b, c, width - 1L];
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* u = input, y = output, s = state)
        fixed (float* k = filter, a = bias)
        {
            ki_short_convolution_problem problem = ShortConvolutionCall.Problem(options);
            problem.input = arguments.Host(u, input, rows, nameof(input));
            problem.filter = arguments.Host(k, filter, [c, width], nameof(filter));
            problem.bias = arguments.HostOrNone(a, bias, [c], nameof(bias));
            problem.output = arguments.Host(y, output, rows, nameof(output));
            problem.state = arguments.HostOrNone(s, state, before, nameof(state));
            Forward(stream, &problem);
        }
    }

    /// <summary>Short convolution over tensors in host memory, with any strides. Done when it returns.</summary>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="input">[batch, channels, length], or [batch, length, channels].</param>
    /// <param name="filter">[channels, width].</param>
    /// <param name="output">Of the input's shape, written.</param>
    /// <param name="options">The layout.</param>
    /// <param name="bias">[channels]: is added to the output. Empty for none.</param>
    /// <param name="state">
    /// [batch, channels, width - 1], or [batch, width - 1, channels]: the inputs before the first one, the latest last; read, and
    /// then written for the next call. The default value: zeros.
    /// </param>
    /// <exception cref="KernelArgumentException">A shape or a stride is wrong, or what is written overlaps.</exception>
    /// <inheritdoc cref="Forward{T}(KernelStream, ShortConvolutionShape, ReadOnlySpan{T}, ReadOnlySpan{float}, Span{T}, ShortConvolutionOptions, ReadOnlySpan{float}, Span{T})"/>
    public static void Forward<T>(
        KernelStream stream,
        in ReadOnlyTensorSpan<T> input,
        in ReadOnlyTensorSpan<float> filter,
        in TensorSpan<T> output,
        ShortConvolutionOptions options = default,
        ReadOnlySpan<float> bias = default,
        in TensorSpan<T> state = default)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* u = input, y = output, s = state)
        fixed (float* k = filter, a = bias)
        {
            ki_short_convolution_problem problem = ShortConvolutionCall.Problem(options);
            problem.input = arguments.Add(NativeTensor.FromSpan(u, input, nameof(input)));
            problem.filter = arguments.Add(NativeTensor.FromSpan(k, filter, nameof(filter)));
            problem.bias = arguments.HostOrNone(a, bias, [bias.Length], nameof(bias));
            problem.output = arguments.Add(NativeTensor.FromSpan(y, output, nameof(output)));
            if (state.Rank > 0)
            {
                problem.state = arguments.Add(NativeTensor.FromSpan(s, state, nameof(state)));
            }
            Forward(stream, &problem);
        }
    }

    /// <summary>
    /// Short convolution over memory of the stream's device. Done when it returns on the CPU; on CUDA its work is queued then.
    /// </summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="input">[batch, channels, length], or [batch, length, channels].</param>
    /// <param name="filter">[channels, width], of float or the input's element type.</param>
    /// <param name="output">Of the input's shape, written.</param>
    /// <param name="options">The layout.</param>
    /// <param name="bias">
    /// [channels], of float or the input's element type: is added to the output. The default value for none.
    /// </param>
    /// <param name="state">
    /// [batch, channels, width - 1], or [batch, width - 1, channels]: the inputs before the first one, the latest last; read, and
    /// then written for the next call. The default value: zeros.
    /// </param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, or what is written overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a tensor's buffer is disposed.</exception>
    public static void Forward<T>(
        KernelStream stream,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in DeviceTensor<T> output,
        ShortConvolutionOptions options = default,
        in DeviceTensor bias = default,
        in DeviceTensor<T> state = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_short_convolution_problem problem = ShortConvolutionCall.Problem(ref arguments, input, filter, bias, options);
            problem.output = arguments.Required(output, nameof(output));
            problem.state = arguments.Optional(state, nameof(state));
            Forward(stream, &problem);
        }
        finally
        {
            arguments.Release();
        }
    }

    private static void Forward(KernelStream stream, ki_short_convolution_problem* problem)
    {
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(
            NativeMethods.ki_short_convolution_forward(borrowed.Pointer, problem), ShortConvolutionCall.Parameter);
    }
}
