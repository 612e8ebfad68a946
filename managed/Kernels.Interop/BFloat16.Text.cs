using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Kernels.Interop;

public readonly partial struct BFloat16
{
    /// <summary>The shortest decimal that reads back as this value, in the current culture.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => ToString(null, null);

    /// <summary>The value as text.</summary>
    /// <param name="format">Null, empty, <c>G</c> or <c>R</c>: the shortest decimal that reads back; else as for float.</param>
    /// <param name="formatProvider">The culture; null for the current one.</param>
    /// <returns>The text.</returns>
    public string ToString([StringSyntax(StringSyntaxAttribute.NumericFormat)] string? format, IFormatProvider? formatProvider) =>
        WantsShortest(format) ? Shortest().ToString(formatProvider) : ((float)this).ToString(format, formatProvider);

    /// <summary>Writes the value as text.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="charsWritten">Number of characters written.</param>
    /// <param name="format">As for <see cref="ToString(string?, IFormatProvider?)"/>.</param>
    /// <param name="provider">The culture; null for the current one.</param>
    /// <returns>False if the destination is too short.</returns>
    public bool TryFormat(
        Span<char> destination,
        out int charsWritten,
        [StringSyntax(StringSyntaxAttribute.NumericFormat)] ReadOnlySpan<char> format = default,
        IFormatProvider? provider = null) =>
        WantsShortest(format)
            ? Shortest().TryFormat(destination, out charsWritten, default, provider)
            : ((float)this).TryFormat(destination, out charsWritten, format, provider);

    /// <summary>Reads a number and rounds it to the nearest value.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">The culture; null for the current one.</param>
    /// <returns>The value.</returns>
    /// <exception cref="FormatException">The text is no number.</exception>
    public static BFloat16 Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static BFloat16 Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        (BFloat16)double.Parse(s, provider);

    /// <summary>Reads a number, if it is one, and rounds it to the nearest value.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">The culture; null for the current one.</param>
    /// <param name="result">The value; zero if the text is no number.</param>
    /// <returns>False if the text is no number.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out BFloat16 result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out BFloat16)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out BFloat16 result)
    {
        bool isNumber = double.TryParse(s, provider, out double value);
        result = isNumber ? (BFloat16)value : default;
        return isNumber;
    }

    private static bool WantsShortest(ReadOnlySpan<char> format) => format is "" or "G" or "g" or "R" or "r";

    /// <summary>The double with the fewest decimal digits that rounds to this value; double prints it with just those.</summary>
    private double Shortest()
    {
        const int DigitsThatAlwaysSuffice = 4; // 1 + ceil(8 log10 2)
        double exact = this;
        if (!double.IsFinite(exact))
        {
            return exact;
        }
        for (int digits = 1; digits < DigitsThatAlwaysSuffice; digits++)
        {
            double candidate = Rounded(exact, digits);
            if ((BFloat16)candidate == this)
            {
                return candidate;
            }
        }
        return Rounded(exact, DigitsThatAlwaysSuffice);
    }

    private static double Rounded(double value, int digits)
    {
        Span<char> text = stackalloc char[16];
        value.TryFormat(text, out int length, $"E{digits - 1}", CultureInfo.InvariantCulture);
        return double.Parse(text[..length], CultureInfo.InvariantCulture);
    }
}
