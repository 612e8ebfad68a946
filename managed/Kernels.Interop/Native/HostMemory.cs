namespace Kernels.Interop.Native;

/// <summary>Says whether spans can be computed on.</summary>
internal static class HostMemory
{
    /// <summary>Refuses streams of devices that do not compute on host memory.</summary>
    /// <exception cref="NotSupportedException">The stream is not the CPU's.</exception>
    public static void Require(KernelStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.Device.IsCpu)
        {
            throw new NotSupportedException(
                $"Spans are host memory, which {stream.Device.Info.Name} does not compute on: copy to a DeviceBuffer<T> and " +
                $"call the overload over DeviceTensor<T>, or use a stream of the CPU.");
        }
    }
}
