namespace Kernels.Interop.Tests.Reference;

/// <summary>
/// Attention of one sequence with every option, and its gradients, slowly, written from the header's formulas. Arithmetic is
/// double; a rounding of elementary results turns it into the naive computation that tolerances are derived from.
/// </summary>
internal sealed record SequenceAttention(Rows Query, Rows Key, Rows Value, AttentionOptions Options)
{
    /// <summary>Place of the sequence in the batch, which dropout depends on.</summary>
    public int Batch { get; init; }

    /// <summary>What is added to the score of (head, query, key).</summary>
    public Func<int, int, int, double> Bias { get; init; } = (_, _, _) => 0;

    /// <summary>Whether the masks let (head, query, key) be seen.</summary>
    public Func<int, int, int, bool> Mask { get; init; } = (_, _, _) => true;

    /// <summary>Slope of each query head.</summary>
    public Func<int, double> Slope { get; init; } = _ => 0;

    private int HeadOfKey(int head) => head / (Query.Heads / Key.Heads);

    private double Scale => Options.Scale ?? 1 / Math.Sqrt(Query.Width);

    /// <summary>What attention should write: the output as [length, heads, width], the logsumexp as [heads, length].</summary>
    public AttentionExpectation Forward<T>()
        where T : unmanaged
    {
        var expected = new AttentionExpectation(Query.Length * Query.Heads * Value.Width, Query.Heads * Query.Length);
        for (int h = 0; h < Query.Heads; h++)
        {
            for (int i = 0; i < Query.Length; i++)
            {
                int o = (i * Query.Heads + h) * Value.Width, l = h * Query.Length + i;
                Row exact = ComputeRow(h, i, x => x);
                Row naive = ComputeRow(h, i, x => Elements.Round<T>((float)x));
                exact.Output.CopyTo(expected.Output.Values, o);
                naive.Output.CopyTo(expected.Output.Naive, o);
                exact.OutputTerms.CopyTo(expected.Output.Terms, o);
                expected.LogSumExp.Values[l] = exact.LogSumExp;
                expected.LogSumExp.Naive[l] = ComputeRow(h, i, x => (float)x).LogSumExp;
                expected.LogSumExp.Terms[l] = double.IsFinite(exact.LogSumExp) ? exact.ScoreTerms + Math.Abs(exact.LogSumExp) : 0;
            }
        }
        return expected;
    }

    /// <summary>What the gradients should be, given the output's.</summary>
    public GradientExpectation Backward<T>(Rows gradOutput)
        where T : unmanaged
    {
        GradientExpectation exact = ComputeGradients(gradOutput, x => x);
        GradientExpectation naive = ComputeGradients(gradOutput, x => Elements.Round<T>((float)x));
        return new(
            exact.Query with { Naive = naive.Query.Values },
            exact.Key with { Naive = naive.Key.Values },
            exact.Value with { Naive = naive.Value.Values },
            exact.Bias with { Naive = naive.Bias.Values });
    }

    private bool Sees(int h, int i, int j)
    {
        int position = i + Key.Length - Query.Length;
        return (!Options.Causal || j <= position)
            && (Options.WindowRight is not long right || j <= position + right)
            && (Options.WindowLeft is not long left || j >= position - left || j < Options.SinkCount)
            && Mask(h, i, j)
            && !double.IsNegativeInfinity(Bias(h, i, j));
    }

