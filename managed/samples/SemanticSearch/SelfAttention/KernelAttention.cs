using System.Numerics.Tensors;
using Kernels.Interop;

namespace SemanticSearch.SelfAttention;

/// <summary>
/// Attention by Kernels.Interop over memory of this process, on the CPU. Queries, keys and values are read where they lie in
/// the joint matrix: views with strides, no copies.
/// </summary>
/// <param name="stream">a stream of the CPU</param>
internal sealed class KernelAttention(KernelStream stream) : ISelfAttention
{
    /// <summary>The implementation for a stream's device.</summary>
    public static ISelfAttention For(KernelStream stream) =>
        stream.Device.Info.Kind == DeviceKind.Cpu ? new KernelAttention(stream) : new DeviceKernelAttention(stream);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape)
    {
        var width = shape.Width;
        ReadOnlySpan<nint> lengths = [1, shape.Tokens, shape.Heads, shape.HeadDim];
        // A tensor span wants stride 0 where a dimension has length 1.
        ReadOnlySpan<nint> strides = [0, shape.Tokens == 1 ? 0 : 3 * width, shape.HeadDim, 1];
        Attention.Forward(
            stream,
            new ReadOnlyTensorSpan<float>(qkv, lengths, strides),
            new ReadOnlyTensorSpan<float>(qkv[width..], lengths, strides),
            new ReadOnlyTensorSpan<float>(qkv[(2 * width)..], lengths, strides),
            new TensorSpan<float>(output, lengths),
            new AttentionOptions { Scale = shape.Scale });
    }
}
