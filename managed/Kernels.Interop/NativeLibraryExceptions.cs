using System.Globalization;

namespace Kernels.Interop;

/// <summary>The native library was found nowhere; the message lists every path tried and why each failed.</summary>
public sealed class NativeLibraryNotFoundException : DllNotFoundException
{
    internal NativeLibraryNotFoundException(string message, IReadOnlyList<string> attempts)
        : base(message) => Attempts = attempts;

    /// <summary>Each path tried, in order, with the reason it failed.</summary>
    public IReadOnlyList<string> Attempts { get; }
}

/// <summary>
/// The native library that was found was built from another header than this assembly; calling it would corrupt memory.
/// <see cref="BadImageFormatException.FileName"/> is its path.
/// </summary>
public sealed class AbiMismatchException : BadImageFormatException
{
    internal AbiMismatchException(string path, ulong expected, ulong? actual)
        : base($"{path} has ABI hash {Format(actual)}, but this assembly was built for {Format(expected)}. " +
               "Use the native library that came with this version of Kernels.Interop.", path) =>
        (Expected, Actual) = (expected, actual);

    /// <summary>Hash of the header this assembly was built from.</summary>
    public ulong Expected { get; }

    /// <summary>Hash of the header the library was built from; null if it exports none.</summary>
    public ulong? Actual { get; }

    private static string Format(ulong? hash) =>
        hash is ulong value ? "0x" + value.ToString("x16", CultureInfo.InvariantCulture) : "none";
}
