namespace Kernels.Interop;

/// <summary>How attention is computed. The default is: every query sees every key, scale 1 / sqrt(head dimension).</summary>
public readonly record struct AttentionOptions
{
    /// <summary>
    /// Query i sees keys 0 to i + key length - query length only: the last query sees every key. A query that sees no key
    /// gets zeros, and minus infinity as logsumexp.
    /// </summary>
    public bool Causal { get; init; }

    /// <summary>Factor on the scores, finite, zero or negative too; null is 1 / sqrt(head dimension).</summary>
    public float? Scale { get; init; }
}

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
