using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Numbers for a setting, and what they should give, by the formula in double precision.</summary>
/// <remarks>
/// A transform of N points errs by a multiple of log2 N roundings, relative to the norms of what is multiplied: each c[t] by
/// Factor * log2(N) * u * |x| * |k|, with u half a unit in the last place of what is computed in.
/// </remarks>
internal sealed class ConvolutionProblem<T>
    where T : unmanaged
{
    private const double Factor = 2;

    /// <summary>What sums that are formed directly may lose of their absolute terms.</summary>
    private const double SumError = 16.0 / (1 << 24);

    private readonly ConvolutionSetting _setting;
    private readonly double[][] _taps;
    private readonly int? _period;
    private readonly double _error;

    /// <param name="setting">What to compute.</param>
    /// <param name="device">Where; CUDA may round 16-bit types between the stages of a transform.</param>
    /// <param name="seed">Seed of the rows; the weights are the same in all problems of a setting.</param>
    /// <param name="roundWeights">Whether filters and skip are numbers of <typeparamref name="T"/>, rather than float.</param>
    public ConvolutionProblem(
        ConvolutionSetting setting, string device = "cpu", int seed = 1, bool roundWeights = false)
    {
        _setting = setting;
        var random = new Random(seed);
        int rows = setting.Batch * setting.Channels;
        (Input, GradOutput) = (Numbers(random, rows * setting.Length), Numbers(random, rows * setting.Length));
        (InputGate, OutputGate) = setting.Gates
            ? (Numbers(random, rows * setting.Length), Numbers(random, rows * setting.Length))
            : ([], []);
        Skip = setting.Skip ? Weights(setting.Channels) : [];
        Filter = Weights(setting.Channels * setting.Taps);
        _period = setting.Mask.Count > 0 ? setting.FftSize : setting.Circular ? setting.Length : null;
        _taps = [.. Enumerable.Range(0, setting.Channels).Select(Taps)];
        double points = setting.FftSize > 0 ? setting.FftSize : 2.0 * (setting.Length + setting.Taps);
        double unit = device == "cpu" ? Math.ScaleB(1, -24) : Elements.HalfUlp<T>(1);
        _error = Factor * Math.Max(Math.Log2(points), 8) * unit;

        float[] Weights(int count) =>
            [.. Floats(new Random(count), count).Select(weight => roundWeights ? Elements.Round<T>(weight) : weight)];
    }

    public T[] Input { get; }

    public T[] InputGate { get; }

    public T[] OutputGate { get; }

    public T[] GradOutput { get; }

    public float[] Filter { get; }

    public float[] Skip { get; }

    /// <summary>[batch, channels, length].</summary>
    public long[] Dims => [_setting.Batch, _setting.Channels, _setting.Length];

    /// <summary>What the forward pass should write.</summary>
    public Bounded Output()
    {
        var output = new Bounded(Input.Length);
        for (int row = 0; row < _setting.Batch * _setting.Channels; row++)
        {
            int first = row * _setting.Length, channel = row % _setting.Channels;
            double[] c = Convolve(row, out double error);
            for (int t = 0; t < c.Length; t++)
            {
                double gate = Gate(OutputGate, first + t), skipped = SkipOf(channel) * Number(Input, first + t);
                output.Values[first + t] = gate * c[t] + skipped;
                output.Allowed[first + t] =
                    Math.Abs(gate) * error + SumError * (Math.Abs(gate * c[t]) + Math.Abs(skipped));
            }
        }
        return output;
    }

    /// <summary>What the backward pass should write.</summary>
    public ConvolutionGradients Gradients()
    {
        ConvolutionSetting s = _setting;
        var g = new ConvolutionGradients(
            new(Input.Length), new(Filter.Length), new(Input.Length), new(Input.Length), new(s.Channels));
        var filter = new double[s.Channels][];
        var filterError = new double[s.Channels];
        for (int row = 0; row < s.Batch * s.Channels; row++)
        {
            int first = row * s.Length, channel = row % s.Channels;
            double[] x = Gated(row), k = _taps[channel], dx = new double[s.Length];
            double[] dc = [.. Enumerable.Range(first, s.Length).Select(i => Number(GradOutput, i) * Gate(OutputGate, i))];
            double[] dk = filter[channel] ??= new double[k.Length];
            ConvolutionFormula.ForEachProduct(s.Length, k.Length, _period, (t, j, i) =>
            {
                dx[i] += dc[t] * k[j];
                dk[j] += dc[t] * x[i];
            });
            filterError[channel] += _error * Norm(dc) * Norm(x);
            double[] c = Convolve(row, out double cError);
            double dxError = _error * Norm(dc) * Norm(k);
            for (int t = 0; t < s.Length; t++)
            {
                int i = first + t;
                double u = Number(Input, i), dy = Number(GradOutput, i), w = Gate(InputGate, i), d = SkipOf(channel);
                Set(g.Input, i, dx[t] * w + d * dy, Math.Abs(w) * dxError + SumError * (Math.Abs(dx[t] * w) + Math.Abs(d * dy)));
                Set(g.InputGate, i, dx[t] * u, Math.Abs(u) * dxError + SumError * Math.Abs(dx[t] * u));
                Set(g.OutputGate, i, dy * c[t], Math.Abs(dy) * cError + SumError * Math.Abs(dy * c[t]));
                g.Skip.Values[channel] += dy * u;
                g.Skip.Allowed[channel] += SumError * Math.Abs(dy * u);
            }
        }
        for (int channel = 0; channel < s.Channels; channel++)
        {
            double[] dk = s.Mask.Count > 0 ? ConvolutionFormula.Masked(filter[channel], s.FftSize, Keeps) : filter[channel];
            for (int j = 0; j < s.Taps; j++)
            {
                int i = channel * s.Taps + j;
                bool counts = (Math.Abs((double)Filter[i]) > s.Squash || s.Squash == 0) && (s.Circular || j < s.Length);
                Set(g.Filter, i, counts ? dk[s.Circular ? j % s.Length : j] : 0, counts ? filterError[channel] : 0);
            }
        }
        return g;
    }

    /// <summary>The taps of a channel after squashing, as long as they were set.</summary>
    public double[] SquashedFilter(int channel) => ConvolutionFormula.Squashed(
        [.. Filter.AsSpan(channel * _setting.Taps, _setting.Taps).ToArray().Select(tap => (double)tap)], _setting.Squash);

    private static void Set(Bounded tensor, int i, double value, double allowed) =>
        (tensor.Values[i], tensor.Allowed[i]) = (value, allowed);

    private static T[] Numbers(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Elements.FromDouble<T>(2 * random.NextDouble() - 1))];

    private static float[] Floats(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(2 * random.NextDouble() - 1))];

    private static double Norm(double[] numbers) => Math.Sqrt(numbers.Sum(number => number * number));

    private static double Number(T[] numbers, int i) => Elements.ToDouble(numbers[i]);

    private static double Gate(T[] gate, int i) => gate.Length == 0 ? 1 : Number(gate, i);

    private double SkipOf(int channel) => Skip.Length == 0 ? 0 : Skip[channel];

    private bool Keeps(int frequency) => _setting.Mask[Math.Min(frequency / _setting.Block, _setting.Mask.Count - 1)];

    private double[] Taps(int channel)
    {
        double[] taps = SquashedFilter(channel);

        // Taps behind the length of a row meet zeros only, and do not count before a mask either.
        taps = _setting.Circular
            ? ConvolutionFormula.Folded(taps, _setting.Length)
            : taps[..Math.Min(taps.Length, _setting.Length)];
        return _setting.Mask.Count > 0 ? ConvolutionFormula.Masked(taps, _setting.FftSize, Keeps) : taps;
    }

    private double[] Gated(int row)
    {
        int first = row * _setting.Length;
        return [.. Enumerable.Range(first, _setting.Length).Select(i => Number(Input, i) * Gate(InputGate, i))];
    }

    private double[] Convolve(int row, out double error)
    {
        double[] x = Gated(row), k = _taps[row % _setting.Channels], c = new double[x.Length];
        ConvolutionFormula.ForEachProduct(x.Length, k.Length, _period, (t, j, s) => c[t] += k[j] * x[s]);
        error = _error * Norm(x) * Norm(k);
        return c;
    }
}

/// <summary>What the backward pass of a long convolution should write.</summary>
internal sealed record ConvolutionGradients(Bounded Input, Bounded Filter, Bounded InputGate, Bounded OutputGate, Bounded Skip);
