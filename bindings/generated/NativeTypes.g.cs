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

    /// <summary>One byte: 0 is false, everything else is true.</summary>
    KI_DTYPE_BOOL = 4,

    /// <summary>Signed 8-bit integer.</summary>
    KI_DTYPE_INT8 = 5,

    /// <summary>Signed 32-bit integer.</summary>
    KI_DTYPE_INT32 = 6,
}

/// <summary>Options of attention; they can be combined.</summary>
[System.Flags]
internal enum ki_attention_flags : int
{
    /// <summary>None.</summary>
    KI_ATTENTION_NONE = 0,

    /// <summary>A query sees no key behind its own position.</summary>
    KI_ATTENTION_CAUSAL = 1,

    /// <summary>Use the field <c>scale</c>; without this flag the scale is 1 / sqrt(head_dim).</summary>
    KI_ATTENTION_CUSTOM_SCALE = 2,

    /// <summary>Use the fields <c>window_left</c> and <c>window_right</c>; without this flag both are unlimited.</summary>
    KI_ATTENTION_WINDOW = 4,

    /// <summary>Rotary embedding turns the pairs (2c, 2c + 1); without this flag (c, c + rotary_dim / 2).</summary>
    KI_ATTENTION_ROTARY_INTERLEAVED = 8,
}

/// <summary>How gradients are computed; options can be combined.</summary>
[System.Flags]
internal enum ki_attention_backward_flags : int
{
    /// <summary>The fastest way. On the CPU every way is deterministic.</summary>
    KI_ATTENTION_BACKWARD_NONE = 0,

    /// <summary>Sums are formed in a fixed order: the same input gives the same bits.</summary>
    KI_ATTENTION_BACKWARD_DETERMINISTIC = 1,
}

/// <summary>Options of combining.</summary>
[System.Flags]
internal enum ki_attention_combine_flags : int
{
    /// <summary>The output is written.</summary>
    KI_ATTENTION_COMBINE_NONE = 0,

    /// <summary>Output and logsumexp hold a part already, to which the others are added.</summary>
    KI_ATTENTION_COMBINE_ACCUMULATE = 1,
}

/// <summary>Options of a long convolution's plan; they can be combined.</summary>
[System.Flags]
internal enum ki_long_convolution_flags : int
{
    /// <summary>Causal: what lies before the first input is zero.</summary>
    KI_LONG_CONVOLUTION_NONE = 0,

    /// <summary>Indices are taken modulo the length; a longer filter folds.</summary>
    KI_LONG_CONVOLUTION_CIRCULAR = 1,

    /// <summary>Calls carry a state: each goes on where the one before ended. Not with <see cref="ki_long_convolution_flags.KI_LONG_CONVOLUTION_CIRCULAR"/>.</summary>
    KI_LONG_CONVOLUTION_STREAMING = 2,
}

/// <summary>Options of a short convolution; they can be combined.</summary>
[System.Flags]
internal enum ki_short_convolution_flags : int
{
    /// <summary>Input and output are [batch, channels, length].</summary>
    KI_SHORT_CONVOLUTION_NONE = 0,

    /// <summary>Input and output are [batch, length, channels].</summary>
    KI_SHORT_CONVOLUTION_CHANNELS_LAST = 1,
}

/// <summary>A device, opened.</summary>
internal readonly struct ki_device;

/// <summary>A queue of work on a device, in order, with a workspace of its own that grows on demand.</summary>
internal readonly struct ki_stream;

/// <summary>A point in a stream's work.</summary>
internal readonly struct ki_event;

/// <summary>A block of memory, aligned to 64 bytes.</summary>
internal readonly struct ki_buffer;

/// <summary>The filters of a long convolution, transformed, and all else that can be computed once. Computing only reads a plan, so that any streams of its device may share it; setting the filters comes before or after that.</summary>
internal readonly struct ki_long_convolution_plan;

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

