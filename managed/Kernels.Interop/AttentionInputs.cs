namespace Kernels.Interop;

/// <summary>
/// Tensors that attention takes beside query, key and value, all of them optional: what is added to the scores, what hides keys,
/// and the lengths of sequences that are not equally long. A tensor that is left out is the default value.
/// </summary>
/// <remarks>
/// <para>
/// A score is computed as s = scale * q . k, then bounded by <see cref="AttentionOptions.SoftCap"/>, then
/// s + bias - slope * |position - j|, and is minus infinity unless query i sees key j. It sees it if causality and window, the
/// mask and the tree mask all let it.
/// </para>
/// <para>
/// With packed sequences or a cache, bias and mask are indexed by places within the sequence, and may have any lengths: beyond
/// them nothing is added, and nothing is seen.
/// </para>
/// <para>
/// Lengths and offsets are checked on the CPU. On CUDA, where the host cannot read them, those out of range are cut to the range.
/// </para>
/// </remarks>
public readonly struct AttentionInputs
{
    /// <summary>
    /// [batch or 1, query heads or 1, query length or 1, key length], of the query's element type or float, added to the scores;
    /// minus infinity hides the key.
    /// </summary>
    public DeviceTensor Bias { get; init; }

    /// <summary>[batch or 1, query heads or 1, query length or 1, key length]: true where the query sees the key.</summary>
    public DeviceTensor<bool> Mask { get; init; }

    /// <summary>
    /// [query heads] or [batch, query heads]: the score loses slope * distance (ALiBi, Press et al. 2021, section 3).
    /// <see cref="Kernels.Interop.AlibiSlopes"/> computes the usual ones.
    /// </summary>
    public DeviceTensor<float> AlibiSlopes { get; init; }

    /// <summary>
    /// [batch or 1, n, n], for the last n keys, draft tokens that are a tree (SpecInfer, Miao et al. 2023, section 4): true
    /// in row t at token t itself and its ancestors. The query at the position of token t sees those among the n keys only,
    /// and all keys before them. <see cref="Kernels.Interop.TreeMask"/> makes it.
    /// </summary>
    public DeviceTensor<bool> TreeMask { get; init; }

    /// <summary>
    /// [batch + 1]: queries are packed. Query and output are [total, query heads, head dim], sequence b's rows are CuSeqlensQ[b]
    /// to CuSeqlensQ[b + 1] - 1, and the logsumexp is [query heads, total].
    /// </summary>
    public DeviceTensor<int> CuSeqlensQ { get; init; }

    /// <summary>
    /// [batch + 1]: the same for key and value, which are [total, key/value heads, head dim]. Not with a cache.
    /// </summary>
    public DeviceTensor<int> CuSeqlensK { get; init; }

    /// <summary>
    /// [batch]: keys of each sequence that count, the first ones, before any are appended to a cache. What lies behind them is
    /// never read into a result.
    /// </summary>
    public DeviceTensor<int> SeqUsedK { get; init; }
}
