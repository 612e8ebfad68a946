using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>What a test of short convolution computes.</summary>
public sealed record ShortConvolutionSetting(int Batch, int Channels, int Length, int Width)
{
    public bool ChannelsLast { get; init; }

    public bool Bias { get; init; }

    /// <summary>Whether there are inputs before the first one.</summary>
    public bool State { get; init; }

    public ShortConvolutionShape Shape => new(Batch, Channels, Length, Width);

    public ShortConvolutionOptions Options => new() { ChannelsLast = ChannelsLast };

    public static IEnumerable<ShortConvolutionSetting> All =>
        from setting in (ShortConvolutionSetting[])
        [
            new(1, 1, 1, 1) { Bias = true },
            new(2, 3, 50, 4) { Bias = true, State = true },
            new(1, 17, 33, 3) { State = true },
            new(3, 5, 20, 7),
            new(1, 2, 3, 8) { State = true },
            new(1, 3, 200, 127) { Bias = true },
        ]
        from channelsLast in (bool[])[false, true]
        select setting with { ChannelsLast = channelsLast };

    public override string ToString() =>
        $"[{Batch}, {Channels}, {Length}] x {Width}{(ChannelsLast ? " channels last" : "")}{(Bias ? " bias" : "")}"
        + $"{(State ? " state" : "")}";
}

/// <summary>Numbers for a setting, and what they should give, by the formula in double precision.</summary>
internal sealed class ShortConvolutionProblem<T>
    where T : unmanaged
{
    private const double SumError = 16.0 / (1 << 24);

    private readonly ShortConvolutionSetting _setting;

    public ShortConvolutionProblem(ShortConvolutionSetting setting)
    {
        _setting = setting;
        var random = new Random(1);
        int rows = setting.Batch * setting.Channels;
        (Input, GradOutput) = (Numbers(rows * setting.Length), Numbers(rows * setting.Length));
        State = setting.State ? Numbers(rows * (setting.Width - 1)) : [];
        Filter = Numbers(setting.Channels * setting.Width);
        Bias = setting.Bias ? Numbers(setting.Channels) : [];

        T[] Numbers(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => Elements.FromDouble<T>(2 * random.NextDouble() - 1))];
    }

    public T[] Input { get; }

    public T[] GradOutput { get; }

    public T[] State { get; }

    public T[] Filter { get; }

    public T[] Bias { get; }

    /// <summary>Shape of the input.</summary>
    public long[] Dims => DimsOf(_setting.Length);

    /// <summary>Shape of the state.</summary>
    public long[] StateDims => DimsOf(_setting.Width - 1);

    /// <summary>What the forward pass should write.</summary>
    public Bounded Output()
    {
        var output = new Bounded(Input.Length);
        ForEachRow((b, c) =>
        {
            for (int t = 0; t < _setting.Length; t++)
            {
                int place = Place(b, c, t, _setting.Length);
                Add(output, place, _setting.Bias ? Elements.ToDouble(Bias[c]) : 0);
                for (int j = 0; j < _setting.Width; j++)
                {
                    Add(output, place, Tap(c, j) * Before(b, c, t - j));
                }
            }
        });
        return output;
    }

    /// <summary>What the state should hold after a forward pass, exactly.</summary>
    public double[] StateAfter()
    {
        var after = new double[State.Length];
        int values = _setting.Width - 1;
        ForEachRow((b, c) =>
        {
            for (int i = 0; i < values && _setting.State; i++)
            {
                after[Place(b, c, i, values)] = Before(b, c, _setting.Length - values + i);
            }
        });
        return after;
    }

    /// <summary>What the backward pass should write, where nothing is before the first input.</summary>
    public (Bounded Input, Bounded Filter, Bounded Bias) Gradients()
    {
        (Bounded input, Bounded filter, Bounded bias) = (new(Input.Length), new(Filter.Length), new(_setting.Channels));
        ForEachRow((b, c) =>
        {
            for (int t = 0; t < _setting.Length; t++)
            {
                double dy = Elements.ToDouble(GradOutput[Place(b, c, t, _setting.Length)]);
                Add(bias, c, dy);
                for (int j = 0; j < _setting.Width && j <= t; j++)
                {
                    int place = Place(b, c, t - j, _setting.Length);
                    Add(input, place, dy * Tap(c, j));
                    Add(filter, c * _setting.Width + j, dy * Elements.ToDouble(Input[place]));
                }
            }
        });
        return (input, filter, bias);
    }

    private static void Add(Bounded tensor, int place, double term)
    {
        tensor.Values[place] += term;
        tensor.Allowed[place] += SumError * Math.Abs(term);
    }

    private void ForEachRow(Action<int, int> visit)
    {
        for (int row = 0; row < _setting.Batch * _setting.Channels; row++)
        {
            visit(row / _setting.Channels, row % _setting.Channels);
        }
    }

    private double Tap(int channel, int j) => Elements.ToDouble(Filter[channel * _setting.Width + j]);

    /// <summary>The input at a time, which may be before the first one.</summary>
    private double Before(int b, int c, int t)
    {
        int values = _setting.Width - 1;
        return t >= 0 ? Elements.ToDouble(Input[Place(b, c, t, _setting.Length)])
            : _setting.State ? Elements.ToDouble(State[Place(b, c, values + t, values)])
            : 0;
    }

    private int Place(int b, int c, int t, int length) => _setting.ChannelsLast
        ? (b * length + t) * _setting.Channels + c
        : (b * _setting.Channels + c) * length + t;

    private long[] DimsOf(int length) => _setting.ChannelsLast
        ? [_setting.Batch, length, _setting.Channels]
        : [_setting.Batch, _setting.Channels, length];
}
