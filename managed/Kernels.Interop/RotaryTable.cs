namespace Kernels.Interop;

/// <summary>
/// Cosines and sines of a rotary position embedding (RoFormer, Su et al. 2021, section 3.2.2) in memory of a device, computed in
/// double precision, for <see cref="AttentionCache{T}"/>.
/// </summary>
public sealed class RotaryTable : IDisposable
{
    private readonly DeviceBuffer<float> _cos;
    private readonly DeviceBuffer<float> _sin;

    /// <summary>Computes the table of the usual frequencies.</summary>
    /// <param name="stream">A stream of the device the table is to be on.</param>
    /// <param name="positions">Positions, 0 to positions - 1: as many as the longest sequence has room for.</param>
    /// <param name="rotaryDim">Elements of a row that are turned, even, at most the head dim.</param>
    /// <param name="theta">Base of the frequencies.</param>
    /// <param name="positionScale">
    /// What positions are multiplied with: 1, or below 1 to stretch a model to longer texts (position interpolation, Chen et al.
    /// 2023, section 2.3).
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the rotary dim is odd or not positive.</exception>
    /// <exception cref="ObjectDisposedException">The stream or its device is disposed.</exception>
    public RotaryTable(KernelStream stream, int positions, int rotaryDim, double theta = 10_000, double positionScale = 1)
        : this(stream, positions, Frequencies(rotaryDim, theta), positionScale)
    {
    }

    /// <summary>Computes the table of given frequencies, for models that change them.</summary>
    /// <param name="stream">A stream of the device the table is to be on.</param>
    /// <param name="positions">Positions, 0 to positions - 1: as many as the longest sequence has room for.</param>
    /// <param name="frequencies">[rotary dim / 2]: the angle by which a pair turns from one position to the next.</param>
    /// <param name="positionScale">What positions are multiplied with.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of positions is negative.</exception>
    /// <exception cref="ObjectDisposedException">The stream or its device is disposed.</exception>
    public RotaryTable(KernelStream stream, int positions, ReadOnlySpan<double> frequencies, double positionScale = 1)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(positions);
        (Positions, RotaryDim) = (positions, 2 * frequencies.Length);
        var cos = new float[(long)positions * frequencies.Length];
        var sin = new float[cos.LongLength];
        for (int position = 0, i = 0; position < positions; position++)
        {
            foreach (double frequency in frequencies)
            {
                (double sine, double cosine) = Math.SinCos(position * positionScale * frequency);
                (cos[i], sin[i++]) = ((float)cosine, (float)sine);
            }
        }
        _cos = stream.Upload<float>(cos);
        try
        {
            _sin = stream.Upload<float>(sin);
        }
        catch
        {
            _cos.Dispose();
            throw;
        }
    }

    /// <summary>Number of positions.</summary>
    public int Positions { get; }

    /// <summary>Elements of a row that are turned.</summary>
    public int RotaryDim { get; }

    /// <summary>[positions, rotary dim / 2]: the cosines.</summary>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    public DeviceTensor<float> Cos => new(_cos, [Positions, RotaryDim / 2]);

    /// <summary>[positions, rotary dim / 2]: the sines.</summary>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    public DeviceTensor<float> Sin => new(_sin, [Positions, RotaryDim / 2]);

    /// <summary>The usual frequencies: theta^(-2c / rotary dim) for pair c.</summary>
    /// <param name="rotaryDim">Elements of a row that are turned, even.</param>
    /// <param name="theta">Base of the frequencies.</param>
    /// <returns>[rotary dim / 2], in radians for each position.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rotary dim is odd or not positive, or theta is not.</exception>
    public static double[] Frequencies(int rotaryDim, double theta = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rotaryDim);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rotaryDim % 2, 0, nameof(rotaryDim));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(theta);
        var frequencies = new double[rotaryDim / 2];
        for (int c = 0; c < frequencies.Length; c++)
        {
            frequencies[c] = Math.Pow(theta, -2.0 * c / rotaryDim);
        }
        return frequencies;
    }

    /// <summary>Frees the memory, after the work queued on it.</summary>
    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }
}
