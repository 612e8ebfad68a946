using System.Text;

namespace SemanticSearch.Model;

/// <summary>
/// Cuts text into the pieces of a vocabulary so that the sum of their scores is highest (a unigram language model, Kudo
/// 2018), by dynamic programming over the positions of the text.
/// </summary>
internal sealed class UnigramTokenizer
{
    /// <summary>The token for characters that no piece has.</summary>
    public const int Unknown = 0;

    private const char SpaceMark = '\u2581';

    private readonly Vocabulary _vocabulary;

    /// <summary>Makes a tokenizer over a vocabulary.</summary>
    /// <exception cref="PlatformNotSupportedException">This process cannot normalise text.</exception>
    public UnigramTokenizer(Vocabulary vocabulary)
    {
        // Without ICU, .NET returns text unchanged and says nothing.
        if ("\uFB01".Normalize(NormalizationForm.FormKC) != "fi")
        {
            throw new PlatformNotSupportedException(
                "text cannot be normalised to NFKC, because .NET runs in globalization-invariant mode, without ICU");
        }

        _vocabulary = vocabulary;
    }

    /// <summary>Tokens of a text; none for an empty one.</summary>
    public int[] Encode(string text)
    {
        var normalized = Normalize(text);
        return normalized.Length == 0 ? [] : Tokens(SpaceMark + normalized.Replace(' ', SpaceMark));
    }

    private int[] Tokens(string symbols)
    {
        // For each end of a prefix: the score of its best cut, and the last piece of that cut.
        var best = new double[symbols.Length + 1];
        var last = new (int Start, int Id)[symbols.Length + 1];

        int step;
        for (var start = 0; start < symbols.Length; start += step)
        {
            step = char.IsSurrogatePair(symbols, start) ? 2 : 1;
            var known = false;
            var limit = Math.Min(_vocabulary.LongestPiece, symbols.Length - start);
            for (var length = 1; length <= limit; length++)
            {
                if (_vocabulary.TryGet(symbols.AsSpan(start, length), out var piece))
                {
                    known = true;
                    Offer(start, start + length, piece);
                }
            }

            if (!known)
            {
                Offer(start, start + step, new Piece(Unknown, 0));
            }
        }

        return ReadBack(last);

        // Offers to one end arrive by ascending start, so a tie goes to the shorter piece. A best of exactly 0 counts as
        // none yet, as it does where the model was trained: a cut whose scores sum to 0 gives way to any later one.
        void Offer(int start, int end, Piece piece)
        {
            var score = best[start] + piece.Score;
            if (best[end] == 0 || score >= best[end])
            {
                best[end] = score;
                last[end] = (start, piece.Id);
            }
        }
    }

    /// <summary>Follows the best cut from the end to the start; neighbouring unknowns become one.</summary>
    private static int[] ReadBack((int Start, int Id)[] last)
    {
        var tokens = new List<int>();
        for (var end = last.Length - 1; end > 0; end = last[end].Start)
        {
            if (last[end].Id != Unknown || tokens.Count == 0 || tokens[^1] != Unknown)
            {
                tokens.Add(last[end].Id);
            }
        }

        tokens.Reverse();
        return [.. tokens];
    }

    /// <summary>
    /// The text in NFKC. <see cref="string.Normalize(NormalizationForm)"/> refuses lone surrogates and U+FFFE; they
    /// combine with nothing, so what stands between them is normalised by itself.
    /// </summary>
    private static string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        var from = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]) || text[i] == '\uFFFE')
            {
                result.Append(text[from..i].Normalize(NormalizationForm.FormKC)).Append(text[i]);
                from = i + 1;
            }
        }

        return result.Append(text[from..].Normalize(NormalizationForm.FormKC)).ToString();
    }
}
