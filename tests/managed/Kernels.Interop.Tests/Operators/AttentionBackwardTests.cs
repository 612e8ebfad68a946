using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Gradients are the reference's, on every device, for every option that training uses.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class AttentionBackwardTests<T>
    where T : unmanaged
{
    private static IEnumerable<Feature> Features => Feature.All;

    [Test]
    public void GradientsMatchTheReference(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Features))] Feature feature,
        [Values] bool inWorkspace)
    {
        var problem = new FeatureProblem<T>(feature.With);
        GradientResult<T> actual = problem.RunBackward(device, inWorkspace: inWorkspace);
        GradientExpectation[] expected = problem.ExpectedGradients();
        for (int b = 0; b < expected.Length; b++)
        {
            Tolerance.AssertMatches<T>(actual.Query[b], expected[b].Query, $"gradient of query {b}");
            Tolerance.AssertMatches<T>(actual.Key[b], expected[b].Key, $"gradient of key {b}");
            Tolerance.AssertMatches<T>(actual.Value[b], expected[b].Value, $"gradient of value {b}");
        }
        if (feature.With.Bias is not null)
        {
            Expectation bias = problem.ExpectedBiasGradient(expected);
            if (feature.With.BiasIsFloat)
            {
                Tolerance.AssertMatches<float>(actual.FloatBias, bias, "gradient of the bias");
            }
            else
            {
                Tolerance.AssertMatches<T>(actual.Bias, bias, "gradient of the bias");
            }
        }
    }

    [Test]
    public void DeterministicGradientsHaveTheSameBits(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        var setting = new FeatureSetting { QueryLengths = [150], KeyLengths = [150], Bias = (1, 1, 1) };
        var problem = new FeatureProblem<T>(setting);
        GradientResult<T> first = problem.RunBackward(device, deterministic: true);
        GradientResult<T> second = problem.RunBackward(device, deterministic: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(second.Query[0], Is.EqualTo(first.Query[0]));
            Assert.That(second.Key[0], Is.EqualTo(first.Key[0]));
            Assert.That(second.Value[0], Is.EqualTo(first.Value[0]));
            Assert.That(second.Bias, Is.EqualTo(first.Bias));
        }
    }
}
