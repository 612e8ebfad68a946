using System.Text;

namespace SemanticSearch;

/// <summary>Texts, one a line.</summary>
/// <param name="Lines">the lines that are not blank</param>
/// <param name="BlankLines">how many were blank and left out</param>
internal sealed record TextLines(IReadOnlyList<string> Lines, int BlankLines)
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads one of the files that come with this program.</summary>
    public static TextLines BuiltIn(string name) =>
        Read(typeof(TextLines).Assembly.GetManifestResourceStream(name)!);

    /// <summary>Reads a UTF-8 file.</summary>
    /// <exception cref="InputException">It cannot be read, is not UTF-8, or has no line that is not blank.</exception>
    public static TextLines FromFile(string path)
    {
        try
        {
            using var stream = InputFile.Read(path, File.OpenRead);
            var texts = InputFile.Read(path, _ => Read(stream));
            return texts.Lines.Count > 0 ? texts : throw new InputException($"{path} holds no sentences");
        }
        catch (DecoderFallbackException)
        {
            throw new InputException($"{path} is not UTF-8 text");
        }
    }

    private static TextLines Read(Stream stream)
    {
        using var reader = new StreamReader(stream, StrictUtf8);
        var lines = new List<string>();
        var blank = 0;
        while (reader.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                blank++;
            }
            else
            {
                lines.Add(line);
            }
        }

        return new TextLines(lines, blank);
    }
}
