using System.Runtime.InteropServices;
using System.Text;

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

    /// <summary>Loads the first candidate that loads, and refuses it if its ABI is another.</summary>
    /// <param name="explicitPath">The only path to try; null or empty for the usual places.</param>
    /// <param name="applicationFolder">Where the application is.</param>
    public static LoadedLibrary Load(string? explicitPath, string applicationFolder)
    {
        List<string> attempts = [];
        foreach (string candidate in Candidates(explicitPath, applicationFolder))
        {
            if (TryLoad(candidate, out nint handle, out string reason))
            {
                CheckAbi(handle, candidate);
                return new LoadedLibrary(handle, candidate);
            }
            attempts.Add($"{candidate}: {reason}");
        }
        throw new NativeLibraryNotFoundException(Explain(explicitPath, attempts), attempts);
    }

    private static string[] Candidates(string? explicitPath, string applicationFolder)
    {
        // A path somebody asked for is never replaced silently by another library.
        if (!string.IsNullOrEmpty(explicitPath))
        {
            return [explicitPath];
        }
#pragma warning disable CA1308 // Runtime identifiers are lower case.
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
#pragma warning restore CA1308
        return
        [
            Path.Combine(applicationFolder, FileName),
            Path.Combine(applicationFolder, "runtimes", $"linux-{architecture}", "native", FileName),
            FileName, // no folder: the system's search
        ];
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

    private static string Explain(string? explicitPath, List<string> attempts)
    {
        var text = new StringBuilder($"The native library {FileName} could not be loaded.");
        text.Append(string.IsNullOrEmpty(explicitPath)
            ? $" {PathVariable} is not set. Tried, in order:"
            : $" {PathVariable} is set, so only its path was tried:");
        foreach (string attempt in attempts)
        {
            text.AppendLine().Append("  ").Append(attempt);
        }
        return text.ToString();
    }
}
