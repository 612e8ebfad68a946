namespace Kernels.Interop.Tests.Convolutions;

/// <summary>Convolution of a row by its formula, in double precision.</summary>
internal static class ConvolutionFormula
{
    /// <summary>
    /// Visits the products of c[t] = sum over j of k[j] x[t - j]: output t, tap j, input t - j. With a period, indices are taken
    /// modulo it, and inputs from <paramref name="length"/> on are zeros; with none, those before the first are.
    /// </summary>
    public static void ForEachProduct(int length, int taps, int? period, Action<int, int, int> visit)
    {
        for (int t = 0; t < length; t++)
        {
            for (int j = 0; j < taps; j++)
            {
                int s = t - j;
                if (s < 0 && period is int p)
                {
                    s += p;
                }
                if (s >= 0 && s < length)
                {
                    visit(t, j, s);
                }
            }
        }
    }

    /// <summary>sign(k) max(|k| - squash, 0).</summary>
    public static double[] Squashed(ReadOnlySpan<double> filter, double squash)
    {
        double[] squashed = filter.ToArray();
        foreach (ref double tap in squashed.AsSpan())
        {
            tap = Math.CopySign(Math.Max(Math.Abs(tap) - squash, 0), tap);
        }
        return squashed;
    }

    /// <summary>The filter that does modulo a period what a longer one does.</summary>
    public static double[] Folded(double[] filter, int period)
    {
        var folded = new double[Math.Min(period, filter.Length)];
        for (int j = 0; j < filter.Length; j++)
        {
            folded[j % period] += filter[j];
        }
        return folded;
    }

    /// <summary>The spectrum at frequency f of a transform of <paramref name="points"/> points.</summary>
    public static (double Real, double Imaginary) Spectrum(ReadOnlySpan<double> taps, int f, int points)
    {
        double real = 0, imaginary = 0;
        for (int j = 0; j < taps.Length; j++)
        {
            (double sin, double cos) = Math.SinCos(-2 * Math.PI * ((long)f * j % points) / points);
            real += taps[j] * cos;
            imaginary += taps[j] * sin;
        }
        return (real, imaginary);
    }

    /// <summary>What is left of taps when only the frequencies that <paramref name="keeps"/> accepts count: one tap a point.</summary>
    public static double[] Masked(ReadOnlySpan<double> taps, int points, Func<int, bool> keeps)
    {
        var masked = new double[points];
        for (int f = 0; f < points; f++)
        {
            if (!keeps(Math.Min(f, points - f)))
            {
                continue;
            }
            (double real, double imaginary) = Spectrum(taps, f, points);
            for (int j = 0; j < points; j++)
            {
                (double sin, double cos) = Math.SinCos(2 * Math.PI * ((long)f * j % points) / points);
                masked[j] += (real * cos - imaginary * sin) / points;
            }
        }
        return masked;
    }
}
