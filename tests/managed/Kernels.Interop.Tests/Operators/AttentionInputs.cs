using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>A case of attention: prints as its parameters.</summary>
public readonly record struct AttentionCase(AttentionShape Shape, AttentionOptions Options = default)
{
    public int OutputLength => Shape.Batch * Shape.QueryLength * Shape.QueryHeads * Shape.ValueHeadDim;

    public int LogSumExpLength => Shape.Batch * Shape.QueryHeads * Shape.QueryLength;

    public long[] QueryDims => [Shape.Batch, Shape.QueryLength, Shape.QueryHeads, Shape.HeadDim];

    public long[] KeyDims => [Shape.Batch, Shape.KeyLength, Shape.KeyValueHeads, Shape.HeadDim];

    public long[] ValueDims => [Shape.Batch, Shape.KeyLength, Shape.KeyValueHeads, Shape.ValueHeadDim];

    public long[] OutputDims => [Shape.Batch, Shape.QueryLength, Shape.QueryHeads, Shape.ValueHeadDim];

    public long[] LogSumExpDims => [Shape.Batch, Shape.QueryHeads, Shape.QueryLength];

    public override string ToString()
    {
        (int b, int lq, int lk, int hq, int hkv, int d, int dv) = Shape;
        string scale = Options.Scale is float value ? $" scale {value}" : "";
        return $"b{b} q{lq} k{lk} heads {hq}:{hkv} d{d}:{dv}{(Options.Causal ? " causal" : "")}{scale}";
    }
}

/// <summary>Contiguous random inputs for a case, and what should come of them.</summary>
internal sealed class AttentionInputs<T>
    where T : unmanaged
{
    public AttentionInputs(AttentionCase @case, int seed = 1)
    {
        Case = @case;
        var random = new Random(seed);
        Query = Normal(random, @case.QueryDims);
        Key = Normal(random, @case.KeyDims);
        Value = Normal(random, @case.ValueDims);
    }

    public AttentionCase Case { get; }

    public T[] Query { get; }

    public T[] Key { get; }

    public T[] Value { get; }

    /// <summary>An output full of NaN, so that an element that is not written is seen.</summary>
    public T[] NewOutput() => Filled<T>(Case.OutputLength);

    public float[] NewLogSumExp() => Filled<float>(Case.LogSumExpLength);

    public void AssertMatches(ReadOnlySpan<T> output, ReadOnlySpan<float> logsumexp)
    {
        AttentionExpectation expected = Expected();
        Tolerance.AssertMatches(output, expected.Output, $"output of {Case}");
        Tolerance.AssertMatches(logsumexp, expected.LogSumExp, $"logsumexp of {Case}");
    }

    public AttentionExpectation Expected() => AttentionReference.Compute<T>(
        Case.Shape,
        Elements.ToDoubles<T>(Query),
        Elements.ToDoubles<T>(Key),
        Elements.ToDoubles<T>(Value),
        Case.Options);

    private static TElement[] Filled<TElement>(int length)
        where TElement : unmanaged
    {
        var elements = new TElement[length];
        Array.Fill(elements, Elements.FromDouble<TElement>(double.NaN));
        return elements;
    }

    private static T[] Normal(Random random, long[] dims)
    {
        var elements = new T[dims.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < elements.Length; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            elements[i] = Elements.FromDouble<T>(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return elements;
    }
}
