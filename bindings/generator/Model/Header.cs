namespace Kernels.Interop.Bindings.Model;

/// <summary>Everything a header declares, in the order it declares it.</summary>
internal sealed record Header(
    IReadOnlyList<Constant> Constants,
    IReadOnlyList<Enumeration> Enums,
    IReadOnlyList<Structure> Structs,
    IReadOnlyList<Handle> Handles,
    IReadOnlyList<Callback> Callbacks,
    IReadOnlyList<Function> Functions)
{
    /// <summary>Every declaration, fields and values included.</summary>
    public IEnumerable<Declaration> Declarations() =>
    [
        .. Constants,
        .. Enums,
        .. Enums.SelectMany(@enum => @enum.Members),
        .. Structs,
        .. Structs.SelectMany(@struct => @struct.Fields),
        .. Handles,
        .. Callbacks,
        .. Functions,
    ];
}

/// <summary>What all declarations have.</summary>
/// <param name="Name">its name in C</param>
/// <param name="Line">its line, from 1</param>
/// <param name="Documentation">its comment; null if it has none</param>
internal abstract record Declaration(string Name, int Line, DocComment? Documentation);

/// <summary>A macro that stands for a whole number.</summary>
internal sealed record Constant(string Name, int Line, DocComment? Documentation, int Value)
    : Declaration(Name, Line, Documentation);

/// <summary>An enumeration.</summary>
/// <param name="UnderlyingType">the type it was declared with, as written; a bare enum has a compiler's type here</param>
internal sealed record Enumeration(
    string Name, int Line, DocComment? Documentation, string UnderlyingType, IReadOnlyList<EnumMember> Members)
    : Declaration(Name, Line, Documentation)
{
    /// <summary>Whether the values are meant to be combined.</summary>
    public bool IsFlags => Name.EndsWith("_flags", StringComparison.Ordinal)
        && Members.All(member => member.Value == 0 || long.IsPow2(member.Value));
}

/// <summary>A value of an enumeration.</summary>
internal sealed record EnumMember(string Name, int Line, DocComment? Documentation, long Value)
    : Declaration(Name, Line, Documentation);

/// <summary>A struct with its size in bytes.</summary>
internal sealed record Structure(
    string Name, int Line, DocComment? Documentation, int Size, IReadOnlyList<Field> Fields)
    : Declaration(Name, Line, Documentation);

/// <summary>A field of a struct with its offset and size in bytes.</summary>
internal sealed record Field(string Name, int Line, DocComment? Documentation, CType Type, int Offset, int Size)
    : Declaration(Name, Line, Documentation);

/// <summary>A struct that is declared but never defined: callers hold its address only.</summary>
internal sealed record Handle(string Name, int Line, DocComment? Documentation)
    : Declaration(Name, Line, Documentation);

/// <summary>A type of function that the caller supplies.</summary>
internal sealed record Callback(
    string Name, int Line, DocComment? Documentation, CType ReturnType, IReadOnlyList<Parameter> Parameters)
    : Declaration(Name, Line, Documentation);

/// <summary>A function that the library exports.</summary>
internal sealed record Function(
    string Name, int Line, DocComment? Documentation, CType ReturnType, IReadOnlyList<Parameter> Parameters,
    FunctionTraits Traits)
    : Declaration(Name, Line, Documentation);

/// <summary>A parameter.</summary>
internal sealed record Parameter(string Name, CType Type);

/// <summary>How a function was declared, apart from its signature.</summary>
[Flags]
internal enum FunctionTraits
{
    None = 0,
    Visible = 1,
    Noexcept = 2,
    CLinkage = 4,
}
