namespace Kernels.Interop.Tests.Helpers;

public sealed class TreeMaskTests
{
    [Test]
    public void TokenSeesItselfAndItsAncestors()
    {
        // 0 -> 1 -> 3, 0 -> 2, and 4 beside 0.
        bool[] mask = TreeMask.FromParents([-1, 0, 0, 1, -1]);
        string[] rows = [.. mask.Chunk(5).Select(row => string.Concat(row.Select(seen => seen ? 'x' : '.')))];
        Assert.That(rows, Is.EqualTo(["x....", "xx...", "x.x..", "xx.x.", "....x"]));
    }

    [Test]
    public void EmptyTreeHasAnEmptyMask() => Assert.That(TreeMask.FromParents([]), Is.Empty);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(-2)]
    public void ParentThatIsNotBeforeItsChildIsRefused(int parent) => Assert.That(
        () => TreeMask.FromParents([parent]),
        Throws.ArgumentException.With.Property("ParamName").EqualTo("parents").And.Message.Contains($"{parent}"));

    [Test]
    public void MaskOfAnotherSizeIsRefused() => Assert.That(
        () => TreeMask.Fill([-1, 0], new bool[3]), Throws.ArgumentException.With.Property("ParamName").EqualTo("mask"));
}
