namespace Kernels.Interop.Tests.Convolutions;

/// <summary>What a test of long convolution computes.</summary>
public sealed record ConvolutionSetting(int Batch, int Channels, int Length, int Taps)
{
    public bool Circular { get; init; }

    /// <summary>Whether there are both gates.</summary>
    public bool Gates { get; init; }

    public bool Skip { get; init; }

    public float Squash { get; init; }

    public int FftSize { get; init; }

    /// <summary>Blocks of frequencies that count; none for all.</summary>
    public IReadOnlyList<bool> Mask { get; init; } = [];

    /// <summary>Frequencies of a block.</summary>
    public int Block { get; init; }

    public LongConvolutionOptions Options => new()
    {
        Channels = Channels,
        Length = Length,
        FilterLength = Taps,
        Circular = Circular,
        FftSize = FftSize,
        FrequencyMask = Mask.ToArray(),
        FrequencyBlock = Block,
        Squash = Squash,
    };

    /// <summary>Settings whose formula takes milliseconds to compute, and that each need something of their own.</summary>
    public static IReadOnlyList<ConvolutionSetting> All { get; } =
    [
        new(1, 1, 1, 1),
        new(2, 3, 17, 5) { Gates = true, Skip = true },
        new(1, 2, 100, 100) { Gates = true },
        new(3, 1, 300, 7) { Skip = true },
        new(1, 2, 40, 90),
        new(1, 1, 700, 300) { Squash = 0.4f },
        new(1, 2, 600, 60) { FftSize = 256, Gates = true, Skip = true },
        new(1, 2, 256, 256) { Circular = true },
        new(2, 1, 101, 50) { Circular = true, Gates = true, Skip = true },
        new(2, 1, 30, 75) { Circular = true, Squash = 0.4f },
        new(2, 2, 120, 130) { FftSize = 256, Block = 16, Mask = [true, true, false, true, false, false, false, true] },
        new(1, 2, 256, 100)
        {
            Circular = true, FftSize = 256, Block = 50, Mask = [true, false, true], Gates = true, Skip = true, Squash = 0.3f,
        },
    ];

    public override string ToString() =>
        $"[{Batch}, {Channels}, {Length}] x {Taps}{(Circular ? " circular" : "")}{(Gates ? " gates" : "")}{(Skip ? " skip" : "")}"
        + $"{(Squash > 0 ? " squash" : "")}{(FftSize > 0 ? $" fft {FftSize}" : "")}{(Mask.Count > 0 ? $" mask {Block}" : "")}";
}
