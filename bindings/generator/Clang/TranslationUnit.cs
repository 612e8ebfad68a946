using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Kernels.Interop.Bindings.Clang.LibClang;

namespace Kernels.Interop.Bindings.Clang;

/// <summary>A header parsed from memory as C++17 for x86-64 Linux.</summary>
/// <remarks>It can include <see cref="StandardHeaders"/> and nothing else.</remarks>
internal sealed unsafe class TranslationUnit : IDisposable
{
    private readonly nint _index;
    private readonly nint _unit;
    private readonly string _path;

    /// <summary>Parses a header.</summary>
    /// <param name="name">its file name, for messages</param>
    /// <param name="text">its text</param>
    /// <exception cref="AbiException">It does not compile.</exception>
    public TranslationUnit(string name, string text)
    {
        // Header search skips directories that do not exist, so the files in memory pretend to lie in one that does.
        string directory = AppContext.BaseDirectory;
        string[] arguments =
            ["-x", "c++", "-std=c++17", "-target", "x86_64-unknown-linux-gnu", "-nostdinc", "-I", directory];

        _path = Path.Combine(directory, name);
        using UnsavedFiles files = new(
            [(_path, text), .. StandardHeaders.All.Select(header => (Path.Combine(directory, header.Name), header.Text))]);
        _index = clang_createIndex(0, 0);
        int error = clang_parseTranslationUnit2(
            _index, _path, arguments, arguments.Length,
            files.Pointer, files.Count, DetailedPreprocessingRecord, out _unit);
        if (error != 0)
        {
            clang_disposeIndex(_index);
            throw new AbiException([new Violation(0, name, $"libclang could not parse it (CXErrorCode {error})")]);
        }

        ThrowOnErrors(name);
    }

    /// <summary>The root of the syntax tree.</summary>
    public CXCursor Root => clang_getTranslationUnitCursor(_unit);

    /// <summary>Whether a node stands in the header itself, be it through a macro, and not in what it includes.</summary>
    public bool Contains(CXCursor cursor)
    {
        clang_getExpansionLocation(clang_getCursorLocation(cursor), out nint file, out _, out _, out _);
        return file != 0 && Text(clang_getFileName(file)) == _path;
    }

    /// <summary>Children of a node, in order.</summary>
    public static IReadOnlyList<CXCursor> Children(CXCursor parent)
    {
        List<CXCursor> children = [];
        GCHandle handle = GCHandle.Alloc(children);
        _ = clang_visitChildren(parent, &Collect, GCHandle.ToIntPtr(handle));
        handle.Free();
        return children;
    }

    /// <summary>Copies a string of libclang and releases it; null if it holds none.</summary>
    public static string? Text(CXString text)
    {
        string? copy = Marshal.PtrToStringUTF8(clang_getCString(text));
        clang_disposeString(text);
        return copy;
    }

    /// <summary>Name of a node; empty if it has none.</summary>
    public static string Name(CXCursor cursor) => Text(clang_getCursorSpelling(cursor)) ?? "";

    /// <summary>Line of a node, from 1.</summary>
    public static int Line(CXCursor cursor) => Position(clang_getCursorLocation(cursor)).Line;

    /// <summary>Line and byte offset of a location.</summary>
    public static (int Line, int Offset) Position(CXSourceLocation location)
    {
        clang_getExpansionLocation(location, out _, out uint line, out _, out uint offset);
        return ((int)line, (int)offset);
    }

    public void Dispose()
    {
        clang_disposeTranslationUnit(_unit);
        clang_disposeIndex(_index);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Collect(CXCursor cursor, CXCursor parent, nint list)
    {
        ((List<CXCursor>)GCHandle.FromIntPtr(list).Target!).Add(cursor);
        return VisitContinue;
    }

    private void ThrowOnErrors(string name)
    {
        List<Violation> errors = [];
        for (uint i = 0; i < clang_getNumDiagnostics(_unit); i++)
        {
            nint diagnostic = clang_getDiagnostic(_unit, i);
            if (clang_getDiagnosticSeverity(diagnostic) >= SeverityError)
            {
                int line = Position(clang_getDiagnosticLocation(diagnostic)).Line;
                errors.Add(new Violation(line, name, Text(clang_getDiagnosticSpelling(diagnostic)) ?? "error"));
            }

            clang_disposeDiagnostic(diagnostic);
        }

        if (errors.Count > 0)
        {
            Dispose();
            throw new AbiException(errors);
        }
    }
}