/// <summary>A cache of keys and values that a problem's <c>key</c> and <c>value</c> are, and what is done to it.</summary>
/// <remarks>
/// <para>Contiguous: key is [slots, capacity, heads_kv, head_dim] and sequence b lies in slot b, or in slot cache_slots[b]. Paged (vLLM, Kwon et al. 2023, section 4): key is [pages, page_size, heads_kv, head_dim], and key j of sequence b lies in row j % page_size of page block_table[b, j / page_size]. What lies behind a sequence's last key is never read into a result.</para>
/// <para>Before attention is computed, new keys and values are written behind the first seqused_k[b] keys; from then on they count as keys like all others. Slots and pages that are written must belong to one sequence each.</para>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_attention_cache
{
    /// <summary><c>sizeof(ki_attention_cache)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>[batch, pages of a sequence] int32: the cache is paged. NULL if it is contiguous.</summary>
    public ki_tensor* block_table;

    /// <summary>[batch] int32: slot of each sequence in a contiguous cache. NULL: slot b.</summary>
    public ki_tensor* cache_slots;

    /// <summary>[slots, capacity, heads_kv], or [pages, page_size, heads_kv], float32: what the int8 elements of a key are multiplied with. Required with int8, else NULL. Written for new keys: largest magnitude / 127.</summary>
    public ki_tensor* key_scale;

    /// <summary>The same for values.</summary>
    public ki_tensor* value_scale;

    /// <summary>[batch, seq_new, heads_kv, head_dim], or packed [total_new, heads_kv, head_dim], of the query's dtype. NULL if nothing is appended. They are converted to the cache's dtype, int8 to nearest even.</summary>
    public ki_tensor* new_key;

    /// <summary>[batch, seq_new, heads_kv, head_dim_v], or packed [total_new, heads_kv, head_dim_v].</summary>
    public ki_tensor* new_value;

    /// <summary>[batch + 1] int32: sequence b's new keys are rows cu_seqlens_new[b] to cu_seqlens_new[b + 1] - 1 of the packed ones.</summary>
    public ki_tensor* cu_seqlens_new;

    /// <summary>[positions, rotary_dim / 2] float32, with a row for every position the cache has room for: cos(position * frequency c). Queries and new keys are turned by the angles of their positions, in float32, before they are used (RoFormer, Su et al. 2021, section 3.2); keys in the cache already are. Queries before position 0 are not turned. NULL: no rotary embedding.</summary>
    public ki_tensor* rotary_cos;

    /// <summary>The sines.</summary>
    public ki_tensor* rotary_sin;
}

