using System.Runtime.CompilerServices;

namespace Kernels.Interop.Native;

/// <summary>
/// The tensors of one native call: their descriptions, in memory of the caller's stack frame, and the buffers behind them, which
/// stay open until <see cref="Release"/>, whatever other threads dispose.
/// </summary>
internal unsafe struct TensorArguments
{
    /// <summary>Tensors and buffers that the largest call has: a forward problem with everything that can be given.</summary>
    public const int Most = 24;

    private readonly ki_tensor* _tensors;
    private Handles _handles;
    private int _tensorCount;
    private int _handleCount;

    /// <param name="tensors">Room for <see cref="Most"/> descriptions, on the stack: they must not move.</param>
    public TensorArguments(ki_tensor* tensors) => _tensors = tensors;

    /// <summary>Describes a tensor that must be there.</summary>
    /// <exception cref="ArgumentException">It is the default value.</exception>
    /// <exception cref="ObjectDisposedException">Its buffer is disposed.</exception>
    public ki_tensor* Required<T>(in DeviceTensor<T> tensor, string parameter)
        where T : unmanaged
    {
        ki_tensor* native = Add(tensor.ToNative(parameter));
        Keep(tensor.Hold());
        return native;
    }

    /// <summary>Describes a tensor; null if it is the default value.</summary>
    public ki_tensor* Optional<T>(in DeviceTensor<T> tensor, string parameter)
        where T : unmanaged => tensor.IsAbsent ? null : Required(tensor, parameter);

    /// <summary>Describes a tensor; null if it is the default value.</summary>
    public ki_tensor* Optional(in DeviceTensor tensor)
    {
        if (tensor.IsAbsent)
        {
            return null;
        }
        ki_tensor* native = Add(tensor.Native);
        Keep(tensor.Hold());
        return native;
    }

    /// <summary>Takes a description of memory that its owner keeps valid.</summary>
    public ki_tensor* Add(in ki_tensor tensor)
    {
        ki_tensor* native = &_tensors[_tensorCount++];
        *native = tensor;
        return native;
    }

    /// <summary>Describes contiguous host memory of a shape.</summary>
    /// <param name="data">Its first element, pinned.</param>
    /// <param name="memory">The memory.</param>
    /// <param name="shape">Length of each dimension.</param>
    /// <param name="parameter">The parameter, for the error.</param>
    /// <exception cref="ArgumentException">It has not exactly the elements the shape implies.</exception>
    public ki_tensor* Host<T>(T* data, ReadOnlySpan<T> memory, ReadOnlySpan<long> shape, string parameter)
        where T : unmanaged
    {
        Span<long> strides = stackalloc long[shape.Length];
        NativeTensor.ContiguousStrides(shape, strides);
        ki_tensor* tensor =
            Add(NativeTensor.Create<T>(null, shape, strides, ki_device_kind.KI_DEVICE_KIND_CPU, deviceOrdinal: 0));
        NativeTensor.SetMemory(tensor, data, memory.Length, parameter);
        return tensor;
    }

    /// <summary>Describes contiguous host memory of a shape; null if there is none.</summary>
    public ki_tensor* HostOrNone<T>(T* data, ReadOnlySpan<T> memory, ReadOnlySpan<long> shape, string parameter)
        where T : unmanaged => memory.IsEmpty ? null : Host(data, memory, shape, parameter);

    /// <summary>Address of scratch memory; null if the stream's own is to be used.</summary>
    /// <exception cref="ArgumentException">It is on another device than the stream.</exception>
    public void* Workspace(KernelStream stream, DeviceBuffer<byte>? workspace)
    {
        if (workspace is null)
        {
            return null;
        }
        stream.Device.RequireSame(workspace.Device, nameof(workspace));
        workspace.Handle.Hold(workspace);
        Keep(workspace.Handle);
        return (void*)workspace.DevicePointer;
    }

    /// <summary>Ends the call.</summary>
    public void Release()
    {
        while (_handleCount > 0)
        {
            _handles[--_handleCount]!.DangerousRelease();
        }
    }

    private void Keep(BufferHandle? handle)
    {
        if (handle is not null)
        {
            _handles[_handleCount++] = handle;
        }
    }

    [InlineArray(Most)]
    private struct Handles
    {
        private BufferHandle? _first;
    }
}
