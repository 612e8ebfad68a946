using Kernels.Interop.Native;

namespace Kernels.Interop;

public static unsafe partial class Attention
{
    /// <summary>Scratch memory that <c>Forward</c> needs for contiguous tensors of a shape.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="options">Causality and scale.</param>
    /// <param name="withLogSumExp">Whether the logsumexp will be asked for.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="ArgumentException">The shape or the scale is wrong.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> or the problem is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public static long ForwardWorkspaceBytes<T>(
        Device device, AttentionShape shape, AttentionOptions options = default, bool withLogSumExp = false)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        AttentionTensors tensors = AttentionTensors.Contiguous<T>(shape, device.Info, withLogSumExp);
        tensors.RequireAddressable(nameof(shape));
        return AttentionCall.ForwardWorkspaceBytes(device, &tensors, options);
    }

    /// <summary>Scratch memory that <c>Forward</c> needs for these tensors.</summary>
    /// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="device">Where it will run.</param>
    /// <param name="query">[batch, query length, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim].</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim].</param>
    /// <param name="output">[batch, query length, query heads, value head dim], not written.</param>
    /// <param name="options">Causality and scale.</param>
    /// <param name="logsumexp">[batch, query heads, query length], not written. The default value if not wanted.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="KernelArgumentException">A shape, a stride or the scale is wrong, or the output overlaps.</exception>
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
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        using var q = query.Borrow();
        using var k = key.Borrow();
        using var v = value.Borrow();
        using var o = output.Borrow();
        using var lse = logsumexp.Borrow();
        AttentionTensors tensors = AttentionTensors.From(query, key, value, output, logsumexp);
        return AttentionCall.ForwardWorkspaceBytes(device, &tensors, options);
    }
}
