namespace SemanticSearch.Tests;

[TestFixture]
internal sealed class TextLinesTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase("one\n\n  \ntwo\n", 2)]
    [TestCase("one\r\n\r\ntwo", 1)]
    [TestCase("\uFEFFone\ntwo", 0)]
    public void LinesAreReadAndBlankOnesCounted(string text, int blank)
    {
        var texts = TextLines.FromFile(_folder.Write("lines.txt", text));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(texts.Lines, Is.EqualTo(new[] { "one", "two" }));
            Assert.That(texts.BlankLines, Is.EqualTo(blank));
        }
    }

    [Test]
    public void AFileWithoutSentencesIsRefused() =>
        AssertRefused(_folder.Write("blank.txt", "\n \n"), "holds no sentences");

    [Test]
    public void AFileThatIsNotUtf8IsRefused() =>
        AssertRefused(_folder.Write("latin1.txt", [0x63, 0xe9, 0x0a]), "is not UTF-8");

    [Test]
    public void AMissingFileIsRefused() => AssertRefused(Path.Combine(_folder.Path, "none.txt"), "there is no file");

    [Test]
    public void AFolderIsRefused() => AssertRefused(_folder.Path, "cannot read");

    [TestCase("sentences.txt")]
    [TestCase("queries.txt")]
    public void TextsComeWithTheProgram(string name)
    {
        var texts = TextLines.BuiltIn(name);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(texts.Lines, Is.Not.Empty);
            Assert.That(texts.BlankLines, Is.Zero);
        }
    }

    private static void AssertRefused(string path, string message) => Assert.That(() => TextLines.FromFile(path),
        Throws.TypeOf<InputException>().With.Message.Contains(path).And.Message.Contains(message));
}
