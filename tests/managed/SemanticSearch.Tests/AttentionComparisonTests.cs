using Kernels.Interop;
using SemanticSearch.SelfAttention;

namespace SemanticSearch.Tests;

[TestFixture]
internal sealed class AttentionComparisonTests
{
    private sealed class NoAttention : ISelfAttention
    {
        public void Forward(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape) => output.Fill(1);
    }

    [Test]
    public void AWrongResultShowsAsADifference()
    {
        using var device = Device.Open("cpu");
        using var stream = device.CreateStream();
        var kernel = KernelAttention.For(stream);
        var timings = AttentionComparison.Run([("kernel", kernel), ("again", kernel), ("none", new NoAttention())],
            new SelfAttentionShape(32, 4, 16, 0.25f), rounds: 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(timings.Select(timing => timing.Label), Is.EqualTo(new[] { "kernel", "again", "none" }));
            Assert.That(timings[1].MaxDifference, Is.Zero);
            Assert.That(timings[2].MaxDifference, Is.GreaterThan(0.5));
            Assert.That(timings, Has.All.Matches<AttentionTiming>(timing => timing!.Best <= timing.Median));
        }
    }
}
