using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Parts of attention become the whole, on every device.</summary>
[TestFixture(typeof(float), typeof(float))]
[TestFixture(typeof(float), typeof(Half))]
[TestFixture(typeof(Half), typeof(Half))]
[TestFixture(typeof(float), typeof(BFloat16))]
[TestFixture(typeof(BFloat16), typeof(BFloat16))]
public sealed class AttentionCombineTests<TPart, T>
    where TPart : unmanaged
    where T : unmanaged
{
    private const int Parts = 3, Batch = 2, Length = 5, Heads = 3, Width = 20;
    private const int RowCount = Batch * Length * Heads, Queries = Batch * Heads * Length;

    private static readonly long[] OutputDims = [Batch, Length, Heads, Width], LogSumExpDims = [Batch, Heads, Length];

    private TPart[] _outputs = null!; // [parts, batch, length, heads, width]
    private float[] _logsumexps = null!; // [parts, batch, heads, length]

    [SetUp]
    public void MakeParts()
    {
        var random = new Random(3);
        Rows outputs = Rows.Random<TPart>(random, Parts * Batch * Length, Heads, Width);
        _outputs = [.. outputs.Data.Select(Elements.FromDouble<TPart>)];
        _logsumexps = [.. Enumerable.Range(0, Parts * Queries).Select(_ => random.NextSingle() * 6 - 3)];

        // The second part has no keys for the queries of the first batch entry, whose output is anything; nothing has for one.
        Array.Fill(_outputs, Elements.FromDouble<TPart>(double.NaN), RowCount * Width, Length * Heads * Width);
        Array.Fill(_logsumexps, float.NegativeInfinity, Queries, Heads * Length);
        for (int part = 0; part < Parts; part++)
        {
            _logsumexps[part * Queries + 7] = float.NegativeInfinity;
        }
    }

    [Test]
    public void PartsAreWeightedByTheirSums(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device, [Values] bool withLogSumExp)
    {
        using var scope = new TensorScope(device);
        var output = scope.Output<T>(OutputDims);
        var logsumexp = scope.Output<float>(LogSumExpDims);
        Attention.Combine(
            scope.Stream,
            scope.Upload(_outputs, [Parts, .. OutputDims]),
            scope.Upload(_logsumexps, [Parts, .. LogSumExpDims]),
            output.Tensor,
            withLogSumExp ? logsumexp.Tensor : default);
        AttentionExpectation expected = Expected(_outputs.Select(Elements.ToDouble).ToArray());
        Tolerance.AssertMatches<T>(output.Memory.ToArray(scope.Stream), expected.Output, "output");
        float[] written = logsumexp.Memory.ToArray(scope.Stream);
        if (withLogSumExp)
        {
            Tolerance.AssertMatches<float>(written, expected.LogSumExp, "logsumexp");
        }
        else
        {
            Assert.That(written, Has.All.NaN);
        }
    }

    [Test]
    public void PartsAreAddedToWhatIsThere([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using var scope = new TensorScope(device);
        double[] outputs = [.. _outputs.Select(Elements.ToDouble)];
        T[] first = [.. outputs[..(RowCount * Width)].Select(Elements.FromDouble<T>)];
        Elements.ToDoubles<T>(first).CopyTo(outputs, 0);
        using DeviceBuffer<T> output = scope.Stream.Upload<T>(first);
        using DeviceBuffer<float> logsumexp = scope.Stream.Upload<float>(_logsumexps.AsSpan(0, Queries));
        Attention.Combine(
            scope.Stream,
            scope.Upload(_outputs[(RowCount * Width)..], [Parts - 1, .. OutputDims]),
            scope.Upload(_logsumexps[Queries..], [Parts - 1, .. LogSumExpDims]),
            new DeviceTensor<T>(output, OutputDims),
            new DeviceTensor<float>(logsumexp, LogSumExpDims),
            accumulate: true);
        AttentionExpectation expected = Expected(outputs);
        Tolerance.AssertMatches<T>(output.ToArray(scope.Stream), expected.Output, "output");
        Tolerance.AssertMatches<float>(logsumexp.ToArray(scope.Stream), expected.LogSumExp, "logsumexp");
    }

    /// <summary>The formula, over outputs in double.</summary>
    private AttentionExpectation Expected(double[] outputs)
    {
        var expected = new AttentionExpectation(RowCount * Width, Queries);
        for (int row = 0; row < RowCount; row++)
        {
            (int b, int i, int h) = (row / Heads / Length, row / Heads % Length, row % Heads);
            int query = (b * Heads + h) * Length + i;
            double[] l = [.. Enumerable.Range(0, Parts).Select(part => (double)_logsumexps[part * Queries + query])];
            double largest = l.Max();
            double sum = l.Sum(x => double.IsInfinity(largest) ? 0 : Math.Exp(x - largest));
            double all = largest + Math.Log(sum);
            expected.LogSumExp.Values[query] = double.IsInfinity(largest) ? largest : all;
            expected.LogSumExp.Naive[query] = (float)expected.LogSumExp.Values[query];
            expected.LogSumExp.Terms[query] = double.IsInfinity(largest) ? 0 : Math.Abs(all) + 3;
            for (int part = 0; part < Parts; part++)
            {
                double weight = double.IsInfinity(l[part]) ? 0 : Math.Exp(l[part] - all);
                for (int c = 0; c < Width && weight > 0; c++)
                {
                    int place = row * Width + c;
                    double output = outputs[part * RowCount * Width + place], term = weight * output;
                    expected.Output.Values[place] += term;
                    expected.Output.Naive[place] += Elements.Round<T>(Elements.Round<T>((float)weight) * (float)output);
                    expected.Output.Terms[place] += Math.Abs(term);
                }
            }
        }
        return expected;
    }
}