/// <summary>Scaled dot-product attention, o = softmax(s) v, without ever storing the scores s (FlashAttention, Dao et al. 2022, section 3; FlashAttention-2, Dao 2023, section 3.1). For query i and key j of one sequence, in this order:</summary>
/// <remarks>
/// <para>s = scale * q . k          query head h reads key and value head h / (heads_q / heads_kv) s = softcap * tanh(s / softcap) s = s + bias[b, h, i, j] - alibi_slope * |position - j| s = -inf, unless query i sees key j</para>
/// <para>The position of query i is i + seq_k - seq_q, the lengths being the sequence's own: the last query stands beside the last key. It sees key j if all of these hold: j &lt;= position, with <see cref="ki_attention_flags.KI_ATTENTION_CAUSAL"/>; j &lt;= position + window_right; j &gt;= position - window_left or j &lt; sink_count; mask[b, h, i, j]; and the tree mask allows it. A query that sees no key gets an output of 0, a logsumexp of -inf and gradients of 0.</para>
/// <para>Sequences are the entries of <c>batch</c>, or, with <c>cu_seqlens_q</c> and <c>cu_seqlens_k</c>, lie behind one another in packed tensors without the dimension <c>batch</c>. With packed sequences or a cache, bias and mask are indexed by places within the sequence and may have any lengths: beyond them there is no bias, and nothing is seen.</para>
/// <para>Query, output, and by default key and value share one dtype: float32, float16 or bfloat16. Key and value may instead be int8 with scales, and float16 or bfloat16 under float32 queries. Sums are float32. Every tensor is on the device of the stream. What is written must not overlap itself, nor any other tensor unless the two are provably disjoint: their address ranges are, or, with S the stride of an outer dimension that divides the other outer strides of both, their positions modulo S are.</para>
/// <para>Lengths and indices in tensors (int32) are checked on the CPU before anything runs. On CUDA, where the host cannot read them, those out of range are cut to the range: what the sequence gets is unspecified, and nothing outside the tensors is touched.</para>
/// </remarks>
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

    /// <summary>[batch, seq_q, heads_q, head_dim], or packed [total_q, heads_q, head_dim]; head_dim 1 to 256.</summary>
    public ki_tensor* query;

    /// <summary>[batch, seq_k, heads_kv, head_dim], or packed [total_k, heads_kv, head_dim], or as the cache says; heads_q is a multiple of heads_kv. Written where the cache has new keys.</summary>
    public ki_tensor* key;

    /// <summary>The same with head_dim_v, 1 to 256, in place of head_dim.</summary>
    public ki_tensor* value;

    /// <summary>[batch, seq_q, heads_q, head_dim_v], or packed [total_q, heads_q, head_dim_v], written.</summary>
    public ki_tensor* output;

    /// <summary>[batch, heads_q, seq_q], or packed [heads_q, total_q], float32, written: natural logarithm of the sum of exp(s). NULL if not wanted.</summary>
    public ki_tensor* logsumexp;

    /// <summary>Keys that a query sees before its position, -1 for all; read with <see cref="ki_attention_flags.KI_ATTENTION_WINDOW"/> only.</summary>
    public long window_left;

    /// <summary>Keys that a query sees behind its position, -1 for all; read with <see cref="ki_attention_flags.KI_ATTENTION_WINDOW"/> only.</summary>
    public long window_right;

    /// <summary>The first so many keys are exempt from <c>window_left</c> (StreamingLLM, Xiao et al. 2023, section 3.2).</summary>
    public long sink_count;

    /// <summary>Bound on the scores; 0 for none (Gemma 2, 2024, section 2).</summary>
    public float softcap;

    /// <summary>Parts that the keys of a sequence are split into, to be computed side by side and combined: 1 to 256; 0 to have it chosen.</summary>
    public int split_count;

    /// <summary>[batch or 1, heads_q or 1, seq_q or 1, seq_k] of the query's dtype or float32; -inf hides the key. NULL for none.</summary>
    public ki_tensor* bias;

    /// <summary>[batch or 1, heads_q or 1, seq_q or 1, seq_k] bool: true where the query sees the key. NULL for none.</summary>
    public ki_tensor* mask;

    /// <summary>[heads_q] or [batch, heads_q] float32 (ALiBi, Press et al. 2021, section 3). NULL for none.</summary>
    public ki_tensor* alibi_slopes;

    /// <summary>[batch or 1, n, n] bool, for the last n keys, draft tokens that are a tree (SpecInfer, Miao et al. 2023, section 4): true in row t at token t itself and its ancestors. A query at the position of draft token t sees those among the n keys only. NULL for none.</summary>
    public ki_tensor* tree_mask;

    /// <summary>[batch + 1] int32: sequence b's queries are rows cu_seqlens_q[b] to cu_seqlens_q[b + 1] - 1. NULL if not packed.</summary>
    public ki_tensor* cu_seqlens_q;

    /// <summary>[batch + 1] int32: the same for keys and values. NULL if not packed.</summary>
    public ki_tensor* cu_seqlens_k;

    /// <summary>[batch] int32: keys of each sequence that count, the first ones, before any are appended. NULL for all.</summary>
    public ki_tensor* seqused_k;

    /// <summary>Key and value are a cache. NULL if they are not.</summary>
    public ki_attention_cache* cache;

    /// <summary>Probability in [0, 1), rounded to a multiple of 2^-16, with which each weight of the softmax becomes 0; the others are divided by 1 - probability. 0 for none.</summary>
    /// <remarks>Weight (b, h, i, j) is kept if its random number of 16 bits is at least probability * 2^16. The number is half j % 2 (0 the lower) of word (j % 32) / 8 of Philox4x32-10 (Salmon et al. 2011, section 3.3) under the key (seed % 2^32, seed / 2^32) at the counter (j / 32 * 4 + j % 8 / 2, i, b * heads_q + h, dropout_offset).</remarks>
    public float dropout;

    /// <summary>Distinguishes calls that share a seed.</summary>
    public uint dropout_offset;

    /// <summary>Seed of the random numbers.</summary>
    public ulong dropout_seed;
}

