using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class LongConvolution
{
    /// <summary>The gradients of long convolution over contiguous rows in host memory. Done when it returns.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="plan">The plan of the forward pass, on the stream's device. A streaming one has no gradients.</param>
    /// <param name="batch">Rows of each channel, at least 1. The length of a row follows from it.</param>
    /// <param name="input">[batch, channels, length]: the input of the forward pass.</param>
    /// <param name="gradients">The output's gradient, and where the others go.</param>
    /// <param name="inputGate">The input gate of the forward pass. Empty if there was none.</param>
    /// <param name="outputGate">The output gate of the forward pass. Empty if there was none.</param>
    /// <param name="skip">The skip of the forward pass. Empty if there was none.</param>
    /// <param name="filter">
    /// [channels, filter length]: the filters that were set, where their gradient is wanted and the plan squashes; else empty.
    /// </param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="ArgumentException">
    /// A span's length is not what the others imply, the rows do not fit the plan, the plan has no filters or is another
    /// device's, the filters are missing or not needed, the workspace is too small, or a gradient overlaps.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> is not supported, the plan is streaming, or the stream is not the CPU's, which alone can reach
    /// spans.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream, the plan or the workspace is disposed.</exception>
    public static void Backward<T>(
        KernelStream stream,
        LongConvolutionPlan plan,
        int batch,
        ReadOnlySpan<T> input,
        in LongConvolutionSpanGradients<T> gradients,
        ReadOnlySpan<T> inputGate = default,
        ReadOnlySpan<T> outputGate = default,
        ReadOnlySpan<float> skip = default,
        ReadOnlySpan<float> filter = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        ArgumentNullException.ThrowIfNull(plan);
        ReadOnlySpan<long> rows = [batch, plan.Channels, LongConvolutionCall.RowLength(plan, batch, input)];
        ReadOnlySpan<long> taps = [plan.Channels, plan.FilterLength], channels = [plan.Channels];
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var a = new TensorArguments(tensors);
        fixed (T* u = input, w = inputGate, v = outputGate)
        fixed (T* dy = gradients.Output, du = gradients.Input, dw = gradients.InputGate, dv = gradients.OutputGate)
        fixed (float* d = skip, k = filter, dk = gradients.Filter, dd = gradients.Skip)
        {
            try
            {
                var problem = new ki_long_convolution_problem
                {
                    struct_size = (uint)sizeof(ki_long_convolution_problem),
                    input = a.Host(u, input, rows, nameof(input)),
                    input_gate = a.HostOrNone(w, inputGate, rows, nameof(inputGate)),
                    output_gate = a.HostOrNone(v, outputGate, rows, nameof(outputGate)),
                    skip = a.HostOrNone(d, skip, channels, nameof(skip)),
                };
                const string Name = nameof(gradients);
                var native = new ki_long_convolution_gradients
                {
                    struct_size = (uint)sizeof(ki_long_convolution_gradients),
                    grad_output = a.Host(dy, gradients.Output, rows, Name),
                    grad_input = a.HostOrNone(du, gradients.Input, rows, Name),
                    grad_filter = a.HostOrNone(dk, gradients.Filter, taps, Name),
                    grad_input_gate = a.HostOrNone(dw, gradients.InputGate, rows, Name),
                    grad_output_gate = a.HostOrNone(dv, gradients.OutputGate, rows, Name),
                    grad_skip = a.HostOrNone(dd, gradients.Skip, channels, Name),
                    filter = a.HostOrNone(k, filter, taps, nameof(filter)),
                };
                LongConvolutionCall.Backward(
                    stream, plan, &problem, &native, ref a, workspace, LongConvolutionCall.SpanParameter);
            }
            finally
            {
                a.Release();
            }
        }
    }

    /// <summary>
    /// The gradients of long convolution. What the forward pass computed is computed again where it is needed. Done when it
    /// returns on the CPU; on CUDA its work is queued then.
    /// </summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="plan">The plan of the forward pass, on the stream's device. A streaming one has no gradients.</param>
    /// <param name="input">[batch, channels, length]: the input of the forward pass.</param>
    /// <param name="gradients">The output's gradient, and where the others go.</param>
    /// <param name="inputs">Gates and skip of the forward pass.</param>
    /// <param name="filter">
    /// [channels, filter length]: the filters that were set, where their gradient is wanted and the plan squashes; else the
    /// default value.
    /// </param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, the rows do not fit the plan, the plan has no filters or is another
    /// device's, the filters are missing or not needed, the workspace is too small, or a gradient overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem, or the plan is streaming.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the plan, the workspace or a tensor's buffer is disposed.</exception>
    public static void Backward<T>(
        KernelStream stream,
        LongConvolutionPlan plan,
        in DeviceTensor<T> input,
        in LongConvolutionGradients<T> gradients,
        in LongConvolutionInputs<T> inputs = default,
        in DeviceTensor filter = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(plan);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_long_convolution_problem problem = LongConvolutionCall.Problem(ref arguments, input, inputs);
            ki_long_convolution_gradients native = LongConvolutionCall.Gradients(ref arguments, gradients, filter);
            LongConvolutionCall.Backward(
                stream, plan, &problem, &native, ref arguments, workspace, LongConvolutionCall.Parameter);
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>Scratch memory that <c>Backward</c> needs for these tensors. No memory is read.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="plan">The plan; its filters need not be set.</param>
    /// <param name="input">The input; an address of zero is enough, here and for the others.</param>
    /// <param name="gradients">The gradients, not written.</param>
    /// <param name="inputs">Gates and skip of the forward pass.</param>
    /// <param name="filter">The filters, where their gradient is wanted and the plan squashes.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, the rows do not fit the plan, the filters are missing or not needed, or a
    /// gradient overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem, or the plan is streaming.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The plan or a tensor's buffer is disposed.</exception>
    public static long BackwardWorkspaceBytes<T>(
        LongConvolutionPlan plan,
        in DeviceTensor<T> input,
        in LongConvolutionGradients<T> gradients,
        in LongConvolutionInputs<T> inputs = default,
        in DeviceTensor filter = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(plan);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_long_convolution_problem problem = LongConvolutionCall.Problem(ref arguments, input, inputs);
            ki_long_convolution_gradients native = LongConvolutionCall.Gradients(ref arguments, gradients, filter);
            using var borrowed = plan.Borrow();
            ulong bytes;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_long_convolution_backward_workspace(borrowed.Pointer, &problem, &native, &bytes),
                LongConvolutionCall.Parameter);
            return checked((long)bytes);
        }
        finally
        {
            arguments.Release();
        }
    }
}
