namespace Kernels.Interop;

/// <summary>What a <see cref="LongConvolutionPlan"/> is made for.</summary>
public sealed record LongConvolutionOptions
{
    /// <summary>Channels, each with a filter of its own; at least 1.</summary>
    public required long Channels { get; init; }

    /// <summary>Elements of a row in the longest call, at least 1; if circular, in every call: the period.</summary>
    public required long Length { get; init; }

    /// <summary>Taps of a filter, at least 1. It may be longer than the rows.</summary>
    public required long FilterLength { get; init; }

    /// <summary>
    /// Indices are taken modulo the length, and a longer filter folds. Otherwise the convolution is causal: what lies before the
    /// first element is zero.
    /// </summary>
    public bool Circular { get; init; }

    /// <summary>
    /// Calls carry a <see cref="LongConvolutionState"/>: each goes on where the one before ended. Not with <see cref="Circular"/>.
    /// </summary>
    public bool Streaming { get; init; }

    /// <summary>
    /// Points of the transform: a power of two from 256 to 4194304, not less than the taps that count, which are
    /// <see cref="FilterLength"/>, but at most <see cref="Length"/> unless streaming. Rows that it does not hold are computed
    /// in overlapping blocks. 0, the default: it is chosen for speed, and perhaps is no power of two.
    /// </summary>
    public long FftSize { get; init; }

    /// <summary>
    /// Blocks of the filters' spectrum: false where it counts as 0. Block i is the frequencies i * <see cref="FrequencyBlock"/> to
    /// (i + 1) * <see cref="FrequencyBlock"/> - 1 of the transform of <see cref="FftSize"/> points and their mirror images; the
    /// last block, which may be shorter, has the frequency FftSize / 2 as well. There are ceil(FftSize / 2 / FrequencyBlock).
    /// Empty, the default, for none.
    /// </summary>
    /// <remarks>
    /// A mask needs an <see cref="FftSize"/> that holds a whole call: at least length + taps - 1, or, if circular, the length.
    /// What it makes of a filter is FftSize taps long, and comes round at its end. Not with <see cref="Streaming"/>.
    /// </remarks>
    public ReadOnlyMemory<bool> FrequencyMask { get; init; }

    /// <summary>Frequencies of a block of <see cref="FrequencyMask"/>, at least 1; 0, the default, without one.</summary>
    public long FrequencyBlock { get; init; }

    /// <summary>
    /// Each tap k becomes sign(k) max(|k| - squash, 0) before it is used, which keeps learned filters smooth (Simple
    /// Hardware-Efficient Long Convolutions, Fu et al. 2023, section 3); 0, the default, for none.
    /// </summary>
    public float Squash { get; init; }
}
