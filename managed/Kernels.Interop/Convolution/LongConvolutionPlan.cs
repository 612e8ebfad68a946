using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>
/// The filters of a long convolution, transformed, and all else that can be computed once. <see cref="LongConvolution"/>
/// computes with it.
/// </summary>
/// <remarks>
/// Computing only reads a plan: any threads and streams of its device may share it, once its filters are set. On CUDA they are
/// set when the stream that sets them has come to it; other streams wait for that with a <see cref="KernelEvent"/>.
/// </remarks>
public sealed unsafe partial class LongConvolutionPlan : IDisposable
{
    private readonly LongConvolutionPlanHandle _handle;

    /// <summary>Makes a plan, without filters yet. May wait for the device.</summary>
    /// <param name="device">The device it will compute on.</param>
    /// <param name="options">What it is for.</param>
    /// <exception cref="KernelArgumentException">An option is out of range, or two of them contradict each other.</exception>
    /// <exception cref="KernelNotSupportedException">The device has no transform of the size.</exception>
    /// <exception cref="KernelOutOfMemoryException">Memory ran out.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public LongConvolutionPlan(Device device, LongConvolutionOptions options)
        : this(device, Create(device, options))
    {
    }

    private LongConvolutionPlan(Device device, LongConvolutionPlanHandle handle)
    {
        (Device, _handle) = (device, handle);
        try
        {
            ki_long_convolution_plan_info info = Info();
            (Channels, Length, FilterLength) = (info.channels, info.length, info.filter_length);
            (FftSize, Squash) = (info.fft_size, info.squash);
            Circular = info.flags.HasFlag(ki_long_convolution_flags.KI_LONG_CONVOLUTION_CIRCULAR);
            Streaming = info.flags.HasFlag(ki_long_convolution_flags.KI_LONG_CONVOLUTION_STREAMING);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The device it computes on.</summary>
    public Device Device { get; }

    /// <summary>Channels, each with a filter of its own.</summary>
    public long Channels { get; }

    /// <summary>Elements of a row in the longest call; if circular, in every call.</summary>
    public long Length { get; }

    /// <summary>Taps of a filter.</summary>
    public long FilterLength { get; }

    /// <summary>Whether indices are taken modulo the length.</summary>
    public bool Circular { get; }

    /// <summary>Whether calls carry a <see cref="LongConvolutionState"/>.</summary>
    public bool Streaming { get; }

    /// <summary>Points of the transform.</summary>
    public long FftSize { get; }

    /// <summary>Frequencies of a channel's spectrum: 0 to <see cref="FftSize"/> / 2.</summary>
    public long Frequencies => FftSize / 2 + 1;

    /// <summary>What the taps' magnitudes are reduced by; 0 for nothing.</summary>
    public float Squash { get; }

    /// <summary>Whether the filters are set.</summary>
    /// <exception cref="ObjectDisposedException">The plan is disposed.</exception>
    public bool HasFilter => Info().has_filter != 0;

    /// <summary>Memory of the device that it holds, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The plan is disposed.</exception>
    public long MemoryBytes => checked((long)Info().memory_bytes);

    /// <summary>Sets the filters: squashes, transforms and masks them. On CUDA the work is queued when it returns.</summary>
    /// <typeparam name="T">Type of the taps: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="filter">[channels, filter length].</param>
    /// <exception cref="KernelArgumentException">The shape is wrong, or stream and plan are of different devices.</exception>
    /// <exception cref="ArgumentException">The filter is the default value.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The plan, the stream or the filter's buffer is disposed.</exception>
    public void SetFilter<T>(KernelStream stream, in DeviceTensor<T> filter)
        where T : unmanaged =>
        Call(stream, filter, nameof(filter), &NativeMethods.ki_long_convolution_set_filter);

    /// <summary>
    /// Sets the filters by taps in host memory, which are copied to the device first. The memory is free when it returns.
    /// </summary>
    /// <typeparam name="T">Type of the taps: float, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="stream">Where to run.</param>
    /// <param name="filter">[channels, filter length].</param>
    /// <exception cref="ArgumentException">The span has another length, or stream and plan are of different devices.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The plan or the stream is disposed.</exception>
    public void SetFilter<T>(KernelStream stream, ReadOnlySpan<T> filter)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        RequireLength(filter.Length, [Channels, FilterLength], nameof(filter));
        using DeviceBuffer<T> memory = Upload(stream, filter);
        SetFilter(stream, new DeviceTensor<T>(memory, [Channels, FilterLength]));
    }

    /// <summary>
    /// Sets the filters by their spectrum, which the caller says belongs to filters of at most <see cref="FilterLength"/> taps.
    /// What a frequency mask hides becomes 0.
    /// </summary>
    /// <param name="stream">Where to run.</param>
    /// <param name="spectrum">
    /// [channels, frequencies, 2]: real and imaginary part of the sum over j of filter[j] exp(-2 pi i f j / FFT size) for the
    /// frequencies f; the imaginary parts of the first and the last are not read.
    /// </param>
    /// <exception cref="KernelArgumentException">The shape is wrong, or stream and plan are of different devices.</exception>
    /// <exception cref="ArgumentException">The spectrum is the default value.</exception>
    /// <exception cref="ObjectDisposedException">The plan, the stream or the spectrum's buffer is disposed.</exception>
    public void SetSpectrum(KernelStream stream, in DeviceTensor<float> spectrum) =>
        Call(stream, spectrum, nameof(spectrum), &NativeMethods.ki_long_convolution_set_spectrum);

    /// <summary>Sets the filters by their spectrum in host memory, which is copied to the device first.</summary>
    /// <param name="stream">Where to run.</param>
    /// <param name="spectrum">[channels, frequencies, 2], as <see cref="GetSpectrum(KernelStream, Span{float})"/> gives it.</param>
    /// <exception cref="ArgumentException">The span has another length, or stream and plan are of different devices.</exception>
    /// <exception cref="ObjectDisposedException">The plan or the stream is disposed.</exception>
    public void SetSpectrum(KernelStream stream, ReadOnlySpan<float> spectrum)
    {
        ArgumentNullException.ThrowIfNull(stream);
        RequireLength(spectrum.Length, [Channels, Frequencies, 2], nameof(spectrum));
        using DeviceBuffer<float> memory = Upload(stream, spectrum);
        SetSpectrum(stream, new DeviceTensor<float>(memory, [Channels, Frequencies, 2]));
    }

    /// <summary>Reads the spectrum of the filters. On CUDA the work is queued when it returns.</summary>
    /// <param name="stream">Where to run.</param>
    /// <param name="spectrum">
    /// [channels, frequencies, 2], written, as <see cref="SetSpectrum(KernelStream, in DeviceTensor{float})"/> takes it.
    /// </param>
    /// <exception cref="KernelArgumentException">
    /// The shape is wrong, the plan has no filters yet, or stream and plan are of different devices.
    /// </exception>
    /// <exception cref="ArgumentException">The spectrum is the default value.</exception>
    /// <exception cref="ObjectDisposedException">The plan, the stream or the spectrum's buffer is disposed.</exception>
    public void GetSpectrum(KernelStream stream, in DeviceTensor<float> spectrum) =>
        Call(stream, spectrum, nameof(spectrum), &NativeMethods.ki_long_convolution_get_spectrum);

    /// <summary>Reads the spectrum of the filters into host memory, and waits until that is done.</summary>
    /// <param name="stream">Where to run.</param>
    /// <param name="spectrum">[channels, frequencies, 2], written.</param>
    /// <exception cref="ArgumentException">
    /// The span has another length, the plan has no filters yet, or stream and plan are of different devices.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The plan or the stream is disposed.</exception>
    public void GetSpectrum(KernelStream stream, Span<float> spectrum)
    {
        ArgumentNullException.ThrowIfNull(stream);
        RequireLength(spectrum.Length, [Channels, Frequencies, 2], nameof(spectrum));
        stream.Device.RequireSame(Device, nameof(stream));
        using DeviceBuffer<float> memory = Device.Allocate<float>(spectrum.Length);
        GetSpectrum(stream, new DeviceTensor<float>(memory, [Channels, Frequencies, 2]));
        memory.CopyTo(spectrum, stream);
    }

    /// <summary>Closes the plan, once the work that was queued with it is done.</summary>
    public void Dispose() => _handle.Dispose();

    internal NativeHandle<ki_long_convolution_plan>.Borrowed Borrow() => _handle.Borrow(this);

    private static LongConvolutionPlanHandle Create(Device device, LongConvolutionOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        fixed (bool* mask = options.FrequencyMask.Span)
        {
            ki_tensor blocks = NativeTensor.Create<bool>(
                mask, [options.FrequencyMask.Length], [1], ki_device_kind.KI_DEVICE_KIND_CPU, deviceOrdinal: 0);
            var native = new ki_long_convolution_options
            {
                struct_size = (uint)sizeof(ki_long_convolution_options),
                flags = (options.Circular ? ki_long_convolution_flags.KI_LONG_CONVOLUTION_CIRCULAR : 0)
                    | (options.Streaming ? ki_long_convolution_flags.KI_LONG_CONVOLUTION_STREAMING : 0),
                channels = options.Channels,
                length = options.Length,
                filter_length = options.FilterLength,
                fft_size = options.FftSize,
                frequency_block = options.FrequencyBlock,
                frequency_mask = options.FrequencyMask.IsEmpty ? null : &blocks,
                squash = options.Squash,
            };
            using var borrowed = device.Borrow();
            ki_long_convolution_plan* plan;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_long_convolution_plan_create(borrowed.Pointer, &native, &plan), LongConvolutionCall.Parameter);
            return new LongConvolutionPlanHandle(plan);
        }
    }

