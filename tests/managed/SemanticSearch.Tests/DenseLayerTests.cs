using SemanticSearch.Network;

namespace SemanticSearch.Tests;

[TestFixture]
internal sealed class DenseLayerTests
{
    [Test]
    public void RowsAndColumnsThatFillNoTileAreComputed(
        [Values(1, 5, 6, 7, 13)] int rows, [Values(1, 3, 64)] int inputs, [Values(1, 15, 16, 17, 33)] int outputs)
    {
        var random = new Random(1);
        float[] x = Numbers(rows * inputs), weight = Numbers(inputs * outputs), bias = Numbers(outputs);
        var y = new float[rows * outputs + 1];
        y[^1] = float.NaN;
        new DenseLayer(weight, bias).Forward(x, y, rows);

        var expected = new float[y.Length];
        expected[^1] = float.NaN;
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < outputs; column++)
            {
                double sum = bias[column];
                for (var i = 0; i < inputs; i++)
                {
                    sum += (double)x[row * inputs + i] * weight[i * outputs + column];
                }

                expected[row * outputs + column] = (float)sum;
            }
        }

        Assert.That(y, Is.EqualTo(expected).Within(1e-5));

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
