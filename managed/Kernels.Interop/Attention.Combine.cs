using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class Attention
{
    /// <summary>
    /// Merges attention over parts of the keys into attention over all of them: with l the logsumexp of the parts' logsumexps
    /// l_p, output = sum over parts of exp(l_p - l) * output_p. It is what attention over keys on many devices (Ring
    /// Attention, Liu et al. 2023, section 3) and over a shared prefix is built of. Parts without keys add nothing, whatever
    /// their output holds.
    /// </summary>
    /// <remarks>
    /// Done when it returns on the CPU; on CUDA its work is queued then. Packed tensors are given with a batch of 1.
    /// </remarks>
    /// <typeparam name="TPart">Type of the parts' elements: float, or the output's.</typeparam>
    /// <typeparam name="T">Type of the output's elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="partialOutputs">[parts, batch, query length, query heads, value head dim].</param>
    /// <param name="partialLogSumExps">[parts, batch, query heads, query length].</param>
    /// <param name="output">[batch, query length, query heads, value head dim], written.</param>
    /// <param name="logsumexp">[batch, query heads, query length], written. The default value if not wanted.</param>
    /// <param name="accumulate">
    /// Whether <paramref name="output"/> and <paramref name="logsumexp"/> hold a part already, to which the others are added.
    /// </param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride or an element type is wrong, an output overlaps, or there is no logsumexp to accumulate to.
    /// </exception>
    /// <exception cref="ArgumentException">A tensor that is needed is the default value.</exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException">An element type is none that tensors have.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a tensor's buffer is disposed.</exception>
    public static void Combine<TPart, T>(
        KernelStream stream,
        in DeviceTensor<TPart> partialOutputs,
        in DeviceTensor<float> partialLogSumExps,
        in DeviceTensor<T> output,
        in DeviceTensor<float> logsumexp = default,
        bool accumulate = false)
        where TPart : unmanaged
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            var problem = new ki_attention_combine_problem
            {
                struct_size = (uint)sizeof(ki_attention_combine_problem),
                flags = accumulate
                    ? ki_attention_combine_flags.KI_ATTENTION_COMBINE_ACCUMULATE
                    : ki_attention_combine_flags.KI_ATTENTION_COMBINE_NONE,
                partial_outputs = arguments.Required(partialOutputs, nameof(partialOutputs)),
                partial_logsumexps = arguments.Required(partialLogSumExps, nameof(partialLogSumExps)),
                output = arguments.Required(output, nameof(output)),
                logsumexp = arguments.Optional(logsumexp, nameof(logsumexp)),
            };
            using var borrowed = stream.Borrow();
            NativeError.ThrowIfFailed(NativeMethods.ki_attention_combine(borrowed.Pointer, &problem));
        }
        finally
        {
            arguments.Release();
        }
    }
}
