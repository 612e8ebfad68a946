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
}
