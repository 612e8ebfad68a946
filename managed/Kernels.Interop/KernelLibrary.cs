using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>The native library that this process uses.</summary>
/// <remarks>
/// It is loaded by the first call that needs it: from the path in the environment variable
/// <c>KERNELS_INTEROP_LIBRARY</c> if that is set; else from the application's folder, from <c>runtimes/&lt;rid&gt;/native</c>
/// below it, or by the system's search, whichever comes first.
/// </remarks>
public static class KernelLibrary
{
    /// <summary>Version of the native library.</summary>
    /// <exception cref="NativeLibraryNotFoundException">It could not be loaded.</exception>
    /// <exception cref="AbiMismatchException">It belongs to another version of this assembly.</exception>
    public static Version Version
    {
        get
        {
            uint version = NativeMethods.ki_version();
            return new Version((int)(version >> 16), (int)(version >> 8 & 0xff), (int)(version & 0xff));
        }
    }

    /// <summary>Hash of the C header that the native library and this assembly were both built from.</summary>
    /// <inheritdoc cref="Version" path="/exception"/>
    public static ulong AbiHash => NativeMethods.ki_abi_hash();

    /// <summary>Path it was loaded from; the bare file name if the system's search found it.</summary>
    /// <inheritdoc cref="Version" path="/exception"/>
    public static string Path => NativeLoader.Library.Path;
}
