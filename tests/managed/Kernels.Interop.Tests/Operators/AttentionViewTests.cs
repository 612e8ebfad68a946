using System.Numerics.Tensors;
using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Views whose elements are not one behind another.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class AttentionViewTests<T>
    where T : unmanaged
{
    private static readonly AttentionCase Case =
        new(new AttentionShape(2, 7, 19, 4, 2, 24, 16), new AttentionOptions { Causal = true });

    private KernelStream _stream = null!;

    [SetUp]
    public void CreateStream() => _stream = Suite.Cpu.CreateStream();

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    /// <summary>Orders of batch, length and head in memory, outermost first.</summary>
    [Test]
    public void PermutedTensorsMatchTheReference(
        [Values("blh", "bhl", "hbl", "lbh", "lhb", "hlb")] string input,
        [Values("blh", "bhl", "hlb")] string output,
        [Values(0, 3)] int gap)
    {
        var inputs = new AttentionInputs<T>(Case);
        var q = StridedCopy<T>.Of(inputs.Query, Case.QueryDims, input, gap);
        var k = StridedCopy<T>.Of(inputs.Key, Case.KeyDims, input, gap);
        var v = StridedCopy<T>.Of(inputs.Value, Case.ValueDims, input, gap);
        var o = StridedCopy<T>.Of(inputs.NewOutput(), Case.OutputDims, output, gap);
        float[] logsumexp = inputs.NewLogSumExp();

        Attention.Forward(
            _stream, q.View, k.View, v.View, o.View, Case.Options,
            AttentionOverloads.Contiguous(logsumexp, Case.LogSumExpDims));

        inputs.AssertMatches(o.ToContiguous(), logsumexp);
        Assert.That(o.GapsAreNaN, "nothing was written between the rows");
    }

    [Test]
    public void TransposedTensorsOfTheBaseLibraryMatchTheReference()
    {
        var inputs = new AttentionInputs<T>(Case);
        T[] output = inputs.NewOutput();
        Tensor<T> query = Tensor.Create(inputs.Query, [2, 7, 4, 24]);
        Tensor<T> headsFirst = Tensor.PermuteDimensions(query, [0, 2, 1, 3]);
        ReadOnlyTensorSpan<T> back = Tensor.PermuteDimensions(headsFirst, [0, 2, 1, 3]);
        Attention.Forward(
            _stream,
            back,
            AttentionOverloads.Contiguous(inputs.Key, Case.KeyDims),
            AttentionOverloads.Contiguous(inputs.Value, Case.ValueDims),
            AttentionOverloads.Contiguous(output, Case.OutputDims),
            Case.Options);
        Tolerance.AssertMatches<T>(output, inputs.Expected().Output, "output");
    }

    [Test]
    public void KeysBroadcastOverTheBatchMatchTheReference()
    {
        var one = new AttentionInputs<T>(Case with { Shape = Case.Shape with { Batch = 1 } });
        var inputs = new AttentionInputs<T>(Case);
        one.Key.CopyTo(inputs.Key, 0);
        one.Key.CopyTo(inputs.Key, one.Key.Length);
        one.Value.CopyTo(inputs.Value, 0);
        one.Value.CopyTo(inputs.Value, one.Value.Length);
        T[] output = inputs.NewOutput();

        Attention.Forward(
            _stream,
            AttentionOverloads.Contiguous(inputs.Query, Case.QueryDims),
            new ReadOnlyTensorSpan<T>(one.Key, [2, 19, 2, 24], [0, 48, 24, 1]),
            new ReadOnlyTensorSpan<T>(one.Value, [2, 19, 2, 16], [0, 32, 16, 1]),
            AttentionOverloads.Contiguous(output, Case.OutputDims),
            Case.Options);
        Tolerance.AssertMatches<T>(output, inputs.Expected().Output, "output");
    }

    [Test]
    public void SliceOfALongerTensorReadsNothingOutside()
    {
        var inputs = new AttentionInputs<T>(Case);
        T[] output = inputs.NewOutput();
        TensorSpan<T> cache = AttentionOverloads.Contiguous(
            Enumerable.Repeat(Elements.FromDouble<T>(double.NaN), 2 * 32 * 2 * 24).ToArray(), [2, 32, 2, 24]);
        TensorSpan<T> keys = cache.Slice(Range.All, 5..24, Range.All, Range.All);
        AttentionOverloads.Contiguous(inputs.Key, Case.KeyDims).CopyTo(keys);

        Attention.Forward(
            _stream,
            AttentionOverloads.Contiguous(inputs.Query, Case.QueryDims),
            keys,
            AttentionOverloads.Contiguous(inputs.Value, Case.ValueDims),
            AttentionOverloads.Contiguous(output, Case.OutputDims),
            Case.Options);
        Tolerance.AssertMatches<T>(output, inputs.Expected().Output, "output");
    }
}