/// <summary>Gradients of attention. Each has the shape of what it is the gradient of, and its dtype; the sum over the query heads that share a key, and over the dimensions along which the bias has length 1, is part of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_attention_gradients
{
    /// <summary><c>sizeof(ki_attention_gradients)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>A combination of flags.</summary>
    public ki_attention_backward_flags flags;

    /// <summary>Of the output; read.</summary>
    public ki_tensor* grad_output;

    /// <summary>Of the query; written.</summary>
    public ki_tensor* grad_query;

    /// <summary>Of the key; written. Keys that do not count get zeros.</summary>
    public ki_tensor* grad_key;

    /// <summary>Of the value; written.</summary>
    public ki_tensor* grad_value;

    /// <summary>Of the bias; written. NULL if not wanted.</summary>
    public ki_tensor* grad_bias;
}

/// <summary>Merges attention over parts of the keys into attention over all of them: with l the logsumexp of the logsumexps l_p, output = sum over parts of exp(l_p - l) * output_p. The building block of attention over keys that are spread over devices (Ring Attention, Liu et al. 2023, section 3) and of shared prefixes. Parts without keys (logsumexp -inf) add nothing, whatever their output holds. Packed tensors are given with a batch of 1.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_attention_combine_problem
{
    /// <summary><c>sizeof(ki_attention_combine_problem)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>A combination of flags.</summary>
    public ki_attention_combine_flags flags;

    /// <summary>[parts, batch, seq_q, heads_q, head_dim_v], float32 or the output's dtype; head_dim_v 1 to 256.</summary>
    public ki_tensor* partial_outputs;

    /// <summary>[parts, batch, heads_q, seq_q] float32.</summary>
    public ki_tensor* partial_logsumexps;

    /// <summary>[batch, seq_q, heads_q, head_dim_v], written.</summary>
    public ki_tensor* output;

    /// <summary>[batch, heads_q, seq_q] float32, written. NULL if not wanted; required with <see cref="ki_attention_combine_flags.KI_ATTENTION_COMBINE_ACCUMULATE"/>.</summary>
    public ki_tensor* logsumexp;
}

