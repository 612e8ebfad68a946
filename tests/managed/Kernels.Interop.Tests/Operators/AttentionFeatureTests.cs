using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>
/// Every option and every optional tensor arrives: it changes the result, on every device, as the reference says.
/// </summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class AttentionFeatureTests<T>
    where T : unmanaged
{
    private readonly Dictionary<FeatureSetting, AttentionExpectation[]> _known = [];

    private static IEnumerable<Feature> Features => Feature.All;

    [Test]
    public void FeatureChangesTheResultAsTheReferenceSays(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Features))] Feature feature)
    {
        FeatureResult<T> result = new FeatureProblem<T>(feature.With).Run(device);
        Assert.That(Fault(result, feature.With), Is.Null);
        Assert.That(Fault(result, feature.Without), Is.Not.Null, "the result without it is another");
    }

    [Test]
    public void WorkspaceOfTheSizeAskedForIsEnough(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Features))] Feature feature)
    {
        FeatureResult<T> result = new FeatureProblem<T>(feature.With).Run(device, inWorkspace: true);
        Assert.That(Fault(result, feature.With), Is.Null);
    }

    private string? Fault(FeatureResult<T> result, FeatureSetting setting)
    {
        if (!_known.TryGetValue(setting, out AttentionExpectation[]? expected))
        {
            _known[setting] = expected = new FeatureProblem<T>(setting).Expected();
        }
        return Tolerance.Fault(result.Output, result.LogSumExp, expected);
    }
}
