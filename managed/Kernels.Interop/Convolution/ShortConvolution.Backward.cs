using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class ShortConvolution
{
    /// <summary>The gradients of short convolution over contiguous tensors in host memory. Done when it returns.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="shape">The shape; each span has exactly the length it implies.</param>
    /// <param name="input">The input of the forward pass.</param>
    /// <param name="filter">[channels, width]: the filters of the forward pass.</param>
    /// <param name="gradients">The output's gradient, and where the others go.</param>
    /// <param name="options">The layout.</param>
    /// <param name="bias">The bias of the forward pass. Empty if there was none.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="ArgumentException">
    /// A span's length is not what the shape implies, a part of the shape is out of range, the workspace is too small, or a
    /// gradient overlaps.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> or the width is not supported, or the stream is not the CPU's, which alone can reach spans.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream or the workspace is disposed.</exception>
    public static void Backward<T>(
        KernelStream stream,
        ShortConvolutionShape shape,
        ReadOnlySpan<T> input,
        ReadOnlySpan<float> filter,
        in ShortConvolutionSpanGradients<T> gradients,
        ShortConvolutionOptions options = default,
        ReadOnlySpan<float> bias = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        (int b, int c, int l, int width) = shape;
        ReadOnlySpan<long> rows = options.ChannelsLast ? [b, l, c] : [b, c, l];
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* u = input, dy = gradients.Output, du = gradients.Input)
        fixed (float* k = filter, a = bias, dk = gradients.Filter, da = gradients.Bias)
        {
            try
            {
                ki_short_convolution_problem problem = ShortConvolutionCall.Problem(options);
                problem.input = arguments.Host(u, input, rows, nameof(input));
                problem.filter = arguments.Host(k, filter, [c, width], nameof(filter));
                problem.bias = arguments.HostOrNone(a, bias, [c], nameof(bias));
                var native = new ki_short_convolution_gradients
                {
                    struct_size = (uint)sizeof(ki_short_convolution_gradients),
                    grad_output = arguments.Host(dy, gradients.Output, rows, nameof(gradients)),
                    grad_input = arguments.HostOrNone(du, gradients.Input, rows, nameof(gradients)),
                    grad_filter = arguments.HostOrNone(dk, gradients.Filter, [c, width], nameof(gradients)),
                    grad_bias = arguments.HostOrNone(da, gradients.Bias, [c], nameof(gradients)),
                };
                Backward(stream, &problem, &native, ref arguments, workspace);
            }
            finally
            {
                arguments.Release();
            }
        }
    }

    /// <summary>The gradients of short convolution. Done when it returns on the CPU; on CUDA its work is queued then.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="input">The input of the forward pass.</param>
    /// <param name="filter">[channels, width]: the filters of the forward pass.</param>
    /// <param name="gradients">The output's gradient, and where the others go.</param>
    /// <param name="options">The layout.</param>
    /// <param name="bias">The bias of the forward pass. The default value if there was none.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, the workspace is too small, or a gradient overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the workspace or a tensor's buffer is disposed.</exception>
    public static void Backward<T>(
        KernelStream stream,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in ShortConvolutionGradients<T> gradients,
        ShortConvolutionOptions options = default,
        in DeviceTensor bias = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_short_convolution_problem problem = ShortConvolutionCall.Problem(ref arguments, input, filter, bias, options);
            ki_short_convolution_gradients native = ShortConvolutionCall.Gradients(ref arguments, gradients);
            Backward(stream, &problem, &native, ref arguments, workspace);
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>Scratch memory that <c>Backward</c> needs for these tensors. No memory is read.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="input">The input; an address of zero is enough, here and for the others.</param>
    /// <param name="filter">The filters.</param>
    /// <param name="gradients">The gradients, not written.</param>
    /// <param name="options">The layout.</param>
    /// <param name="bias">The bias. The default value if there was none.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, or a gradient overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device or a tensor's buffer is disposed.</exception>
    public static long BackwardWorkspaceBytes<T>(
        Device device,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in ShortConvolutionGradients<T> gradients,
        ShortConvolutionOptions options = default,
        in DeviceTensor bias = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_short_convolution_problem problem = ShortConvolutionCall.Problem(ref arguments, input, filter, bias, options);
            ki_short_convolution_gradients native = ShortConvolutionCall.Gradients(ref arguments, gradients);
            using var borrowed = device.Borrow();
            ulong bytes;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_short_convolution_backward_workspace(borrowed.Pointer, &problem, &native, &bytes),
                ShortConvolutionCall.Parameter);
            return checked((long)bytes);
        }
        finally
        {
            arguments.Release();
        }
    }

    private static void Backward(
        KernelStream stream,
        ki_short_convolution_problem* problem,
        ki_short_convolution_gradients* gradients,
        ref TensorArguments arguments,
        DeviceBuffer<byte>? workspace)
    {
        void* scratch = arguments.Workspace(stream, workspace);
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(
            NativeMethods.ki_short_convolution_backward(
                borrowed.Pointer, problem, gradients, scratch, (ulong)(workspace?.Length ?? 0)),
            ShortConvolutionCall.Parameter);
    }
}
