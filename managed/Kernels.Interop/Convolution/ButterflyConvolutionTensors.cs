namespace Kernels.Interop;

/// <summary>
/// The coefficients of a butterfly: contiguous float, each complex number its real and then its imaginary part. n1 and n2 are powers
/// of two from 16 to 256; a transform has n1 * n2 points.
/// </summary>
public readonly struct ButterflyCoefficients
{
    /// <summary>[n2, n1, n1, 2]: for each t2 the block [k1, t1].</summary>
    public required DeviceTensor<float> ForwardFirst { get; init; }

    /// <summary>[n1, n2, n2, 2]: for each k1 the block [k2, t2].</summary>
    public required DeviceTensor<float> ForwardSecond { get; init; }

    /// <summary>[n1, n2, n2, 2]: for each k1 the block [t2, k2].</summary>
    public required DeviceTensor<float> InverseSecond { get; init; }

    /// <summary>[n2, n1, n1, 2]: for each t2 the block [t1, k1].</summary>
    public required DeviceTensor<float> InverseFirst { get; init; }
}

/// <summary>
/// Tensors that a butterfly convolution takes beside its input, its filter and its coefficients, all of them optional. A tensor that is
/// left out is the default value.
/// </summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly struct ButterflyConvolutionInputs<T>
    where T : unmanaged
{
    /// <summary>[batch, channels, length]: what the input is multiplied with before it is transformed.</summary>
    public DeviceTensor<T> InputGate { get; init; }

    /// <summary>[batch, channels, length]: what the inverse transform's result is multiplied with.</summary>
    public DeviceTensor<T> OutputGate { get; init; }

    /// <summary>
    /// [channels], of float or the input's element type: the output gets skip * input added, which passes by gates and filter.
    /// </summary>
    public DeviceTensor Skip { get; init; }
}

/// <summary>
/// Gradients of a butterfly convolution. Those that are left out, the default value, are not computed. All sums are formed in a fixed
/// order. The gradient of a complex coefficient is that of its real part, and then that of its imaginary part.
/// </summary>
/// <typeparam name="T">Type of the input's elements.</typeparam>
public readonly struct ButterflyConvolutionGradients<T>
    where T : unmanaged
{
    /// <summary>[batch, channels, length] of the output; read.</summary>
    public required DeviceTensor<T> Output { get; init; }

    /// <summary>[batch, channels, length] of the input; written.</summary>
    public DeviceTensor<T> Input { get; init; }

    /// <summary>[channels, filter length] of the filters, summed over the batch; written.</summary>
    public DeviceTensor<float> Filter { get; init; }

    /// <summary>Of <see cref="ButterflyCoefficients.ForwardFirst"/>, of its shape, contiguous; written.</summary>
    public DeviceTensor<float> ForwardFirst { get; init; }

    /// <summary>Of <see cref="ButterflyCoefficients.ForwardSecond"/>, of its shape, contiguous; written.</summary>
    public DeviceTensor<float> ForwardSecond { get; init; }

    /// <summary>Of <see cref="ButterflyCoefficients.InverseSecond"/>, of its shape, contiguous; written.</summary>
    public DeviceTensor<float> InverseSecond { get; init; }

    /// <summary>Of <see cref="ButterflyCoefficients.InverseFirst"/>, of its shape, contiguous; written.</summary>
    public DeviceTensor<float> InverseFirst { get; init; }

    /// <summary>[batch, channels, length] of the input gate; written.</summary>
    public DeviceTensor<T> InputGate { get; init; }

    /// <summary>[batch, channels, length] of the output gate; written.</summary>
    public DeviceTensor<T> OutputGate { get; init; }

    /// <summary>[channels] of the skip, summed over batch and length; written.</summary>
    public DeviceTensor<float> Skip { get; init; }
}
