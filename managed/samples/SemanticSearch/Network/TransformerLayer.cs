using System.Numerics.Tensors;
using SemanticSearch.SelfAttention;
using SemanticSearch.Model;

namespace SemanticSearch.Network;

/// <summary>
/// A pre-norm transformer layer: y = attention(norm(x)) + shortcut(x), then y + feedForward(norm(y)). Tokens meet in the
/// attention only.
/// </summary>
internal sealed class TransformerLayer
{
    /// <summary>Width of a layer's output.</summary>
    public const int OutputWidth = 512;

    /// <summary>Width inside the feed-forward part.</summary>
    private const int HiddenWidth = 1536;

    private const int Heads = 4;

    private readonly int _width;
    private readonly float _scale;
    private readonly LayerNorm _attentionNorm;
    private readonly DenseLayer _qkv;
    private readonly DenseLayer _attentionOutput;
    private readonly DenseLayer? _shortcut;
    private readonly LayerNorm _feedForwardNorm;
    private readonly DenseLayer _expand;
    private readonly DenseLayer _contract;

    /// <summary>Takes a layer's weights.</summary>
    /// <param name="weights">the model's weights</param>
    /// <param name="index">which layer: 0 or 1</param>
    /// <param name="width">width of its input</param>
    /// <exception cref="ModelException">A weight is missing or has the wrong shape.</exception>
    public TransformerLayer(ModelWeights weights, int index, int width)
    {
        _width = width;
        var names = new LayerNames(index);
        var epsilon = weights.Float(LayerNames.Epsilon);
        _scale = weights.Float(names.AttentionScale);
        _attentionNorm = Norm(names.AttentionNorm, width);
        _qkv = Convolution(LayerNames.Qkv, width, 3 * width);
        _attentionOutput = Convolution(LayerNames.AttentionOutput, width, OutputWidth);
        _shortcut = width == OutputWidth
            ? null
            : new DenseLayer(weights.Floats(names.ShortcutKernel, width, OutputWidth),
                weights.Floats(names.ShortcutBias, OutputWidth));
        _feedForwardNorm = Norm(names.FeedForwardNorm, OutputWidth);
        _expand = FeedForward("conv1", OutputWidth, HiddenWidth);
        _contract = FeedForward("conv2", HiddenWidth, OutputWidth);

        LayerNorm Norm(string name, int columns) => new(
            weights.Floats(LayerNames.NormScale(name), columns), weights.Floats(LayerNames.NormBias(name), columns),
            epsilon);

        // The projections around attention are stored as convolutions of size 1 by 1.
        DenseLayer Convolution(string name, int inputs, int outputs) => new(
            weights.Floats(names.ConvolutionKernel(name), 1, 1, inputs, outputs),
            weights.Floats(names.ConvolutionBias(name), outputs));

        DenseLayer FeedForward(string name, int inputs, int outputs) => new(
            weights.Floats(names.FeedForwardKernel(name), inputs, outputs),
            weights.Floats(names.FeedForwardBias(name), outputs));
    }

    /// <summary>Runs the layer.</summary>
    /// <param name="x">[tokens, width]</param>
    /// <param name="y">[tokens, 512], written</param>
    /// <param name="tokens">number of tokens, at least 1</param>
    /// <param name="scratch">room for intermediate results</param>
    /// <param name="attention">computes the attention</param>
    public void Forward(
        ReadOnlySpan<float> x, Span<float> y, int tokens, LayerScratch scratch, ISelfAttention attention)
    {
        _attentionNorm.Forward(x, scratch.Normed, tokens);
        _qkv.Forward(scratch.Normed, scratch.Qkv, tokens);
        var shape = new SelfAttentionShape(tokens, Heads, _width / Heads, _scale);
        attention.Forward(scratch.Qkv.AsSpan(0, shape.QkvLength), scratch.Heads.AsSpan(0, shape.OutputLength), shape);
        _attentionOutput.Forward(scratch.Heads, y, tokens);
        if (_shortcut is null)
        {
            TensorPrimitives.Add(y, x, y);
        }
        else
        {
            _shortcut.Forward(x, scratch.Branch, tokens);
            TensorPrimitives.Add(y, scratch.Branch.AsSpan(0, y.Length), y);
        }

        _feedForwardNorm.Forward(y, scratch.Normed, tokens);
        _expand.Forward(scratch.Normed, scratch.Hidden, tokens);
        var hidden = scratch.Hidden.AsSpan(0, tokens * HiddenWidth);
        TensorPrimitives.Max(hidden, 0, hidden);
        _contract.Forward(hidden, scratch.Branch, tokens);
        TensorPrimitives.Add(y, scratch.Branch.AsSpan(0, y.Length), y);
    }

    /// <summary>Room for the intermediate results of a layer, whichever its width.</summary>
    /// <param name="tokens">most tokens of a text</param>
    internal sealed class LayerScratch(int tokens)
    {
        public float[] Normed { get; } = new float[tokens * OutputWidth];

        public float[] Qkv { get; } = new float[tokens * 3 * OutputWidth];

        public float[] Heads { get; } = new float[tokens * OutputWidth];

        public float[] Hidden { get; } = new float[tokens * HiddenWidth];

        public float[] Branch { get; } = new float[tokens * OutputWidth];
    }
}
