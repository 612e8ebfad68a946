namespace Kernels.Interop;

// A wrong argument should be caught by whoever catches ArgumentException, and an unsupported case by whoever catches
// NotSupportedException: those kinds therefore derive from the base library's types. What the base library has no type
// for derives from KernelException. All of them carry the same facts, through one interface, so that one filter
// (`when (e is IKernelError)`) catches everything the native library reports.

/// <summary>What every exception that reports a native failure carries.</summary>
public interface IKernelError
{
    /// <summary>Kind of the failure.</summary>
    KernelStatus Status { get; }

    /// <summary>The argument at fault as the native library names it, such as <c>options.thread_count</c>; null if none is.</summary>
    string? NativeArgument { get; }
}

/// <summary>A native call failed in a way the base class library has no exception for.</summary>
public class KernelException : Exception, IKernelError
{
    internal KernelException(KernelStatus status, string message, string? nativeArgument)
        : base(message) => (Status, NativeArgument) = (status, nativeArgument);

    /// <inheritdoc/>
    public KernelStatus Status { get; }

    /// <inheritdoc/>
    public string? NativeArgument { get; }
}

/// <summary>There is no device of that name on this machine.</summary>
public sealed class DeviceNotFoundException : KernelException
{
    internal DeviceNotFoundException(string message, string? nativeArgument)
        : base(KernelStatus.DeviceNotFound, message, nativeArgument) { }
}

/// <summary>The device's driver reported an error. It stays until the device and all that was made from it are closed.</summary>
public sealed class DeviceErrorException : KernelException
{
    internal DeviceErrorException(string message, string? nativeArgument)
        : base(KernelStatus.DeviceError, message, nativeArgument) { }
}

/// <summary>The native library refused an argument; nothing ran. <see cref="ArgumentException.ParamName"/> is the C# parameter.</summary>
public sealed class KernelArgumentException : ArgumentException, IKernelError
{
    internal KernelArgumentException(string message, string? paramName, string? nativeArgument)
        : base(message, paramName) => NativeArgument = nativeArgument;

    /// <inheritdoc/>
    public KernelStatus Status => KernelStatus.InvalidArgument;

    /// <inheritdoc/>
    public string? NativeArgument { get; }
}

/// <summary>The arguments are valid, but this device or this build of the native library cannot do it.</summary>
public sealed class KernelNotSupportedException : NotSupportedException, IKernelError
{
    internal KernelNotSupportedException(string message, string? nativeArgument)
        : base(message) => NativeArgument = nativeArgument;

    /// <inheritdoc/>
    public KernelStatus Status => KernelStatus.NotSupported;

    /// <inheritdoc/>
    public string? NativeArgument { get; }
}

/// <summary>Host or device memory ran out in a native call.</summary>
public sealed class KernelOutOfMemoryException : OutOfMemoryException, IKernelError
{
    internal KernelOutOfMemoryException(string message, string? nativeArgument)
        : base(message) => NativeArgument = nativeArgument;

    /// <inheritdoc/>
    public KernelStatus Status => KernelStatus.OutOfMemory;

    /// <inheritdoc/>
    public string? NativeArgument { get; }
}
