using Kernels.Interop.Bindings.Clang;
using Kernels.Interop.Bindings.Model;
using static Kernels.Interop.Bindings.Clang.LibClang;

namespace Kernels.Interop.Bindings.Parsing;

/// <summary>Turns libclang's types into those the ABI allows.</summary>
/// <remarks>
/// Names are what counts: <c>int32_t</c> is allowed and <c>int</c> is not, although both are the same to a compiler. So
/// typedefs are looked at before what they stand for.
/// </remarks>
internal static class TypeParser
{
    /// <summary>A type that the ABI has no place for.</summary>
    internal sealed class ForbiddenTypeException(string reason) : Exception(reason);

    /// <summary>Parses the type of a field, a parameter or a result.</summary>
    /// <exception cref="ForbiddenTypeException">The ABI forbids it.</exception>
    public static CType Parse(CXType type) => Parse(type, isPointee: false);

    private static CType Parse(CXType type, bool isPointee)
    {
        string spelling = Spelling(type);
        return type.Kind switch
        {
            TypeKind.Elaborated => Parse(clang_Type_getNamedType(type), isPointee),
            TypeKind.Void => new VoidType(),
            TypeKind.Float => ScalarType.All["float"],
            TypeKind.Double => ScalarType.All["double"],
            TypeKind.CharSigned or TypeKind.CharUnsigned when isPointee => ScalarType.All["char"],
            TypeKind.Pointer => ParsePointer(clang_getPointeeType(type)),
            TypeKind.ConstantArray => ParseArray(type),
            TypeKind.Typedef or TypeKind.Record or TypeKind.Enum => ParseNamed(type),
            _ => throw new ForbiddenTypeException(
                $"type '{spelling}' is not of a fixed size; use the types of <stdint.h>, float, double or KI_ENUM"),
        };
    }

    private static PointerType ParsePointer(CXType pointee)
    {
        if (pointee.Kind is not TypeKind.Typedef && clang_getCanonicalType(pointee).Kind == TypeKind.FunctionPrototype)
        {
            throw new ForbiddenTypeException("a pointer to a function needs a name; declare it with typedef");
        }

        return new PointerType(Parse(pointee, isPointee: true), clang_isConstQualifiedType(pointee) != 0);
    }

    private static ArrayType ParseArray(CXType type) =>
        Parse(clang_getArrayElementType(type), isPointee: true) is ScalarType element
            ? new ArrayType(element, checked((int)clang_getArraySize(type)))
            : throw new ForbiddenTypeException($"type '{Spelling(type)}' is not an array of numbers");

    private static CType ParseNamed(CXType type)
    {
        CXCursor declaration = clang_getTypeDeclaration(type);
        string name = TranslationUnit.Name(declaration);
        if (type.Kind == TypeKind.Typedef && ScalarType.All.TryGetValue(name, out ScalarType? scalar))
        {
            return scalar;
        }

        CXType canonical = clang_getCanonicalType(type);
        CXCursor definition = clang_getTypeDeclaration(canonical);
        bool isAlias = type.Kind == TypeKind.Typedef && TranslationUnit.Name(definition) != name;
        return canonical.Kind switch
        {
            TypeKind.Pointer when IsFunction(clang_getPointeeType(canonical)) => new NamedType(name, NamedKind.Callback),
            TypeKind.Enum when !isAlias => new NamedType(name, NamedKind.Enum),
            TypeKind.Record when !isAlias && IsDefined(definition) => new NamedType(name, NamedKind.Struct),
            TypeKind.Record when !isAlias => new NamedType(name, NamedKind.Handle),
            _ => throw new ForbiddenTypeException(
                $"type '{Spelling(type)}' is not of a fixed size, or hides its type behind another name"),
        };
    }

    private static bool IsFunction(CXType type) => type.Kind == TypeKind.FunctionPrototype;

    private static bool IsDefined(CXCursor declaration) =>
        clang_Cursor_isNull(clang_getCursorDefinition(declaration)) == 0;

    private static string Spelling(CXType type) => TranslationUnit.Text(clang_getTypeSpelling(type)) ?? "";
}
