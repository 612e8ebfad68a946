namespace Kernels.Interop;

/// <summary>
/// Tensors that a long convolution takes beside its input, all of them optional. A tensor that is left out is the default value.
/// </summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly struct LongConvolutionInputs<T>
    where T : unmanaged
{
    /// <summary>[batch, channels, length]: what the input is multiplied with before it meets the filter.</summary>
    public DeviceTensor<T> InputGate { get; init; }

    /// <summary>[batch, channels, length]: what the filter's result is multiplied with.</summary>
    public DeviceTensor<T> OutputGate { get; init; }

    /// <summary>
    /// [channels], of float or the input's element type: the output gets skip * input added, which passes by gates and filter.
    /// </summary>
    public DeviceTensor Skip { get; init; }

    /// <summary>
    /// [batch, channels, filter length - 1]: the values before the first one, the latest last; read, and then written for the next
    /// call. A streaming plan needs it, others have none. <see cref="LongConvolutionState"/> keeps one.
    /// </summary>
    public DeviceTensor<float> State { get; init; }
}

/// <summary>
/// Gradients of a long convolution. Those that are left out, the default value, are not computed. All sums are formed in a fixed
/// order: the same input gives the same bits.
/// </summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly struct LongConvolutionGradients<T>
    where T : unmanaged
{
    /// <summary>[batch, channels, length] of the output; read.</summary>
    public required DeviceTensor<T> Output { get; init; }

    /// <summary>[batch, channels, length] of the input; written.</summary>
    public DeviceTensor<T> Input { get; init; }

    /// <summary>[channels, filter length] of the filters, summed over the batch; written.</summary>
    public DeviceTensor<float> Filter { get; init; }

    /// <summary>[batch, channels, length] of the input gate; written.</summary>
    public DeviceTensor<T> InputGate { get; init; }

    /// <summary>[batch, channels, length] of the output gate; written.</summary>
    public DeviceTensor<T> OutputGate { get; init; }

    /// <summary>[channels] of the skip, summed over batch and length; written.</summary>
    public DeviceTensor<float> Skip { get; init; }
}

/// <summary><see cref="LongConvolutionGradients{T}"/> in host memory. Those that are left out, or empty, are not computed.</summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly ref struct LongConvolutionSpanGradients<T>
    where T : unmanaged
{
    /// <summary>[batch, channels, length] of the output; read.</summary>
    public required ReadOnlySpan<T> Output { get; init; }

    /// <summary>[batch, channels, length] of the input; written.</summary>
    public Span<T> Input { get; init; }

    /// <summary>[channels, filter length] of the filters, summed over the batch; written.</summary>
    public Span<float> Filter { get; init; }

    /// <summary>[batch, channels, length] of the input gate; written.</summary>
    public Span<T> InputGate { get; init; }

    /// <summary>[batch, channels, length] of the output gate; written.</summary>
    public Span<T> OutputGate { get; init; }

    /// <summary>[channels] of the skip, summed over batch and length; written.</summary>
    public Span<float> Skip { get; init; }
}
