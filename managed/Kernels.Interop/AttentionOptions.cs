namespace Kernels.Interop;

/// <summary>How attention is computed. The default is: every query sees every key, scale 1 / sqrt(head dimension).</summary>
/// <remarks>
/// The position of query i is i + key length - query length, with the lengths of its own sequence: the last query stands beside
/// the last key. A query that sees no key gets zeros, minus infinity as logsumexp, and gradients of zero.
/// </remarks>
public readonly record struct AttentionOptions
{
    /// <summary>A query sees no key behind its own position: the last query sees every key.</summary>
    public bool Causal { get; init; }

    /// <summary>Factor on the scores, finite, zero or negative too; null is 1 / sqrt(head dimension).</summary>
    public float? Scale { get; init; }

    /// <summary>Keys that a query sees before its position (a sliding window); null is all of them.</summary>
    public long? WindowLeft { get; init; }

    /// <summary>Keys that a query sees behind its position; null is all of them. <see cref="Causal"/> makes it 0.</summary>
    public long? WindowRight { get; init; }

    /// <summary>
    /// The first so many keys are exempt from <see cref="WindowLeft"/> (StreamingLLM, Xiao et al. 2023, section 3.2).
    /// </summary>
    public long SinkCount { get; init; }

    /// <summary>
    /// Bound c on the scores, which become c * tanh(score / c) before bias and slopes are added; 0 for none (Gemma 2, 2024,
    /// section 2).
    /// </summary>
    public float SoftCap { get; init; }

    /// <summary>
    /// Parts that the keys of a sequence are split into, to be computed side by side: 1 to 256; 0 to have it chosen.
    /// </summary>
    public int SplitCount { get; init; }

    /// <summary>Dropout of the softmax's weights; the default value is none.</summary>
    public AttentionDropout Dropout { get; init; }
}

/// <summary>
/// Dropout of the softmax's weights: each becomes 0 with a probability, and the others are divided by 1 - probability. Which
/// ones do depends on these numbers and the weight's place alone (Philox, Salmon et al. 2011, section 3.3): the backward
/// pass, and every device, drops the same weights.
/// </summary>
/// <param name="Probability">In [0, 1), rounded to a multiple of 1 / 65536.</param>
/// <param name="Seed">Seed of the random numbers.</param>
/// <param name="Offset">Distinguishes calls that share a seed, such as the layers and steps of a model in training.</param>
public readonly record struct AttentionDropout(float Probability, ulong Seed, uint Offset = 0);

/// <summary>The shape of an attention problem over contiguous tensors.</summary>
/// <param name="Batch">Sequences computed at once.</param>
/// <param name="QueryLength">Queries of a sequence.</param>
/// <param name="KeyLength">Keys and values of a sequence.</param>
/// <param name="QueryHeads">Heads of query and output, a multiple of <paramref name="KeyValueHeads"/>.</param>
/// <param name="KeyValueHeads">Heads of key and value; query head h reads head h / (QueryHeads / KeyValueHeads).</param>
/// <param name="HeadDim">Length of a query's and a key's row in one head, 1 to 256.</param>
/// <param name="ValueHeadDim">Length of a value's and an output's row in one head, 1 to 256.</param>
public readonly record struct AttentionShape(
    int Batch, int QueryLength, int KeyLength, int QueryHeads, int KeyValueHeads, int HeadDim, int ValueHeadDim);
