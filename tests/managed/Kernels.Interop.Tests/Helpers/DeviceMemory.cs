using Kernels.Interop.Native;

namespace Kernels.Interop.Tests.Helpers;

/// <summary>Memory of a device that is known by its address only.</summary>
internal static unsafe class DeviceMemory
{
    public static void Read<T>(KernelStream stream, nint address, T[] elements)
        where T : unmanaged
    {
        using var borrowed = stream.Borrow();
        fixed (T* host = elements)
        {
            ulong bytes = (ulong)elements.Length * (ulong)sizeof(T);
            NativeError.ThrowIfFailed(NativeMethods.ki_copy(borrowed.Pointer, host, (void*)address, bytes));
            stream.Synchronize();
        }
    }

    public static void Write<T>(KernelStream stream, nint address, T[] elements)
        where T : unmanaged
    {
        using var borrowed = stream.Borrow();
        fixed (T* host = elements)
        {
            ulong bytes = (ulong)elements.Length * (ulong)sizeof(T);
            NativeError.ThrowIfFailed(NativeMethods.ki_copy(borrowed.Pointer, (void*)address, host, bytes));
            stream.Synchronize();
        }
    }
}
