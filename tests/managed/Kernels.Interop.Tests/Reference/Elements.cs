using System.Runtime.CompilerServices;

namespace Kernels.Interop.Tests.Reference;

/// <summary>Conversions and precision of the element types that the kernels take.</summary>
internal static class Elements
{
    public static T FromDouble<T>(double value)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Unsafe.BitCast<float, T>((float)value);
        }
        if (typeof(T) == typeof(Half))
        {
            return Unsafe.BitCast<Half, T>((Half)value);
        }
        if (typeof(T) == typeof(BFloat16))
        {
            return Unsafe.BitCast<BFloat16, T>((BFloat16)value);
        }
        throw new NotSupportedException(typeof(T).Name);
    }

    public static double ToDouble<T>(T element)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Unsafe.BitCast<T, float>(element);
        }
        if (typeof(T) == typeof(Half))
        {
            return (double)Unsafe.BitCast<T, Half>(element);
        }
        if (typeof(T) == typeof(BFloat16))
        {
            return Unsafe.BitCast<T, BFloat16>(element);
        }
        throw new NotSupportedException(typeof(T).Name);
    }

    public static double[] ToDoubles<T>(ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var values = new double[elements.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ToDouble(elements[i]);
        }
        return values;
    }

    /// <summary>Rounds to the nearest element, as float.</summary>
    public static float Round<T>(float value)
        where T : unmanaged => (float)ToDouble(FromDouble<T>(value));

    /// <summary>Half the distance between the elements around a value.</summary>
    public static double HalfUlp<T>(double value)
        where T : unmanaged
    {
        (int precision, int smallestExponent) = default(T) switch
        {
            float => (24, -126),
            Half => (11, -14),
            BFloat16 => (8, -126),
            _ => throw new NotSupportedException(typeof(T).Name),
        };
        int exponent = value == 0 ? smallestExponent : Math.Max(Math.ILogB(value), smallestExponent);
        return Math.ScaleB(1, exponent - precision);
    }
}
