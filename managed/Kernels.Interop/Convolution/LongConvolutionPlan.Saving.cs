using Kernels.Interop.Native;

namespace Kernels.Interop;

public sealed unsafe partial class LongConvolutionPlan
{
    /// <summary>
    /// Makes a plan of what <see cref="ToArray"/> or <see cref="Save(KernelStream, Stream)"/> wrote, on any device. Waits for the
    /// stream. The bytes may come from anywhere: what is damaged, cut or made up is refused.
    /// </summary>
    /// <param name="stream">A stream of the device that the plan is for.</param>
    /// <param name="data">The saved plan, and nothing else.</param>
    /// <returns>The plan, with its filters, to be disposed.</returns>
    /// <exception cref="KernelArgumentException">The bytes are no saved plan, or a damaged one.</exception>
    /// <exception cref="KernelNotSupportedException">
    /// A newer version of the library has saved it, or the device has no transform of the size.
    /// </exception>
    /// <exception cref="KernelOutOfMemoryException">Memory ran out.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public static LongConvolutionPlan Load(KernelStream stream, ReadOnlySpan<byte> data) =>
        Load(stream, data, static name => name);

    /// <summary>Makes a plan of what a stream of bytes holds up to its end.</summary>
    /// <param name="stream">A stream of the device that the plan is for.</param>
    /// <param name="source">Where to read the saved plan, and nothing else, from; up to 2 GB.</param>
    /// <exception cref="IOException">The source cannot be read, or holds more.</exception>
    /// <inheritdoc cref="Load(KernelStream, ReadOnlySpan{byte})"/>
    public static LongConvolutionPlan Load(KernelStream stream, Stream source)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(source);
        using var bytes = new MemoryStream();
        source.CopyTo(bytes);
        return Load(
            stream, bytes.GetBuffer().AsSpan(0, (int)bytes.Length), static name => name == "data" ? nameof(source) : name);
    }

    /// <summary>
    /// The plan as bytes, in a versioned, checksummed format that all devices share. Waits for the stream, and for all that was
    /// queued on it.
    /// </summary>
    /// <param name="stream">A stream of the plan's device.</param>
    /// <returns>The bytes: of each channel, 8 for each frequency.</returns>
    /// <exception cref="KernelArgumentException">The plan has no filters yet, or the stream is another device's.</exception>
    /// <exception cref="NotSupportedException">They are more than an array can hold, 2 GB.</exception>
    /// <exception cref="ObjectDisposedException">The plan or the stream is disposed.</exception>
    public byte[] ToArray(KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var plan = Borrow();
        using var borrowed = stream.Borrow();
        ulong size;
        Save(borrowed.Pointer, plan.Pointer, null, 0, &size);
        if (size > (ulong)Array.MaxLength)
        {
            throw new NotSupportedException($"The saved plan has {size} bytes, and an array at most {Array.MaxLength}.");
        }
        var bytes = new byte[size];
        fixed (byte* data = bytes)
        {
            Save(borrowed.Pointer, plan.Pointer, data, size, &size);
        }
        return bytes;
    }

    /// <summary>Writes the plan, as <see cref="ToArray"/> gives it.</summary>
    /// <param name="stream">A stream of the plan's device.</param>
    /// <param name="destination">Where to.</param>
    /// <exception cref="IOException">The destination cannot be written.</exception>
    /// <inheritdoc cref="ToArray" path="/exception"/>
    public void Save(KernelStream stream, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination.Write(ToArray(stream));
    }

    private static void Save(ki_stream* stream, ki_long_convolution_plan* plan, byte* data, ulong capacity, ulong* size) =>
        NativeError.ThrowIfFailed(
            NativeMethods.ki_long_convolution_plan_save(stream, plan, data, capacity, size), LongConvolutionCall.Parameter);

    private static LongConvolutionPlan Load(KernelStream stream, ReadOnlySpan<byte> data, Func<string, string> parameter)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var borrowed = stream.Borrow();
        byte none; // an empty span has no address, and the native library wants one
        fixed (byte* bytes = data)
        {
            ki_long_convolution_plan* plan;
            NativeError.ThrowIfFailed(
                NativeMethods.ki_long_convolution_plan_load(
                    borrowed.Pointer, bytes is null ? &none : bytes, (ulong)data.Length, &plan),
                parameter);
            return new LongConvolutionPlan(stream.Device, new LongConvolutionPlanHandle(plan));
        }
    }
}
