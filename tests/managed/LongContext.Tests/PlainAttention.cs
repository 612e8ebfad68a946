using LongContext.Network;

namespace LongContext.Tests;

/// <summary>What attention of one sequence is, in double, from the formulas: rotary embedding, a window, sinks, shared heads.</summary>
internal static class PlainAttention
{
    /// <summary>Computes the output, [tokens, heads, head dim].</summary>
    public static double[] Compute(DecoderShape shape, float[] query, float[] key, float[] value)
    {
        var (tokens, d) = (query.Length / shape.Width, shape.HeadDim);
        var group = shape.Heads / shape.KeyValueHeads;
        var output = new double[query.Length];
        for (var i = 0; i < tokens; i++)
        {
            for (var h = 0; h < shape.Heads; h++)
            {
                var q = Turned(query, i, h, shape.Heads, d);
                int[] seen = [.. Enumerable.Range(0, i + 1).Where(j => j >= i - shape.Window || j < shape.Sinks)];
                double[] scores = [.. seen.Select(j =>
                    Turned(key, j, h / group, shape.KeyValueHeads, d).Zip(q, (a, b) => a * b).Sum() / Math.Sqrt(d))];
                var largest = scores.Max();
                var sum = scores.Sum(score => Math.Exp(score - largest));
                for (var c = 0; c < d; c++)
                {
                    output[(i * shape.Heads + h) * d + c] = seen.Zip(scores, (j, score) =>
                        Math.Exp(score - largest) / sum * value[(j * shape.KeyValueHeads + h / group) * d + c]).Sum();
                }
            }
        }

        return output;
    }

    /// <summary>A row whose halves are turned by the angles of its position.</summary>
    private static double[] Turned(float[] rows, int position, int head, int heads, int d)
    {
        var turned = new double[d];
        for (var c = 0; c < d / 2; c++)
        {
            var (sin, cos) = Math.SinCos(position * Math.Pow(10_000, -2.0 * c / d));
            double x = rows[(position * heads + head) * d + c], y = rows[(position * heads + head) * d + c + d / 2];
            (turned[c], turned[c + d / 2]) = (x * cos - y * sin, x * sin + y * cos);
        }

        return turned;
    }
}
