namespace SemanticSearch.Tests;

[TestFixture]
internal sealed class SearchIndexTests
{
    private static readonly SearchIndex Index = new([[1, 0], [0, 1], [0.6f, 0.8f], [0, 1]]);

    [Test]
    public void TheBestMatchComesFirstAndATieGoesToTheEarlierSentence() =>
        Assert.That(Index.Search([0, 1], 3), Is.EqualTo(new Match[] { new(1, 1), new(3, 1), new(2, 0.8f) }));

    [Test]
    public void NoMoreMatchesThanSentencesAreGiven() =>
        Assert.That(Index.Search([1, 0], 9).Select(match => match.Index), Is.EqualTo(new[] { 0, 2, 1, 3 }));
}
