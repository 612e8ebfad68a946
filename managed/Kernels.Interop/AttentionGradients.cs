namespace Kernels.Interop;

/// <summary>
/// Gradients of attention. Each has the shape of what it is the gradient of; the sum over the query heads that share a key, and
/// over the dimensions along which the bias has length 1, is part of it.
/// </summary>
/// <typeparam name="T">Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
public readonly struct AttentionGradients<T>
    where T : unmanaged
{
    /// <summary>Of the output; read.</summary>
    public required DeviceTensor<T> Output { get; init; }

    /// <summary>Of the query; written.</summary>
    public required DeviceTensor<T> Query { get; init; }

    /// <summary>Of the key; written. Keys that do not count get zeros.</summary>
    public required DeviceTensor<T> Key { get; init; }

    /// <summary>Of the value; written.</summary>
    public required DeviceTensor<T> Value { get; init; }

    /// <summary>Of the bias, with its element type; written. The default value if not wanted.</summary>
    public DeviceTensor Bias { get; init; }

    /// <summary>
    /// Whether sums are formed in a fixed order, so that the same input gives the same bits; the CPU always does. Otherwise the
    /// fastest way is taken.
    /// </summary>
    public bool Deterministic { get; init; }
}
