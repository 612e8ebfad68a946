using SemanticSearch.Model;

namespace SemanticSearch.Tests;

/// <summary>Made-up vocabularies. The first six ids are reserved, so pieces begin at id 6.</summary>
[TestFixture]
internal sealed class VocabularyTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void TheBestSumWinsOverTheLongestPiece() =>
        Assert.That(Encode("ab", "[\"▁\", -1], [\"a\", -1], [\"b\", -1], [\"▁ab\", -4]"), Is.EqualTo(new[] { 6, 7, 8 }));

    [Test]
    public void ATieGoesToTheShorterLastPiece() =>
        Assert.That(Encode("ab", "[\"▁\", -1], [\"a\", -1], [\"b\", -1], [\"▁a\", -2], [\"▁ab\", -3]"),
            Is.EqualTo(new[] { 6, 7, 8 }));

    [Test]
    public void ABestSumOfZeroIsReplacedByAWorseOne() =>
        Assert.That(Encode("a", "[\"▁\", -1], [\"a\", -1], [\"▁a\", null]"), Is.EqualTo(new[] { 6, 7 }));

    [Test]
    public void UnknownCharactersCostNothing() =>
        Assert.That(Encode("xyb", "[\"▁\", -1], [\"b\", -1]"), Is.EqualTo(new[] { 6, 0, 7 }));

    [Test]
    public void TheLastOfRepeatedPiecesCounts() =>
        Assert.That(Encode("a", "[\"▁\", -1], [\"a\", -1], [\"a\", -9]"), Is.EqualTo(new[] { 6, 8 }));

    [TestCase("{ not json", "damaged")]
    [TestCase("{\"a\": 1}", "damaged")]
    [TestCase("[[\"a\"]]", "damaged")]
    [TestCase("[[1, -1]]", "damaged")]
    [TestCase("[[null, -1]]", "the piece with id 0 is no text")]
    [TestCase("[[\"a\", \"b\"]]", "damaged")]
    public void ADamagedVocabularyIsRefused(string json, string message)
    {
        _folder.Write("vocab.json", json);
        Assert.That(() => Vocabulary.Load(_folder.Path),
            Throws.TypeOf<ModelException>().With.Message.Contains("vocab.json").And.Message.Contains(message));
    }

    private int[] Encode(string text, string pieces)
    {
        var reserved = string.Concat(Enumerable.Range(0, 6).Select(id => $"[\"reserved{id}\", 0], "));
        _folder.Write("vocab.json", $"[{reserved}{pieces}]");
        return new UnigramTokenizer(Vocabulary.Load(_folder.Path)).Encode(text);
    }
}
