using System.Security;
using System.Text.RegularExpressions;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Writes the header's comments as XML documentation.</summary>
/// <remarks>Text in backquotes becomes code; a name that the header declares becomes a link, with @ref or not.</remarks>
internal sealed partial class XmlDocumentation
{
    private readonly Dictionary<string, string> _links = [];

    public XmlDocumentation(Header header)
    {
        foreach (Declaration type in Enumerable.Concat<Declaration>(header.Enums, header.Structs).Concat(header.Handles))
        {
            _links.Add(type.Name, type.Name);
        }

        foreach (Declaration member in Enumerable.Concat<Declaration>(header.Functions, header.Constants))
        {
            _links.Add(member.Name, $"NativeMethods.{member.Name}");
        }

        foreach (Enumeration @enum in header.Enums)
        {
            @enum.Members.ToList().ForEach(member => _links.Add(member.Name, $"{@enum.Name}.{member.Name}"));
        }
    }

    /// <summary>Lines of documentation, each ending in a new line; none if there is no comment.</summary>
    /// <param name="documentation">the comment</param>
    /// <param name="indent">white space to begin each line with</param>
    /// <param name="remarks">more paragraphs, behind those of the comment</param>
    public string Write(DocComment? documentation, string indent, params IEnumerable<string> remarks)
    {
        if (documentation is null)
        {
            return "";
        }

        List<string> lines = [$"<summary>{Inline(documentation.Paragraphs[0])}</summary>"];
        lines.AddRange(documentation.Parameters.Select(parameter =>
            $"<param name=\"{parameter.Name}\">{(parameter.IsOutput ? "Out: " : "")}{Inline(parameter.Text)}</param>"));
        if (documentation.Returns is { } returns)
        {
            lines.Add($"<returns>{Inline(returns)}</returns>");
        }

        string[] rest = [.. documentation.Paragraphs.Skip(1).Concat(remarks).Select(Inline)];
        lines.AddRange(rest switch
        {
            [] => [],
            [string only] => [$"<remarks>{only}</remarks>"],
            _ => ["<remarks>", .. rest.Select(paragraph => $"<para>{paragraph}</para>"), "</remarks>"],
        });
        return string.Concat(lines.Select(line => $"{indent}/// {line}\n"));
    }

    private string Inline(string text) => Token().Replace(text, match =>
        match.Groups["code"] is { Success: true } code ? $"<c>{SecurityElement.Escape(code.Value)}</c>"
        : match.Groups["name"] is { Success: true } name ? Link(name.Value)
        : SecurityElement.Escape(match.Value));

    private string Link(string name) =>
        _links.TryGetValue(name, out string? target) ? $"<see cref=\"{target}\"/>" : name;

    [GeneratedRegex(@"`(?<code>[^`]+)`|(?:@ref\s+)?(?<name>\b\w+\b)|[<>&]")]
    private static partial Regex Token();
}
