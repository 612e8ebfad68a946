using FsCheck;
using FsCheck.Fluent;
using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Random problems agree with the reference, whatever their shape and their strides.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class AttentionPropertyTests<T>
    where T : unmanaged
{
    private static readonly string[] Orders = ["blh", "bhl", "hbl", "lbh", "lhb", "hlb"];
    private static readonly Config Trials = Config.QuickThrowOnFailure.WithMaxTest(50);

    private static Gen<AttentionCase> Cases =>
        from batch in Gen.Choose(0, 2)
        from queryLength in Gen.Choose(0, 40)
        from keyLength in Gen.Choose(0, 80)
        from keyValueHeads in Gen.Choose(1, 2)
        from heads in Gen.Choose(1, 4)
        from headDim in Gen.Choose(1, 256)
        from valueHeadDim in Gen.Choose(1, 256)
        from causal in Gen.Elements(false, true)
        from scale in Gen.Elements<float?>(null, 0f, 0.5f, -0.1f)
        select new AttentionCase(
            new AttentionShape(
                batch, queryLength, keyLength, keyValueHeads * heads, keyValueHeads, headDim, valueHeadDim),
            new AttentionOptions { Causal = causal, Scale = scale });

    private static Gen<Layout> Layouts =>
        from order in Gen.Elements(Orders)
        from gap in Gen.Choose(0, 9)
        select new Layout(order, gap);

    [Test]
    public void RandomShapesAgree() => Check.One(Trials, Prop.ForAll(Cases.ToArbitrary(), @case =>
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        var inputs = new AttentionInputs<T>(@case);
        T[] output = inputs.NewOutput();
        float[] logsumexp = inputs.NewLogSumExp();
        AttentionOverloads.Run(Overload.Spans, stream, inputs, output, logsumexp);
        return Fault(inputs, output, logsumexp);
    }));

    [Test]
    public void RandomViewsAgree() => Check.One(Trials, Prop.ForAll(
        Cases.ToArbitrary(), Layouts.Four().ToArbitrary(), (@case, layouts) =>
    {
        using KernelStream stream = Suite.Cpu.CreateStream();
        var inputs = new AttentionInputs<T>(@case);
        StridedCopy<T> q = layouts.Item1.Apply(inputs.Query, @case.QueryDims);
        StridedCopy<T> k = layouts.Item2.Apply(inputs.Key, @case.KeyDims);
        StridedCopy<T> v = layouts.Item3.Apply(inputs.Value, @case.ValueDims);
        StridedCopy<T> o = layouts.Item4.Apply(inputs.NewOutput(), @case.OutputDims);
        float[] logsumexp = inputs.NewLogSumExp();
        Attention.Forward(
            stream, q.View, k.View, v.View, o.View, @case.Options,
            AttentionOverloads.Contiguous(logsumexp, @case.LogSumExpDims));
        return Fault(inputs, o.ToContiguous(), logsumexp).And(o.GapsAreNaN.Label("gaps are untouched"));
    }));

    private static Property Fault(AttentionInputs<T> inputs, T[] output, float[] logsumexp)
    {
        AttentionExpectation expected = inputs.Expected();
        string? fault = Tolerance.Fault<T>(output, expected.Output) ?? Tolerance.Fault<float>(logsumexp, expected.LogSumExp);
        return (fault is null).Label(fault ?? "");
    }

    private sealed record Layout(string Order, int Gap)
    {
        public StridedCopy<T> Apply(T[] contiguous, long[] dims) => StridedCopy<T>.Of(contiguous, dims, Order, Gap);
    }
}
