using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Parsing;

/// <summary>The rules that every declaration of the header keeps, beyond the types it may use.</summary>
internal static class AbiRules
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
        .. header.Callbacks.SelectMany(callback => CheckType(callback).Concat(CheckSignature(callback, callback.Parameters, callback.ReturnType))),
        .. header.Functions.SelectMany(CheckFunction),
    ];

    private static IEnumerable<Violation> CheckType(Declaration declaration) =>
        CheckName(declaration, Prefix).Concat(CheckDocumented(declaration, declaration.Name));

    private static IEnumerable<Violation> CheckName(Declaration declaration, string prefix)
    {
        if (!declaration.Name.StartsWith(prefix, StringComparison.Ordinal))
        {
            yield return new Violation(declaration.Line, declaration.Name, $"the name must begin with {prefix}");
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
            : violations.Append(new Violation(
                @enum.Line, @enum.Name, "a bare enum is not of a fixed size; declare it with KI_ENUM"));
    }

    private static IEnumerable<Violation> CheckStruct(Structure @struct)
    {
        IEnumerable<Violation> violations = CheckType(@struct)
            .Concat(@struct.Fields.SelectMany(field => CheckDocumented(field, $"{@struct.Name}.{field.Name}")));
        return @struct.Fields is [{ Name: "struct_size", Type: ScalarType { Name: "uint32_t" } }, ..]
            ? violations
            : violations.Append(new Violation(
                @struct.Line, @struct.Name, "the first field of a struct must be 'uint32_t struct_size'"));
    }

    private static IEnumerable<Violation> CheckFunction(Function function)
    {
        foreach (Violation violation in CheckType(function)
            .Concat(CheckSignature(function, function.Parameters, function.ReturnType))
            .Concat(CheckParameterDocumentation(function)))
        {
            yield return violation;
        }

        if (!function.Traits.HasFlag(FunctionTraits.Noexcept))
        {
            yield return new Violation(function.Line, function.Name, "an export must be declared KI_NOEXCEPT");
        }

        if (!function.Traits.HasFlag(FunctionTraits.Visible))
        {
            yield return new Violation(function.Line, function.Name, "an export must be declared KI_API");
        }

        if (!function.Traits.HasFlag(FunctionTraits.CLinkage))
        {
            yield return new Violation(function.Line, function.Name, "an export must be declared inside extern \"C\"");
        }
    }

    private static IEnumerable<Violation> CheckSignature(
        Declaration declaration, IReadOnlyList<Parameter> parameters, CType result)
    {
        foreach (Parameter parameter in parameters.Append(new Parameter("result", result)))
        {
            if (parameter.Name.Length == 0)
            {
                yield return new Violation(declaration.Line, declaration.Name, "a parameter has no name");
            }

            if (parameter.Type is NamedType { Kind: NamedKind.Struct or NamedKind.Handle } or ArrayType)
            {
                yield return new Violation(
                    declaration.Line, declaration.Name, $"'{parameter.Name}' must be passed by its address");
            }
        }
    }

    private static IEnumerable<Violation> CheckParameterDocumentation(Function function)
    {
        if (function.Documentation is not { } documentation)
        {
            yield break;
        }

        string[] documented = [.. documentation.Parameters.Select(parameter => parameter.Name)];
        if (!documented.SequenceEqual(function.Parameters.Select(parameter => parameter.Name)))
        {
            yield return new Violation(
                function.Line, function.Name,
                "its @param lines must name its parameters, all of them, in order; " +
                $"they name: {(documented.Length == 0 ? "none" : string.Join(", ", documented))}");
        }

        if (documentation.Returns is null != function.ReturnType is VoidType)
        {
            yield return new Violation(
                function.Line, function.Name, "it must have a @return line if, and only if, it returns something");
        }
    }
}
