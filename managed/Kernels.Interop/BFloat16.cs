using System.Numerics;
using System.Runtime.InteropServices;

namespace Kernels.Interop;

/// <summary>
/// A bfloat16: the upper half of an IEEE binary32, that is, float's range with 8 bits of precision. It is a storage type:
/// arithmetic is done in float and rounded back.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly partial struct BFloat16 :
    IEquatable<BFloat16>, IComparable<BFloat16>, IComparable, ISpanFormattable, ISpanParsable<BFloat16>,
    IComparisonOperators<BFloat16, BFloat16, bool>, IMinMaxValue<BFloat16>
{
    private readonly ushort _bits;

    private BFloat16(ushort bits) => _bits = bits;

    /// <summary>The smallest positive value, 2^-133.</summary>
    public static BFloat16 Epsilon => new(0x0001);

    /// <summary>The largest finite value, about 3.39e38.</summary>
    public static BFloat16 MaxValue => new(0x7f7f);

    /// <summary>The lowest finite value, about -3.39e38.</summary>
    public static BFloat16 MinValue => new(0xff7f);

    /// <summary>A quiet NaN.</summary>
    public static BFloat16 NaN => new(0x7fc0);

    /// <summary>Positive infinity.</summary>
    public static BFloat16 PositiveInfinity => new(0x7f80);

    /// <summary>Negative infinity.</summary>
    public static BFloat16 NegativeInfinity => new(0xff80);

    /// <summary>Zero.</summary>
    public static BFloat16 Zero => default;

    /// <summary>One.</summary>
    public static BFloat16 One => new(0x3f80);

    /// <summary>The value with these bits.</summary>
    /// <param name="bits">Sign, 8 bits of exponent, 7 bits of fraction.</param>
    /// <returns>The value.</returns>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>The bits of this value.</summary>
    /// <returns>Sign, 8 bits of exponent, 7 bits of fraction.</returns>
    public ushort ToBits() => _bits;

    /// <summary>Whether a value is a NaN.</summary>
    /// <param name="value">The value.</param>
    /// <returns>True if it is.</returns>
    public static bool IsNaN(BFloat16 value) => (value._bits & 0x7fff) > 0x7f80;

    /// <summary>Whether a value is positive or negative infinity.</summary>
    /// <param name="value">The value.</param>
    /// <returns>True if it is.</returns>
    public static bool IsInfinity(BFloat16 value) => (value._bits & 0x7fff) == 0x7f80;

    /// <summary>Whether a value is neither infinite nor a NaN.</summary>
    /// <param name="value">The value.</param>
    /// <returns>True if it is.</returns>
    public static bool IsFinite(BFloat16 value) => (value._bits & 0x7fff) < 0x7f80;

    /// <summary>Whether the sign bit of a value is set; true for negative zero.</summary>
    /// <param name="value">The value.</param>
    /// <returns>True if it is.</returns>
    public static bool IsNegative(BFloat16 value) => (value._bits & 0x8000) != 0;

    /// <summary>Rounds to the nearest value, ties to even; beyond the range is infinite, a NaN stays a NaN.</summary>
    /// <param name="value">The float.</param>
    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            // Keep sign and payload, and set the quiet bit: a payload in the lower half alone would read as infinity.
            return new BFloat16((ushort)(bits >> 16 | 0x0040));
        }
        uint isOdd = bits >> 16 & 1;
        return new BFloat16((ushort)((bits + 0x7fff + isOdd) >> 16));
    }

    /// <summary>Rounds to the nearest value, ties to even; beyond the range is infinite, a NaN stays a NaN.</summary>
    /// <param name="value">The double.</param>
    public static explicit operator BFloat16(double value)
    {
        float rounded = (float)value;
        if (rounded != value && !float.IsNaN(rounded))
        {
            // Two roundings to nearest may differ from one. Round to odd first: towards zero, then set the last bit.
            uint bits = BitConverter.SingleToUInt32Bits(rounded);
            bits -= Math.Abs((double)rounded) > Math.Abs(value) ? 1u : 0;
            rounded = BitConverter.UInt32BitsToSingle(bits | 1);
        }
        return (BFloat16)rounded;
    }

    /// <summary>Rounds to the nearest value, ties to even; every Half is in range.</summary>
    /// <param name="value">The Half.</param>
    public static explicit operator BFloat16(Half value) => (BFloat16)(float)value;

    /// <summary>The same value as a float.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value._bits << 16);

    /// <summary>The same value as a double.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator double(BFloat16 value) => (float)value;

    /// <summary>Rounds to the nearest Half, ties to even; beyond Half's range is infinite.</summary>
    /// <param name="value">The value.</param>
    public static explicit operator Half(BFloat16 value) => (Half)(float)value;

    /// <summary>The value with its sign changed.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The negation; that of a NaN is a NaN.</returns>
    public static BFloat16 operator -(BFloat16 value) => new((ushort)(value._bits ^ 0x8000));

    /// <summary>The sum, rounded.</summary>
    /// <param name="left">The first term.</param>
    /// <param name="right">The second term.</param>
    /// <returns>The sum.</returns>
    public static BFloat16 operator +(BFloat16 left, BFloat16 right) => (BFloat16)((float)left + (float)right);

    /// <summary>The difference, rounded.</summary>
    /// <param name="left">What to subtract from.</param>
    /// <param name="right">What to subtract.</param>
    /// <returns>The difference.</returns>
    public static BFloat16 operator -(BFloat16 left, BFloat16 right) => (BFloat16)((float)left - (float)right);

    /// <summary>The product, rounded.</summary>
    /// <param name="left">The first factor.</param>
    /// <param name="right">The second factor.</param>
    /// <returns>The product.</returns>
    public static BFloat16 operator *(BFloat16 left, BFloat16 right) => (BFloat16)((float)left * (float)right);

    /// <summary>The quotient, rounded.</summary>
    /// <param name="left">The dividend.</param>
    /// <param name="right">The divisor.</param>
    /// <returns>The quotient.</returns>
    public static BFloat16 operator /(BFloat16 left, BFloat16 right) => (BFloat16)((float)left / (float)right);

    /// <summary>Equality of numbers: both zeros are equal, a NaN equals nothing.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if they are equal.</returns>
    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == (float)right;

    /// <summary>Inequality of numbers: a NaN differs from everything.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if they differ.</returns>
    public static bool operator !=(BFloat16 left, BFloat16 right) => (float)left != (float)right;

    /// <summary>Whether one number is less than another; false if one is a NaN.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if it is.</returns>
    public static bool operator <(BFloat16 left, BFloat16 right) => (float)left < (float)right;

    /// <summary>Whether one number is greater than another; false if one is a NaN.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if it is.</returns>
    public static bool operator >(BFloat16 left, BFloat16 right) => (float)left > (float)right;

    /// <summary>Whether one number is at most another; false if one is a NaN.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if it is.</returns>
    public static bool operator <=(BFloat16 left, BFloat16 right) => (float)left <= (float)right;

    /// <summary>Whether one number is at least another; false if one is a NaN.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if it is.</returns>
    public static bool operator >=(BFloat16 left, BFloat16 right) => (float)left >= (float)right;

    /// <summary>Equality for collections: as numbers, but a NaN equals a NaN.</summary>
    /// <param name="other">The other value.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(BFloat16 other) => ((float)this).Equals((float)other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <summary>Order for sorting: as numbers, with NaN before everything.</summary>
    /// <param name="other">The other value.</param>
    /// <returns>Negative, zero or positive.</returns>
    public int CompareTo(BFloat16 other) => ((float)this).CompareTo((float)other);

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        BFloat16 other => CompareTo(other),
        _ => throw new ArgumentException($"The object is a {obj.GetType()}, not a {nameof(BFloat16)}.", nameof(obj)),
    };
}
