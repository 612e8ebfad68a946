using System.Text.RegularExpressions;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Parsing;

/// <summary>The rules that every declaration of the header keeps, beyond the types it may use.</summary>
internal static partial class AbiRules
{
    private const string Prefix = "ki_";
    private const string ConstantPrefix = "KI_";

    /// <summary>Finds every rule that a header breaks.</summary>
    public static IEnumerable<Violation> Check(Header header) =>
    [
        .. header.Constants.SelectMany(constant => CheckName(constant, ConstantPrefix)),
        .. header.Enums.SelectMany(CheckEnum),
        .. header.Structs.SelectMany(CheckStruct),
        .. header.Handles.SelectMany(CheckType),
        .. header.Callbacks.SelectMany(callback =>
            CheckType(callback).Concat(CheckSignature(callback, callback.Parameters, callback.ReturnType))),
        .. header.Functions.SelectMany(CheckFunction),
        .. CheckReferences(header),
    ];

    private static IEnumerable<Violation> CheckType(Declaration declaration) =>
        CheckName(declaration, Prefix).Concat(CheckDocumented(declaration, declaration.Name));

    private static IEnumerable<Violation> CheckName(Declaration declaration, string prefix)
    {
        if (!declaration.Name.StartsWith(prefix, StringComparison.Ordinal))
        {
            yield return Refuse(declaration, $"the name must begin with {prefix}");
        }
    }

    private static IEnumerable<Violation> CheckDocumented(Declaration declaration, string path)
    {
        if (declaration.Documentation is not { Paragraphs.Count: > 0 })
        {
            yield return new Violation(declaration.Line, path, "it is undocumented; write a /** comment */ above it");
        }
    }

    private static IEnumerable<Violation> CheckEnum(Enumeration @enum)
    {
        IEnumerable<Violation> violations = CheckType(@enum)
            .Concat(@enum.Members.SelectMany(member => CheckDocumented(member, $"{@enum.Name}.{member.Name}")))
            .Concat(@enum.Members.SelectMany(member => CheckName(member, ConstantPrefix)));
        return @enum.UnderlyingType == "int32_t"
            ? violations
            : violations.Append(Refuse(@enum, "a bare enum is not of a fixed size; declare it with KI_ENUM"));
    }

    private static IEnumerable<Violation> CheckStruct(Structure @struct)
    {
        IEnumerable<Violation> violations = CheckType(@struct)
            .Concat(@struct.Fields.SelectMany(field => CheckDocumented(field, $"{@struct.Name}.{field.Name}")));
        return @struct.Fields is [{ Name: "struct_size", Type: ScalarType { Name: "uint32_t" } }, ..]
            ? violations.Concat(CheckPadding(@struct))
            : violations.Append(Refuse(@struct, "the first field of a struct must be 'uint32_t struct_size'"));
    }

    // A field appended later could fall into padding, which an older caller left undefined but counted in struct_size.
    private static IEnumerable<Violation> CheckPadding(Structure @struct)
    {
        int end = 0;
        foreach (Field field in @struct.Fields)
        {
            if (field.Offset != end)
            {
                string problem = $"padding of {field.Offset - end} bytes precedes it; name it";
                yield return new Violation(field.Line, $"{@struct.Name}.{field.Name}", problem);
            }

            end = field.Offset + field.Size;
        }

        if (@struct.Size != end)
        {
            yield return Refuse(@struct, $"it ends in padding of {@struct.Size - end} bytes; name it");
        }
    }

    private static IEnumerable<Violation> CheckFunction(Function function)
    {
        (FunctionTraits Trait, string Declaration)[] required =
        [
            (FunctionTraits.Visible, "declared KI_API"),
            (FunctionTraits.Noexcept, "declared KI_NOEXCEPT"),
            (FunctionTraits.CLinkage, "inside extern \"C\""),
        ];
        return CheckType(function)
            .Concat(CheckSignature(function, function.Parameters, function.ReturnType))
            .Concat(CheckSignatureDocumented(function))
            .Concat(required.Where(rule => !function.Traits.HasFlag(rule.Trait))
                .Select(rule => Refuse(function, $"an export must be {rule.Declaration}")));
    }

    private static IEnumerable<Violation> CheckSignature(
        Declaration declaration, IReadOnlyList<Parameter> parameters, CType result)
    {
        foreach (Parameter parameter in parameters.Append(new Parameter("result", result)))
        {
            if (parameter.Name.Length == 0)
            {
                yield return Refuse(declaration, "a parameter has no name");
            }

            if (parameter.Type is NamedType { Kind: NamedKind.Struct or NamedKind.Handle } or ArrayType)
            {
                yield return Refuse(declaration, $"'{parameter.Name}' must be passed by its address");
            }
        }
    }

    private static IEnumerable<Violation> CheckSignatureDocumented(Function function)
    {
        if (function.Documentation is not { } documentation)
        {
            yield break;
        }

        string[] documented = [.. documentation.Parameters.Select(parameter => parameter.Name)];
        if (!documented.SequenceEqual(function.Parameters.Select(parameter => parameter.Name)))
        {
            yield return Refuse(
                function,
                "its @param lines must name its parameters, all of them, in order; " +
                $"they name: {(documented.Length == 0 ? "none" : string.Join(", ", documented))}");
        }

        if (documentation.Returns is null != function.ReturnType is VoidType)
        {
            yield return Refuse(function, "it must have a @return line if, and only if, it returns something");
        }
    }

    private static IEnumerable<Violation> CheckReferences(Header header)
    {
        HashSet<string> names = [.. header.Declarations().Select(declaration => declaration.Name)];
        return
            from declaration in header.Declarations()
            from text in declaration.Documentation?.Texts() ?? []
            from Match match in Reference().Matches(text)
            where !names.Contains(match.Groups["name"].Value)
            select Refuse(declaration, $"its comment refers to '{match.Groups["name"].Value}', which is not declared");
    }

    private static Violation Refuse(Declaration declaration, string problem) =>
        new(declaration.Line, declaration.Name, problem);

    [GeneratedRegex(@"@ref\s+(?<name>\w+)")]
    private static partial Regex Reference();
}