/// <summary>What a plan is made for.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_long_convolution_options
{
    /// <summary><c>sizeof(ki_long_convolution_options)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>A combination of flags.</summary>
    public ki_long_convolution_flags flags;

    /// <summary>Channels, each with a filter of its own; at least 1.</summary>
    public long channels;

    /// <summary>Inputs of the longest call, at least 1; if circular, of every call: the period.</summary>
    public long length;

    /// <summary>Taps of a filter, at least 1.</summary>
    public long filter_length;

    /// <summary>Points of the transform: a power of two from 256 to 4194304, at least <c>taps</c>: filter_length, or length if that is less and the plan is not streaming (other taps meet zeros only, and a mask does not see them; if circular, they fold). Below length + taps - 1 rows are computed in overlapping blocks (overlap-save). 0: chosen, and perhaps no power of two.</summary>
    public long fft_size;

    /// <summary>Frequencies of a block of <c>frequency_mask</c>, at least 1; 0 without one.</summary>
    public long frequency_block;

    /// <summary>[ceil(fft_size / 2 / frequency_block)] bool in host memory, read while the plan is created: false where the filter's spectrum counts as 0. Block i is the frequencies i * frequency_block to (i + 1) * frequency_block - 1 of the transform of fft_size points, and their mirror images; the last block has the frequency fft_size / 2 as well. A mask needs an fft_size that holds a whole call: at least length + taps - 1, or, if circular, equal to length; what the mask makes of the filter is fft_size taps long, and comes round at its end. Not with <see cref="ki_long_convolution_flags.KI_LONG_CONVOLUTION_STREAMING"/>. NULL for none.</summary>
    public ki_tensor* frequency_mask;

    /// <summary>Each tap k becomes sign(k) max(|k| - squash, 0) before it is used (Simple Hardware-Efficient Long Convolutions, Fu et al. 2023, section 3); 0 for none.</summary>
    public float squash;

    /// <summary>Zero.</summary>
    public uint reserved;
}

/// <summary>What a plan is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_long_convolution_plan_info
{
    /// <summary><c>sizeof(ki_long_convolution_plan_info)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>As it was made.</summary>
    public ki_long_convolution_flags flags;

    /// <summary>As it was made.</summary>
    public long channels;

    /// <summary>As it was made.</summary>
    public long length;

    /// <summary>As it was made.</summary>
    public long filter_length;

    /// <summary>Points of the transform.</summary>
    public long fft_size;

    /// <summary>As it was made.</summary>
    public float squash;

    /// <summary>1 if the filters are set, else 0.</summary>
    public int has_filter;

    /// <summary>Memory of the device that it holds, in bytes.</summary>
    public ulong memory_bytes;
}

/// <summary>Convolution of every row with its channel's filter k, as long as the input itself (FlashFFTConv, Fu et al. 2023, section 3):</summary>
/// <remarks>
/// <para>x[b, h, t] = input[b, h, t] * input_gate[b, h, t] c[b, h, t] = sum over j of k[h, j] * x[b, h, t - j] output[b, h, t] = output_gate[b, h, t] * c[b, h, t] + skip[h] * input[b, h, t]</para>
/// <para>Indices before the first are 0, or the end of <c>state</c>, or, if the plan is circular, modulo the length. Input, gates and output share one dtype: float32, float16 or bfloat16. Sums are float32; the 16-bit types may be rounded between the stages of the transform on CUDA. Every tensor is on the device of the stream. The output must not overlap itself, nor any other tensor unless the two are provably disjoint; so must the state.</para>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_long_convolution_problem
{
    /// <summary><c>sizeof(ki_long_convolution_problem)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>[batch, channels, length]: at most as long as the plan's, if circular exactly.</summary>
    public ki_tensor* input;

    /// <summary>[batch, channels, length], written.</summary>
    public ki_tensor* output;

    /// <summary>[batch, channels, length]. NULL for none.</summary>
    public ki_tensor* input_gate;

    /// <summary>[batch, channels, length]. NULL for none.</summary>
    public ki_tensor* output_gate;

    /// <summary>[channels] float32 or the input's dtype. NULL for none.</summary>
    public ki_tensor* skip;

    /// <summary>[batch, channels, filter_length - 1] float32: the values of x before the first one, the latest last; read, and then written for the next call, so that a sequence in pieces gives what it gives in one. Required with a streaming plan, else NULL.</summary>
    public ki_tensor* state;
}

