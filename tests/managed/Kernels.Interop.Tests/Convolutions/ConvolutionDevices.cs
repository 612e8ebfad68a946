namespace Kernels.Interop.Tests.Convolutions;

/// <summary>The devices that convolutions run on: the CPU, and those of the others that offer them.</summary>
internal static class ConvolutionDevices
{
    /// <summary>Devices with long convolutions.</summary>
    public static IReadOnlyList<string> Long { get; } = Offering(device =>
    {
        using var plan = new LongConvolutionPlan(device, new() { Channels = 1, Length = 16, FilterLength = 16, FftSize = 256 });
    });

    /// <summary>Devices with gradients of long convolutions.</summary>
    public static IReadOnlyList<string> LongBackward { get; } = Offering(device =>
    {
        using var plan = new LongConvolutionPlan(device, new() { Channels = 1, Length = 16, FilterLength = 16, FftSize = 256 });
        var row = new DeviceTensor<float>(device, 0, [1, 1, 16]);
        _ = LongConvolution.BackwardWorkspaceBytes(plan, row, new LongConvolutionGradients<float> { Output = row });
    });

    /// <summary>Devices with short convolutions and their gradients.</summary>
    public static IReadOnlyList<string> Short { get; } = Offering(device =>
    {
        var row = new DeviceTensor<float>(device, 0, [1, 1, 16]);
        _ = ShortConvolution.BackwardWorkspaceBytes(
            device, row, new DeviceTensor<float>(device, 0, [1, 4]), new ShortConvolutionGradients<float> { Output = row });
    });

    private static IReadOnlyList<string> Offering(Action<Device> tryOut) =>
        [.. TestDevices.Names.Where(name => name == "cpu" || Offers(name, tryOut))];

    private static bool Offers(string name, Action<Device> tryOut)
    {
        try
        {
            tryOut(Suite.DeviceNamed(name));
            return true;
        }
        catch (KernelNotSupportedException)
        {
            return false;
        }
    }
}