    private Row ComputeRow(int h, int i, Func<double, double> round)
    {
        int position = i + Key.Length - Query.Length, n = Key.Length;
        var row = new Row(n, Value.Width);
        for (int j = 0; j < n; j++)
        {
            double product = 0;
            double terms = 0;
            for (int c = 0; c < Query.Width; c++)
            {
                double term = Query[i, h][c] * Key[j, HeadOfKey(h)][c];
                product += round(term);
                terms += Math.Abs(Scale * term);
            }
            double score = round(Scale * round(product));
            row.Slopes[j] = 1;
            if (Options.SoftCap > 0)
            {
                double tanh = round(Math.Tanh(score / Options.SoftCap));
                score = round(Options.SoftCap * tanh);
                row.Slopes[j] = 1 - tanh * tanh;
            }
            double added = Bias(h, i, j) - Slope(h) * Math.Abs(position - j);
            row.Scores[j] = Sees(h, i, j) ? round(score + added) : double.NegativeInfinity;
            row.Terms[j] = terms + Math.Abs(added);
        }
        double largest = row.Scores.Length == 0 ? double.NegativeInfinity : row.Scores.Max();
        if (double.IsNegativeInfinity(largest))
        {
            row.LogSumExp = double.NegativeInfinity;
            return row;
        }
        double sum = row.Scores.Sum(score => round(Math.Exp(score - largest)));
        row.LogSumExp = largest + Math.Log(sum);
        for (int j = 0; j < n; j++)
        {
            row.Weights[j] = round(round(Math.Exp(row.Scores[j] - largest)) / sum);
            if (row.Weights[j] == 0)
            {
                continue;
            }
            row.ScoreTerms += row.Weights[j] * row.Terms[j];
            row.Kept[j] = Philox.Factor(Options.Dropout, Batch, h, Query.Heads, i, j);
            for (int c = 0; c < Value.Width; c++)
            {
                double term = round(row.Weights[j] * row.Kept[j] * Value[j, HeadOfKey(h)][c]);
                row.Output[c] += term;
                row.OutputTerms[c] += Math.Abs(term);
            }
        }
        for (int c = 0; c < Value.Width; c++)
        {
            row.Output[c] = round(row.Output[c]);
        }
        return row;
    }

    private GradientExpectation ComputeGradients(Rows gradOutput, Func<double, double> round)
    {
        var dq = new Expectation(Query.Data.Length);
        var dk = new Expectation(Key.Data.Length);
        var dv = new Expectation(Value.Data.Length);
        var dbias = new Expectation(Query.Heads * Query.Length * Key.Length);
        for (int h = 0; h < Query.Heads; h++)
        {
            int g = HeadOfKey(h);
            for (int i = 0; i < Query.Length; i++)
            {
                Row row = ComputeRow(h, i, round);
                double delta = 0;
                double deltaTerms = 0;
                for (int c = 0; c < Value.Width; c++)
                {
                    delta += round(gradOutput[i, h][c] * row.Output[c]);
                    deltaTerms += Math.Abs(gradOutput[i, h][c]) * row.OutputTerms[c];
                }
                for (int j = 0; j < Key.Length; j++)
                {
                    if (row.Weights[j] == 0)
                    {
                        continue;
                    }
                    double dp = 0;
                    double dpTerms = 0;
                    for (int c = 0; c < Value.Width; c++)
                    {
                        double term = gradOutput[i, h][c] * Value[j, g][c];
                        dp += round(term);
                        dpTerms += Math.Abs(term);
                        Add(dv, (j * Value.Heads + g) * Value.Width + c, round(row.Weights[j] * row.Kept[j] * gradOutput[i, h][c]), 0);
                    }
                    double ds = round(row.Weights[j] * round(row.Kept[j] * dp - delta));
                    double dsTerms = row.Weights[j] * (1 + row.Terms[j]) * (row.Kept[j] * dpTerms + deltaTerms);
                    Add(dbias, (h * Query.Length + i) * Key.Length + j, ds, dsTerms);
                    double raw = round(Scale * ds * row.Slopes[j]);
                    double rawTerms = Math.Abs(Scale) * dsTerms;
                    for (int c = 0; c < Query.Width; c++)
                    {
                        double q = Query[i, h][c], k = Key[j, g][c];
                        Add(dq, (i * Query.Heads + h) * Query.Width + c, round(raw * k), rawTerms * Math.Abs(k));
                        Add(dk, (j * Key.Heads + g) * Key.Width + c, round(raw * q), rawTerms * Math.Abs(q));
                    }
                }
            }
        }
        return new(dq, dk, dv, dbias);
    }

    private static void Add(Expectation to, int place, double term, double terms)
    {
        to.Values[place] += term;
        to.Terms[place] += Math.Max(Math.Abs(term), terms);
    }

    /// <summary>One query of one head.</summary>
    private sealed class Row(int keys, int width)
    {
        public double[] Scores { get; } = new double[keys];

        public double[] Terms { get; } = new double[keys];

        public double[] Slopes { get; } = new double[keys];

        public double[] Weights { get; } = new double[keys];

        public double[] Kept { get; } = new double[keys];

        public double[] Output { get; } = new double[width];

        public double[] OutputTerms { get; } = new double[width];

        public double LogSumExp { get; set; }

        public double ScoreTerms { get; set; }
    }
}

/// <summary>
/// What gradients of one sequence should be: of [length, heads, width], and of [heads, query length, key length].
/// </summary>
internal sealed record GradientExpectation(Expectation Query, Expectation Key, Expectation Value, Expectation Bias);
