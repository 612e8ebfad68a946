namespace Kernels.Interop.Tests.Helpers;

public sealed class AlibiSlopesTests
{
    [Test]
    public void PowersOfTwoAreAGeometricSequence() =>
        Assert.That(AlibiSlopes.ForHeads(8), Is.EqualTo(Enumerable.Range(1, 8).Select(h => MathF.Pow(2, -h))));

    /// <summary>Those of 8 heads, then the first, third, fifth and seventh of 16.</summary>
    [Test]
    public void OtherNumbersTakeTheRestFromTwiceAsManyHeads()
    {
        float[] expected = [0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f,
            0.70710678f, 0.35355339f, 0.17677670f, 0.088388348f];
        Assert.That(AlibiSlopes.ForHeads(12), Is.EqualTo(expected).Within(1).Ulps);
    }

    [Test]
    public void FewHeadsHaveSlopesToo()
    {
        Assert.That(AlibiSlopes.ForHeads(0), Is.Empty);
        Assert.That(AlibiSlopes.ForHeads(1), Is.EqualTo([1f / 256]));
        Assert.That(AlibiSlopes.ForHeads(3), Is.EqualTo([1f / 16, 1f / 256, 1f / 4]));
        Assert.That(() => AlibiSlopes.ForHeads(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
