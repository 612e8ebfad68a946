namespace Kernels.Interop.Tests.Reference;

/// <summary>Attention of contiguous tensors, slowly, written from the formula.</summary>
internal static class AttentionReference
{
    /// <summary>Computes what is expected of inputs whose elements are of type <typeparamref name="T"/>.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="query">[batch, query length, query heads, head dim].</param>
    /// <param name="key">[batch, key length, key/value heads, head dim].</param>
    /// <param name="value">[batch, key length, key/value heads, value head dim].</param>
    /// <param name="options">Causality and scale.</param>
    public static AttentionExpectation Compute<T>(
        AttentionShape shape, double[] query, double[] key, double[] value, AttentionOptions options)
        where T : unmanaged
    {
        (int batch, int lq, int lk, int hq, int hkv, int d, int dv) = shape;
        double scale = options.Scale ?? 1 / Math.Sqrt(d);
        var expected = new AttentionExpectation(batch * lq * hq * dv, batch * hq * lq);
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < hq; h++)
            {
                int g = h / (hq / hkv);
                for (int i = 0; i < lq; i++)
                {
                    int visible = options.Causal ? Math.Clamp(i + lk - lq + 1, 0, lk) : lk;
                    var row = new Row(
                        query.AsSpan(((b * lq + i) * hq + h) * d, d),
                        new KeyOrValue(key, b, lk, hkv, g, d),
                        new KeyOrValue(value, b, lk, hkv, g, dv),
                        scale,
                        visible);
                    int o = ((b * lq + i) * hq + h) * dv;
                    int l = (b * hq + h) * lq + i;
                    row.Exact(expected, o, l);
                    row.Naive<T>(expected.Output.Naive.AsSpan(o, dv), ref expected.LogSumExp.Naive[l]);
                }
            }
        }
        return expected;
    }

    /// <summary>Rows of one head of key or value.</summary>
    private readonly ref struct KeyOrValue(double[] data, int batch, int length, int heads, int head, int width)
    {
        public ReadOnlySpan<double> this[int j] => data.AsSpan(((batch * length + j) * heads + head) * width, width);
    }

    /// <summary>One query of one head, with the keys it sees.</summary>
    private readonly ref struct Row(ReadOnlySpan<double> query, KeyOrValue key, KeyOrValue value, double scale, int visible)
    {
        private readonly ReadOnlySpan<double> _query = query;
        private readonly KeyOrValue _key = key;
        private readonly KeyOrValue _value = value;

        /// <summary>The formula; the row's results begin at element o of the output, and are element l of the logsumexp.</summary>
        public void Exact(AttentionExpectation expected, int o, int l)
        {
            var weights = new double[visible];
            var absolutes = new double[visible];
            for (int j = 0; j < visible; j++)
            {
                for (int c = 0; c < _query.Length; c++)
                {
                    weights[j] += scale * _query[c] * _key[j][c];
                    absolutes[j] += Math.Abs(scale * _query[c] * _key[j][c]);
                }
            }
            double largest = visible == 0 ? 0 : weights.Max(); // exp(s - largest) stands for exp(s), which would overflow
            double sum = 0;
            for (int j = 0; j < visible; j++)
            {
                weights[j] = Math.Exp(weights[j] - largest);
                sum += weights[j];
            }
            expected.LogSumExp.Values[l] = largest + Math.Log(sum);
            expected.LogSumExp.Terms[l] = visible == 0 ? 0 : Math.Abs(largest + Math.Log(sum));
            for (int j = 0; j < visible; j++)
            {
                double p = weights[j] / sum;
                expected.LogSumExp.Terms[l] += p * absolutes[j];
                for (int c = 0; c < _value[j].Length; c++)
                {
                    expected.Output.Values[o + c] += p * _value[j][c];
                    expected.Output.Terms[o + c] += p * Math.Abs(_value[j][c]);
                }
            }
        }

        /// <summary>The same with every elementary result rounded to T, and sums in float.</summary>
        public void Naive<T>(Span<double> output, ref double logsumexp)
            where T : unmanaged
        {
            var weights = new float[visible];
            var precise = new float[visible]; // what the logsumexp is of: it is always float
            for (int j = 0; j < visible; j++)
            {
                float dot = 0;
                float preciseDot = 0;
                for (int c = 0; c < _query.Length; c++)
                {
                    float product = (float)_query[c] * (float)_key[j][c];
                    dot += Elements.Round<T>(product);
                    preciseDot += product;
                }
                weights[j] = Elements.Round<T>((float)scale * Elements.Round<T>(dot));
                precise[j] = (float)scale * preciseDot;
            }
            (float largest, float total) = Softmax<float>(precise);
            logsumexp = largest + MathF.Log(total);
            (_, float sum) = Softmax<T>(weights);
            for (int c = 0; c < output.Length; c++)
            {
                float element = 0;
                for (int j = 0; j < visible; j++)
                {
                    element += Elements.Round<T>(weights[j] * (float)_value[j][c]);
                }
                output[c] = visible == 0 ? 0 : Elements.Round<T>(element / sum);
            }
        }

        /// <summary>Replaces scores by their exponentials, and returns what was taken off them and the sum.</summary>
        private static (float Largest, float Sum) Softmax<T>(float[] scores)
            where T : unmanaged
        {
            float largest = scores.Length == 0 ? 0 : scores.Max();
            float sum = 0;
            for (int j = 0; j < scores.Length; j++)
            {
                scores[j] = Elements.Round<T>(MathF.Exp(Elements.Round<T>(scores[j] - largest)));
                sum += scores[j];
            }
            return (largest, sum);
        }
    }
}
