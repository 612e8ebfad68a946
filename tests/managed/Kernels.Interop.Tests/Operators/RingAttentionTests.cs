using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Keys that arrive in parts give what all keys give: the loop of ring attention.</summary>
public sealed class RingAttentionTests
{
    [Test]
    public void PartsThatArriveOneByOneAddUpToTheWhole(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        const int Length = 6, Heads = 4, KeyValueHeads = 2, Width = 16;
        int[] parts = [9, 1, 0, 20];
        var random = new Random(6);
        Rows query = Rows.Random<float>(random, Length, Heads, Width);
        Rows[] keys = [.. parts.Select(length => Rows.Random<float>(random, length, KeyValueHeads, Width))];
        Rows[] values = [.. parts.Select(length => Rows.Random<float>(random, length, KeyValueHeads, Width))];

        using var scope = new TensorScope(device);
        long[] dims = [1, Length, Heads, Width], logsumexpDims = [1, Heads, Length];
        DeviceTensor<float> q = Upload(query);
        var output = scope.Output<float>(dims);
        var logsumexp = scope.Output<float>(logsumexpDims);
        var part = scope.Output<float>(dims);
        var partLogSumExp = scope.Output<float>(logsumexpDims);
        Attention.Forward(scope.Stream, q, Upload(keys[0]), Upload(values[0]), output.Tensor, logsumexp: logsumexp.Tensor);
        for (int i = 1; i < parts.Length; i++)
        {
            Attention.Forward(scope.Stream, q, Upload(keys[i]), Upload(values[i]), part.Tensor, logsumexp: partLogSumExp.Tensor);
            Attention.Combine(
                scope.Stream,
                new DeviceTensor<float>(part.Memory, [1, .. dims]),
                new DeviceTensor<float>(partLogSumExp.Memory, [1, .. logsumexpDims]),
                output.Tensor, logsumexp.Tensor, accumulate: true);
        }

        AttentionExpectation expected = new SequenceAttention(
            query, keys.Aggregate((a, b) => a.Then(b)), values.Aggregate((a, b) => a.Then(b)), default).Forward<float>();
        Tolerance.AssertMatches<float>(output.Memory.ToArray(scope.Stream), expected.Output, "output");
        Tolerance.AssertMatches<float>(logsumexp.Memory.ToArray(scope.Stream), expected.LogSumExp, "logsumexp");

        DeviceTensor<float> Upload(Rows rows) =>
            scope.Upload(rows.Data.Select(Elements.FromDouble<float>).ToArray(), 1, rows.Length, rows.Heads, rows.Width);
    }
}
