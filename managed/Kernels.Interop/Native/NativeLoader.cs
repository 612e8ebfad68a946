using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

/// <summary>A native library that was loaded and whose ABI was found to be ours.</summary>
internal sealed record LoadedLibrary(nint Handle, string Path);

/// <summary>Finds, loads and checks the native library.</summary>
internal static unsafe class NativeLoader
{
    /// <summary>Environment variable with the path of the library; if it is set, nothing else is tried.</summary>
    public const string PathVariable = "KERNELS_INTEROP_LIBRARY";

    public const string FileName = "libkernels_interop.so";

    private static readonly Lock Gate = new();

    private static LoadedLibrary? s_library;

    /// <summary>The library of this process. A failure is not remembered: the next call tries again.</summary>
    public static LoadedLibrary Library
    {
        get
        {
            lock (Gate)
            {
                return s_library ??= Load(Environment.GetEnvironmentVariable(PathVariable), AppContext.BaseDirectory);
            }
        }
    }

    /// <summary>Loads the library from the first place that has it, and refuses it if its ABI is another.</summary>
    /// <param name="explicitPath">The only path to try; null or empty for the usual places.</param>
    /// <param name="applicationFolder">Where the application is.</param>
    public static LoadedLibrary Load(string? explicitPath, string applicationFolder) => LoadFirst(
        Candidates(explicitPath, applicationFolder),
        string.IsNullOrEmpty(explicitPath)
            ? $"{PathVariable} is not set. Tried, in order:"
            : $"{PathVariable} is set, so only its path was tried:");

    /// <summary>Paths to try, in order; the last of the usual places is a bare name, for the system's search.</summary>
    internal static string[] Candidates(string? explicitPath, string applicationFolder)
    {
        // A path somebody asked for is never replaced silently by another library.
        if (!string.IsNullOrEmpty(explicitPath))
        {
            return [Path.GetFullPath(explicitPath)];
        }
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        return
        [
            Path.Combine(applicationFolder, FileName),
            Path.Combine(applicationFolder, "runtimes", $"linux-{architecture}", "native", FileName),
            FileName,
        ];
    }

    internal static LoadedLibrary LoadFirst(string[] candidates, string explanation)
    {
        List<string> attempts = [];
        foreach (string candidate in candidates)
        {
            if (TryLoad(candidate, out nint handle, out string reason))
            {
                CheckAbi(handle, candidate);
                return new LoadedLibrary(handle, candidate);
            }
            attempts.Add($"{candidate}: {reason}");
        }
        throw new NativeLibraryNotFoundException(
            $"The native library {FileName} could not be loaded. {explanation}\n  {string.Join("\n  ", attempts)}", attempts);
    }

    private static bool TryLoad(string path, out nint handle, out string reason)
    {
        handle = 0;
        if (Path.IsPathFullyQualified(path) && !File.Exists(path))
        {
            reason = "the file does not exist";
            return false;
        }
        try
        {
            handle = NativeLibrary.Load(path, typeof(NativeLoader).Assembly, searchPath: null);
            reason = "";
            return true;
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            // The runtime's message is general advice followed by the system's own words, one attempt a line.
            string[] lines = error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            reason = lines.Length > 1 ? string.Join("; ", lines[1..]) : error.Message;
            return false;
        }
    }

    private static void CheckAbi(nint handle, string path)
    {
        ulong? actual = NativeLibrary.TryGetExport(handle, nameof(NativeMethods.ki_abi_hash), out nint export)
            ? ((delegate* unmanaged[Cdecl]<ulong>)export)()
            : null;
        if (actual != AbiHash.Value)
        {
            NativeLibrary.Free(handle);
            throw new AbiMismatchException(path, expected: AbiHash.Value, actual);
        }
    }
}
