using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kernels.Interop.Bindings.Clang;

/// <summary>Finds libclang under the names that distributions give it.</summary>
internal static class LibClangLoader
{
    /// <summary>Environment variable that names the library's file and overrides the search.</summary>
    public const string OverrideVariable = "LIBCLANG_PATH";

    private const int NewestVersion = 24;
    private const int OldestVersion = 14;

    /// <summary>Routes the P/Invokes of <see cref="LibClang"/> through this loader.</summary>
    [ModuleInitializer]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(LibClang).Assembly, (name, assembly, _) =>
            name == LibClang.LibraryName ? Load(Candidates(), assembly) : 0);

    /// <summary>Loads the first candidate that can be loaded.</summary>
    /// <exception cref="DllNotFoundException">None can; the message lists every name tried.</exception>
    internal static nint Load(IReadOnlyList<string> candidates, Assembly assembly)
    {
        foreach (string candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, searchPath: null, out nint handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException(
            $"libclang {OldestVersion} or newer was not found (Debian: libclang1-{OldestVersion}). " +
            $"Install it, or set {OverrideVariable} to its file. Tried: {string.Join(", ", candidates)}.");
    }

    private static List<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(OverrideVariable) is { Length: > 0 } path)
        {
            return [path];
        }

        List<string> candidates = [];
        for (int version = NewestVersion; version >= OldestVersion; version--)
        {
            candidates.Add($"libclang-{version}.so.1");
            candidates.Add($"libclang.so.{version}");
            candidates.Add($"/usr/lib/llvm-{version}/lib/libclang.so.1");
        }

        candidates.AddRange(["libclang.so.1", "libclang.so", "libclang"]);
        return candidates;
    }
}
