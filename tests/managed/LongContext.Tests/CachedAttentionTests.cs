using Kernels.Interop;
using LongContext.Caching;
using LongContext.Network;

namespace LongContext.Tests;

/// <summary>Both ways to attend are the formula, and leave nothing open.</summary>
[TestFixture]
internal sealed class CachedAttentionTests
{
    private static readonly DecoderShape Shape =
        new(Layers: 2, Heads: 4, KeyValueHeads: 2, HeadDim: 16, Window: 9, Sinks: 2);

    private static readonly int[] Lengths = [37, 5];

    private readonly float[][] _query = Numbers(1, Shape.Width), _key = Numbers(2, Shape.KeyValueWidth),
        _value = Numbers(3, Shape.KeyValueWidth);

    private Device _device = null!;
    private KernelStream _stream = null!;

    [SetUp]
    public void Open() => _stream = (_device = Device.Open("cpu")).CreateStream();

    [TearDown]
    public void Close()
    {
        _stream.Dispose();
        _device.Dispose();
    }

    [Test]
    public void WholeSequencesAreTheFormula()
    {
        using var attention = new WholeAttention(Shape, _stream, Lengths);
        var output = new float[Lengths.Sum() * Shape.Width];
        attention.Forward(1, Joined(_query), Joined(_key), Joined(_value), output);
        AssertIsTheFormula(output);
    }

    [Test]
    public void PiecesAreTheFormula([Values(1, 4, 64)] int pageSize, [Values(1, 3, 50)] int piece)
    {
        using var attention = new PagedAttention(Shape, _stream, Lengths, 2 * piece, pageSize);
        float[][] outputs = [.. Lengths.Select(length => new float[length * Shape.Width])];
        for (var done = 0; done < Lengths.Max(); done += piece)
        {
            int[] active = [.. Enumerable.Range(0, Lengths.Length).Where(s => Lengths[s] > done)];
            int[] counts = [.. active.Select(s => Math.Min(piece, Lengths[s] - done))];
            attention.Begin([.. active.Select(s => attention.Sequences[s])], counts);
            float[] Piece(float[][] rows, int width) =>
                [.. active.Zip(counts).SelectMany(a => rows[a.First].AsSpan(done * width, a.Second * width).ToArray())];
            var output = new float[counts.Sum() * Shape.Width];
            for (var layer = 0; layer < Shape.Layers; layer++)
            {
                attention.Forward(
                    layer, Piece(_query, Shape.Width), Piece(_key, Shape.KeyValueWidth), Piece(_value, Shape.KeyValueWidth),
                    output);
            }

            var row = 0;
            foreach (var (s, count) in active.Zip(counts))
            {
                output.AsSpan(row * Shape.Width, count * Shape.Width).CopyTo(outputs[s].AsSpan(done * Shape.Width));
                row += count;
            }
        }

        AssertIsTheFormula(Joined(outputs));
    }

    private void AssertIsTheFormula(float[] output)
    {
        double[] expected = [.. Enumerable.Range(0, Lengths.Length)
            .SelectMany(s => PlainAttention.Compute(Shape, _query[s], _key[s], _value[s]))];
        Assert.That(output, Is.EqualTo(expected).Within(1e-5));
    }

    private static float[] Joined(float[][] rows) => [.. rows.SelectMany(row => row)];

    private static float[][] Numbers(int seed, int width)
    {
        var random = new Random(seed);
        return [.. Lengths.Select(length => Enumerable.Range(0, length * width).Select(_ => 4 * random.NextSingle() - 2).ToArray())];
    }
}
