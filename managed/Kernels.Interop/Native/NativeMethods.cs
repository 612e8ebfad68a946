using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

internal static unsafe partial class NativeMethods
{
    // Runs before the first native call, whichever it is, and asks the loader to answer for the library.
    static NativeMethods() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, static (name, _, _) =>
            name == LibraryName ? NativeLoader.Library.Handle : 0);
}
