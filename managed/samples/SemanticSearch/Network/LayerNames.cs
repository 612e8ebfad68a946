namespace SemanticSearch.Network;

/// <summary>Names of a transformer layer's weights in <c>model.json</c>.</summary>
/// <param name="index">which layer: 0 or 1</param>
/// <remarks>
/// A weight that the exporter computed from several parts is named after that operation under <c>module_apply_default</c>;
/// one that it left as it was is a variable under <c>module</c>.
/// </remarks>
internal sealed class LayerNames(int index)
{
    /// <summary>Epsilon of all layer norms.</summary>
    public const string Epsilon =
        Computed + "/TransformerStack/Layer_1/TransformerLayer/FFN/layer_prepostprocess/layer_norm/Cast/x";

    /// <summary>The joint projection to queries, keys and values.</summary>
    public const string Qkv = "MultiheadAttention/qkv_transform_single";

    /// <summary>The projection of the heads' output.</summary>
    public const string AttentionOutput = "MultiheadAttention/output_transform_single";

    /// <summary>Frequencies of the position signal.</summary>
    public const string Frequencies = Computed + "/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1";

    /// <summary>Most tokens of a text.</summary>
    public const string MaxTokens = "module_apply_default/Encoder_en/KonaTransformer/ClipToMaxLength/Less/y";

    private const string Computed = "module_apply_default/Encoder_en/KonaTransformer/Encode";
    private const string Variables = "module/Encoder_en/KonaTransformer/Encode";
    private const string Joined = "ConcatPartitions/concat";

    private readonly string _layer = $"{Computed}/Layer_{index}/TransformerLayer";
    private readonly string _stack = $"{Computed}/TransformerStack/Layer_{index}/TransformerLayer";
    private readonly string _variables = $"{Variables}/Layer_{index}/TransformerLayer";

    public string AttentionScale => $"{_stack}/MultiheadAttention/mul/y";

    public string AttentionNorm => $"{_layer}/layer_prepostprocess/layer_norm";

    public string FeedForwardNorm => $"{_layer}/FFN/layer_prepostprocess/layer_norm";

    public string ShortcutKernel => $"{_layer}/dense/kernel/{Joined}";

    public string ShortcutBias => $"{_layer}/dense/bias/{Joined}";

    public static string NormScale(string norm) => $"{norm}/layer_norm_scale/{Joined}";

    public static string NormBias(string norm) => $"{norm}/layer_norm_bias/{Joined}";

    public string ConvolutionKernel(string name) => $"{_variables}/{name}/kernel/part_0";

    public string ConvolutionBias(string name) => $"{_layer}/{name}/bias/{Joined}";

    public string FeedForwardKernel(string name) => $"{_stack}/FFN/{name}/Tensordot/Reshape_1";

    public string FeedForwardBias(string name) => $"{_layer}/FFN/{name}/bias/{Joined}";
}
