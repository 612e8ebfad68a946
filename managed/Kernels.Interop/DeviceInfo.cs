using System.Runtime.InteropServices;
using Kernels.Interop.Native;

namespace Kernels.Interop;

/// <summary>Kind of a device.</summary>
public enum DeviceKind
{
    /// <summary>The processor and its memory.</summary>
    Cpu = 1,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda = 2,
}

/// <summary>What a device is.</summary>
public sealed record DeviceInfo
{
    internal DeviceInfo() { }

    /// <summary>Name to open it by: <c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>CPU or CUDA.</summary>
    public required DeviceKind Kind { get; init; }

    /// <summary>Index among the devices of its kind.</summary>
    public required int Ordinal { get; init; }

    /// <summary>CPU: threads that work on one call. CUDA: multiprocessors.</summary>
    public required int Parallelism { get; init; }

    /// <summary>Memory of the device, in bytes.</summary>
    public required ulong MemoryBytes { get; init; }

    /// <summary>CPU: second-level cache of one core, in bytes. CUDA: second-level cache of the device, in bytes.</summary>
    public required ulong L2CacheBytes { get; init; }

    /// <summary>Instruction set its kernels use: <c>avx2</c>, <c>avx3</c> (AVX-512) or <c>sm_80</c> and the like.</summary>
    public required string Target { get; init; }

    /// <summary>Model, as the processor or the driver gives it.</summary>
    public required string Model { get; init; }

    /// <summary>Why this device and this target were chosen.</summary>
    public required string Reason { get; init; }

    internal static unsafe DeviceInfo From(in ki_device_info native)
    {
        fixed (ki_device_info* info = &native)
        {
            return new DeviceInfo
            {
                Name = Marshal.PtrToStringUTF8((nint)info->name)!,
                Kind = (DeviceKind)info->kind,
                Ordinal = info->ordinal,
                Parallelism = info->parallelism,
                MemoryBytes = info->memory_bytes,
                L2CacheBytes = info->l2_cache_bytes,
                Target = Marshal.PtrToStringUTF8((nint)info->target)!,
                Model = Marshal.PtrToStringUTF8((nint)info->model)!,
                Reason = Marshal.PtrToStringUTF8((nint)info->reason)!,
            };
        }
    }
}

/// <summary>How to open a device.</summary>
public sealed record DeviceOptions
{
    /// <summary>
    /// CPU: threads that work on one call, 1 to 1024, the caller included; 0, the default, is as many as the affinity mask
    /// and the cgroup's quota allow. Results do not depend on it.
    /// </summary>
    public int ThreadCount { get; init; }

    /// <summary>CPU: the instruction set to use, <c>avx2</c> or <c>avx3</c>; null, the default, is the best the processor has.</summary>
    public string? Target { get; init; }
}

/// <summary>One thing that was tried when the library looked for devices.</summary>
/// <param name="Kind">The backend that was looked for.</param>
/// <param name="Status"><see cref="KernelStatus.Ok"/> if it is usable, else why not.</param>
/// <param name="Subject">What was tried: an instruction set, a library's path.</param>
/// <param name="Detail">What was found, or why it failed.</param>
public sealed record ProbeEntry(DeviceKind Kind, KernelStatus Status, string Subject, string Detail);
