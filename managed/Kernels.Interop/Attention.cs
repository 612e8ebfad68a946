using System.Numerics.Tensors;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// Scaled dot-product attention, <c>output = softmax(scale * query key^T) value</c>, without ever storing the score matrix
/// (FlashAttention, Dao et al. 2022; FlashAttention-2, Dao 2023).
/// </summary>
/// <remarks>
/// <para>
/// Shapes: query [batch, query length, query heads, head dim], key [batch, key length, key/value heads, head dim], value
/// [batch, key length, key/value heads, value head dim], output [batch, query length, query heads, value head dim], logsumexp
/// [batch, query heads, query length]. Elements are float, <see cref="Half"/> or <see cref="BFloat16"/>, sums are float.
/// </para>
/// <para>
/// What is written must not overlap itself or another tensor. A call allocates no managed memory. It uses the stream's own
/// scratch memory, which grows when it has to, unless it is given a workspace.
/// </para>
/// </remarks>
public static unsafe partial class Attention
{
    /// <summary>Attention over tensors in host memory, with any strides. Done when it returns.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="query">[batch, query length, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim].</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim].</param>
    /// <param name="output">[batch, query length, query heads, value head dim], written.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">
    /// [batch, query heads, query length], written: natural logarithm of the sum of exp(score). Empty if not wanted.
    /// </param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride, an option or the workspace's size is wrong, or the output overlaps.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> is not supported, or the stream is not the CPU's, which alone can reach spans.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream or the workspace is disposed.</exception>
    public static void Forward<T>(
        KernelStream stream,
        in ReadOnlyTensorSpan<T> query,
        in ReadOnlyTensorSpan<T> key,
        in ReadOnlyTensorSpan<T> value,
        in TensorSpan<T> output,
        AttentionOptions options = default,
        in TensorSpan<float> logsumexp = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* q = query, k = key, v = value, o = output)
        fixed (float* lse = logsumexp)
        {
            try
            {
                ki_attention_problem problem = AttentionCall.Problem(options);
                problem.query = arguments.Add(NativeTensor.FromSpan(q, query, nameof(query)));
                problem.key = arguments.Add(NativeTensor.FromSpan(k, key, nameof(key)));
                problem.value = arguments.Add(NativeTensor.FromSpan(v, value, nameof(value)));
                problem.output = arguments.Add(NativeTensor.FromSpan(o, output, nameof(output)));
                if (logsumexp.Rank > 0)
                {
                    problem.logsumexp = arguments.Add(NativeTensor.FromSpan(lse, logsumexp, nameof(logsumexp)));
                }
                AttentionCall.Forward(stream, &problem, ref arguments, workspace);
            }
            finally
            {
                arguments.Release();
            }
        }
    }

    /// <summary>Attention over contiguous tensors in host memory. Done when it returns.</summary>
    /// <param name="stream">A stream of the CPU.</param>
    /// <param name="shape">The shape; each span has exactly the length it implies.</param>
    /// <param name="query">[batch, query length, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim].</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim].</param>
    /// <param name="output">[batch, query length, query heads, value head dim], written.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">[batch, query heads, query length], written. Empty if not wanted.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="ArgumentException">A span's length is not what the shape implies.</exception>
    /// <inheritdoc cref="Forward{T}(KernelStream, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, AttentionOptions, in TensorSpan{float}, DeviceBuffer{byte}?)"/>
    public static void Forward<T>(
        KernelStream stream,
        AttentionShape shape,
        ReadOnlySpan<T> query,
        ReadOnlySpan<T> key,
        ReadOnlySpan<T> value,
        Span<T> output,
        AttentionOptions options = default,
        Span<float> logsumexp = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged
    {
        HostMemory.Require(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        fixed (T* q = query, k = key, v = value, o = output)
        fixed (float* lse = logsumexp)
        {
            try
            {
                ki_attention_problem problem = AttentionCall.Problem(options);
                AttentionCall.SetContiguous<T>(ref problem, ref arguments, shape, stream.Device.Info, !logsumexp.IsEmpty);
                NativeTensor.SetMemory(problem.query, q, query.Length, nameof(query));
                NativeTensor.SetMemory(problem.key, k, key.Length, nameof(key));
                NativeTensor.SetMemory(problem.value, v, value.Length, nameof(value));
                NativeTensor.SetMemory(problem.output, o, output.Length, nameof(output));
                if (!logsumexp.IsEmpty)
                {
                    NativeTensor.SetMemory(problem.logsumexp, lse, logsumexp.Length, nameof(logsumexp));
                }
                AttentionCall.Forward(stream, &problem, ref arguments, workspace);
            }
            finally
            {
                arguments.Release();
            }
        }
    }

    /// <summary>
    /// Attention over memory of the stream's device. Done when it returns on the CPU; on CUDA its work is queued then.
    /// </summary>
    /// <param name="stream">Where to run.</param>
    /// <param name="query">[batch, query length, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim].</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim].</param>
    /// <param name="output">[batch, query length, query heads, value head dim], written.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">[batch, query heads, query length], written. The default value if not wanted.</param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the workspace or a tensor's buffer is disposed.</exception>
    /// <inheritdoc cref="Forward{T}(KernelStream, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, AttentionOptions, in TensorSpan{float}, DeviceBuffer{byte}?)"/>
    public static void Forward<T>(
        KernelStream stream,
        in DeviceTensor<T> query,
        in DeviceTensor<T> key,
        in DeviceTensor<T> value,
        in DeviceTensor<T> output,
        AttentionOptions options = default,
        in DeviceTensor<float> logsumexp = default,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        Run<T, T>(stream, query, key, value, output, logsumexp, default, default, hasCache: false, options, workspace);
}
