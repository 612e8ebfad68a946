namespace Kernels.Interop;

/// <summary>Outcome of a native call, as carried by the exceptions that implement <see cref="IKernelError"/>.</summary>
public enum KernelStatus
{
    /// <summary>The call did what it says.</summary>
    Ok = 0,

    /// <summary>An argument is wrong.</summary>
    InvalidArgument = 1,

    /// <summary>The arguments are valid, but this device or this build cannot do it.</summary>
    NotSupported = 2,

    /// <summary>Host or device memory ran out.</summary>
    OutOfMemory = 3,

    /// <summary>There is no device of that name on this machine.</summary>
    DeviceNotFound = 4,

    /// <summary>The device's driver reported an error; it stays until the device and all that was made from it are closed.</summary>
    DeviceError = 5,

    /// <summary>A fault inside the native library.</summary>
    Internal = 6,
}
