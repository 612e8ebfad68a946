using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class Attention
{
    /// <summary>
    /// Attention over memory of the stream's device, with a bias, masks, slopes, or sequences of their own lengths. Done when it
    /// returns on the CPU; on CUDA its work is queued then.
    /// </summary>
    /// <typeparam name="TQuery">
    /// Type of the query's and the output's elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.
    /// </typeparam>
    /// <typeparam name="TKey">Type of the key's and the value's elements: the query's; under float also 16 bits.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="query">[batch, query length, query heads, head dim], or packed [total, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim], or packed.</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim], or packed.</param>
    /// <param name="output">[batch, query length, query heads, value head dim], or packed, written.</param>
    /// <param name="inputs">The optional tensors.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">
    /// [batch, query heads, query length], or packed [query heads, total], written: natural logarithm of the sum of exp(score),
    /// without dropout. The default value if not wanted.
    /// </param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <exception cref="KernelArgumentException">
    /// A shape, a stride, an element type, an option, a length or the workspace's size is wrong, or the output overlaps.
    /// </exception>
    /// <exception cref="KernelNotSupportedException">The device cannot compute this problem.</exception>
    /// <exception cref="NotSupportedException">An element type is none that tensors have.</exception>
    /// <exception cref="ObjectDisposedException">The stream, the workspace or a tensor's buffer is disposed.</exception>
    public static void Forward<TQuery, TKey>(
        KernelStream stream,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in AttentionInputs inputs,
        AttentionOptions options = default,
        in DeviceTensor<float> logsumexp = default,
        DeviceBuffer<byte>? workspace = null)
        where TQuery : unmanaged
        where TKey : unmanaged =>
        Run(stream, query, key, value, output, logsumexp, inputs, default, hasCache: false, options, workspace);

    /// <summary>
    /// Attention over a cache of keys and values, to which new ones are appended first. Done when it returns on the CPU; on
    /// CUDA its work is queued then.
    /// </summary>
    /// <typeparam name="TQuery">
    /// Type of the query's and the output's elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.
    /// </typeparam>
    /// <typeparam name="TKey">
    /// Type of the cache's elements: the query's, <see cref="sbyte"/>, and under float also 16 bits.
    /// </typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="query">[batch, query length, query heads, head dim], or packed [total, query heads, head dim].</param>
    /// <param name="key">
    /// [slots, capacity, key/value heads, head dim], or paged [pages, page size, key/value heads, head dim]; written where
    /// keys are appended.
    /// </param>
    /// <param name="value">The same with the value head dim.</param>
    /// <param name="output">[batch, query length, query heads, value head dim], or packed, written.</param>
    /// <param name="cache">Where sequences lie in the cache, and what is appended to them.</param>
    /// <param name="inputs">
    /// The optional tensors. <see cref="AttentionInputs.SeqUsedK"/> has the lengths in the cache, and is needed to append.
    /// </param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">
    /// [batch, query heads, query length], or packed [query heads, total], written. The default value if not wanted.
    /// </param>
    /// <param name="workspace">Scratch memory on the stream's device; null uses the stream's own.</param>
    /// <inheritdoc cref="Forward{TQuery, TKey}(KernelStream, in DeviceTensor{TQuery}, in DeviceTensor{TKey}, in DeviceTensor{TKey}, in DeviceTensor{TQuery}, in AttentionInputs, AttentionOptions, in DeviceTensor{float}, DeviceBuffer{byte}?)" path="/exception"/>
    public static void Forward<TQuery, TKey>(
        KernelStream stream,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in AttentionCache<TQuery> cache,
        in AttentionInputs inputs = default,
        AttentionOptions options = default,
        in DeviceTensor<float> logsumexp = default,
        DeviceBuffer<byte>? workspace = null)
        where TQuery : unmanaged
        where TKey : unmanaged =>
        Run(stream, query, key, value, output, logsumexp, inputs, cache, hasCache: true, options, workspace);

    private static void Run<TQuery, TKey>(
        KernelStream stream,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in DeviceTensor<float> logsumexp,
        in AttentionInputs inputs,
        in AttentionCache<TQuery> cache,
        bool hasCache,
        in AttentionOptions options,
        DeviceBuffer<byte>? workspace)
        where TQuery : unmanaged
        where TKey : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_attention_problem problem = AttentionCall.Problem(options);
            AttentionCall.SetTensors(ref problem, ref arguments, query, key, value, output, logsumexp);
            AttentionCall.SetInputs(ref problem, ref arguments, inputs);
            ki_attention_cache nativeCache = default;
            if (hasCache)
            {
                nativeCache = AttentionCall.Cache(ref problem, ref arguments, cache);
                problem.cache = &nativeCache;
            }
            AttentionCall.Forward(stream, &problem, ref arguments, workspace);
        }
        finally
        {
            arguments.Release();
        }
    }
}
