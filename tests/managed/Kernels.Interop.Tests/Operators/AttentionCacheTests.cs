using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Attention over a cache: everything that says where keys are and what is appended arrives, on every device.</summary>
[TestFixture(typeof(float), typeof(float))]
[TestFixture(typeof(float), typeof(BFloat16))]
[TestFixture(typeof(float), typeof(sbyte))]
[TestFixture(typeof(Half), typeof(Half))]
[TestFixture(typeof(BFloat16), typeof(sbyte))]
public sealed class AttentionCacheTests<TQuery, TKey>
    where TQuery : unmanaged
    where TKey : unmanaged
{
    private static IEnumerable<CacheFeature> Features => CacheFeature.All;

    [Test]
    public void FeatureChangesTheResultAsTheReferenceSays(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Features))] CacheFeature feature,
        [Values] bool inWorkspace)
    {
        var problem = new CacheProblem<TQuery, TKey>(feature.With);
        CacheResult<TQuery, TKey> result = problem.Run(device, inWorkspace);
        (CacheContents<TKey> key, CacheContents<TKey> value) = problem.Appended();
        bool turned = feature.With.RotaryDim > 0;
        AssertContents(result.Key, key, turned, "key");
        AssertContents(result.Value, value, isTurned: false, "value");
        Assert.That(Fault(result, problem.Expected(result.Key, result.Value)), Is.Null);
        if (feature.Without is not null)
        {
            var other = new CacheProblem<TQuery, TKey>(feature.Without);
            (key, value) = other.Appended();
            Assert.That(Fault(result, other.Expected(key, value)), Is.Not.Null, "the result without it is another");
        }
    }

    /// <summary>Nothing but new rows is written. Rows that are turned in float may be rounded to a neighbour.</summary>
    private static void AssertContents(CacheContents<TKey> actual, CacheContents<TKey> expected, bool isTurned, string what)
    {
        for (int i = 0; i < expected.Elements.Length; i++)
        {
            (double was, double should) = (Number(actual.Elements[i]), Number(expected.Elements[i]));
            double allowed = CacheContents<TKey>.IsInt8 ? 1 : 2 * Elements.HalfUlp<TKey>(should) + Math.ScaleB(1, -22);
            if (isTurned ? Math.Abs(was - should) > allowed : !was.Equals(should))
            {
                Assert.Fail($"element {i} of the {what} is {was}, not {should}");
            }
        }
        Assert.That(actual.Scales, Is.EqualTo(expected.Scales).Within(isTurned ? 4 : 1).Ulps, $"scales of the {what}");
    }

    private static double Number(TKey element) => element is sbyte quantised ? quantised : Elements.ToDouble(element);

    private static string? Fault(CacheResult<TQuery, TKey> result, AttentionExpectation[] expected) =>
        Tolerance.Fault(result.Output, result.LogSumExp, expected);
}
