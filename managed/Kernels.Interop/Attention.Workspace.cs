using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class Attention
{
    /// <summary>Scratch memory that <c>Forward</c> needs for contiguous tensors of a shape.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="withLogSumExp">Whether the logsumexp will be asked for.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="ArgumentException">The shape or an option is wrong.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> or the problem is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public static long ForwardWorkspaceBytes<T>(
        Device device, AttentionShape shape, AttentionOptions options = default, bool withLogSumExp = false)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        ki_attention_problem problem = AttentionCall.Problem(options);
        AttentionCall.SetContiguous<T>(ref problem, ref arguments, shape, device.Info, withLogSumExp);
        NativeTensor.RequireAddressable(*problem.query, nameof(shape));
        NativeTensor.RequireAddressable(*problem.key, nameof(shape));
        NativeTensor.RequireAddressable(*problem.value, nameof(shape));
        NativeTensor.RequireAddressable(*problem.output, nameof(shape));
        return AttentionCall.ForwardWorkspaceBytes(device, &problem);
    }

    /// <summary>Scratch memory that <c>Forward</c> needs for these tensors.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="query">[batch, query length, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim].</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim].</param>
    /// <param name="output">[batch, query length, query heads, value head dim], not written.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">[batch, query heads, query length], not written. The default value if not wanted.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">A shape, a stride or an option is wrong, or the output overlaps.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> or the problem is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device or a tensor's buffer is disposed.</exception>
    public static long ForwardWorkspaceBytes<T>(
        Device device,
        in DeviceTensor<T> query,
        in DeviceTensor<T> key,
        in DeviceTensor<T> value,
        in DeviceTensor<T> output,
        AttentionOptions options = default,
        in DeviceTensor<float> logsumexp = default)
        where T : unmanaged =>
        WorkspaceBytes<T, T>(device, query, key, value, output, logsumexp, default, default, hasCache: false, options);

    /// <summary>Scratch memory that <c>Forward</c> with these optional tensors needs. No memory is read.</summary>
    /// <inheritdoc cref="Forward{TQuery, TKey}(KernelStream, in DeviceTensor{TQuery}, in DeviceTensor{TKey}, in DeviceTensor{TKey}, in DeviceTensor{TQuery}, in AttentionInputs, AttentionOptions, in DeviceTensor{float}, DeviceBuffer{byte}?)"/>
    /// <param name="device">Where it will run.</param>
    /// <param name="query">The query; an address of zero is enough, here and for the others.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="output">The output, not written.</param>
    /// <param name="inputs">The optional tensors.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">The logsumexp, not written. The default value if not wanted.</param>
    /// <returns>The size, in bytes.</returns>
    public static long ForwardWorkspaceBytes<TQuery, TKey>(
        Device device,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in AttentionInputs inputs,
        AttentionOptions options = default,
        in DeviceTensor<float> logsumexp = default)
        where TQuery : unmanaged
        where TKey : unmanaged =>
        WorkspaceBytes(device, query, key, value, output, logsumexp, inputs, default, hasCache: false, options);

    /// <summary>Scratch memory that <c>Forward</c> over this cache needs. No memory is read.</summary>
    /// <inheritdoc cref="ForwardWorkspaceBytes{TQuery, TKey}(Device, in DeviceTensor{TQuery}, in DeviceTensor{TKey}, in DeviceTensor{TKey}, in DeviceTensor{TQuery}, in AttentionInputs, AttentionOptions, in DeviceTensor{float})"/>
    /// <param name="device">Where it will run.</param>
    /// <param name="query">The query; an address of zero is enough, here and for the others.</param>
    /// <param name="key">The keys of the cache.</param>
    /// <param name="value">The values of the cache.</param>
    /// <param name="output">The output, not written.</param>
    /// <param name="cache">Where sequences lie in the cache, and what is appended to them.</param>
    /// <param name="inputs">The optional tensors.</param>
    /// <param name="options">Causality, scale, window and the like.</param>
    /// <param name="logsumexp">The logsumexp, not written. The default value if not wanted.</param>
    public static long ForwardWorkspaceBytes<TQuery, TKey>(
        Device device,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in AttentionCache<TQuery> cache,
        in AttentionInputs inputs = default,
        AttentionOptions options = default,
        in DeviceTensor<float> logsumexp = default)
        where TQuery : unmanaged
        where TKey : unmanaged =>
        WorkspaceBytes(device, query, key, value, output, logsumexp, inputs, cache, hasCache: true, options);

    private static long WorkspaceBytes<TQuery, TKey>(
        Device device,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in DeviceTensor<float> logsumexp,
        in AttentionInputs inputs,
        in AttentionCache<TQuery> cache,
        bool hasCache,
        in AttentionOptions options)
        where TQuery : unmanaged
        where TKey : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
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
            return AttentionCall.ForwardWorkspaceBytes(device, &problem);
        }
        finally
        {
            arguments.Release();
        }
    }
}
