using Kernels.Interop;

namespace Samples;

/// <summary>The device that the user names.</summary>
internal static class InputDevice
{
    /// <summary>Opens a device.</summary>
    /// <param name="name">auto, cpu or cuda:N</param>
    /// <exception cref="InputException">The name is none of these.</exception>
    public static Device Open(string name)
    {
        try
        {
            return Device.Open(name);
        }
        catch (KernelArgumentException)
        {
            throw new InputException($"'{name}' is no device; expected auto, cpu or cuda:N");
        }
    }
}
