using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Spells the header's types in C#.</summary>
internal sealed class CSharpTypes(Header header)
{
    // Keywords of C# that are ordinary names in C.
    private static readonly HashSet<string> Keywords =
    [
        "abstract", "as", "base", "byte", "checked", "decimal", "delegate", "event", "explicit", "finally", "fixed",
        "foreach", "implicit", "in", "interface", "internal", "is", "lock", "null", "object", "out", "override", "params",
        "readonly", "ref", "sbyte", "sealed", "stackalloc", "string", "uint", "ulong", "unchecked", "unsafe", "ushort",
    ];

    private readonly Dictionary<string, Callback> _callbacks = header.Callbacks.ToDictionary(callback => callback.Name);

    /// <summary>The blittable type with the same bits.</summary>
    public string Spell(CType type) => type switch
    {
        VoidType => "void",
        ScalarType scalar => scalar.CSharp,
        NamedType { Kind: NamedKind.Callback } named => Spell(_callbacks[named.Name]),
        NamedType named => named.Name,
        PointerType pointer => $"{Spell(pointer.Target)}*",
        _ => throw new ArgumentException($"'{type}' has no C# type of its own", nameof(type)),
    };

    /// <summary>An expression for the size of a field of this type.</summary>
    public string SpellSize(CType type) =>
        type is ArrayType array ? $"{array.Length} * sizeof({Spell(array.Element)})" : $"sizeof({Spell(type)})";

    /// <summary>A name of C as an identifier of C#.</summary>
    public static string SpellName(string name) => Keywords.Contains(name) ? $"@{name}" : name;

    private string Spell(Callback callback)
    {
        IEnumerable<string> types =
            callback.Parameters.Select(parameter => parameter.Type).Append(callback.ReturnType).Select(Spell);
        return $"delegate* unmanaged[Cdecl]<{string.Join(", ", types)}>";
    }
}