    private ki_long_convolution_plan_info Info()
    {
        var info = new ki_long_convolution_plan_info { struct_size = (uint)sizeof(ki_long_convolution_plan_info) };
        using var plan = Borrow();
        NativeError.ThrowIfFailed(NativeMethods.ki_long_convolution_plan_get_info(plan.Pointer, &info));
        return info;
    }

    private void Call<T>(
        KernelStream stream,
        in DeviceTensor<T> tensor,
        string parameter,
        delegate*<ki_stream*, ki_long_convolution_plan*, ki_tensor*, ki_status> function)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ki_tensor* tensors = stackalloc ki_tensor[TensorArguments.Most];
        var arguments = new TensorArguments(tensors);
        try
        {
            ki_tensor* native = arguments.Required(tensor, parameter);
            using var plan = Borrow();
            using var borrowed = stream.Borrow();
            NativeError.ThrowIfFailed(function(borrowed.Pointer, plan.Pointer, native), LongConvolutionCall.Parameter);
        }
        finally
        {
            arguments.Release();
        }
    }

    // Setting up may copy: unlike a call that computes, it happens once.
    private DeviceBuffer<T> Upload<T>(KernelStream stream, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        stream.Device.RequireSame(Device, nameof(stream));
        return stream.Upload(elements);
    }

    private static void RequireLength(int length, ReadOnlySpan<long> shape, string parameter)
    {
        Int128 count = 1;
        foreach (long extent in shape)
        {
            count *= extent;
        }
        if (length != count)
        {
            throw new ArgumentException(
                $"The span has {length} elements; the shape [{string.Join(", ", shape.ToArray())}] has {count}.", parameter);
        }
    }
}
