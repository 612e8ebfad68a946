namespace Kernels.Interop.Tests.Reference;

/// <summary>Numbers of a sequence: [length, heads, width].</summary>
internal sealed record Rows(int Length, int Heads, int Width)
{
    public double[] Data { get; init; } = new double[Length * Heads * Width];

    public Span<double> this[int row, int head] => Data.AsSpan((row * Heads + head) * Width, Width);

    /// <summary>Normally distributed numbers, as elements of type <typeparamref name="T"/>.</summary>
    public static Rows Random<T>(Random random, int length, int heads, int width)
        where T : unmanaged
    {
        var rows = new Rows(length, heads, width);
        foreach (ref double number in rows.Data.AsSpan())
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            number = Elements.ToDouble(Elements.FromDouble<T>(radius * Math.Cos(2 * Math.PI * random.NextDouble())));
        }
        return rows;
    }

    /// <summary>Some of the rows.</summary>
    public Rows Slice(int first, int count) =>
        new(count, Heads, Width) { Data = Data[(first * Heads * Width)..((first + count) * Heads * Width)] };

    /// <summary>These rows, and others behind them.</summary>
    public Rows Then(Rows others) => new(Length + others.Length, Heads, Width) { Data = [.. Data, .. others.Data] };

    /// <summary>Rotary embedding (RoFormer, Su et al. 2021): row i is turned by the angles of its position.</summary>
    /// <param name="first">Position of the first row; rows before position 0 are not turned.</param>
    /// <param name="rotaryDim">Elements of a row that are turned.</param>
    /// <param name="theta">Base of the frequencies.</param>
    /// <param name="interleaved">Whether pairs are neighbours rather than halves.</param>
    public Rows Turned(int first, int rotaryDim, double theta, bool interleaved = false)
    {
        var turned = new Rows(Length, Heads, Width) { Data = [.. Data] };
        for (int i = Math.Max(0, -first); i < Length; i++)
        {
            for (int pair = 0; pair < rotaryDim / 2; pair++)
            {
                (double sin, double cos) = Math.SinCos((first + i) * Math.Pow(theta, -2.0 * pair / rotaryDim));
                (int x, int y) = interleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + rotaryDim / 2);
                for (int h = 0; h < Heads; h++)
                {
                    turned[i, h][x] = this[i, h][x] * cos - this[i, h][y] * sin;
                    turned[i, h][y] = this[i, h][x] * sin + this[i, h][y] * cos;
                }
            }
        }
        return turned;
    }
}
