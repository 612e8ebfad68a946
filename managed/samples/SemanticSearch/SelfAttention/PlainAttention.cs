using System.Numerics.Tensors;

namespace SemanticSearch.SelfAttention;

/// <summary>
/// Attention as it is written in C# without a kernel: for each head and query, dot products with all keys, a softmax, and
/// a weighted sum of the values, over <see cref="TensorPrimitives"/>.
/// </summary>
/// <param name="threads">how many threads share the queries of all heads</param>
internal sealed class PlainAttention(int threads) : ISelfAttention
{
    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape)
    {
        if (threads == 1)
        {
            var scores = new float[shape.Tokens];
            for (var item = 0; item < shape.Heads * shape.Tokens; item++)
            {
                Query(qkv, output, scores, item / shape.Tokens, item % shape.Tokens, shape);
            }

            return;
        }

        ForwardParallel(qkv, output, shape);
    }

    private unsafe void ForwardParallel(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape)
    {
        fixed (float* qkvData = qkv, outputData = output)
        {
            var (source, target) = ((nint)qkvData, (nint)outputData);
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
            Parallel.For(0, shape.Heads * shape.Tokens, options, () => new float[shape.Tokens], (item, _, scores) =>
            {
                Query(new ReadOnlySpan<float>((void*)source, shape.QkvLength),
                    new Span<float>((void*)target, shape.OutputLength), scores, item / shape.Tokens, item % shape.Tokens, shape);
                return scores;
            }, _ => { });
        }
    }

    private static void Query(ReadOnlySpan<float> qkv, Span<float> output, Span<float> scores, int head, int row,
        SelfAttentionShape shape)
    {
        var (width, headDim) = (shape.Width, shape.HeadDim);
        var query = qkv.Slice(row * 3 * width + head * headDim, headDim);
        var keys = qkv[(width + head * headDim)..];
        var values = qkv[(2 * width + head * headDim)..];
        for (var t = 0; t < scores.Length; t++)
        {
            scores[t] = shape.Scale * TensorPrimitives.Dot(query, keys.Slice(t * 3 * width, headDim));
        }

        TensorPrimitives.SoftMax<float>(scores, scores);

        var result = output.Slice(row * width + head * headDim, headDim);
        result.Clear();
        for (var t = 0; t < scores.Length; t++)
        {
            TensorPrimitives.MultiplyAdd(values.Slice(t * 3 * width, headDim), scores[t], result, result);
        }
    }
}
