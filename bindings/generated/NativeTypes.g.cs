// Generated from native/include/kernels_interop.h; do not edit.
#pragma warning disable CS0649 // Native code assigns the fields.

using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

/// <summary>Outcome of a call.</summary>
internal enum ki_status : int
{
    /// <summary>The call did what it says.</summary>
    KI_STATUS_OK = 0,

    /// <summary>An argument is wrong; the message names it and the values involved.</summary>
    KI_STATUS_INVALID_ARGUMENT = 1,

    /// <summary>The arguments are valid, but this device or this build cannot do it.</summary>
    KI_STATUS_NOT_SUPPORTED = 2,

    /// <summary>Host or device memory ran out.</summary>
    KI_STATUS_OUT_OF_MEMORY = 3,

    /// <summary>There is no device of that name on this machine.</summary>
    KI_STATUS_DEVICE_NOT_FOUND = 4,

    /// <summary>The device's driver reported an error. It stays until the device and all that was made from it are closed; after some faults of a GPU, until the process ends.</summary>
    KI_STATUS_DEVICE_ERROR = 5,

    /// <summary>A fault inside this library.</summary>
    KI_STATUS_INTERNAL = 6,
}

/// <summary>Kind of a device.</summary>
internal enum ki_device_kind : int
{
    /// <summary>The processor and its memory.</summary>
    KI_DEVICE_KIND_CPU = 1,

    /// <summary>An NVIDIA GPU.</summary>
    KI_DEVICE_KIND_CUDA = 2,
}

/// <summary>Where a buffer lives.</summary>
internal enum ki_memory_kind : int
{
    /// <summary>Memory of the device: on the CPU ordinary memory, on CUDA reachable by kernels only.</summary>
    KI_MEMORY_KIND_DEVICE = 1,

    /// <summary>Host memory that the device can read and write while the host goes on.</summary>
    KI_MEMORY_KIND_PINNED = 2,
}

/// <summary>Type of a tensor's elements.</summary>
internal enum ki_dtype : int
{
    /// <summary>IEEE binary32.</summary>
    KI_DTYPE_FLOAT32 = 1,

    /// <summary>IEEE binary16.</summary>
    KI_DTYPE_FLOAT16 = 2,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    KI_DTYPE_BFLOAT16 = 3,
}

/// <summary>Options of attention; they can be combined.</summary>
[System.Flags]
internal enum ki_attention_flags : int
{
    /// <summary>None.</summary>
    KI_ATTENTION_NONE = 0,

    /// <summary>Query i sees keys 0 to i + seq_k - seq_q only (the last query sees every key).</summary>
    KI_ATTENTION_CAUSAL = 1,

    /// <summary>Use the field <c>scale</c>; without this flag the scale is 1 / sqrt(head_dim).</summary>
    KI_ATTENTION_CUSTOM_SCALE = 2,
}

/// <summary>A device, opened.</summary>
internal readonly struct ki_device;

/// <summary>A queue of work on a device, in order, with a workspace of its own that grows on demand.</summary>
internal readonly struct ki_stream;

/// <summary>A point in a stream's work.</summary>
internal readonly struct ki_event;

/// <summary>A block of memory, aligned to 64 bytes.</summary>
internal readonly struct ki_buffer;

/// <summary>What a device is. Text fields end in a zero byte.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_device_info
{
    /// <summary><c>sizeof(ki_device_info)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>CPU or CUDA.</summary>
    public ki_device_kind kind;

    /// <summary>Index among the devices of its kind.</summary>
    public int ordinal;

    /// <summary>CPU: threads that work on one call. CUDA: multiprocessors.</summary>
    public int parallelism;

    /// <summary>Memory of the device, in bytes.</summary>
    public ulong memory_bytes;

    /// <summary>CPU: second-level cache of one core, in bytes. CUDA: second-level cache of the device.</summary>
    public ulong l2_cache_bytes;

    /// <summary>Name to open it by: <c>cpu</c> or <c>cuda:0</c>.</summary>
    public fixed byte name[32];

    /// <summary>Instruction set its kernels use: <c>avx2</c>, <c>avx3</c> (AVX-512) or <c>sm_80</c> and the like.</summary>
    public fixed byte target[32];

    /// <summary>Model, as the processor or the driver gives it.</summary>
    public fixed byte model[128];

    /// <summary>Why this device and this target were chosen.</summary>
    public fixed byte reason[256];
}

