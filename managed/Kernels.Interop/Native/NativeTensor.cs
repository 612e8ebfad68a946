using System.Numerics.Tensors;

namespace Kernels.Interop.Native;

/// <summary>Describes memory to the native library. Whether it is a tensor is the native library's to check.</summary>
internal static unsafe class NativeTensor
{
    /// <summary>Describes memory of any device.</summary>
    public static ki_tensor Create<T>(
        void* data, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, ki_device_kind deviceKind, int deviceOrdinal)
        where T : unmanaged
    {
        var tensor = new ki_tensor
        {
            struct_size = (uint)sizeof(ki_tensor),
            dtype = ElementType.Of<T>(),
            rank = shape.Length,
            device_kind = deviceKind,
            device_ordinal = deviceOrdinal,
            data = data,
        };
        shape.CopyTo(new Span<long>(tensor.shape, NativeMethods.KI_MAX_RANK));
        strides.CopyTo(new Span<long>(tensor.strides, NativeMethods.KI_MAX_RANK));
        return tensor;
    }

    /// <summary>Describes a contiguous tensor, without its address.</summary>
    public static ki_tensor Contiguous<T>(ReadOnlySpan<long> shape, DeviceInfo device)
        where T : unmanaged
    {
        Span<long> strides = stackalloc long[shape.Length];
        ContiguousStrides(shape, strides);
        return Create<T>(null, shape, strides, (ki_device_kind)device.Kind, device.Ordinal);
    }

    /// <summary>Puts the address of contiguous host memory in, which must have exactly the elements the shape implies.</summary>
    /// <exception cref="ArgumentException">It has not.</exception>
    public static void SetMemory<T>(ki_tensor* tensor, T* data, int length, string parameter)
        where T : unmanaged
    {
        if (length != ElementCount(*tensor))
        {
            var shape = new ReadOnlySpan<long>(tensor->shape, tensor->rank);
            throw new ArgumentException(
                $"The span has {length} elements; the shape [{string.Join(", ", shape.ToArray())}] has {ElementCount(*tensor)}.",
                parameter);
        }
        tensor->data = data;
    }

    /// <summary>Refuses a contiguous tensor that no memory holds; its strides would overflow.</summary>
    /// <exception cref="ArgumentException">It is larger than the address space.</exception>
    public static void RequireAddressable(in ki_tensor tensor, string parameter)
    {
        if (ElementCount(tensor) > nint.MaxValue / sizeof(float))
        {
            throw new ArgumentException("Tensors of this shape are larger than the address space.", parameter);
        }
    }

    /// <summary>Describes the pinned memory of a tensor span.</summary>
    /// <param name="data">Its first element, pinned.</param>
    /// <param name="tensor">Its shape and strides.</param>
    /// <param name="parameter">The parameter, for the error.</param>
    /// <exception cref="ArgumentException">It has more dimensions than the native library knows.</exception>
    public static ki_tensor FromSpan<T>(T* data, in ReadOnlyTensorSpan<T> tensor, string parameter)
        where T : unmanaged
    {
        if (tensor.Rank > NativeMethods.KI_MAX_RANK)
        {
            throw new ArgumentException(
                $"The tensor has {tensor.Rank} dimensions; at most {NativeMethods.KI_MAX_RANK} are possible.", parameter);
        }
        Span<long> shape = stackalloc long[tensor.Rank];
        Span<long> strides = stackalloc long[tensor.Rank];
        for (int i = 0; i < tensor.Rank; i++)
        {
            shape[i] = tensor.Lengths[i];
            strides[i] = tensor.Strides[i];
        }
        return Create<T>(data, shape, strides, ki_device_kind.KI_DEVICE_KIND_CPU, deviceOrdinal: 0);
    }

    /// <summary>Row-major strides of a shape.</summary>
    public static void ContiguousStrides(ReadOnlySpan<long> shape, Span<long> strides)
    {
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride = unchecked(stride * Math.Max(shape[i], 1));
        }
    }

    // Shapes that reach this are made of four 32-bit lengths at most: 128 bits hold their product.
    private static Int128 ElementCount(in ki_tensor tensor)
    {
        Int128 count = 1;
        for (int i = 0; i < tensor.rank; i++)
        {
            count *= tensor.shape[i];
        }
        return count;
    }
}
