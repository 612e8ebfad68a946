using System.Text.RegularExpressions;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Parsing;

/// <summary>Reads the part of doxygen's language that the header uses: paragraphs, @param, @return and @ref.</summary>
internal static partial class DocCommentParser
{
    /// <summary>Takes a comment apart.</summary>
    /// <param name="raw">the comment with its marks, or null</param>
    /// <returns>the parts; null if it is no documentation comment, or an empty one</returns>
    /// <exception cref="FormatException">It stands behind what it documents, or uses an unknown command.</exception>
    public static DocComment? Parse(string? raw)
    {
        if (raw is null || !raw.StartsWith("/**", StringComparison.Ordinal))
        {
            return null;
        }

        if (raw.StartsWith("/**<", StringComparison.Ordinal))
        {
            throw new FormatException("its comment stands behind it ('/**<'); write it above");
        }

        List<string> paragraphs = [];
        List<DocParameter> parameters = [];
        string? returns = null;
        foreach (string block in Blocks(raw))
        {
            if (ParameterCommand().Match(block) is { Success: true } parameter)
            {
                parameters.Add(new DocParameter(
                    parameter.Groups["name"].Value, parameter.Groups["text"].Value, parameter.Groups["out"].Success));
            }
            else if (ReturnCommand().Match(block) is { Success: true } @return)
            {
                returns = @return.Groups["text"].Value;
            }
            else
            {
                paragraphs.Add(block);
            }
        }

        DocComment comment = new(paragraphs, parameters, returns);
        Group? unknown = comment.Texts().SelectMany(text => UnknownCommand().Matches(text))
            .Select(match => match.Groups["unknown"]).FirstOrDefault(group => group.Success);
        if (unknown is not null)
        {
            throw new FormatException($"its comment uses '{unknown.Value}', which is not understood here");
        }

        return comment.Texts().All(string.IsNullOrEmpty) ? null : comment;
    }

    // A block ends at an empty line or where the next command begins.
    private static List<string> Blocks(string raw)
    {
        List<List<string>> blocks = [[]];
        foreach (string line in raw[3..^2].Split('\n').Select(line => LeadingStar().Replace(line, "").Trim()))
        {
            if (line.Length == 0 || BlockCommand().IsMatch(line))
            {
                blocks.Add([]);
            }

            if (line.Length > 0)
            {
                blocks[^1].Add(line);
            }
        }

        return [.. blocks.Where(block => block.Count > 0).Select(block => string.Join(' ', block))];
    }

    [GeneratedRegex(@"^\s*\*(?!/)")]
    private static partial Regex LeadingStar();

    [GeneratedRegex(@"^@(param|return)\b")]
    private static partial Regex BlockCommand();

    [GeneratedRegex(@"^@param(?<out>\[out\])?\s+(?<name>\w+)\s+(?<text>.+)$")]
    private static partial Regex ParameterCommand();

    [GeneratedRegex(@"^@return\s+(?<text>.+)$")]
    private static partial Regex ReturnCommand();

    // Code in backquotes is skipped.
    [GeneratedRegex(@"`[^`]*`|@ref\b|(?<!\w)(?<unknown>[@\\]\w+)")]
    private static partial Regex UnknownCommand();
}
