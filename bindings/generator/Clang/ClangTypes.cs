using System.Runtime.InteropServices;

namespace Kernels.Interop.Bindings.Clang;

/// <summary>A node of the syntax tree (CXCursor).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CXCursor
{
    public CursorKind Kind;
    public int ExtraData;
    public nint Data0;
    public nint Data1;
    public nint Data2;
}

/// <summary>A type (CXType).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CXType
{
    public TypeKind Kind;
    public nint Data0;
    public nint Data1;
}

/// <summary>A string owned by libclang (CXString).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CXString
{
    public nint Data;
    public uint Flags;
}

/// <summary>A place in a file (CXSourceLocation).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CXSourceLocation
{
    public nint Pointer0;
    public nint Pointer1;
    public uint Number;
}

/// <summary>A stretch of a file (CXSourceRange).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CXSourceRange
{
    public nint Pointer0;
    public nint Pointer1;
    public uint Begin;
    public uint End;
}

/// <summary>A file that is parsed from memory (CXUnsavedFile).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CXUnsavedFile
{
    public nint Filename;
    public nint Contents;
    public CULong Length;
}

/// <summary>Kinds of nodes (CXCursorKind) that the parser tells apart.</summary>
internal enum CursorKind
{
    UnexposedDeclaration = 1,
    Struct = 2,
    Enum = 5,
    Field = 6,
    EnumConstant = 7,
    Function = 8,
    Parameter = 10,
    Typedef = 20,
    LinkageSpecification = 23,
    VisibilityAttribute = 417,
    MacroDefinition = 501,
    MacroExpansion = 502,
    InclusionDirective = 503,
}

/// <summary>Kinds of types (CXTypeKind) that the parser tells apart.</summary>
internal enum TypeKind
{
    Void = 2,
    CharUnsigned = 4,
    CharSigned = 13,
    Float = 21,
    Double = 22,
    Pointer = 101,
    Record = 105,
    Enum = 106,
    Typedef = 107,
    FunctionPrototype = 111,
    ConstantArray = 112,
    Elaborated = 119,
}
