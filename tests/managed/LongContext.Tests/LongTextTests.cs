namespace LongContext.Tests;

[TestFixture]
internal sealed class LongTextTests
{
    [Test]
    public void TextIsCutIntoUnequalSequences()
    {
        var sequences = LongText.Cut([.. Enumerable.Range(0, 10).Select(i => (byte)i)]);
        Assert.That(sequences.Select(sequence => sequence.Length), Is.EqualTo([4, 3, 2, 1]));
        Assert.That(sequences.SelectMany(sequence => sequence.ToArray()), Is.EqualTo(Enumerable.Range(0, 10)));
    }

    [Test]
    public void TextThatIsTooShortForAllSequencesMakesFewer() =>
        Assert.That(LongText.Cut([1]).Select(sequence => sequence.Length), Is.EqualTo([1]));

    [Test]
    public void FilesAreReadInOrderUntilThereIsEnough()
    {
        using var folder = new TemporaryFolder();
        string[] paths = [folder.Write("a", "first"), folder.Write("b", "second")];
        Assert.That(LongText.Read(paths, 8), Is.EqualTo("firstsec"u8.ToArray()));
        Assert.That(LongText.Read(paths, 100), Is.EqualTo("firstsecond"u8.ToArray()));
    }

    [Test]
    public void TheSystemHasALongText() => Assert.That(LongText.Read([], 100_000), Has.Length.EqualTo(100_000));
}
