namespace Kernels.Interop;

/// <summary>How a short convolution is computed.</summary>
public readonly record struct ShortConvolutionOptions
{
    /// <summary>
    /// Tensors are [batch, length, channels]; otherwise, and by default, [batch, channels, length].
    /// </summary>
    public bool ChannelsLast { get; init; }
}

/// <summary>The shape of a short convolution over contiguous tensors.</summary>
/// <param name="Batch">Sequences computed at once.</param>
/// <param name="Channels">Channels, each with a filter of its own.</param>
/// <param name="Length">Elements of a row.</param>
/// <param name="Width">Taps of a filter, 1 to 128.</param>
public readonly record struct ShortConvolutionShape(int Batch, int Channels, int Length, int Width);

/// <summary>
/// Gradients of a short convolution. Those that are left out, the default value, are not computed. All sums are formed in a fixed
/// order: the same input gives the same bits.
/// </summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly struct ShortConvolutionGradients<T>
    where T : unmanaged
{
    /// <summary>Of the output, of its shape; read.</summary>
    public required DeviceTensor<T> Output { get; init; }

    /// <summary>Of the input, of its shape; written.</summary>
    public DeviceTensor<T> Input { get; init; }

    /// <summary>[channels, width] of the filters, summed over batch and length; written.</summary>
    public DeviceTensor<float> Filter { get; init; }

    /// <summary>[channels] of the bias, summed over batch and length; written.</summary>
    public DeviceTensor<float> Bias { get; init; }
}

/// <summary><see cref="ShortConvolutionGradients{T}"/> in host memory. Those that are left out, or empty, are not computed.</summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly ref struct ShortConvolutionSpanGradients<T>
    where T : unmanaged
{
    /// <summary>Of the output, of its shape; read.</summary>
    public required ReadOnlySpan<T> Output { get; init; }

    /// <summary>Of the input, of its shape; written.</summary>
    public Span<T> Input { get; init; }

    /// <summary>[channels, width] of the filters, summed over batch and length; written.</summary>
    public Span<float> Filter { get; init; }

    /// <summary>[channels] of the bias, summed over batch and length; written.</summary>
    public Span<float> Bias { get; init; }
}