/// <summary>Gradients of a long convolution. Those that are NULL are not computed; all sums are formed in a fixed order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_long_convolution_gradients
{
    /// <summary><c>sizeof(ki_long_convolution_gradients)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>[batch, channels, length] of the output, of its dtype; read.</summary>
    public ki_tensor* grad_output;

    /// <summary>[batch, channels, length] of the input, of its dtype; written.</summary>
    public ki_tensor* grad_input;

    /// <summary>[channels, filter_length] float32, summed over the batch; written.</summary>
    public ki_tensor* grad_filter;

    /// <summary>[batch, channels, length] of the input gate, of its dtype; written.</summary>
    public ki_tensor* grad_input_gate;

    /// <summary>[batch, channels, length] of the output gate, of its dtype; written.</summary>
    public ki_tensor* grad_output_gate;

    /// <summary>[channels] float32, summed over batch and length; written.</summary>
    public ki_tensor* grad_skip;

    /// <summary>[channels, filter_length]: the filters that were set, read where grad_filter is wanted and the plan squashes, else NULL.</summary>
    public ki_tensor* filter;
}

/// <summary>Depthwise causal convolution with a few taps, computed directly (H3, Fu et al. 2022, section 3):</summary>
/// <remarks>
/// <para>output[b, h, t] = sum over j of filter[h, j] * input[b, h, t - j] + bias[h]</para>
/// <para>Indices before the first are 0, or the end of <c>state</c>. Input and output share one dtype: float32, float16 or bfloat16. Sums are float32. Every tensor is on the device of the stream. What is written must not overlap itself, nor any other tensor unless the two are provably disjoint.</para>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_short_convolution_problem
{
    /// <summary><c>sizeof(ki_short_convolution_problem)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>A combination of flags.</summary>
    public ki_short_convolution_flags flags;

    /// <summary>[batch, channels, length], or [batch, length, channels].</summary>
    public ki_tensor* input;

    /// <summary>[channels, width] float32 or the input's dtype; width 1 to 128.</summary>
    public ki_tensor* filter;

    /// <summary>[channels] float32 or the input's dtype. NULL for none.</summary>
    public ki_tensor* bias;

    /// <summary>Of the input's shape, written.</summary>
    public ki_tensor* output;

    /// <summary>[batch, channels, width - 1], or [batch, width - 1, channels], of the input's dtype: the inputs before the first one, the latest last; read, and then written for the next call. NULL: zeros.</summary>
    public ki_tensor* state;
}

/// <summary>Gradients of a short convolution. Those that are NULL are not computed; all sums are formed in a fixed order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_short_convolution_gradients
{
    /// <summary><c>sizeof(ki_short_convolution_gradients)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>Of the output, of its shape and dtype; read.</summary>
    public ki_tensor* grad_output;

    /// <summary>Of the input, of its shape and dtype; written.</summary>
    public ki_tensor* grad_input;

    /// <summary>[channels, width] float32, summed over batch and length; written.</summary>
    public ki_tensor* grad_filter;

    /// <summary>[channels] float32, summed over batch and length; written.</summary>
    public ki_tensor* grad_bias;
}

