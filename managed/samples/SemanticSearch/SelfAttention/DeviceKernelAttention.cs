using Kernels.Interop;

namespace SemanticSearch.SelfAttention;

/// <summary>
/// Attention by Kernels.Interop on a device with memory of its own: the joint matrix is copied there, the output back.
/// </summary>
/// <param name="stream">a stream of the device</param>
internal sealed class DeviceKernelAttention(KernelStream stream) : ISelfAttention
{
    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape)
    {
        using var source = stream.Device.Allocate<float>(qkv.Length);
        using var target = stream.Device.Allocate<float>(output.Length);
        source.CopyFrom(qkv, stream);

        var width = shape.Width;
        ReadOnlySpan<long> lengths = [1, shape.Tokens, shape.Heads, shape.HeadDim];
        ReadOnlySpan<long> strides = [qkv.Length, 3 * width, shape.HeadDim, 1];
        Attention.Forward(
            stream,
            new DeviceTensor<float>(source, lengths, strides),
            new DeviceTensor<float>(source, lengths, strides, offset: width),
            new DeviceTensor<float>(source, lengths, strides, offset: 2 * width),
            new DeviceTensor<float>(target, lengths),
            new AttentionOptions { Scale = shape.Scale });
        target.CopyTo(output, stream);
    }
}
