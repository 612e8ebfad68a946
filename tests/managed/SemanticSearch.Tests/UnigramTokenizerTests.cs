using SemanticSearch.Model;

namespace SemanticSearch.Tests;

[TestFixture]
internal sealed class UnigramTokenizerTests
{
    private UnigramTokenizer _tokenizer = null!;

    [OneTimeSetUp]
    public void LoadTokenizer() => _tokenizer = TestModel.Tokenizer();

    [Test]
    public void GoldenTextsGetTheirGoldenIds()
    {
        Assert.That(Golden.Embeddings, Is.Not.Empty);
        using (Assert.EnterMultipleScope())
        {
            foreach (var item in Golden.Embeddings)
            {
                Assert.That(_tokenizer.Encode(item.Text), Is.EqualTo(item.Ids), item.Text);
            }
        }
    }

    [Test]
    public void SearchTextsGetTheirGoldenIds()
    {
        Assert.That(Golden.Search.Sentences, Is.Not.Empty);
        Assert.That(Golden.Search.Queries, Is.Not.Empty);
        using (Assert.EnterMultipleScope())
        {
            foreach (var sentence in Golden.Search.Sentences)
            {
                Assert.That(_tokenizer.Encode(sentence.Text), Is.EqualTo(sentence.Ids), sentence.Text);
            }

            foreach (var query in Golden.Search.Queries)
            {
                Assert.That(_tokenizer.Encode(query.Text), Is.EqualTo(query.Ids), query.Text);
            }
        }
    }

    [TestCase("", new int[0], TestName = "AnEmptyTextHasNoTokens")]
    [TestCase(" ", new[] { 30, 30 }, TestName = "SpacesAreNotTrimmed")]
    [TestCase("Hello world.", new[] { 341, 4125, 311, 6 }, TestName = "ASentenceIsCutAtItsBestPieces")]
    [TestCase(":) hi :) 10:30 9:00 a:b", new[] { 30, 57, 52, 2038, 658, 320, 4177, 538, 5920, 11, 57, 151 },
        TestName = "PiecesWithoutScoreCountAsZeroAndASumOfZeroGivesWay")]
    [TestCase("I ❤️ 🍕🍕!", new[] { 16, 30, 0, 30, 0, 78 }, TestName = "ARunOfUnknownCharactersIsOneToken")]
    [TestCase("a  b\tc\n", new[] { 11, 30, 464, 0, 131, 0 }, TestName = "TabsAndNewlinesAreUnknownCharacters")]
    [TestCase("”5 ”", new[] { 30, 4464, 30, 236 }, TestName = "TheLastOfRepeatedPiecesCounts")]
    public void CornerCases(string text, int[] ids) => Assert.That(_tokenizer.Encode(text), Is.EqualTo(ids));

    [TestCase("\uFB01ne", "fine")]
    [TestCase("a\u00A0b", "a b")]
    [TestCase("cafe\u0301", "caf\u00E9")]
    [TestCase("\u2460", "1")]
    public void TextIsNormalisedToNfkc(string text, string normalised) =>
        Assert.That(_tokenizer.Encode(text), Is.EqualTo(_tokenizer.Encode(normalised)));

    [TestCase("a\uD83Cb", TestName = "ALoneHighSurrogateIsOneUnknownCharacter")]
    [TestCase("a\uDF55b", TestName = "ALoneLowSurrogateIsOneUnknownCharacter")]
    [TestCase("a\uFFFEb", TestName = "ANonCharacterIsOneUnknownCharacter")]
    public void IllFormedText(string text) => Assert.That(_tokenizer.Encode(text), Is.EqualTo(new[] { 11, 0, 151 }));

    [Test]
    public void TextAroundALoneSurrogateIsNormalised() =>
        Assert.That(_tokenizer.Encode("\uFB01\uD800\uFB01"), Is.EqualTo(_tokenizer.Encode("fi\uD800fi")));

    [TestCase("\uFFFD")]
    [TestCase("<s>")]
    [TestCase("extra_token_id_1")]
    public void ReservedPiecesMatchNoText(string text) =>
        Assert.That(_tokenizer.Encode(text), Has.None.InRange(1, 5));
}
