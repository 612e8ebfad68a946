namespace LongContext.Network;

/// <summary>Sizes of the decoder.</summary>
/// <param name="Layers">layers</param>
/// <param name="Heads">query heads</param>
/// <param name="KeyValueHeads">key and value heads, which divide the query heads</param>
/// <param name="HeadDim">width of a head</param>
/// <param name="Window">tokens that a token sees before itself</param>
/// <param name="Sinks">first tokens that every token sees</param>
internal sealed record DecoderShape(int Layers, int Heads, int KeyValueHeads, int HeadDim, int Window, int Sinks)
{
    /// <summary>Width of a token's state, and of all its queries.</summary>
    public int Width => Heads * HeadDim;

    /// <summary>Width of a token's keys, and of its values.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadDim;
}
