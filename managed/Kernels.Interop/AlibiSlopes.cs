namespace Kernels.Interop;

/// <summary>Slopes of a linear bias by distance, one for each head (ALiBi, Press et al. 2021, section 3).</summary>
public static class AlibiSlopes
{
    /// <summary>The usual slopes, for <see cref="AttentionInputs.AlibiSlopes"/>.</summary>
    /// <param name="heads">Number of query heads.</param>
    /// <returns>[heads], as <see cref="Fill"/> writes them.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static float[] ForHeads(int heads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(heads);
        var slopes = new float[heads];
        Fill(slopes);
        return slopes;
    }

    /// <summary>
    /// Writes the usual slopes: 2^(-8/n), 2^(-16/n) ... 2^-8 for n heads, if n is a power of two. Otherwise those of the largest
    /// power of two below, followed by every other one of those of twice as many heads.
    /// </summary>
    /// <param name="slopes">[heads], written.</param>
    public static void Fill(Span<float> slopes)
    {
        int power = 1;
        while (2 * power <= slopes.Length)
        {
            power *= 2;
        }
        for (int h = 0; h < slopes.Length; h++)
        {
            double exponent = h < power ? -8.0 * (h + 1) / power : -4.0 * (2 * (h - power) + 1) / power;
            slopes[h] = (float)Math.Pow(2, exponent);
        }
    }
}
