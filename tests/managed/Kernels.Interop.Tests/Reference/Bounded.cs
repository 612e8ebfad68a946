namespace Kernels.Interop.Tests.Reference;

/// <summary>What a tensor should be, and how far each element may be from it.</summary>
internal sealed record Bounded(double[] Values, double[] Allowed)
{
    public Bounded(int length)
        : this(new double[length], new double[length]) { }

    /// <summary>Asserts that elements are what they should be; half a unit in their last place is allowed beside.</summary>
    public void AssertMatches<T>(ReadOnlySpan<T> actual, string what)
        where T : unmanaged => Assert.That(Fault(actual), Is.Null, what);

    /// <summary>The first thing wrong with the elements; null if nothing is.</summary>
    public string? Fault<T>(ReadOnlySpan<T> actual)
        where T : unmanaged
    {
        double[] values = Elements.ToDoubles(actual);
        if (values.Length != Values.Length)
        {
            return $"there are {values.Length} elements, not {Values.Length}";
        }
        for (int i = 0; i < values.Length; i++)
        {
            double allowed = Allowed[i] + Elements.HalfUlp<T>(Values[i]);
            if (!(Math.Abs(values[i] - Values[i]) <= allowed))
            {
                return $"element {i} is {values[i]}, not {Values[i]} +- {allowed}";
            }
        }
        return null;
    }
}
