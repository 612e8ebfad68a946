using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// Long convolution with learned coefficients in place of the Fourier transform's (Simple Hardware-Efficient Long Convolutions for
/// Sequence Modeling, Fu et al. 2023, section 3).
/// </summary>
/// <remarks>
/// <para>
/// A transform of n = n1 * n2 points is two stages of dense blocks. Rows and filters are padded with zeros to n points, transformed,
/// multiplied, and transformed back; the real part is the result. With the coefficients that <see cref="WriteDftCoefficients"/>
/// writes, that is the long convolution, which comes round where length + filter length - 1 is more than n.
/// </para>
/// <para>
/// Elements of rows are float, <see cref="Half"/> or <see cref="BFloat16"/>; coefficients and sums are float. What is written must
/// not overlap itself or another tensor. A call allocates no managed memory. It is done when it returns on the CPU; on CUDA its
/// work is queued then.
/// </para>
/// </remarks>
public static unsafe class ButterflyConvolution
{
    /// <summary>Butterfly convolution over memory of the stream's device.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="input">[batch, channels, length], length at most n.</param>
    /// <param name="filter">[channels, filter length], of float, <see cref="Half"/> or <see cref="BFloat16"/>; at most n taps.</param>
    /// <param name="coefficients">Both transforms.</param>
    /// <param name="output">[batch, channels, length], written.</param>
    /// <param name="inputs">Gates and skip.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, the workspace is too small, or what is written overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the workspace or a tensor's buffer is disposed.</exception>
    public static void Forward<T>(
        KernelStream stream,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in ButterflyCoefficients coefficients,
        in DeviceTensor<T> output,
        in ButterflyConvolutionInputs<T> inputs = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_butterfly_convolution_problem problem =
                ButterflyConvolutionCall.Problem(ref arguments, input, filter, coefficients, inputs);
            problem.output = arguments.Required(output, nameof(output));
            void* scratch = arguments.Workspace(stream, workspace);
            using var borrowed = stream.Borrow();
            NativeError.ThrowIfFailed(
                NativeMethods.ki_butterfly_convolution_forward(
                    borrowed.Pointer, &problem, scratch, (ulong)(workspace?.Length ?? 0)),
                ButterflyConvolutionCall.Parameter);
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>Scratch memory that <c>Forward</c> needs for these tensors. No memory is read.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="input">The input; an address of zero is enough, here and for the others.</param>
    /// <param name="filter">The filters.</param>
    /// <param name="coefficients">Both transforms.</param>
    /// <param name="output">The output, not written.</param>
    /// <param name="inputs">Gates and skip.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, or what is written overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device or a tensor's buffer is disposed.</exception>
    public static long ForwardWorkspaceBytes<T>(
        Device device,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in ButterflyCoefficients coefficients,
        in DeviceTensor<T> output,
        in ButterflyConvolutionInputs<T> inputs = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_butterfly_convolution_problem problem =
                ButterflyConvolutionCall.Problem(ref arguments, input, filter, coefficients, inputs);
            problem.output = arguments.Required(output, nameof(output));
            using var borrowed = device.Borrow();
            ulong bytes;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_butterfly_convolution_forward_workspace(borrowed.Pointer, &problem, &bytes),
                ButterflyConvolutionCall.Parameter);
            return checked((long)bytes);
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>The gradients of butterfly convolution.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="input">The input of the forward pass.</param>
    /// <param name="filter">[channels, filter length]: the filters of the forward pass.</param>
    /// <param name="coefficients">Both transforms.</param>
    /// <param name="gradients">The output's gradient, and where the others go.</param>
    /// <param name="inputs">Gates and skip of the forward pass.</param>
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
        in ButterflyCoefficients coefficients,
        in ButterflyConvolutionGradients<T> gradients,
        in ButterflyConvolutionInputs<T> inputs = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_butterfly_convolution_problem problem =
                ButterflyConvolutionCall.Problem(ref arguments, input, filter, coefficients, inputs);
            ki_butterfly_convolution_gradients native = ButterflyConvolutionCall.Gradients(ref arguments, gradients);
            void* scratch = arguments.Workspace(stream, workspace);
            using var borrowed = stream.Borrow();
            NativeError.ThrowIfFailed(
                NativeMethods.ki_butterfly_convolution_backward(
                    borrowed.Pointer, &problem, &native, scratch, (ulong)(workspace?.Length ?? 0)),
                ButterflyConvolutionCall.Parameter);
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
    /// <param name="coefficients">Both transforms.</param>
    /// <param name="gradients">The gradients, not written.</param>
    /// <param name="inputs">Gates and skip.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, or what is written overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device or a tensor's buffer is disposed.</exception>
    public static long BackwardWorkspaceBytes<T>(
        Device device,
        in DeviceTensor<T> input,
        in DeviceTensor filter,
        in ButterflyCoefficients coefficients,
        in ButterflyConvolutionGradients<T> gradients,
        in ButterflyConvolutionInputs<T> inputs = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_butterfly_convolution_problem problem =
                ButterflyConvolutionCall.Problem(ref arguments, input, filter, coefficients, inputs);
            ki_butterfly_convolution_gradients native = ButterflyConvolutionCall.Gradients(ref arguments, gradients);
            using var borrowed = device.Borrow();
            ulong bytes;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_butterfly_convolution_backward_workspace(borrowed.Pointer, &problem, &native, &bytes),
                ButterflyConvolutionCall.Parameter);
            return checked((long)bytes);
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>Writes the coefficients with which a butterfly is the discrete Fourier transform, for training to start from.</summary>
    /// <param name="stream">Where to run.</param>
    /// <param name="coefficients">Where to, on the stream's device.</param>
    /// <exception cref="KernelArgumentException">A shape or a stride is wrong, or tensors overlap.</exception>
    /// <exception cref="ArgumentException">A tensor is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot do it.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a tensor's buffer is disposed.</exception>
    public static void WriteDftCoefficients(KernelStream stream, in ButterflyCoefficients coefficients)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_tensor* forwardFirst = arguments.Required(coefficients.ForwardFirst, nameof(coefficients));
            ki_tensor* forwardSecond = arguments.Required(coefficients.ForwardSecond, nameof(coefficients));
            ki_tensor* inverseSecond = arguments.Required(coefficients.InverseSecond, nameof(coefficients));
            ki_tensor* inverseFirst = arguments.Required(coefficients.InverseFirst, nameof(coefficients));
            using var borrowed = stream.Borrow();
            NativeError.ThrowIfFailed(
                NativeMethods.ki_butterfly_coefficients_dft(
                    borrowed.Pointer, forwardFirst, forwardSecond, inverseSecond, inverseFirst),
                ButterflyConvolutionCall.Parameter);
        }
        finally
        {
            arguments.Release();
        }
    }
}
