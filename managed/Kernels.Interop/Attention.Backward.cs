using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class Attention
{
    /// <summary>
    /// The gradients of attention, from recomputed scores (FlashAttention-2, Dao 2023, section 3.1.2). Done when it returns
    /// on the CPU; on CUDA its work is queued then.
    /// </summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="query">[batch, query length, query heads, head dim], or packed [total, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim], or packed.</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim], or packed.</param>
    /// <param name="output">
    /// [batch, query length, query heads, value head dim], or packed: what <c>Forward</c> has written.
    /// </param>
    /// <param name="logsumexp">
    /// [batch, query heads, query length], or packed [query heads, total]: what <c>Forward</c> has written.
    /// </param>
    /// <param name="gradients">The output's gradient, and where the others go.</param>
    /// <param name="inputs">The optional tensors of the forward pass.</param>
    /// <param name="options">The options of the forward pass.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride, an element type, an option, a length or the workspace's size is wrong, or a gradient overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the workspace or a tensor's buffer is disposed.</exception>
    public static void Backward<T>(
        KernelStream stream,
        in DeviceTensor<T> query,
        in DeviceTensor<T> key,
        in DeviceTensor<T> value,
        in DeviceTensor<T> output,
        in DeviceTensor<float> logsumexp,
        in AttentionGradients<T> gradients,
        in AttentionInputs inputs = default,
        AttentionOptions options = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_attention_problem problem = AttentionCall.Problem(options);
            AttentionCall.SetTensors(ref problem, ref arguments, query, key, value, output, logsumexp);
            AttentionCall.SetInputs(ref problem, ref arguments, inputs);
            ki_attention_gradients native = AttentionCall.Gradients(ref arguments, gradients);
            void* scratch = arguments.Workspace(stream, workspace);
            using var borrowed = stream.Borrow();
            NativeError.ThrowIfFailed(NativeMethods.ki_attention_backward(
                borrowed.Pointer, &problem, &native, scratch, (ulong)(workspace?.Length ?? 0)));
        }
        finally
        {
            arguments.Release();
        }
    }

    /// <summary>Scratch memory that <c>Backward</c> needs for these tensors. No memory is read.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="query">The query; an address of zero is enough, here and for the others.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="output">The output.</param>
    /// <param name="logsumexp">The logsumexp.</param>
    /// <param name="gradients">The gradients, not written.</param>
    /// <param name="inputs">The optional tensors of the forward pass.</param>
    /// <param name="options">The options of the forward pass.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride, an element type or an option is wrong, or a gradient overlaps.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device or a tensor's buffer is disposed.</exception>
    public static long BackwardWorkspaceBytes<T>(
        Device device,
        in DeviceTensor<T> query,
        in DeviceTensor<T> key,
        in DeviceTensor<T> value,
        in DeviceTensor<T> output,
        in DeviceTensor<float> logsumexp,
        in AttentionGradients<T> gradients,
        in AttentionInputs inputs = default,
        AttentionOptions options = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_attention_problem problem = AttentionCall.Problem(options);
            AttentionCall.SetTensors(ref problem, ref arguments, query, key, value, output, logsumexp);
            AttentionCall.SetInputs(ref problem, ref arguments, inputs);
            ki_attention_gradients native = AttentionCall.Gradients(ref arguments, gradients);
            using var borrowed = device.Borrow();
            ulong bytes;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_attention_backward_workspace(borrowed.Pointer, &problem, &native, &bytes));
            return checked((long)bytes);
        }
        finally
        {
            arguments.Release();
        }
    }
}
