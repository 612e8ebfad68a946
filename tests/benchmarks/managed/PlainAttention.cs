using System.Numerics.Tensors;

namespace Kernels.Interop.Benchmarks;

/// <summary>
/// Attention as it is written in C# without a kernel: for each head and query, dot products with all keys, a softmax
/// and a weighted sum of the values, over <see cref="TensorPrimitives"/>.
/// </summary>
internal sealed class PlainAttention(SelfAttention problem, int threads)
{
    private readonly ParallelOptions _options = new() { MaxDegreeOfParallelism = threads };

    /// <summary>Computes all queries of all heads, shared among the threads.</summary>
    public void Forward()
    {
        int rows = problem.Shape.QueryLength * problem.Shape.QueryHeads;
        if (threads > 1)
        {
            Parallel.For(0, rows, _options, NewScores, (row, _, scores) => ForwardRow(row, scores), _ => { });
            return;
        }
        float[] ownScores = NewScores();
        for (int row = 0; row < rows; row++)
        {
            ForwardRow(row, ownScores);
        }
    }

    private float[] NewScores() => new float[problem.Shape.KeyLength];

    // A row is one query of one head; rows lie behind each other in query and output.
    private float[] ForwardRow(int row, float[] scores)
    {
        int headDim = problem.Shape.HeadDim, heads = problem.Shape.QueryHeads;
        ReadOnlySpan<float> query = problem.Query.AsSpan(row * headDim, headDim);
        for (int t = 0; t < scores.Length; t++)
        {
            scores[t] = TensorPrimitives.Dot(query, RowOf(problem.Key, t)) / MathF.Sqrt(headDim);
        }
        TensorPrimitives.SoftMax<float>(scores, scores);

        Span<float> output = problem.Output.AsSpan(row * headDim, headDim);
        output.Clear();
        for (int t = 0; t < scores.Length; t++)
        {
            TensorPrimitives.MultiplyAdd(RowOf(problem.Value, t), scores[t], output, output);
        }
        return scores;

        ReadOnlySpan<float> RowOf(float[] tensor, int token) =>
            tensor.AsSpan((token * heads + row % heads) * headDim, headDim);
    }
}
