namespace Kernels.Interop.Benchmarks;

/// <summary>Self-attention of one sequence: contiguous tensors [1, tokens, heads, head dim] in its own memory.</summary>
internal sealed class SelfAttention
{
    public SelfAttention(int tokens, int heads, int headDim)
    {
        Shape = new AttentionShape(1, tokens, tokens, heads, heads, headDim, headDim);
        var random = new Random(1);
        Query = Numbers(random);
        Key = Numbers(random);
        Value = Numbers(random);
        Output = new float[Length];
    }

    public AttentionShape Shape { get; }

    public float[] Query { get; }

    public float[] Key { get; }

    public float[] Value { get; }

    public float[] Output { get; }

    private int Length => Shape.QueryLength * Shape.QueryHeads * Shape.HeadDim;

    /// <summary>By this library.</summary>
    public void Kernel(KernelStream stream) => Attention.Forward<float>(stream, Shape, Query, Key, Value, Output);

    private float[] Numbers(Random random)
    {
        var numbers = new float[Length];
        foreach (ref float number in numbers.AsSpan())
        {
            number = 2 * random.NextSingle() - 1;
        }
        return numbers;
    }
}