/// <summary>Long convolution with learned coefficients in place of those of the Fourier transform (Simple Hardware-Efficient Long Convolutions for Sequence Modeling, Fu et al. 2023, section 3). A transform of n = n1 * n2 complex points, n1 and n2 powers of two from 16 to 256, is two stages of dense blocks, a butterfly of order 2 whose twiddle factors are part of the blocks. With t = t1 * n2 + t2 and k = k1 + n1 * k2, t1 and k1 below n1, t2 and k2 below n2, Forward takes x to X:</summary>
/// <remarks>
/// <para>a[k1, t2] = sum over t1 of forward_first[t2, k1, t1] * x[t1, t2] X[k1, k2] = sum over t2 of forward_second[k1, k2, t2] * a[k1, t2]</para>
/// <para>and Inverse is its mirror:</para>
/// <para>a[k1, t2] = sum over k2 of inverse_second[k1, t2, k2] * X[k1, k2] x[t1, t2] = sum over k1 of inverse_first[t2, t1, k1] * a[k1, t2]</para>
/// <para>The convolution, with input rows and filters padded with zeros to n points, is</para>
/// <para>c = the real part of Inverse(Forward(filter[h]) * Forward(input[b, h] * input_gate[b, h])) output[b, h, t] = output_gate[b, h, t] * c[t] + skip[h] * input[b, h, t]   for t below length</para>
/// <para>With the coefficients of <see cref="NativeMethods.ki_butterfly_coefficients_dft"/> that is the long convolution: causal where length + filter_length - 1 is at most n; otherwise what lies beyond n comes round to the beginning.</para>
/// <para>Coefficients are contiguous float32, each complex number its real and then its imaginary part. Input, gates and output share one dtype: float32, float16 or bfloat16. Sums are float32. Every tensor is on the device of the stream. What is written must not overlap itself, nor any other tensor unless the two are provably disjoint.</para>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_butterfly_convolution_problem
{
    /// <summary><c>sizeof(ki_butterfly_convolution_problem)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>[batch, channels, length], length at most n.</summary>
    public ki_tensor* input;

    /// <summary>[batch, channels, length], written.</summary>
    public ki_tensor* output;

    /// <summary>[channels, filter_length] float32, float16 or bfloat16, filter_length 1 to n.</summary>
    public ki_tensor* filter;

    /// <summary>[n2, n1, n1, 2] float32: for each t2 the block [k1, t1].</summary>
    public ki_tensor* forward_first;

    /// <summary>[n1, n2, n2, 2] float32: for each k1 the block [k2, t2].</summary>
    public ki_tensor* forward_second;

    /// <summary>[n1, n2, n2, 2] float32: for each k1 the block [t2, k2].</summary>
    public ki_tensor* inverse_second;

    /// <summary>[n2, n1, n1, 2] float32: for each t2 the block [t1, k1].</summary>
    public ki_tensor* inverse_first;

    /// <summary>[batch, channels, length]. NULL for none.</summary>
    public ki_tensor* input_gate;

    /// <summary>[batch, channels, length]. NULL for none.</summary>
    public ki_tensor* output_gate;

    /// <summary>[channels] float32 or the input's dtype. NULL for none.</summary>
    public ki_tensor* skip;
}

/// <summary>Gradients of a butterfly convolution. Those that are NULL are not computed; all sums are formed in a fixed order. The gradient of a complex coefficient m is dL/dRe(m) + i dL/dIm(m): its two parts are the gradients of the two numbers that m is stored as, so that an optimiser can treat coefficients as real numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ki_butterfly_convolution_gradients
{
    /// <summary><c>sizeof(ki_butterfly_convolution_gradients)</c>, set by the caller.</summary>
    public uint struct_size;

    /// <summary>Zero.</summary>
    public uint reserved;

    /// <summary>[batch, channels, length] of the output, of its dtype; read.</summary>
    public ki_tensor* grad_output;

    /// <summary>[batch, channels, length] of the input, of its dtype; written.</summary>
    public ki_tensor* grad_input;

    /// <summary>[channels, filter_length] float32, summed over the batch; written.</summary>
    public ki_tensor* grad_filter;

    /// <summary>[n2, n1, n1, 2] contiguous float32, summed over inputs and filters; written.</summary>
    public ki_tensor* grad_forward_first;

    /// <summary>[n1, n2, n2, 2] contiguous float32, summed over inputs and filters; written.</summary>
    public ki_tensor* grad_forward_second;

    /// <summary>[n1, n2, n2, 2] contiguous float32, summed over batch and channels; written.</summary>
    public ki_tensor* grad_inverse_second;

    /// <summary>[n2, n1, n1, 2] contiguous float32, summed over batch and channels; written.</summary>
    public ki_tensor* grad_inverse_first;

    /// <summary>[batch, channels, length] of the input gate, of its dtype; written.</summary>
    public ki_tensor* grad_input_gate;

    /// <summary>[batch, channels, length] of the output gate, of its dtype; written.</summary>
    public ki_tensor* grad_output_gate;

    /// <summary>[channels] float32, summed over batch and length; written.</summary>
    public ki_tensor* grad_skip;
}
