using System.Numerics.Tensors;
using SemanticSearch.SelfAttention;
using SemanticSearch.Model;

namespace SemanticSearch.Network;

/// <summary>
/// Universal Sentence Encoder Lite: maps an English text to 512 numbers of length 1, whose dot product with another text's
/// says how close the two are in meaning. One thread at a time.
/// </summary>
internal sealed class SentenceEncoder
{
    /// <summary>Length of an embedding.</summary>
    public const int Width = TransformerLayer.OutputWidth;

    /// <summary>Most tokens of a text that count.</summary>
    public const int MaxTokens = 128;

    private const int TokenWidth = 256;
    private const int VocabularyRows = 8002;

    private readonly UnigramTokenizer _tokenizer;
    private readonly ISelfAttention _attention;
    private readonly float[] _tokenEmbeddings; // [VocabularyRows, TokenWidth]
    private readonly float[] _positions; // [MaxTokens, TokenWidth]
    private readonly TransformerLayer[] _layers;
    private readonly DenseLayer _final;
    private readonly float _smallestSquare;

    private readonly TransformerLayer.LayerScratch _scratch;
    private readonly float[] _input; // [MaxTokens, TokenWidth]
    private readonly float[][] _outputs; // of each layer, [MaxTokens, Width]

    private SentenceEncoder(Vocabulary vocabulary, ModelWeights weights, ISelfAttention attention)
    {
        if (vocabulary.Count > VocabularyRows)
        {
            throw new ModelException(
                $"vocab.json has {vocabulary.Count} pieces, more than the {VocabularyRows} embeddings");
        }

        _tokenizer = new UnigramTokenizer(vocabulary);
        _attention = attention;
        if (weights.Int(LayerNames.MaxTokens) is var kept && kept != MaxTokens)
        {
            throw new ModelException(
                $"the model keeps {kept} tokens of a text; this program knows the one that keeps {MaxTokens}");
        }

        _tokenEmbeddings = weights.Floats("module/Embeddings_en", VocabularyRows, TokenWidth);
        _positions = PositionSignal(weights.Floats(LayerNames.Frequencies, 1, TokenWidth / 2), MaxTokens);
        _layers = [new TransformerLayer(weights, 0, TokenWidth), new TransformerLayer(weights, 1, Width)];
        _final = new DenseLayer(weights.Floats("module/Encoder_en/hidden_layers/tanh_layer_0/weights", Width, Width),
            weights.Floats("module/Encoder_en/hidden_layers/tanh_layer_0/bias", Width));
        _smallestSquare = weights.Float("module_apply_default/Encoder_en/hidden_layers/l2_normalize/Maximum/y");

        _scratch = new TransformerLayer.LayerScratch(MaxTokens);
        _input = new float[MaxTokens * TokenWidth];
        _outputs = [new float[MaxTokens * Width], new float[MaxTokens * Width]];
    }

    /// <summary>Reads a model folder.</summary>
    /// <param name="folder">the folder</param>
    /// <param name="attention">computes the attention</param>
    /// <param name="progress">told how much of the weights has been read, from 0 to 1</param>
    /// <exception cref="ModelException">The files are missing, damaged or another model's.</exception>
    public static SentenceEncoder Load(string folder, ISelfAttention attention, Action<double>? progress = null) =>
        new(Vocabulary.Load(folder), ModelWeights.Load(folder, progress), attention);

    /// <summary>Tokens of a text, all of them.</summary>
    public int[] Tokenize(string text) => _tokenizer.Encode(text);

    /// <summary>Embedding of a text; what stands beyond <see cref="MaxTokens"/> tokens does not count.</summary>
    /// <returns>512 numbers of length 1</returns>
    public float[] Embed(string text)
    {
        var tokens = Tokenize(text);
        return Embed(tokens.AsSpan(0, Math.Min(tokens.Length, MaxTokens)));
    }

    private float[] Embed(ReadOnlySpan<int> tokens)
    {
        Span<float> mean = stackalloc float[Width];
        if (tokens.Length > 0)
        {
            Mean(Transform(tokens), mean, tokens.Length);
        }
        else
        {
            mean.Clear();
        }

        var embedding = new float[Width];
        _final.Forward(mean, embedding, 1);
        TensorPrimitives.Tanh(embedding, embedding);
        var square = MathF.Max(TensorPrimitives.SumOfSquares<float>(embedding), _smallestSquare);
        TensorPrimitives.Divide(embedding, MathF.Sqrt(square), embedding);
        return embedding;
    }

    /// <summary>Runs the layers; the result, [tokens, Width], is valid until the next call.</summary>
    private ReadOnlySpan<float> Transform(ReadOnlySpan<int> tokens)
    {
        for (var position = 0; position < tokens.Length; position++)
        {
            // Twice the embedding is how the model was trained, not a slip.
            var embedding = _tokenEmbeddings.AsSpan(tokens[position] * TokenWidth, TokenWidth);
            var signal = _positions.AsSpan(position * TokenWidth, TokenWidth);
            TensorPrimitives.FusedMultiplyAdd(embedding, 2, signal, _input.AsSpan(position * TokenWidth, TokenWidth));
        }

        ReadOnlySpan<float> x = _input.AsSpan(0, tokens.Length * TokenWidth);
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            var y = _outputs[layer].AsSpan(0, tokens.Length * Width);
            _layers[layer].Forward(x, y, tokens.Length, _scratch, _attention);
            x = y;
        }

        return x;
    }

    private static void Mean(ReadOnlySpan<float> rows, Span<float> mean, int count)
    {
        rows[..Width].CopyTo(mean);
        for (var row = 1; row < count; row++)
        {
            TensorPrimitives.Add(mean, rows.Slice(row * Width, Width), mean);
        }

        TensorPrimitives.Divide(mean, count, mean);
    }

    /// <summary>Sines, then cosines, of position times frequency.</summary>
    private static float[] PositionSignal(ReadOnlySpan<float> frequencies, int positions)
    {
        var signal = new float[positions * 2 * frequencies.Length];
        for (var position = 0; position < positions; position++)
        {
            var row = signal.AsSpan(position * 2 * frequencies.Length, 2 * frequencies.Length);
            for (var k = 0; k < frequencies.Length; k++)
            {
                (row[k], row[frequencies.Length + k]) = MathF.SinCos(position * frequencies[k]);
            }
        }

        return signal;
    }
}
