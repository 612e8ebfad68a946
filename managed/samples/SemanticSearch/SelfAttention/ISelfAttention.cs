namespace SemanticSearch.SelfAttention;

/// <summary>Size of one self-attention over a joint matrix of queries, keys and values.</summary>
/// <param name="Tokens">rows of the matrix</param>
/// <param name="Heads">number of heads</param>
/// <param name="HeadDim">width of a head</param>
/// <param name="Scale">factor on the scores</param>
internal readonly record struct SelfAttentionShape(int Tokens, int Heads, int HeadDim, float Scale)
{
    /// <summary>Width of the heads side by side.</summary>
    public int Width => Heads * HeadDim;

    /// <summary>Elements of the joint matrix.</summary>
    public int QkvLength => Tokens * 3 * Width;

    /// <summary>Elements of the output.</summary>
    public int OutputLength => Tokens * Width;

    /// <summary>Multiplications and additions of both products.</summary>
    public double FloatingPointOperations => 4.0 * Tokens * Tokens * Width;
}

/// <summary>Softmax(scale Q K^T) V for each head, every token seeing every token.</summary>
internal interface ISelfAttention
{
    /// <summary>Computes it.</summary>
    /// <param name="qkv">[tokens, 3, heads, headDim]: a row holds its query, its key, its value</param>
    /// <param name="output">[tokens, heads, headDim], written</param>
    /// <param name="shape">the sizes</param>
    void Forward(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape);
}
