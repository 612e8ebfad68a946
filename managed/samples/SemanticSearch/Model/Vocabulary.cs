using System.Text.Json;

namespace SemanticSearch.Model;

/// <summary>A piece of text that a token stands for.</summary>
/// <param name="Id">the token</param>
/// <param name="Score">logarithm of its probability, more or less</param>
internal readonly record struct Piece(int Id, double Score);

/// <summary>The pieces that text is cut into: <c>vocab.json</c>, a list of [piece, score] whose index is the id.</summary>
internal sealed class Vocabulary
{
    private const string FileName = "vocab.json";

    /// <summary>Ids below this are control tokens, which no text matches.</summary>
    private const int ReservedIds = 6;

    private readonly Dictionary<string, Piece>.AlternateLookup<ReadOnlySpan<char>> _pieces;

    private Vocabulary(int count, Dictionary<string, Piece> pieces)
    {
        Count = count;
        LongestPiece = pieces.Keys.Select(text => text.Length).DefaultIfEmpty().Max();
        _pieces = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Number of ids, the reserved ones included.</summary>
    public int Count { get; }

    /// <summary>Length of the longest piece, in UTF-16 code units.</summary>
    public int LongestPiece { get; }

    /// <summary>Reads <c>vocab.json</c> of a model folder.</summary>
    /// <exception cref="ModelException">The file is missing or does not say what it should.</exception>
    public static Vocabulary Load(string folder)
    {
        var json = ModelFolder.Read(folder, FileName);
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException
            or IndexOutOfRangeException)
        {
            throw new ModelException($"{FileName} in {folder} is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>Finds a piece by its text.</summary>
    public bool TryGet(ReadOnlySpan<char> text, out Piece piece) => _pieces.TryGetValue(text, out piece);

    private static Vocabulary Parse(JsonElement root)
    {
        var pieces = new Dictionary<string, Piece>();
        var id = 0;
        foreach (var pair in root.EnumerateArray())
        {
            var text = pair[0].GetString() ?? throw new FormatException($"the piece with id {id} is no text");
            var score = pair[1].ValueKind is JsonValueKind.Null ? 0 : pair[1].GetDouble();
            if (id >= ReservedIds)
            {
                // One piece is listed more than once; the last counts.
                pieces[text] = new Piece(id, score);
            }

            id++;
        }

        return new Vocabulary(id, pieces);
    }
}
