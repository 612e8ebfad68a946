namespace Kernels.Interop.Bindings.Model;

/// <summary>A type as the header may use it.</summary>
internal abstract record CType
{
    /// <summary>The type as C spells it; a canonical form, so it is part of the ABI hash.</summary>
    public abstract string Spelling { get; }

    public sealed override string ToString() => Spelling;
}

/// <summary>No value.</summary>
internal sealed record VoidType : CType
{
    public override string Spelling => "void";
}

/// <summary>A number of fixed size, or a byte of text.</summary>
internal sealed record ScalarType(string Name, string CSharp) : CType
{
    /// <summary>Every scalar the ABI knows, by its name in C.</summary>
    public static readonly IReadOnlyDictionary<string, ScalarType> All = new ScalarType[]
    {
        new("int8_t", "sbyte"), new("int16_t", "short"), new("int32_t", "int"), new("int64_t", "long"),
        new("uint8_t", "byte"), new("uint16_t", "ushort"), new("uint32_t", "uint"), new("uint64_t", "ulong"),
        new("float", "float"), new("double", "double"), new("char", "byte"),
    }.ToDictionary(scalar => scalar.Name);

    public override string Spelling => Name;

    /// <summary>Whether this is <c>char</c>, which only strings are made of.</summary>
    public bool IsText => Name == "char";
}

/// <summary>What a name of the header stands for.</summary>
internal enum NamedKind
{
    Enum,
    Struct,
    Handle,
    Callback,
}

/// <summary>A type that the header declares.</summary>
internal sealed record NamedType(string Name, NamedKind Kind) : CType
{
    public override string Spelling => Name;
}

/// <summary>An address.</summary>
internal sealed record PointerType(CType Target, bool TargetIsConst) : CType
{
    public override string Spelling => TargetIsConst && Target is not PointerType
        ? $"const {Target}*"
        : $"{Target}{(TargetIsConst ? " const" : "")}*";
}

/// <summary>An array inside a struct.</summary>
internal sealed record ArrayType(ScalarType Element, int Length) : CType
{
    public override string Spelling => $"{Element}[{Length}]";
}