/// <summary>How to open a device. Zero means the default for every field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_device_options
{
    /// <summary><c>sizeof(ki_device_options)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>CPU: threads that work on one call, 1 to 1024, the caller included; 0 = as many as the affinity mask and the cgroup's quota allow.</summary>
    public int thread_count;

    /// <summary>CPU: force an instruction set (<c>avx2</c>, <c>avx3</c>); NULL = the best the processor has.</summary>
    public byte* target;
}

/// <summary>One thing that was tried when the library looked for devices.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_probe_entry
{
    /// <summary><c>sizeof(ki_probe_entry)</c>, set by the library.</summary>
    public uint struct_size;

    /// <summary>The backend that was looked for.</summary>
    public ki_device_kind kind;

    /// <summary><see cref="ki_status.KI_STATUS_OK"/> if it is usable, else why not.</summary>
    public ki_status status;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>What was tried: an instruction set, a library's path.</summary>
    public byte* subject;

    /// <summary>What was found, or why it failed.</summary>
    public byte* detail;
}

/// <summary>A view of memory as an array. The memory stays the caller's.</summary>
/// <remarks>Strides count elements and are not negative; 0 repeats an input along a dimension. The last dimension is contiguous (stride 1). The stride of a dimension of length 0 or 1 is ignored, as are entries beyond the rank.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_tensor
{
    /// <summary><c>sizeof(ki_tensor)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Type of the elements.</summary>
    public ki_dtype dtype;

    /// <summary>Number of dimensions, 0 to <see cref="NativeMethods.KI_MAX_RANK"/>.</summary>
    public int rank;

    /// <summary>Kind of the device the memory is on; pinned memory counts as any device's.</summary>
    public ki_device_kind device_kind;

    /// <summary>Index of that device among its kind.</summary>
    public int device_ordinal;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>Address of the first element, aligned to the element's size; may be NULL if there are no elements.</summary>
    public void* data;

    /// <summary>Length of each dimension.</summary>
    public fixed long shape[8];

    /// <summary>Distance between neighbours along each dimension, in elements.</summary>
    public fixed long strides[8];
}

/// <summary>Scaled dot-product attention, o = softmax(scale * q k^T) v, without ever storing the score matrix (FlashAttention, Dao et al. 2022, section 3; FlashAttention-2, Dao 2023, section 3.1).</summary>
/// <remarks>Query head h reads key and value head h / (heads_q / heads_kv). Query, key, value and output share one dtype; sums are float32. Every tensor is on the device of the stream. The output must not overlap itself, nor any other tensor unless the two are provably disjoint: their address ranges are, or, with S the stride of an outer dimension that divides the other outer strides of both, their positions modulo S are.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_attention_problem
{
    /// <summary><c>sizeof(ki_attention_problem)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>A combination of flags.</summary>
    public ki_attention_flags flags;

    /// <summary>Factor on the scores, read with <see cref="ki_attention_flags.KI_ATTENTION_CUSTOM_SCALE"/> only; finite, may be zero or negative.</summary>
    public float scale;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>[batch, seq_q, heads_q, head_dim]; head_dim 1 to 256.</summary>
    public ki_tensor* query;

    /// <summary>[batch, seq_k, heads_kv, head_dim]; heads_q is a multiple of heads_kv.</summary>
    public ki_tensor* key;

    /// <summary>[batch, seq_k, heads_kv, head_dim_v]; head_dim_v 1 to 256.</summary>
    public ki_tensor* value;

    /// <summary>[batch, seq_q, heads_q, head_dim_v], written. A query that sees no key gets zeros.</summary>
    public ki_tensor* output;

    /// <summary>[batch, heads_q, seq_q] float32, written: natural logarithm of the sum of exp(score), -inf for a query that sees no key. NULL if not wanted.</summary>
    public ki_tensor* logsumexp;
}
