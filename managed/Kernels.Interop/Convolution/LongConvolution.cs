using System.Numerics.Tensors;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// Convolution of rows with filters that may be as long as the rows, by fast Fourier transforms, in time n log n (FlashFFTConv,
/// Fu et al. 2023, section 3): <c>output = output gate * (filter conv (input * input gate)) + skip * input</c>.
/// </summary>
/// <remarks>
/// <para>
/// Shapes: input, gates and output are [batch, channels, length], and each channel has a filter of its own, which the
/// <see cref="LongConvolutionPlan"/> holds: c[t] = sum over j of filter[j] x[t - j]. Indices before the first are 0, or what the
/// state remembers, or, if the plan is circular, modulo the length. Elements are float, <see cref="Half"/> or
/// <see cref="BFloat16"/>, sums are float; the 16-bit types may be rounded between the stages of a transform on CUDA.
/// </para>
/// <para>
/// What is written must not overlap itself or another tensor. A call allocates no managed memory. It uses the stream's own
/// scratch memory, which grows when it has to, unless it is given a workspace.
/// </para>
/// </remarks>
public static unsafe partial class LongConvolution
{
    /// <summary>Long convolution over contiguous rows in host memory. Done when it returns.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="plan">The filters, set, on the stream's device.</param>
    /// <param name="batch">Rows of each channel, at least 1. The length of a row follows from it.</param>
    /// <param name="input">
    /// [batch, channels, length]: at most as long as the plan's length, and exactly as long if the plan is circular.
    /// </param>
    /// <param name="output">[batch, channels, length], written.</param>
    /// <param name="inputGate">[batch, channels, length]: multiplies the input. Empty for none.</param>
    /// <param name="outputGate">[batch, channels, length]: multiplies what the filter gives. Empty for none.</param>
    /// <param name="skip">[channels]: skip * input is added to the output. Empty for none.</param>
    /// <param name="state">What is carried from call to call; a streaming plan needs it, others have none.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="ArgumentException">
    /// A span's length is not what the others imply, the rows do not fit the plan, the plan has no filters or is another
    /// device's, there is a state too many or too few, the workspace is too small, or the output overlaps.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> is not supported, or the stream is not the CPU's, which alone can reach spans.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream, the plan, the state or the workspace is disposed.</exception>
    public static void Forward<T>(
        KernelStream stream,
        LongConvolutionPlan plan,
        int batch,
        ReadOnlySpan<T> input,
        Span<T> output,
        ReadOnlySpan<T> inputGate = default,
        ReadOnlySpan<T> outputGate = default,
        ReadOnlySpan<float> skip = default,
        LongConvolutionState? state = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        ArgumentNullException.ThrowIfNull(plan);
        ReadOnlySpan<long> rows = [batch, plan.Channels, LongConvolutionCall.RowLength(plan, batch, input)];
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* u = input, y = output, w = inputGate, v = outputGate)
        fixed (float* d = skip)
        {
            try
            {
                var problem = new ki_long_convolution_problem
                {
                    struct_size = (uint)sizeof(ki_long_convolution_problem),
                    input = arguments.Host(u, input, rows, nameof(input)),
                    output = arguments.Host(y, output, rows, nameof(output)),
                    input_gate = arguments.HostOrNone(w, inputGate, rows, nameof(inputGate)),
                    output_gate = arguments.HostOrNone(v, outputGate, rows, nameof(outputGate)),
                    skip = arguments.HostOrNone(d, skip, [plan.Channels], nameof(skip)),
                    state = state is null ? null : arguments.Required(state.Tensor, nameof(state)),
                };
                LongConvolutionCall.Forward(
                    stream, plan, &problem, ref arguments, workspace, LongConvolutionCall.SpanParameter);
            }
            finally
            {
                arguments.Release();
            }
        }
    }

    /// <summary>Long convolution over rows in host memory, with any strides. Done when it returns.</summary>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="plan">The filters, set, on the stream's device.</param>
    /// <param name="input">
    /// [batch, channels, length]: at most as long as the plan's length, and exactly as long if the plan is circular.
    /// </param>
    /// <param name="output">[batch, channels, length], written.</param>
    /// <param name="inputGate">[batch, channels, length]: multiplies the input. The default value for none.</param>
    /// <param name="outputGate">[batch, channels, length]: multiplies what the filter gives. The default value for none.</param>
    /// <param name="skip">[channels]: skip * input is added to the output. Empty for none.</param>
    /// <param name="state">What is carried from call to call; a streaming plan needs it, others have none.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape or a stride is wrong, the rows do not fit the plan, the plan has no filters or is another device's, there is a
    /// state too many or too few, the workspace is too small, or the output overlaps.
    /// </exception>
    /// <inheritdoc cref="Forward{T}(KernelStream, LongConvolutionPlan, int, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{float}, LongConvolutionState?, DeviceBuffer{byte}?)"/>
    public static void Forward<T>(
        KernelStream stream,
        LongConvolutionPlan plan,
        in ReadOnlyTensorSpan<T> input,
        in TensorSpan<T> output,
        in ReadOnlyTensorSpan<T> inputGate = default,
        in ReadOnlyTensorSpan<T> outputGate = default,
        ReadOnlySpan<float> skip = default,
        LongConvolutionState? state = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        ArgumentNullException.ThrowIfNull(plan);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* u = input, y = output, w = inputGate, v = outputGate)
        fixed (float* d = skip)
        {
            try
            {
                var problem = new ki_long_convolution_problem
                {
                    struct_size = (uint)sizeof(ki_long_convolution_problem),
                    input = arguments.Add(NativeTensor.FromSpan(u, input, nameof(input))),
                    output = arguments.Add(NativeTensor.FromSpan(y, output, nameof(output))),
                    skip = arguments.HostOrNone(d, skip, [plan.Channels], nameof(skip)),
                    state = state is null ? null : arguments.Required(state.Tensor, nameof(state)),
                };
                if (inputGate.Rank > 0)
                {
                    problem.input_gate = arguments.Add(NativeTensor.FromSpan(w, inputGate, nameof(inputGate)));
                }
                if (outputGate.Rank > 0)
                {
                    problem.output_gate = arguments.Add(NativeTensor.FromSpan(v, outputGate, nameof(outputGate)));
                }
                LongConvolutionCall.Forward(
                    stream, plan, &problem, ref arguments, workspace, LongConvolutionCall.SpanParameter);
            }
            finally
            {
                arguments.Release();
            }
        }
    }

    /// <summary>
    /// Long convolution over memory of the stream's device. Done when it returns on the CPU; on CUDA its work is queued then.
    /// </summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="plan">The filters, set, on the stream's device.</param>
    /// <param name="input">
    /// [batch, channels, length]: at most as long as the plan's length, and exactly as long if the plan is circular.
    /// </param>
    /// <param name="output">[batch, channels, length], written.</param>
    /// <param name="inputs">Gates, skip and state.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, the rows do not fit the plan, the plan has no filters or is another
    /// device's, there is a state too many or too few, the workspace is too small, or what is written overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the plan, the workspace or a tensor's buffer is disposed.</exception>
    public static void Forward<T>(
        KernelStream stream,
        LongConvolutionPlan plan,
        in DeviceTensor<T> input,
        in DeviceTensor<T> output,
        in LongConvolutionInputs<T> inputs = default,
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
            problem.output = arguments.Required(output, nameof(output));
            LongConvolutionCall.Forward(stream, plan, &problem, ref arguments, workspace, LongConvolutionCall.Parameter);
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>Scratch memory that <c>Forward</c> needs for these tensors. No memory is read.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="plan">The plan; its filters need not be set.</param>
    /// <param name="input">The input; an address of zero is enough, here and for the others.</param>
    /// <param name="output">The output, not written.</param>
    /// <param name="inputs">Gates, skip and state.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, the rows do not fit the plan, or what is written overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The plan or a tensor's buffer is disposed.</exception>
    public static long ForwardWorkspaceBytes<T>(
        LongConvolutionPlan plan,
        in DeviceTensor<T> input,
        in DeviceTensor<T> output,
        in LongConvolutionInputs<T> inputs = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(plan);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_long_convolution_problem problem = LongConvolutionCall.Problem(ref arguments, input, inputs);
            problem.output = arguments.Required(output, nameof(output));
            using var borrowed = plan.Borrow();
            ulong bytes;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_long_convolution_forward_workspace(borrowed.Pointer, &problem, &bytes),
                LongConvolutionCall.Parameter);
            return checked((long)bytes);
        }
        finally
        {
            arguments.Release();
        }
    }
}
