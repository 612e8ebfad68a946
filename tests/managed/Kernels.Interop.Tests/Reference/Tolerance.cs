namespace Kernels.Interop.Tests.Reference;

/// <summary>
/// Tells whether computed numbers are right: anomalies by position first, then each element within a tolerance derived from
/// the problem, |out - ref| &lt;= 2 max|naive - ref| + 16 * 2^-24 * sum|terms| + half an ulp of ref.
/// </summary>
internal static class Tolerance
{
    /// <summary>Roundings of float that a sum may lose, relative to the sum of its absolute terms: the only constant.</summary>
    private const double Roundings = 16;

    /// <summary>Asserts that elements of type <typeparamref name="T"/> are what they should be.</summary>
    public static void AssertMatches<T>(ReadOnlySpan<T> actual, Expectation expected, string what)
        where T : unmanaged
    {
        string? fault = Fault(actual, expected);
        Assert.That(fault, Is.Null, what);
    }

    /// <summary>The first thing wrong with what attention has written, by sequence; null if nothing is.</summary>
    public static string? Fault<T>(T[][] outputs, float[][] logsumexps, AttentionExpectation[] expected)
        where T : unmanaged
    {
        for (int b = 0; b < expected.Length; b++)
        {
            string? fault = Fault<T>(outputs[b], expected[b].Output) ?? Fault<float>(logsumexps[b], expected[b].LogSumExp);
            if (fault is not null)
            {
                return $"sequence {b}: {fault}";
            }
        }
        return null;
    }

    /// <summary>The first thing wrong with the elements; null if nothing is.</summary>
    public static string? Fault<T>(ReadOnlySpan<T> actual, Expectation expected)
        where T : unmanaged
    {
        double[] values = Elements.ToDoubles(actual);
        if (values.Length != expected.Values.Length)
        {
            return $"there are {values.Length} elements, not {expected.Values.Length}";
        }
        double naiveError = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(expected.Values[i]) || !double.IsFinite(values[i]))
            {
                if (!values[i].Equals(expected.Values[i]))
                {
                    return $"element {i} is {values[i]}, not {expected.Values[i]}";
                }
                continue;
            }
            double error = Math.Abs(expected.Naive[i] - expected.Values[i]);
            naiveError = Math.Max(naiveError, double.IsFinite(error) ? error : 0);
        }
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(expected.Values[i]))
            {
                continue;
            }
            double allowed = 2 * naiveError
                + Roundings * Math.ScaleB(1, -24) * expected.Terms[i]
                + Elements.HalfUlp<T>(expected.Values[i]);
            if (Math.Abs(values[i] - expected.Values[i]) > allowed)
            {
                return $"element {i} is {values[i]}, not {expected.Values[i]} +- {allowed}";
            }
        }
        return null;
    }
}
