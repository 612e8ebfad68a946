using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>
/// The memory of a cache: rows of elements of type <typeparamref name="T"/>, and scales if they are int8. What belongs to no
/// sequence is NaN, or what is nearest to it.
/// </summary>
internal sealed class CacheContents<T>
    where T : unmanaged
{
    private readonly int _heads, _width;

    public CacheContents(int rows, int heads, int width)
    {
        (_heads, _width) = (heads, width);
        Elements = new T[rows * heads * width];
        Scales = IsInt8 ? new float[rows * heads] : [];
        Array.Fill(Elements, IsInt8 ? (T)(object)(sbyte)127 : Reference.Elements.FromDouble<T>(double.NaN));
        Array.Fill(Scales, float.NaN);
    }

    public T[] Elements { get; }

    public float[] Scales { get; }

    public static bool IsInt8 => typeof(T) == typeof(sbyte);

    /// <summary>
    /// Writes a row of a head as the header says: converted, int8 to the nearest even multiple of the largest / 127.
    /// </summary>
    public void Write(int row, int head, ReadOnlySpan<double> numbers)
    {
        int place = row * _heads + head;
        float scale = 0;
        if (IsInt8)
        {
            double largest = 0;
            foreach (double number in numbers)
            {
                largest = Math.Max(largest, Math.Abs(number));
            }
            Scales[place] = scale = (float)largest / 127;
        }
        for (int c = 0; c < _width; c++)
        {
            Elements[place * _width + c] = IsInt8
                ? (T)(object)(sbyte)(scale == 0 ? 0 : Math.Round(numbers[c] / scale, MidpointRounding.ToEven))
                : Reference.Elements.FromDouble<T>(numbers[c]);
        }
    }

    /// <summary>Reads a row of a head.</summary>
    public void Read(int row, int head, Span<double> numbers)
    {
        int place = row * _heads + head;
        for (int c = 0; c < _width; c++)
        {
            T element = Elements[place * _width + c];
            numbers[c] = IsInt8 ? Scales[place] * (sbyte)(object)element : Reference.Elements.ToDouble(element);
        }
    }
}
