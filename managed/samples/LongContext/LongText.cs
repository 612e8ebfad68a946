namespace LongContext;

/// <summary>A long text as tokens, which are its bytes, cut into sequences of different lengths.</summary>
internal static class LongText
{
    /// <summary>Texts that every Debian system has (package base-files).</summary>
    private const string Licences = "/usr/share/common-licenses";

    /// <summary>Parts of the text that the sequences get.</summary>
    private static readonly int[] Parts = [4, 3, 2, 1];

    /// <summary>Reads files one behind the other, until there are enough tokens.</summary>
    /// <param name="paths">the files; none for the licences of the system</param>
    /// <param name="tokens">tokens wanted; there may be fewer</param>
    /// <exception cref="InputException">A file cannot be read, or there is nothing in any.</exception>
    public static byte[] Read(IReadOnlyList<string> paths, int tokens)
    {
        if (paths.Count == 0)
        {
            paths = Directory.Exists(Licences)
                ? [.. Directory.GetFiles(Licences).Where(IsNoLink).Order(StringComparer.Ordinal)]
                : throw new InputException($"there is no {Licences} on this system; name a text with --text");
        }

        var text = new List<byte>();
        foreach (var path in paths)
        {
            if (text.Count < tokens)
            {
                text.AddRange(InputFile.Read(path, File.ReadAllBytes));
            }
        }

        return text.Count > 0
            ? [.. text.Take(tokens)]
            : throw new InputException($"{string.Join(", ", paths)} holds no text");
    }

    /// <summary>Cuts tokens into sequences of 4, 3, 2 and 1 tenths.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Cut(byte[] tokens)
    {
        var sequences = new List<ReadOnlyMemory<byte>>();
        var (begin, parts) = (0, 0);
        foreach (var part in Parts)
        {
            parts += part;
            var end = (int)((long)tokens.Length * parts / Parts.Sum());
            if (end > begin)
            {
                sequences.Add(tokens.AsMemory(begin, end - begin));
            }

            begin = end;
        }

        return sequences;
    }

    private static bool IsNoLink(string path) => new FileInfo(path).LinkTarget is null;
}
