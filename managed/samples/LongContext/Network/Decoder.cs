using System.Numerics.Tensors;
using LongContext.Caching;

namespace LongContext.Network;

/// <summary>
/// A small decoder over bytes, with weights that a seed chooses: an embedding, and layers of normalisation, grouped-query
/// attention and a projection, each added to what it is given.
/// </summary>
internal sealed class Decoder
{
    private const float Epsilon = 1e-6f;
    private const int RowsAtOnce = 128;

    private readonly float[] _embedding; // [256, width]
    private readonly Layer[] _layers;

    /// <summary>Makes the weights.</summary>
    public Decoder(DecoderShape shape, int seed = 1)
    {
        Shape = shape;
        var random = new Random(seed);
        _embedding = Numbers(random, 256 * shape.Width, 1);
        _layers = [.. Enumerable.Range(0, shape.Layers).Select(_ => new Layer(
            Dense(random, shape.Width, shape.Width),
            Dense(random, shape.Width, shape.KeyValueWidth),
            Dense(random, shape.Width, shape.KeyValueWidth),
            Dense(random, shape.Width, shape.Width)))];
    }

    /// <summary>Its sizes.</summary>
    public DecoderShape Shape { get; }

    /// <summary>Computes the states of tokens behind those that the attention knows already.</summary>
    /// <param name="tokens">tokens of all sequences of the step, one sequence behind the other</param>
    /// <param name="attention">attention of the step, whose sequences and their counts are set</param>
    /// <returns>[tokens, width]</returns>
    public float[] Forward(ReadOnlySpan<byte> tokens, CachedAttention attention)
    {
        var (width, count) = (Shape.Width, tokens.Length);
        var x = new float[count * width];
        for (var i = 0; i < count; i++)
        {
            _embedding.AsSpan(tokens[i] * width, width).CopyTo(x.AsSpan(i * width));
        }

        var normal = new float[x.Length];
        var query = new float[x.Length];
        float[] key = new float[count * Shape.KeyValueWidth], value = new float[key.Length];
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            Normalise(x, normal, width);
            Apply(_layers[layer].Query, normal, query, count);
            Apply(_layers[layer].Key, normal, key, count);
            Apply(_layers[layer].Value, normal, value, count);
            attention.Forward(layer, query, key, value, normal);
            Apply(_layers[layer].Output, normal, query, count);
            TensorPrimitives.Add<float>(x, query, x);
        }

        return x;
    }

    /// <summary>Divides rows by the root of their mean square.</summary>
    private static void Normalise(ReadOnlySpan<float> x, Span<float> y, int width)
    {
        for (var i = 0; i < x.Length; i += width)
        {
            var row = x.Slice(i, width);
            var meanSquare = TensorPrimitives.SumOfSquares(row) / width;
            TensorPrimitives.Multiply(row, 1 / MathF.Sqrt(meanSquare + Epsilon), y.Slice(i, width));
        }
    }

    /// <summary>Applies a dense layer to rows, on all processors.</summary>
    private static void Apply(DenseLayer layer, float[] x, float[] y, int rows)
    {
        var (inputs, outputs) = (x.Length / rows, y.Length / rows);
        Parallel.For(0, (rows + RowsAtOnce - 1) / RowsAtOnce, block =>
        {
            var first = block * RowsAtOnce;
            var count = Math.Min(RowsAtOnce, rows - first);
            layer.Forward(
                x.AsSpan(first * inputs, count * inputs), y.AsSpan(first * outputs, count * outputs), count);
        });
    }

    private static DenseLayer Dense(Random random, int inputs, int outputs) =>
        new(Numbers(random, inputs * outputs, 1 / Math.Sqrt(inputs)), new float[outputs]);

    /// <summary>Normally distributed numbers.</summary>
    private static float[] Numbers(Random random, int count, double deviation)
    {
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            numbers[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return numbers;
    }

    private sealed record Layer(DenseLayer Query, DenseLayer Key, DenseLayer Value, DenseLayer Output);
}
