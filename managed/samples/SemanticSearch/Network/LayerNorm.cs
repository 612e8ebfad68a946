using System.Numerics.Tensors;

namespace SemanticSearch.Network;

/// <summary>Layer normalisation: rows of mean 0 and variance 1, then scaled and shifted by column.</summary>
/// <param name="scale">factor of each column</param>
/// <param name="bias">shift of each column</param>
/// <param name="epsilon">added to the variance</param>
internal sealed class LayerNorm(float[] scale, float[] bias, float epsilon)
{
    /// <summary>Normalises rows.</summary>
    /// <param name="x">[rows, width]</param>
    /// <param name="y">[rows, width], written</param>
    /// <param name="rows">number of rows</param>
    public void Forward(ReadOnlySpan<float> x, Span<float> y, int rows)
    {
        var width = scale.Length;
        for (var row = 0; row < rows; row++)
        {
            var source = x.Slice(row * width, width);
            var target = y.Slice(row * width, width);
            TensorPrimitives.Subtract(source, TensorPrimitives.Sum(source) / width, target);
            var variance = TensorPrimitives.SumOfSquares<float>(target) / width;
            TensorPrimitives.Multiply(target, 1 / MathF.Sqrt(variance + epsilon), target);
            TensorPrimitives.FusedMultiplyAdd(target, scale, bias, target);
        }
    }
}
