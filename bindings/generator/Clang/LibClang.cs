using System.Runtime.InteropServices;

namespace Kernels.Interop.Bindings.Clang;

/// <summary>The functions of libclang's C interface that the generator calls, all present since LLVM 14.</summary>
internal static unsafe partial class LibClang
{
    /// <summary>Name that <see cref="LibClangLoader"/> resolves.</summary>
    public const string LibraryName = "libclang";

    /// <summary>Keeps macro definitions (CXTranslationUnit_DetailedPreprocessingRecord).</summary>
    public const uint DetailedPreprocessingRecord = 1;

    /// <summary>Severity from which a diagnostic stops the generator (CXDiagnostic_Error).</summary>
    public const int SeverityError = 3;

    /// <summary>Exception specification of a plain <c>noexcept</c>.</summary>
    public const int BasicNoexcept = 4;

    /// <summary>Answer of a visitor that goes on with the next sibling (CXChildVisit_Continue).</summary>
    public const int VisitContinue = 1;

    [LibraryImport(LibraryName)]
    public static partial nint clang_createIndex(int excludeDeclarationsFromPch, int displayDiagnostics);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeIndex(nint index);

    [LibraryImport(LibraryName, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int clang_parseTranslationUnit2(
        nint index, string file, string[] arguments, int argumentCount,
        CXUnsavedFile* unsavedFiles, uint unsavedFileCount, uint options, out nint unit);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeTranslationUnit(nint unit);

    [LibraryImport(LibraryName)]
    public static partial uint clang_getNumDiagnostics(nint unit);

    [LibraryImport(LibraryName)]
    public static partial nint clang_getDiagnostic(nint unit, uint index);

    [LibraryImport(LibraryName)]
    public static partial int clang_getDiagnosticSeverity(nint diagnostic);

    [LibraryImport(LibraryName)]
    public static partial CXString clang_getDiagnosticSpelling(nint diagnostic);

    [LibraryImport(LibraryName)]
    public static partial CXSourceLocation clang_getDiagnosticLocation(nint diagnostic);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeDiagnostic(nint diagnostic);

    [LibraryImport(LibraryName)]
    public static partial nint clang_getCString(CXString text);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeString(CXString text);

    [LibraryImport(LibraryName)]
    public static partial CXCursor clang_getTranslationUnitCursor(nint unit);

    [LibraryImport(LibraryName)]
    public static partial uint clang_visitChildren(
        CXCursor parent, delegate* unmanaged[Cdecl]<CXCursor, CXCursor, nint, int> visitor, nint clientData);

    [LibraryImport(LibraryName)]
    public static partial CXString clang_getCursorSpelling(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXString clang_Cursor_getRawCommentText(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXString clang_Cursor_getMangling(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXSourceLocation clang_getCursorLocation(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXSourceRange clang_getCursorExtent(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXSourceLocation clang_getRangeStart(CXSourceRange range);

    [LibraryImport(LibraryName)]
    public static partial CXSourceLocation clang_getRangeEnd(CXSourceRange range);

    [LibraryImport(LibraryName)]
    public static partial void clang_getExpansionLocation(
        CXSourceLocation location, out nint file, out uint line, out uint column, out uint offset);

    [LibraryImport(LibraryName)]
    public static partial CXString clang_getFileName(nint file);

    [LibraryImport(LibraryName)]
    public static partial uint clang_isCursorDefinition(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXCursor clang_getCursorDefinition(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial int clang_Cursor_isNull(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_Cursor_isBitField(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_Cursor_isMacroFunctionLike(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_EnumDecl_isScoped(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getEnumDeclIntegerType(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial long clang_getEnumConstantDeclValue(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial int clang_getCursorExceptionSpecificationType(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial long clang_Cursor_getOffsetOfField(CXCursor field);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getCursorType(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getTypedefDeclUnderlyingType(CXCursor cursor);

    [LibraryImport(LibraryName)]
    public static partial CXString clang_getTypeSpelling(CXType type);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getCanonicalType(CXType type);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_Type_getNamedType(CXType type);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getPointeeType(CXType type);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getArrayElementType(CXType type);

    [LibraryImport(LibraryName)]
    public static partial long clang_getArraySize(CXType type);

    [LibraryImport(LibraryName)]
    public static partial CXType clang_getResultType(CXType type);

    [LibraryImport(LibraryName)]
    public static partial CXCursor clang_getTypeDeclaration(CXType type);

    [LibraryImport(LibraryName)]
    public static partial uint clang_isConstQualifiedType(CXType type);

    [LibraryImport(LibraryName)]
    public static partial uint clang_isFunctionTypeVariadic(CXType type);

    [LibraryImport(LibraryName)]
    public static partial long clang_Type_getSizeOf(CXType type);
}
