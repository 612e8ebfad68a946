using System.Runtime.InteropServices;

namespace Kernels.Interop.Tests.Cuda;

/// <summary>The CUDA driver as another .NET library would call it: by P/Invoke, past Kernels.Interop.</summary>
internal static unsafe class CudaDriver
{
    private static readonly Lazy<nint> s_library = new(() => NativeLibrary.Load(VirtualGpu.Driver ?? "libcuda.so.1"));

    /// <summary>Makes the context that Kernels.Interop and the CUDA runtime use current; to be released.</summary>
    public static void UsePrimaryContext()
    {
        nint context;
        Check(((delegate* unmanaged[Cdecl]<nint*, int, int>)Find("cuDevicePrimaryCtxRetain"))(&context, 0));
        Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuCtxSetCurrent"))(context));
    }

    public static void ReleasePrimaryContext()
    {
        Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuCtxSetCurrent"))(0));
        Check(((delegate* unmanaged[Cdecl]<int, int>)Find("cuDevicePrimaryCtxRelease_v2"))(0));
    }

    /// <summary>A context of the caller's own, current on this thread.</summary>
    public static nint CreateContext()
    {
        nint context;
        Check(((delegate* unmanaged[Cdecl]<uint, int>)Find("cuInit"))(0));
        Check(((delegate* unmanaged[Cdecl]<nint*, uint, int, int>)Find("cuCtxCreate_v2"))(&context, 0, 0));
        return context;
    }

    public static void DestroyContext(nint context) =>
        Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuCtxDestroy_v2"))(context));

    public static nint CurrentContext()
    {
        nint context;
        Check(((delegate* unmanaged[Cdecl]<nint*, int>)Find("cuCtxGetCurrent"))(&context));
        return context;
    }

    public static nint CreateStream()
    {
        const uint NonBlocking = 1;
        nint stream;
        Check(((delegate* unmanaged[Cdecl]<nint*, uint, int>)Find("cuStreamCreate"))(&stream, NonBlocking));
        return stream;
    }

    public static void DestroyStream(nint stream) =>
        Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuStreamDestroy_v2"))(stream));

    /// <summary>Memory of the current context that holds these elements.</summary>
    public static nint Upload<T>(ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        nint address;
        nuint bytes = (nuint)(elements.Length * sizeof(T));
        Check(((delegate* unmanaged[Cdecl]<nint*, nuint, int>)Find("cuMemAlloc_v2"))(&address, bytes));
        fixed (T* host = elements)
        {
            Check(((delegate* unmanaged[Cdecl]<nint, void*, nuint, int>)Find("cuMemcpyHtoD_v2"))(address, host, bytes));
        }
        return address;
    }

    public static void Download<T>(nint address, Span<T> elements)
        where T : unmanaged
    {
        fixed (T* host = elements)
        {
            nuint bytes = (nuint)(elements.Length * sizeof(T));
            Check(((delegate* unmanaged[Cdecl]<void*, nint, nuint, int>)Find("cuMemcpyDtoH_v2"))(host, address, bytes));
        }
    }

    public static void Free(nint address) => Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuMemFree_v2"))(address));

    /// <summary>Loads PTX into the current context and queues its kernel, whose parameters are words of 8 bytes.</summary>
    public static void Launch(string ptx, string kernel, int blocks, int threads, nint stream, params ReadOnlySpan<nint> parameters)
    {
        nint module, function;
        nint text = Marshal.StringToCoTaskMemUTF8(ptx), name = Marshal.StringToCoTaskMemUTF8(kernel);
        Check(((delegate* unmanaged[Cdecl]<nint*, nint, int>)Find("cuModuleLoadData"))(&module, text));
        Check(((delegate* unmanaged[Cdecl]<nint*, nint, nint, int>)Find("cuModuleGetFunction"))(&function, module, name));
        Marshal.FreeCoTaskMem(text);
        Marshal.FreeCoTaskMem(name);
        fixed (nint* values = parameters)
        {
            void** addresses = stackalloc void*[parameters.Length];
            for (int i = 0; i < parameters.Length; i++)
            {
                addresses[i] = values + i;
            }
            Check(((delegate* unmanaged[Cdecl]<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)
                Find("cuLaunchKernel"))(function, (uint)blocks, 1, 1, (uint)threads, 1, 1, 0, stream, addresses, null));
        }
    }

    private static nint Find(string function) => NativeLibrary.GetExport(s_library.Value, function);

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"The CUDA driver answered {result}.");
        }
    }
}
