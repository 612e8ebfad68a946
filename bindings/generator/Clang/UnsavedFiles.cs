using System.Runtime.InteropServices;
using System.Text;

namespace Kernels.Interop.Bindings.Clang;

/// <summary>Files in memory, in the form that libclang takes.</summary>
internal sealed unsafe class UnsavedFiles : IDisposable
{
    private readonly List<nint> _allocations = [];

    public UnsavedFiles(params (string Path, string Text)[] files)
    {
        Count = (uint)files.Length;
        Pointer = (CXUnsavedFile*)NativeMemory.Alloc(Count, (nuint)sizeof(CXUnsavedFile));
        for (int i = 0; i < files.Length; i++)
        {
            Pointer[i] = new CXUnsavedFile
            {
                Filename = Allocate(files[i].Path),
                Contents = Allocate(files[i].Text),
                Length = new CULong((nuint)Encoding.UTF8.GetByteCount(files[i].Text)),
            };
        }
    }

    public CXUnsavedFile* Pointer { get; }

    public uint Count { get; }

    public void Dispose()
    {
        _allocations.ForEach(Marshal.FreeCoTaskMem);
        NativeMemory.Free(Pointer);
    }

    private nint Allocate(string text)
    {
        _allocations.Add(Marshal.StringToCoTaskMemUTF8(text));
        return _allocations[^1];
    }
}
