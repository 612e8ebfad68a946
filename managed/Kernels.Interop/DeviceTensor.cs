using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// A view of memory on a device as a tensor: memory of a buffer of this library, or any address that another library (such as
/// ManagedCuda, ILGPU, TorchSharp) gives, without a copy. The memory stays its owner's.
/// </summary>
/// <typeparam name="T">
/// Type of the elements: float, <see cref="Half"/> or <see cref="BFloat16"/>; <see cref="sbyte"/> for a quantised cache;
/// <see cref="bool"/> (0 is false, every other byte true) for masks; <see cref="int"/> for lengths and indices.
/// </typeparam>
/// <remarks>
/// Strides count elements and are not negative; 0 repeats an input along a dimension. The last dimension is contiguous. Work
/// that uses the tensor may still be queued when a call returns: an address must stay valid until the stream is synchronised,
/// while a buffer may be disposed at once.
/// </remarks>
public readonly unsafe struct DeviceTensor<T>
    where T : unmanaged
{
    private readonly Device _device;
    private readonly object? _owner;
    private readonly BufferHandle? _handle;
    private readonly nint _data;
    private readonly int _rank;
    private readonly Extents _shape;
    private readonly Extents _strides;

    /// <summary>Views a buffer.</summary>
    /// <param name="buffer">The memory.</param>
    /// <param name="shape">Length of each dimension, at most 8 of them.</param>
    /// <param name="strides">Elements between neighbours along each dimension; empty for a contiguous tensor.</param>
    /// <param name="offset">Where in the buffer the first element is.</param>
    /// <exception cref="ArgumentException">The shape is malformed, or the tensor does not lie inside the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public DeviceTensor(
        DeviceBuffer<T> buffer, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides = default, long offset = 0)
        : this(Require(buffer).Device, buffer, buffer.Handle, buffer.DevicePointer, buffer.Length, shape, strides, offset)
    {
    }

    /// <summary>Views pinned memory.</summary>
    /// <inheritdoc cref="DeviceTensor{T}(DeviceBuffer{T}, ReadOnlySpan{long}, ReadOnlySpan{long}, long)"/>
    public DeviceTensor(
        PinnedBuffer<T> buffer, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides = default, long offset = 0)
        : this(Require(buffer).Device, buffer, buffer.Handle, buffer.Address, buffer.Length, shape, strides, offset)
    {
    }

    /// <summary>Views memory by its address. Nothing can check that the tensor lies inside an allocation.</summary>
    /// <param name="device">The device the memory is on.</param>
    /// <param name="address">Address of the first element: a host pointer on the CPU, else a <c>CUdeviceptr</c>.</param>
    /// <param name="shape">Length of each dimension, at most 8 of them.</param>
    /// <param name="strides">Elements between neighbours along each dimension; empty for a contiguous tensor.</param>
    /// <exception cref="ArgumentException">There are too many dimensions, or not as many strides as dimensions.</exception>
    public DeviceTensor(Device device, nint address, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (shape.Length > NativeMethods.KI_MAX_RANK)
        {
            throw new ArgumentException(
                $"There are {shape.Length} dimensions; at most {NativeMethods.KI_MAX_RANK} are possible.", nameof(shape));
        }
        if (!strides.IsEmpty && strides.Length != shape.Length)
        {
            throw new ArgumentException($"There are {strides.Length} strides for {shape.Length} dimensions.", nameof(strides));
        }
        (_device, _data, _rank) = (device, address, shape.Length);
        shape.CopyTo(_shape);
        if (strides.IsEmpty)
        {
            NativeTensor.ContiguousStrides(shape, _strides);
        }
        else
        {
            strides.CopyTo(_strides);
        }
    }

    private DeviceTensor(
        Device device, object owner, BufferHandle handle, nint data, long length,
        ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, long offset)
        : this(device, data, shape, strides)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Int128 end = (Int128)offset + 1;
        bool isEmpty = false;
        for (int i = 0; i < _rank; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(_shape[i], nameof(shape));
            isEmpty |= _shape[i] == 0;
            if (_shape[i] > 1)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(_strides[i], nameof(strides));
                end += (Int128)(_shape[i] - 1) * _strides[i];
            }
        }
        if ((isEmpty ? offset : end) > length)
        {
            throw new ArgumentException(
                $"A tensor of shape [{string.Join(", ", Shape.ToArray())}] and strides [{string.Join(", ", Strides.ToArray())}] " +
                $"at offset {offset} reaches beyond the buffer's {length} elements.", nameof(shape));
        }
        _data += (nint)(offset * sizeof(T));
        (_owner, _handle) = (owner, handle);
    }

    /// <summary>The device the memory is on.</summary>
    public Device Device => _device;

    /// <summary>Address of the first element.</summary>
    public nint Address => _data;

    /// <summary>Number of dimensions.</summary>
    public int Rank => _rank;

    /// <summary>Length of each dimension.</summary>
    [UnscopedRef]
    public ReadOnlySpan<long> Shape => ((ReadOnlySpan<long>)_shape)[.._rank];

    /// <summary>Elements between neighbours along each dimension.</summary>
    [UnscopedRef]
    public ReadOnlySpan<long> Strides => ((ReadOnlySpan<long>)_strides)[.._rank];

    /// <summary>Whether this is the default value: no tensor at all.</summary>
    internal bool IsAbsent => _device is null;

    /// <summary>The same tensor, whose element type is known at run time only.</summary>
    /// <param name="tensor">The tensor; the default value stays the default value.</param>
    /// <exception cref="NotSupportedException">The kernels do not take <typeparamref name="T"/>.</exception>
    public static implicit operator DeviceTensor(in DeviceTensor<T> tensor) =>
        tensor.IsAbsent ? default : new DeviceTensor(tensor.ToNative(nameof(tensor)), tensor._owner, tensor._handle);

    /// <summary>Keeps the buffer behind the tensor, if there is one, from being freed during a call.</summary>
    /// <returns>Its handle, to be released; null if the tensor has no buffer.</returns>
    internal BufferHandle? Hold()
    {
        _handle?.Hold(_owner!);
        return _handle;
    }

    internal ki_tensor ToNative(string parameter)
    {
        if (_device is null)
        {
            throw new ArgumentException("The tensor is the default value and views no memory.", parameter);
        }
        return NativeTensor.Create<T>((void*)_data, Shape, Strides, (ki_device_kind)_device.Info.Kind, _device.Info.Ordinal);
    }

    private static TBuffer Require<TBuffer>(TBuffer buffer, [CallerArgumentExpression(nameof(buffer))] string? parameter = null)
        where TBuffer : class
    {
        ArgumentNullException.ThrowIfNull(buffer, parameter);
        return buffer;
    }

    [InlineArray(NativeMethods.KI_MAX_RANK)]
    private struct Extents
    {
        private long _first;
    }
}

/// <summary>
/// A <see cref="DeviceTensor{T}"/> whose element type is known at run time only, where more than one is possible. Every
/// <see cref="DeviceTensor{T}"/> converts to it.
/// </summary>
public readonly struct DeviceTensor
{
    private readonly ki_tensor _native;
    private readonly object? _owner;
    private readonly BufferHandle? _handle;

    internal DeviceTensor(in ki_tensor native, object? owner, BufferHandle? handle) =>
        (_native, _owner, _handle) = (native, owner, handle);

    internal bool IsAbsent => _native.struct_size == 0;

    internal ki_tensor Native => _native;

    internal BufferHandle? Hold()
    {
        _handle?.Hold(_owner!);
        return _handle;
    }
}
