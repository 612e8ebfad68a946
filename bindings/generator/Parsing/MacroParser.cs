using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Kernels.Interop.Bindings.Clang;
using Kernels.Interop.Bindings.Model;
using static Kernels.Interop.Bindings.Clang.LibClang;

namespace Kernels.Interop.Bindings.Parsing;

/// <summary>Reads the macros that stand for whole numbers.</summary>
/// <remarks>libclang attaches no comments to macros, so the comment above one is found in the text.</remarks>
internal sealed partial class MacroParser(string text)
{
    /// <summary>Macros of the header's own language, which declare nothing.</summary>
    private static readonly string[] Keywords = ["KI_API", "KI_NOEXCEPT"];

    // libclang counts bytes.
    private readonly byte[] _bytes = Encoding.UTF8.GetBytes(text);

    /// <summary>Reads a macro.</summary>
    /// <returns>the constant; null if the macro is an include guard, takes arguments or is one of the keywords</returns>
    /// <exception cref="FormatException">It is none of these.</exception>
    public Constant? Parse(CXCursor macro)
    {
        string name = TranslationUnit.Name(macro);
        CXSourceRange extent = clang_getCursorExtent(macro);
        int start = TranslationUnit.Position(clang_getRangeStart(extent)).Offset;
        int end = TranslationUnit.Position(clang_getRangeEnd(extent)).Offset;
        string value = Slice(start, end)[name.Length..].Trim();
        if (value.Length == 0 || clang_Cursor_isMacroFunctionLike(macro) != 0 || Keywords.Contains(name))
        {
            return null;
        }

        if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            throw new FormatException($"a macro must be a decimal number that fits int32_t, not '{value}'");
        }

        Group comment = CommentAbove().Match(Slice(0, start)).Groups["comment"];
        DocComment? documentation = DocCommentParser.Parse(comment.Success ? comment.Value : null);
        return new Constant(name, TranslationUnit.Line(macro), documentation, number);
    }

    private string Slice(int start, int end) => Encoding.UTF8.GetString(_bytes, start, end - start);

    [GeneratedRegex(@"(?<comment>/\*\*(?:(?!\*/)[\s\S])*\*/)[ \t]*\n[ \t]*#[ \t]*define[ \t]+$")]
    private static partial Regex CommentAbove();
}
