/**
 * @file kernels_interop.h
 * The C ABI of Kernels.Interop: kernels for sequence models on the CPU and on CUDA devices.
 *
 * This header is the one contract of the library. The C# bindings, the export map, the layout tests and
 * the ABI hash are generated from it.
 *
 * Rules that hold everywhere:
 *  - Types have a fixed size. Handles are opaque; strings are UTF-8 and end in a zero byte.
 *  - Every struct begins with `struct_size`, to be set to `sizeof(struct)` by the caller. A shorter struct
 *    (from an older header) is read as if the missing fields were zero; a longer one is accepted while the
 *    fields this library does not know are zero. Fields are only ever appended.
 *  - Every function that can fail returns a @ref ki_status. The message and the name of the offending
 *    argument of the last failure on the calling thread are kept until that thread's next failure.
 *  - No function throws, aborts or exits; bad input is refused before anything runs.
 *  - Devices may be used from any thread. A stream, event or buffer is used by one thread at a time.
 *  - Closing a handle never invalidates another: what still needs it keeps it alive. Closing NULL does nothing.
 *  - On the CPU a call returns when its work is done. On CUDA a call returns when its work is queued.
 *  - Results do not depend on the caller's floating-point control register, nor on the number of threads.
 */
#ifndef KERNELS_INTEROP_H_
#define KERNELS_INTEROP_H_

#include <stdint.h>

#define KI_VERSION_MAJOR 0
#define KI_VERSION_MINOR 1
#define KI_VERSION_PATCH 0

/** Highest rank of a tensor. */
#define KI_MAX_RANK 8

#if defined(__cplusplus)
#define KI_ENUM(name) enum name : int32_t
#define KI_NOEXCEPT noexcept
#else
#define KI_ENUM(name) typedef int32_t name; enum
#define KI_NOEXCEPT
#endif

#define KI_API __attribute__((visibility("default")))

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- Status ------------------------------------------------------------------------------------------ */

/** Outcome of a call. */
KI_ENUM(ki_status) {
  /** The call did what it says. */
  KI_STATUS_OK = 0,
  /** An argument is wrong; the message names it and the values involved. */
  KI_STATUS_INVALID_ARGUMENT = 1,
  /** The arguments are valid, but this device or this build cannot do it. */
  KI_STATUS_NOT_SUPPORTED = 2,
  /** Host or device memory ran out. */
  KI_STATUS_OUT_OF_MEMORY = 3,
  /** There is no device of that name on this machine. */
  KI_STATUS_DEVICE_NOT_FOUND = 4,
  /** The device's driver reported an error. It stays until the device and all that was made from it are closed; after some
   *  faults of a GPU, until the process ends. */
  KI_STATUS_DEVICE_ERROR = 5,
  /** A fault inside this library. */
  KI_STATUS_INTERNAL = 6
};

/**
 * Name of a status, such as `KI_STATUS_INVALID_ARGUMENT`.
 * @param status any value
 * @return a static string; `unknown status` for a value that is none
 */
KI_API const char* ki_status_name(ki_status status) KI_NOEXCEPT;

/**
 * Message of the last failure on this thread.
 * @return a string owned by the library, valid until this thread's next failure; empty if nothing failed yet
 */
KI_API const char* ki_last_error_message(void) KI_NOEXCEPT;

/**
 * Name of the argument that caused the last failure on this thread, such as `key` or `options.thread_count`.
 * @return a string owned by the library, valid until this thread's next failure; empty if no argument is at fault
 */
KI_API const char* ki_last_error_argument(void) KI_NOEXCEPT;

/* ---- Version ----------------------------------------------------------------------------------------- */

/**
 * Version of the library.
 * @return `major << 16 | minor << 8 | patch`
 */
KI_API uint32_t ki_version(void) KI_NOEXCEPT;

/**
 * Hash of every declaration in this header: names, types, offsets and values, but not comments. Bindings made
 * from another header have another hash and must not call anything else.
 * @return the hash this library was built with
 */
KI_API uint64_t ki_abi_hash(void) KI_NOEXCEPT;

/**
 * Number of handles (devices, streams, events, buffers) that are open in this process; for leak tests.
 * @return the number
 */
KI_API int64_t ki_live_handle_count(void) KI_NOEXCEPT;

/* ---- Devices ----------------------------------------------------------------------------------------- */

/** Kind of a device. */
KI_ENUM(ki_device_kind) {
  /** The processor and its memory. */
  KI_DEVICE_KIND_CPU = 1,
  /** An NVIDIA GPU. */
  KI_DEVICE_KIND_CUDA = 2
};

/** What a device is. Text fields end in a zero byte. */
typedef struct ki_device_info {
  /** `sizeof(ki_device_info)`, set by the caller. */
  uint32_t struct_size;
  /** CPU or CUDA. */
  ki_device_kind kind;
  /** Index among the devices of its kind. */
  int32_t ordinal;
  /** CPU: threads that work on one call. CUDA: multiprocessors. */
  int32_t parallelism;
  /** Memory of the device, in bytes. */
  uint64_t memory_bytes;
  /** CPU: second-level cache of one core, in bytes. CUDA: second-level cache of the device. */
  uint64_t l2_cache_bytes;
  /** Name to open it by: `cpu` or `cuda:0`. */
  char name[32];
  /** Instruction set its kernels use: `avx2`, `avx3` (AVX-512) or `sm_80` and the like. */
  char target[32];
  /** Model, as the processor or the driver gives it. */
  char model[128];
  /** Why this device and this target were chosen. */
  char reason[256];
} ki_device_info;

/** How to open a device. Zero means the default for every field. */
typedef struct ki_device_options {
  /** `sizeof(ki_device_options)`, set by the caller. */
  uint32_t struct_size;
  /** CPU: threads that work on one call, 1 to 1024, the caller included; 0 = as many as the affinity mask and the
   *  cgroup's quota allow. */
  int32_t thread_count;
  /** CPU: force an instruction set (`avx2`, `avx3`); NULL = the best the processor has. */
  const char* target;
} ki_device_options;

/** A device, opened. */
typedef struct ki_device ki_device;

/**
 * Number of devices this library can open on this machine.
 * @param[out] count the number; the CPU is always index 0
 * @return the status
 */
KI_API ki_status ki_device_count(int32_t* count) KI_NOEXCEPT;

/**
 * Describes a device without opening it.
 * @param index 0 to count - 1
 * @param[out] info the description
 * @return the status
 */
KI_API ki_status ki_device_describe(int32_t index, ki_device_info* info) KI_NOEXCEPT;

/**
 * Opens a device.
 * @param name `cpu`, `cuda:N`, or `auto` (the first usable of `cuda:0` and `cpu`)
 * @param options how; NULL for the defaults
 * @param[out] device the device, to be closed with ki_device_close
 * @return the status: KI_STATUS_NOT_SUPPORTED if this build or processor lacks it, KI_STATUS_DEVICE_NOT_FOUND
 */
KI_API ki_status ki_device_open(const char* name, const ki_device_options* options, ki_device** device) KI_NOEXCEPT;

/**
 * Describes an open device; `reason` says why it was chosen.
 * @param device the device
 * @param[out] info the description
 * @return the status
 */
KI_API ki_status ki_device_get_info(const ki_device* device, ki_device_info* info) KI_NOEXCEPT;

/**
 * Closes a device. Streams, events and buffers made from it stay valid.
 * @param device the device or NULL
 */
KI_API void ki_device_close(ki_device* device) KI_NOEXCEPT;

/** One thing that was tried when the library looked for devices. */
typedef struct ki_probe_entry {
  /** `sizeof(ki_probe_entry)`, set by the library. */
  uint32_t struct_size;
  /** The backend that was looked for. */
  ki_device_kind kind;
  /** KI_STATUS_OK if it is usable, else why not. */
  ki_status status;
  /** Zero. */
  uint32_t reserved;
  /** What was tried: an instruction set, a library's path. */
  const char* subject;
  /** What was found, or why it failed. */
  const char* detail;
} ki_probe_entry;

/** Receives one entry of a probe; the entry and its strings are valid during the call only. */
typedef void (*ki_probe_callback)(void* user_data, const ki_probe_entry* entry);

/**
 * Looks for everything a device needs and reports each thing tried, in order, on the calling thread.
 * @param callback receives the entries
 * @param user_data passed through
 * @return the status of the probe itself; what it found is in the entries
 */
KI_API ki_status ki_probe(ki_probe_callback callback, void* user_data) KI_NOEXCEPT;

/* ---- Streams and events ------------------------------------------------------------------------------ */

/** A queue of work on a device, in order, with a workspace of its own that grows on demand. */
typedef struct ki_stream ki_stream;

/** A point in a stream's work. */
typedef struct ki_event ki_event;

/**
 * Creates a stream.
 * @param device its device
 * @param[out] stream the stream, to be closed with ki_stream_close
 * @return the status
 */
KI_API ki_status ki_stream_create(ki_device* device, ki_stream** stream) KI_NOEXCEPT;

/**
 * Wraps a stream that somebody else owns, such as a `CUstream`.
 * @param device the CUDA device the stream belongs to
 * @param native_stream the `CUstream`; every value is valid, the special streams 0 to 2 included
 * @param[out] stream the wrapper; closing it leaves the wrapped stream alone
 * @return the status: KI_STATUS_NOT_SUPPORTED on the CPU, which has no foreign streams
 */
KI_API ki_status ki_stream_wrap(ki_device* device, void* native_stream, ki_stream** stream) KI_NOEXCEPT;

/**
 * The stream as other libraries know it.
 * @param stream the stream
 * @param[out] native_stream the `CUstream`
 * @return the status: KI_STATUS_NOT_SUPPORTED on the CPU
 */
KI_API ki_status ki_stream_get_native(const ki_stream* stream, void** native_stream) KI_NOEXCEPT;

/**
 * Waits until all work queued on a stream is done, and reports the first error among it.
 * @param stream the stream
 * @return the status
 */
KI_API ki_status ki_stream_synchronize(ki_stream* stream) KI_NOEXCEPT;

/** Told that a stream's work is done. Must not call this library. */
typedef void (*ki_stream_callback)(void* user_data, ki_status status);

/**
 * Calls back, on any thread and exactly once, when the work queued so far is done. On the CPU it is called before
 * this function returns. If this function fails, it is not called.
 * @param stream the stream
 * @param callback what to call
 * @param user_data passed through
 * @return the status
 */
KI_API ki_status ki_stream_notify(ki_stream* stream, ki_stream_callback callback, void* user_data) KI_NOEXCEPT;

/**
 * Makes a stream's later work wait for an event. An event that was never recorded counts as reached.
 * @param stream the stream
 * @param event an event of the same device
 * @return the status
 */
KI_API ki_status ki_stream_wait_event(ki_stream* stream, ki_event* event) KI_NOEXCEPT;

/**
 * Closes a stream, once its work is done.
 * @param stream the stream or NULL
 */
KI_API void ki_stream_close(ki_stream* stream) KI_NOEXCEPT;

/**
 * Creates an event.
 * @param device its device
 * @param[out] event the event, to be closed with ki_event_close
 * @return the status
 */
KI_API ki_status ki_event_create(ki_device* device, ki_event** event) KI_NOEXCEPT;

/**
 * Records an event behind the work queued so far.
 * @param event the event; an earlier recording is forgotten
 * @param stream a stream of the same device
 * @return the status
 */
KI_API ki_status ki_event_record(ki_event* event, ki_stream* stream) KI_NOEXCEPT;

/**
 * Asks whether an event was reached, without waiting.
 * @param event the event
 * @param[out] reached 1 if it was, or was never recorded; else 0
 * @return the status
 */
KI_API ki_status ki_event_query(ki_event* event, int32_t* reached) KI_NOEXCEPT;

/**
 * Waits until an event is reached. An event that was never recorded counts as reached.
 * @param event the event
 * @return the status
 */
KI_API ki_status ki_event_synchronize(ki_event* event) KI_NOEXCEPT;

/**
 * Time between two recorded events that were reached.
 * @param start the earlier event
 * @param stop the later event, of the same device
 * @param[out] milliseconds the time
 * @return the status: KI_STATUS_INVALID_ARGUMENT if one was never recorded or not yet reached
 */
KI_API ki_status ki_event_elapsed(const ki_event* start, const ki_event* stop, double* milliseconds) KI_NOEXCEPT;

/**
 * Closes an event.
 * @param event the event or NULL
 */
KI_API void ki_event_close(ki_event* event) KI_NOEXCEPT;

/* ---- Memory ------------------------------------------------------------------------------------------ */

/** Where a buffer lives. */
KI_ENUM(ki_memory_kind) {
  /** Memory of the device: on the CPU ordinary memory, on CUDA reachable by kernels only. */
  KI_MEMORY_KIND_DEVICE = 1,
  /** Host memory that the device can read and write while the host goes on. */
  KI_MEMORY_KIND_PINNED = 2
};

/** A block of memory, aligned to 64 bytes. */
typedef struct ki_buffer ki_buffer;

/**
 * Allocates a buffer. Its contents are undefined.
 * @param device its device
 * @param kind where it lives
 * @param size_bytes its size; 0 is allowed
 * @param[out] buffer the buffer, to be closed with ki_buffer_close
 * @return the status: KI_STATUS_OUT_OF_MEMORY if there is not enough
 */
KI_API ki_status ki_buffer_create(ki_device* device, ki_memory_kind kind, uint64_t size_bytes,
                                  ki_buffer** buffer) KI_NOEXCEPT;

/**
 * Address of a buffer: a host pointer on the CPU and for pinned memory, else a `CUdeviceptr`.
 * @param buffer the buffer
 * @param[out] data its address; not NULL even if the size is 0
 * @return the status
 */
KI_API ki_status ki_buffer_get_data(const ki_buffer* buffer, void** data) KI_NOEXCEPT;

/**
 * Size of a buffer.
 * @param buffer the buffer
 * @param[out] size_bytes the size that was asked for
 * @return the status
 */
KI_API ki_status ki_buffer_get_size(const ki_buffer* buffer, uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Frees a buffer, after the work queued on it.
 * @param buffer the buffer or NULL
 */
KI_API void ki_buffer_close(ki_buffer* buffer) KI_NOEXCEPT;

/**
 * Copies bytes between addresses on the host or on the stream's device. The ranges must not overlap.
 * @param stream the stream
 * @param destination where to
 * @param source where from
 * @param size_bytes how many; 0 does nothing
 * @return the status
 */
KI_API ki_status ki_copy(ki_stream* stream, void* destination, const void* source, uint64_t size_bytes) KI_NOEXCEPT;

/**
 * Sets bytes.
 * @param stream the stream
 * @param destination where, on the host or on the stream's device
 * @param value the byte
 * @param size_bytes how many; 0 does nothing
 * @return the status
 */
KI_API ki_status ki_fill(ki_stream* stream, void* destination, uint8_t value, uint64_t size_bytes) KI_NOEXCEPT;

/* ---- Tensors ----------------------------------------------------------------------------------------- */

/** Type of a tensor's elements. */
KI_ENUM(ki_dtype) {
  /** IEEE binary32. */
  KI_DTYPE_FLOAT32 = 1,
  /** IEEE binary16. */
  KI_DTYPE_FLOAT16 = 2,
  /** bfloat16: the upper half of a binary32. */
  KI_DTYPE_BFLOAT16 = 3,
  /** One byte: 0 is false, everything else is true. */
  KI_DTYPE_BOOL = 4,
  /** Signed 8-bit integer. */
  KI_DTYPE_INT8 = 5,
  /** Signed 32-bit integer. */
  KI_DTYPE_INT32 = 6
};

/**
 * A view of memory as an array. The memory stays the caller's.
 *
 * Strides count elements and are not negative; 0 repeats an input along a dimension. The last dimension is contiguous
 * (stride 1). The stride of a dimension of length 0 or 1 is ignored, as are entries beyond the rank.
 */
typedef struct ki_tensor {
  /** `sizeof(ki_tensor)`, set by the caller. */
  uint32_t struct_size;
  /** Type of the elements. */
  ki_dtype dtype;
  /** Number of dimensions, 0 to KI_MAX_RANK. */
  int32_t rank;
  /** Kind of the device the memory is on; pinned memory counts as any device's. */
  ki_device_kind device_kind;
  /** Index of that device among its kind. */
  int32_t device_ordinal;
  /** Zero. */
  uint32_t reserved;
  /** Address of the first element, aligned to the element's size; may be NULL if there are no elements. */
  void* data;
  /** Length of each dimension. */
  int64_t shape[KI_MAX_RANK];
  /** Distance between neighbours along each dimension, in elements. */
  int64_t strides[KI_MAX_RANK];
} ki_tensor;

/* ---- Attention --------------------------------------------------------------------------------------- */

/** Options of attention; they can be combined. */
KI_ENUM(ki_attention_flags) {
  /** None. */
  KI_ATTENTION_NONE = 0,
  /** A query sees no key behind its own position. */
  KI_ATTENTION_CAUSAL = 1,
  /** Use the field `scale`; without this flag the scale is 1 / sqrt(head_dim). */
  KI_ATTENTION_CUSTOM_SCALE = 2,
  /** Use the fields `window_left` and `window_right`; without this flag both are unlimited. */
  KI_ATTENTION_WINDOW = 4,
  /** Rotary embedding turns the pairs (2c, 2c + 1); without this flag (c, c + rotary_dim / 2). */
  KI_ATTENTION_ROTARY_INTERLEAVED = 8
};

/**
 * A cache of keys and values that a problem's `key` and `value` are, and what is done to it.
 *
 * Contiguous: key is [slots, capacity, heads_kv, head_dim] and sequence b lies in slot b, or in slot cache_slots[b].
 * Paged (vLLM, Kwon et al. 2023, section 4): key is [pages, page_size, heads_kv, head_dim], and key j of sequence b lies in row
 * j % page_size of page block_table[b, j / page_size]. What lies behind a sequence's last key is never read into a result.
 *
 * Before attention is computed, new keys and values are written behind the first seqused_k[b] keys; from then on they count
 * as keys like all others. Slots and pages that are written must belong to one sequence each.
 */
typedef struct ki_attention_cache {
  /** `sizeof(ki_attention_cache)`, set by the caller. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** [batch, pages of a sequence] int32: the cache is paged. NULL if it is contiguous. */
  const ki_tensor* block_table;
  /** [batch] int32: slot of each sequence in a contiguous cache. NULL: slot b. */
  const ki_tensor* cache_slots;
  /** [slots, capacity, heads_kv], or [pages, page_size, heads_kv], float32: what the int8 elements of a key are multiplied
   *  with. Required with int8, else NULL. Written for new keys: largest magnitude / 127. */
  const ki_tensor* key_scale;
  /** The same for values. */
  const ki_tensor* value_scale;
  /** [batch, seq_new, heads_kv, head_dim], or packed [total_new, heads_kv, head_dim], of the query's dtype. NULL if nothing is
   *  appended. They are converted to the cache's dtype, int8 to nearest even. */
  const ki_tensor* new_key;
  /** [batch, seq_new, heads_kv, head_dim_v], or packed [total_new, heads_kv, head_dim_v]. */
  const ki_tensor* new_value;
  /** [batch + 1] int32: sequence b's new keys are rows cu_seqlens_new[b] to cu_seqlens_new[b + 1] - 1 of the packed ones. */
  const ki_tensor* cu_seqlens_new;
  /** [positions, rotary_dim / 2] float32, with a row for every position the cache has room for: cos(position * frequency c).
   *  Queries and new keys are turned by the angles of their positions, in float32, before they are used (RoFormer, Su et al.
   *  2021, section 3.2); keys in the cache already are. Queries before position 0 are not turned. NULL: no rotary embedding. */
  const ki_tensor* rotary_cos;
  /** The sines. */
  const ki_tensor* rotary_sin;
} ki_attention_cache;

/**
 * Scaled dot-product attention, o = softmax(s) v, without ever storing the scores s (FlashAttention, Dao et al. 2022,
 * section 3; FlashAttention-2, Dao 2023, section 3.1). For query i and key j of one sequence, in this order:
 *
 *   s = scale * q . k          query head h reads key and value head h / (heads_q / heads_kv)
 *   s = softcap * tanh(s / softcap)
 *   s = s + bias[b, h, i, j] - alibi_slope * |position - j|
 *   s = -inf, unless query i sees key j
 *
 * The position of query i is i + seq_k - seq_q, the lengths being the sequence's own: the last query stands beside the last
 * key. It sees key j if all of these hold: j <= position, with KI_ATTENTION_CAUSAL; j <= position + window_right;
 * j >= position - window_left or j < sink_count; mask[b, h, i, j]; and the tree mask allows it. A query that sees no key gets
 * an output of 0, a logsumexp of -inf and gradients of 0.
 *
 * Sequences are the entries of `batch`, or, with `cu_seqlens_q` and `cu_seqlens_k`, lie behind one another in packed tensors
 * without the dimension `batch`. With packed sequences or a cache, bias and mask are indexed by places within the sequence and
 * may have any lengths: beyond them there is no bias, and nothing is seen.
 *
 * Query, output, and by default key and value share one dtype: float32, float16 or bfloat16. Key and value may instead be int8
 * with scales, and float16 or bfloat16 under float32 queries. Sums are float32. Every tensor is on the device of the stream.
 * What is written must not overlap itself, nor any other tensor unless the two are provably disjoint: their address ranges
 * are, or, with S the stride of an outer dimension that divides the other outer strides of both, their positions modulo S are.
 *
 * Lengths and indices in tensors (int32) are checked on the CPU before anything runs. On CUDA, where the host cannot read them,
 * those out of range are cut to the range: what the sequence gets is unspecified, and nothing outside the tensors is touched.
 */
typedef struct ki_attention_problem {
  /** `sizeof(ki_attention_problem)`, set by the caller. */
  uint32_t struct_size;
  /** A combination of flags. */
  ki_attention_flags flags;
  /** Factor on the scores, read with KI_ATTENTION_CUSTOM_SCALE only; finite, may be zero or negative. */
  float scale;
  /** Zero. */
  uint32_t reserved;
  /** [batch, seq_q, heads_q, head_dim], or packed [total_q, heads_q, head_dim]; head_dim 1 to 256. */
  const ki_tensor* query;
  /** [batch, seq_k, heads_kv, head_dim], or packed [total_k, heads_kv, head_dim], or as the cache says; heads_q is a multiple of
   *  heads_kv. Written where the cache has new keys. */
  const ki_tensor* key;
  /** The same with head_dim_v, 1 to 256, in place of head_dim. */
  const ki_tensor* value;
  /** [batch, seq_q, heads_q, head_dim_v], or packed [total_q, heads_q, head_dim_v], written. */
  const ki_tensor* output;
  /** [batch, heads_q, seq_q], or packed [heads_q, total_q], float32, written: natural logarithm of the sum of exp(s). NULL if not
   *  wanted. */
  const ki_tensor* logsumexp;
  /** Keys that a query sees before its position, -1 for all; read with KI_ATTENTION_WINDOW only. */
  int64_t window_left;
  /** Keys that a query sees behind its position, -1 for all; read with KI_ATTENTION_WINDOW only. */
  int64_t window_right;
  /** The first so many keys are exempt from `window_left` (StreamingLLM, Xiao et al. 2023, section 3.2). */
  int64_t sink_count;
  /** Bound on the scores; 0 for none (Gemma 2, 2024, section 2). */
  float softcap;
  /** Parts that the keys of a sequence are split into, to be computed side by side and combined: 1 to 256; 0 to have it chosen. */
  int32_t split_count;
  /** [batch or 1, heads_q or 1, seq_q or 1, seq_k] of the query's dtype or float32; -inf hides the key. NULL for none. */
  const ki_tensor* bias;
  /** [batch or 1, heads_q or 1, seq_q or 1, seq_k] bool: true where the query sees the key. NULL for none. */
  const ki_tensor* mask;
  /** [heads_q] or [batch, heads_q] float32 (ALiBi, Press et al. 2021, section 3). NULL for none. */
  const ki_tensor* alibi_slopes;
  /** [batch or 1, n, n] bool, for the last n keys, draft tokens that are a tree (SpecInfer, Miao et al. 2023, section 4): true in row
   *  t at token t itself and its ancestors. A query at the position of draft token t sees those among the n keys only. NULL
   *  for none. */
  const ki_tensor* tree_mask;
  /** [batch + 1] int32: sequence b's queries are rows cu_seqlens_q[b] to cu_seqlens_q[b + 1] - 1. NULL if not packed. */
  const ki_tensor* cu_seqlens_q;
  /** [batch + 1] int32: the same for keys and values. NULL if not packed. */
  const ki_tensor* cu_seqlens_k;
  /** [batch] int32: keys of each sequence that count, the first ones, before any are appended. NULL for all. */
  const ki_tensor* seqused_k;
  /** Key and value are a cache. NULL if they are not. */
  const ki_attention_cache* cache;
  /** Probability in [0, 1), rounded to a multiple of 2^-16, with which each weight of the softmax becomes 0; the others are divided
   *  by 1 - probability. 0 for none.
   *
   *  Weight (b, h, i, j) is kept if its random number of 16 bits is at least probability * 2^16. The number is half j % 2 (0 the
   *  lower) of word (j % 32) / 8 of Philox4x32-10 (Salmon et al. 2011, section 3.3) under the key (seed % 2^32, seed / 2^32) at
   *  the counter (j / 32 * 4 + j % 8 / 2, i, b * heads_q + h, dropout_offset). */
  float dropout;
  /** Distinguishes calls that share a seed. */
  uint32_t dropout_offset;
  /** Seed of the random numbers. */
  uint64_t dropout_seed;
} ki_attention_problem;

/**
 * Scratch memory that ki_attention_forward needs.
 * @param device where it will run
 * @param problem what will be computed; checked as by ki_attention_forward, but tensors may have no address yet (`data` NULL)
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_attention_forward_workspace(ki_device* device, const ki_attention_problem* problem,
                                                uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Attention, forward pass.
 * @param stream where to run
 * @param problem what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_attention_forward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_attention_forward(ki_stream* stream, const ki_attention_problem* problem, void* workspace,
                                      uint64_t workspace_bytes) KI_NOEXCEPT;

/** How gradients are computed; options can be combined. */
KI_ENUM(ki_attention_backward_flags) {
  /** The fastest way. On the CPU every way is deterministic. */
  KI_ATTENTION_BACKWARD_NONE = 0,
  /** Sums are formed in a fixed order: the same input gives the same bits. */
  KI_ATTENTION_BACKWARD_DETERMINISTIC = 1
};

/**
 * Gradients of attention. Each has the shape of what it is the gradient of, and its dtype; the sum over the query heads that
 * share a key, and over the dimensions along which the bias has length 1, is part of it.
 */
typedef struct ki_attention_gradients {
  /** `sizeof(ki_attention_gradients)`, set by the caller. */
  uint32_t struct_size;
  /** A combination of flags. */
  ki_attention_backward_flags flags;
  /** Of the output; read. */
  const ki_tensor* grad_output;
  /** Of the query; written. */
  const ki_tensor* grad_query;
  /** Of the key; written. Keys that do not count get zeros. */
  const ki_tensor* grad_key;
  /** Of the value; written. */
  const ki_tensor* grad_value;
  /** Of the bias; written. NULL if not wanted. */
  const ki_tensor* grad_bias;
} ki_attention_gradients;

/**
 * Scratch memory that ki_attention_backward needs.
 * @param device where it will run
 * @param problem what will be computed; checked as by ki_attention_backward, but tensors may have no address yet (`data` NULL)
 * @param gradients the gradients that will be computed
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_attention_backward_workspace(ki_device* device, const ki_attention_problem* problem,
                                                 const ki_attention_gradients* gradients,
                                                 uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Attention, backward pass (FlashAttention-2, Dao 2023, section 3.1.2).
 * @param stream where to run
 * @param problem the forward problem; its output and logsumexp are those that the forward pass has written, and are read. A cache
 *        is not supported, and key and value have the query's dtype
 * @param gradients what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_attention_backward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_attention_backward(ki_stream* stream, const ki_attention_problem* problem,
                                       const ki_attention_gradients* gradients, void* workspace,
                                       uint64_t workspace_bytes) KI_NOEXCEPT;

/** Options of combining. */
KI_ENUM(ki_attention_combine_flags) {
  /** The output is written. */
  KI_ATTENTION_COMBINE_NONE = 0,
  /** Output and logsumexp hold a part already, to which the others are added. */
  KI_ATTENTION_COMBINE_ACCUMULATE = 1
};

/**
 * Merges attention over parts of the keys into attention over all of them: with l the logsumexp of the logsumexps l_p,
 * output = sum over parts of exp(l_p - l) * output_p. The building block of attention over keys that are spread over devices
 * (Ring Attention, Liu et al. 2023, section 3) and of shared prefixes. Parts without keys (logsumexp -inf) add nothing,
 * whatever their output holds. Packed tensors are given with a batch of 1.
 */
typedef struct ki_attention_combine_problem {
  /** `sizeof(ki_attention_combine_problem)`, set by the caller. */
  uint32_t struct_size;
  /** A combination of flags. */
  ki_attention_combine_flags flags;
  /** [parts, batch, seq_q, heads_q, head_dim_v], float32 or the output's dtype; head_dim_v 1 to 256. */
  const ki_tensor* partial_outputs;
  /** [parts, batch, heads_q, seq_q] float32. */
  const ki_tensor* partial_logsumexps;
  /** [batch, seq_q, heads_q, head_dim_v], written. */
  const ki_tensor* output;
  /** [batch, heads_q, seq_q] float32, written. NULL if not wanted; required with KI_ATTENTION_COMBINE_ACCUMULATE. */
  const ki_tensor* logsumexp;
} ki_attention_combine_problem;

/**
 * Combines parts of attention.
 * @param stream where to run
 * @param problem what to combine
 * @return the status
 */
KI_API ki_status ki_attention_combine(ki_stream* stream, const ki_attention_combine_problem* problem) KI_NOEXCEPT;

/* ---- Long convolution -------------------------------------------------------------------------------- */

/** Options of a long convolution's plan; they can be combined. */
KI_ENUM(ki_long_convolution_flags) {
  /** Causal: what lies before the first input is zero. */
  KI_LONG_CONVOLUTION_NONE = 0,
  /** Indices are taken modulo the length; a longer filter folds. */
  KI_LONG_CONVOLUTION_CIRCULAR = 1,
  /** Calls carry a state: each goes on where the one before ended. Not with KI_LONG_CONVOLUTION_CIRCULAR. */
  KI_LONG_CONVOLUTION_STREAMING = 2
};

/** What a plan is made for. */
typedef struct ki_long_convolution_options {
  /** `sizeof(ki_long_convolution_options)`, set by the caller. */
  uint32_t struct_size;
  /** A combination of flags. */
  ki_long_convolution_flags flags;
  /** Channels, each with a filter of its own; at least 1. */
  int64_t channels;
  /** Inputs of the longest call, at least 1; if circular, of every call: the period. */
  int64_t length;
  /** Taps of a filter, at least 1. */
  int64_t filter_length;
  /** Points of the transform: a power of two from 256 to 4194304, at least `taps`: filter_length, or length if that is less and the
   *  plan is not streaming (other taps meet zeros only, and a mask does not see them; if circular, they fold). Below
   *  length + taps - 1 rows are computed in overlapping blocks (overlap-save). 0: chosen, and perhaps no power of two. */
  int64_t fft_size;
  /** Frequencies of a block of `frequency_mask`, at least 1; 0 without one. */
  int64_t frequency_block;
  /** [ceil(fft_size / 2 / frequency_block)] bool in host memory, read while the plan is created: false where the filter's spectrum
   *  counts as 0. Block i is the frequencies i * frequency_block to (i + 1) * frequency_block - 1 of the transform of fft_size
   *  points, and their mirror images; the last block has the frequency fft_size / 2 as well. A mask needs an fft_size that
   *  holds a whole call: at least length + taps - 1, or, if circular, equal to length; what the mask makes of the filter is
   *  fft_size taps long, and comes round at its end. Not with KI_LONG_CONVOLUTION_STREAMING. NULL for none. */
  const ki_tensor* frequency_mask;
  /** Each tap k becomes sign(k) max(|k| - squash, 0) before it is used (Simple Hardware-Efficient Long Convolutions, Fu et al. 2023,
   *  section 3); 0 for none. */
  float squash;
  /** Zero. */
  uint32_t reserved;
} ki_long_convolution_options;

/**
 * The filters of a long convolution, transformed, and all else that can be computed once. Computing only reads a plan, so that
 * any streams of its device may share it; setting the filters comes before or after that.
 */
typedef struct ki_long_convolution_plan ki_long_convolution_plan;

/** What a plan is. */
typedef struct ki_long_convolution_plan_info {
  /** `sizeof(ki_long_convolution_plan_info)`, set by the caller. */
  uint32_t struct_size;
  /** As it was made. */
  ki_long_convolution_flags flags;
  /** As it was made. */
  int64_t channels;
  /** As it was made. */
  int64_t length;
  /** As it was made. */
  int64_t filter_length;
  /** Points of the transform. */
  int64_t fft_size;
  /** As it was made. */
  float squash;
  /** 1 if the filters are set, else 0. */
  int32_t has_filter;
  /** Memory of the device that it holds, in bytes. */
  uint64_t memory_bytes;
} ki_long_convolution_plan_info;

/**
 * Creates a plan, without filters yet. May wait for the device.
 * @param device its device
 * @param options what it is for
 * @param[out] plan the plan, to be closed with ki_long_convolution_plan_close
 * @return the status: KI_STATUS_NOT_SUPPORTED if the device has no transform of the size
 */
KI_API ki_status ki_long_convolution_plan_create(ki_device* device, const ki_long_convolution_options* options,
                                                 ki_long_convolution_plan** plan) KI_NOEXCEPT;

/**
 * Describes a plan.
 * @param plan the plan
 * @param[out] info the description
 * @return the status
 */
KI_API ki_status ki_long_convolution_plan_get_info(const ki_long_convolution_plan* plan,
                                                   ki_long_convolution_plan_info* info) KI_NOEXCEPT;

/**
 * Closes a plan, once the work that was queued with it is done.
 * @param plan the plan or NULL
 */
KI_API void ki_long_convolution_plan_close(ki_long_convolution_plan* plan) KI_NOEXCEPT;

/**
 * Sets a plan's filters: squashes, transforms and masks them. Uses the stream's own workspace.
 * @param stream where to run, of the plan's device
 * @param plan the plan
 * @param filter [channels, filter_length] float32, float16 or bfloat16
 * @return the status
 */
KI_API ki_status ki_long_convolution_set_filter(ki_stream* stream, ki_long_convolution_plan* plan,
                                                const ki_tensor* filter) KI_NOEXCEPT;

/**
 * Sets a plan's filters by their spectrum, which the caller says belongs to filters of at most filter_length taps; of a plan with
 * a frequency mask, masked blocks become 0. Uses the stream's own workspace.
 * @param stream where to run, of the plan's device
 * @param plan the plan
 * @param spectrum [channels, fft_size / 2 + 1, 2] float32: real and imaginary part of sum over j of k[j] exp(-2 pi i f j / fft_size)
 *        for the frequencies f = 0 to fft_size / 2; the imaginary parts of the first and the last are not read
 * @return the status
 */
KI_API ki_status ki_long_convolution_set_spectrum(ki_stream* stream, ki_long_convolution_plan* plan,
                                                  const ki_tensor* spectrum) KI_NOEXCEPT;

/**
 * Reads the spectrum of a plan's filters, as ki_long_convolution_set_spectrum takes it. Uses the stream's own workspace.
 * @param stream where to run, of the plan's device
 * @param plan the plan; its filters are set
 * @param spectrum [channels, fft_size / 2 + 1, 2] float32, written
 * @return the status
 */
KI_API ki_status ki_long_convolution_get_spectrum(ki_stream* stream, const ki_long_convolution_plan* plan,
                                                  const ki_tensor* spectrum) KI_NOEXCEPT;

/**
 * Writes a plan to host memory, in a versioned, checksummed format that all devices and processors share. Waits for the stream.
 * @param stream a stream of the plan's device
 * @param plan the plan; its filters are set
 * @param data where to; NULL asks for the size
 * @param capacity_bytes room at `data`; 0 with NULL
 * @param[out] size_bytes size of the saved plan
 * @return the status: KI_STATUS_INVALID_ARGUMENT if the room is too small
 */
KI_API ki_status ki_long_convolution_plan_save(ki_stream* stream, const ki_long_convolution_plan* plan, void* data,
                                               uint64_t capacity_bytes, uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Makes a plan of what ki_long_convolution_plan_save wrote. The bytes may come from anywhere: what is damaged, cut or made up is
 * refused. Waits for the stream.
 * @param stream a stream of the device that the plan is for
 * @param data the saved plan, in host memory, of any alignment
 * @param size_bytes its size
 * @param[out] plan the plan, to be closed with ki_long_convolution_plan_close
 * @return the status: KI_STATUS_NOT_SUPPORTED if the format is newer, or the device has no transform of the size
 */
KI_API ki_status ki_long_convolution_plan_load(ki_stream* stream, const void* data, uint64_t size_bytes,
                                               ki_long_convolution_plan** plan) KI_NOEXCEPT;

/**
 * Convolution of every row with its channel's filter k, as long as the input itself (FlashFFTConv, Fu et al. 2023, section 3):
 *
 *   x[b, h, t] = input[b, h, t] * input_gate[b, h, t]
 *   c[b, h, t] = sum over j of k[h, j] * x[b, h, t - j]
 *   output[b, h, t] = output_gate[b, h, t] * c[b, h, t] + skip[h] * input[b, h, t]
 *
 * Indices before the first are 0, or the end of `state`, or, if the plan is circular, modulo the length. Input, gates and output
 * share one dtype: float32, float16 or bfloat16. Sums are float32; the 16-bit types may be rounded between the stages of the
 * transform on CUDA. Every tensor is on the device of the stream. The output must not overlap itself, nor any other tensor unless
 * the two are provably disjoint; so must the state.
 */
typedef struct ki_long_convolution_problem {
  /** `sizeof(ki_long_convolution_problem)`, set by the caller. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** [batch, channels, length]: at most as long as the plan's, if circular exactly. */
  const ki_tensor* input;
  /** [batch, channels, length], written. */
  const ki_tensor* output;
  /** [batch, channels, length]. NULL for none. */
  const ki_tensor* input_gate;
  /** [batch, channels, length]. NULL for none. */
  const ki_tensor* output_gate;
  /** [channels] float32 or the input's dtype. NULL for none. */
  const ki_tensor* skip;
  /** [batch, channels, filter_length - 1] float32: the values of x before the first one, the latest last; read, and then
   *  written for the next call, so that a sequence in pieces gives what it gives in one. Required with a streaming plan, else NULL. */
  const ki_tensor* state;
} ki_long_convolution_problem;

/**
 * Scratch memory that ki_long_convolution_forward needs.
 * @param plan the plan; its filters need not be set
 * @param problem what will be computed; checked as by ki_long_convolution_forward, but tensors may have no address yet
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_long_convolution_forward_workspace(const ki_long_convolution_plan* plan,
                                                       const ki_long_convolution_problem* problem,
                                                       uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Long convolution, forward pass.
 * @param stream where to run, of the plan's device
 * @param plan the plan; its filters are set
 * @param problem what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_long_convolution_forward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_long_convolution_forward(ki_stream* stream, const ki_long_convolution_plan* plan,
                                             const ki_long_convolution_problem* problem, void* workspace,
                                             uint64_t workspace_bytes) KI_NOEXCEPT;

/** Gradients of a long convolution. Those that are NULL are not computed; all sums are formed in a fixed order. */
typedef struct ki_long_convolution_gradients {
  /** `sizeof(ki_long_convolution_gradients)`, set by the caller. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** [batch, channels, length] of the output, of its dtype; read. */
  const ki_tensor* grad_output;
  /** [batch, channels, length] of the input, of its dtype; written. */
  const ki_tensor* grad_input;
  /** [channels, filter_length] float32, summed over the batch; written. */
  const ki_tensor* grad_filter;
  /** [batch, channels, length] of the input gate, of its dtype; written. */
  const ki_tensor* grad_input_gate;
  /** [batch, channels, length] of the output gate, of its dtype; written. */
  const ki_tensor* grad_output_gate;
  /** [channels] float32, summed over batch and length; written. */
  const ki_tensor* grad_skip;
  /** [channels, filter_length]: the filters that were set, read where grad_filter is wanted and the plan squashes, else NULL. */
  const ki_tensor* filter;
} ki_long_convolution_gradients;

/**
 * Scratch memory that ki_long_convolution_backward needs.
 * @param plan the plan; its filters need not be set
 * @param problem what will be computed; checked as by ki_long_convolution_backward, but tensors may have no address yet
 * @param gradients the gradients that will be computed
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_long_convolution_backward_workspace(const ki_long_convolution_plan* plan,
                                                        const ki_long_convolution_problem* problem,
                                                        const ki_long_convolution_gradients* gradients,
                                                        uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Long convolution, backward pass. What the forward pass computed is computed again where it is needed.
 * @param stream where to run, of the plan's device
 * @param plan the plan; its filters are set
 * @param problem the forward problem; `output` is NULL, and a state is not supported
 * @param gradients what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_long_convolution_backward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_long_convolution_backward(ki_stream* stream, const ki_long_convolution_plan* plan,
                                              const ki_long_convolution_problem* problem,
                                              const ki_long_convolution_gradients* gradients, void* workspace,
                                              uint64_t workspace_bytes) KI_NOEXCEPT;

/* ---- Short convolution ------------------------------------------------------------------------------- */

/** Options of a short convolution; they can be combined. */
KI_ENUM(ki_short_convolution_flags) {
  /** Input and output are [batch, channels, length]. */
  KI_SHORT_CONVOLUTION_NONE = 0,
  /** Input and output are [batch, length, channels]. */
  KI_SHORT_CONVOLUTION_CHANNELS_LAST = 1
};

/**
 * Depthwise causal convolution with a few taps, computed directly (H3, Fu et al. 2022, section 3):
 *
 *   output[b, h, t] = sum over j of filter[h, j] * input[b, h, t - j] + bias[h]
 *
 * Indices before the first are 0, or the end of `state`. Input and output share one dtype: float32, float16 or bfloat16. Sums are
 * float32. Every tensor is on the device of the stream. What is written must not overlap itself, nor any other tensor unless the
 * two are provably disjoint.
 */
typedef struct ki_short_convolution_problem {
  /** `sizeof(ki_short_convolution_problem)`, set by the caller. */
  uint32_t struct_size;
  /** A combination of flags. */
  ki_short_convolution_flags flags;
  /** [batch, channels, length], or [batch, length, channels]. */
  const ki_tensor* input;
  /** [channels, width] float32 or the input's dtype; width 1 to 128. */
  const ki_tensor* filter;
  /** [channels] float32 or the input's dtype. NULL for none. */
  const ki_tensor* bias;
  /** Of the input's shape, written. */
  const ki_tensor* output;
  /** [batch, channels, width - 1], or [batch, width - 1, channels], of the input's dtype: the inputs before the first one, the
   *  latest last; read, and then written for the next call. NULL: zeros. */
  const ki_tensor* state;
} ki_short_convolution_problem;

/**
 * Short convolution, forward pass.
 * @param stream where to run
 * @param problem what to compute
 * @return the status
 */
KI_API ki_status ki_short_convolution_forward(ki_stream* stream,
                                              const ki_short_convolution_problem* problem) KI_NOEXCEPT;

/** Gradients of a short convolution. Those that are NULL are not computed; all sums are formed in a fixed order. */
typedef struct ki_short_convolution_gradients {
  /** `sizeof(ki_short_convolution_gradients)`, set by the caller. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Of the output, of its shape and dtype; read. */
  const ki_tensor* grad_output;
  /** Of the input, of its shape and dtype; written. */
  const ki_tensor* grad_input;
  /** [channels, width] float32, summed over batch and length; written. */
  const ki_tensor* grad_filter;
  /** [channels] float32, summed over batch and length; written. */
  const ki_tensor* grad_bias;
} ki_short_convolution_gradients;

/**
 * Scratch memory that ki_short_convolution_backward needs.
 * @param device where it will run
 * @param problem what will be computed; checked as by ki_short_convolution_backward, but tensors may have no address yet
 * @param gradients the gradients that will be computed
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_short_convolution_backward_workspace(ki_device* device, const ki_short_convolution_problem* problem,
                                                         const ki_short_convolution_gradients* gradients,
                                                         uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Short convolution, backward pass.
 * @param stream where to run
 * @param problem the forward problem; `output` is NULL, and a state is not supported
 * @param gradients what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_short_convolution_backward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_short_convolution_backward(ki_stream* stream, const ki_short_convolution_problem* problem,
                                               const ki_short_convolution_gradients* gradients, void* workspace,
                                               uint64_t workspace_bytes) KI_NOEXCEPT;

/* ---- Butterfly convolution --------------------------------------------------------------------------- */

/**
 * Long convolution with learned coefficients in place of those of the Fourier transform (Simple Hardware-Efficient Long
 * Convolutions for Sequence Modeling, Fu et al. 2023, section 3). A transform of n = n1 * n2 complex points, n1 and n2 powers of
 * two from 16 to 256, is two stages of dense blocks, a butterfly of order 2 whose twiddle factors are part of the blocks.
 * With t = t1 * n2 + t2 and k = k1 + n1 * k2, t1 and k1 below n1, t2 and k2 below n2, Forward takes x to X:
 *
 *   a[k1, t2] = sum over t1 of forward_first[t2, k1, t1] * x[t1, t2]
 *   X[k1, k2] = sum over t2 of forward_second[k1, k2, t2] * a[k1, t2]
 *
 * and Inverse is its mirror:
 *
 *   a[k1, t2] = sum over k2 of inverse_second[k1, t2, k2] * X[k1, k2]
 *   x[t1, t2] = sum over k1 of inverse_first[t2, t1, k1] * a[k1, t2]
 *
 * The convolution, with input rows and filters padded with zeros to n points, is
 *
 *   c = the real part of Inverse(Forward(filter[h]) * Forward(input[b, h] * input_gate[b, h]))
 *   output[b, h, t] = output_gate[b, h, t] * c[t] + skip[h] * input[b, h, t]   for t below length
 *
 * With the coefficients of ki_butterfly_coefficients_dft that is the long convolution: causal where
 * length + filter_length - 1 is at most n; otherwise what lies beyond n comes round to the beginning.
 *
 * Coefficients are contiguous float32, each complex number its real and then its imaginary part. Input, gates and output share
 * one dtype: float32, float16 or bfloat16. Sums are float32. Every tensor is on the device of the stream. What is written
 * must not overlap itself, nor any other tensor unless the two are provably disjoint.
 */
typedef struct ki_butterfly_convolution_problem {
  /** `sizeof(ki_butterfly_convolution_problem)`, set by the caller. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** [batch, channels, length], length at most n. */
  const ki_tensor* input;
  /** [batch, channels, length], written. */
  const ki_tensor* output;
  /** [channels, filter_length] float32, float16 or bfloat16, filter_length 1 to n. */
  const ki_tensor* filter;
  /** [n2, n1, n1, 2] float32: for each t2 the block [k1, t1]. */
  const ki_tensor* forward_first;
  /** [n1, n2, n2, 2] float32: for each k1 the block [k2, t2]. */
  const ki_tensor* forward_second;
  /** [n1, n2, n2, 2] float32: for each k1 the block [t2, k2]. */
  const ki_tensor* inverse_second;
  /** [n2, n1, n1, 2] float32: for each t2 the block [t1, k1]. */
  const ki_tensor* inverse_first;
  /** [batch, channels, length]. NULL for none. */
  const ki_tensor* input_gate;
  /** [batch, channels, length]. NULL for none. */
  const ki_tensor* output_gate;
  /** [channels] float32 or the input's dtype. NULL for none. */
  const ki_tensor* skip;
} ki_butterfly_convolution_problem;

/**
 * Scratch memory that ki_butterfly_convolution_forward needs.
 * @param device where it will run
 * @param problem what will be computed; checked as by ki_butterfly_convolution_forward, but tensors may have no address yet
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_butterfly_convolution_forward_workspace(ki_device* device,
                                                            const ki_butterfly_convolution_problem* problem,
                                                            uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Butterfly convolution, forward pass.
 * @param stream where to run
 * @param problem what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_butterfly_convolution_forward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_butterfly_convolution_forward(ki_stream* stream, const ki_butterfly_convolution_problem* problem,
                                                  void* workspace, uint64_t workspace_bytes) KI_NOEXCEPT;

/**
 * Gradients of a butterfly convolution. Those that are NULL are not computed; all sums are formed in a fixed order. The gradient of
 * a complex coefficient m is dL/dRe(m) + i dL/dIm(m): its two parts are the gradients of the two numbers that m is stored as, so
 * that an optimiser can treat coefficients as real numbers.
 */
typedef struct ki_butterfly_convolution_gradients {
  /** `sizeof(ki_butterfly_convolution_gradients)`, set by the caller. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** [batch, channels, length] of the output, of its dtype; read. */
  const ki_tensor* grad_output;
  /** [batch, channels, length] of the input, of its dtype; written. */
  const ki_tensor* grad_input;
  /** [channels, filter_length] float32, summed over the batch; written. */
  const ki_tensor* grad_filter;
  /** [n2, n1, n1, 2] contiguous float32, summed over inputs and filters; written. */
  const ki_tensor* grad_forward_first;
  /** [n1, n2, n2, 2] contiguous float32, summed over inputs and filters; written. */
  const ki_tensor* grad_forward_second;
  /** [n1, n2, n2, 2] contiguous float32, summed over batch and channels; written. */
  const ki_tensor* grad_inverse_second;
  /** [n2, n1, n1, 2] contiguous float32, summed over batch and channels; written. */
  const ki_tensor* grad_inverse_first;
  /** [batch, channels, length] of the input gate, of its dtype; written. */
  const ki_tensor* grad_input_gate;
  /** [batch, channels, length] of the output gate, of its dtype; written. */
  const ki_tensor* grad_output_gate;
  /** [channels] float32, summed over batch and length; written. */
  const ki_tensor* grad_skip;
} ki_butterfly_convolution_gradients;

/**
 * Scratch memory that ki_butterfly_convolution_backward needs.
 * @param device where it will run
 * @param problem what will be computed; checked as by ki_butterfly_convolution_backward, but tensors may have no address yet
 * @param gradients the gradients that will be computed
 * @param[out] size_bytes the size
 * @return the status
 */
KI_API ki_status ki_butterfly_convolution_backward_workspace(ki_device* device,
                                                             const ki_butterfly_convolution_problem* problem,
                                                             const ki_butterfly_convolution_gradients* gradients,
                                                             uint64_t* size_bytes) KI_NOEXCEPT;

/**
 * Butterfly convolution, backward pass. What the forward pass computed is computed again where it is needed.
 * @param stream where to run
 * @param problem the forward problem; `output` is NULL
 * @param gradients what to compute
 * @param workspace scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates
 *        when it has to grow
 * @param workspace_bytes size of `workspace`, at least what ki_butterfly_convolution_backward_workspace says; 0 with NULL
 * @return the status
 */
KI_API ki_status ki_butterfly_convolution_backward(ki_stream* stream, const ki_butterfly_convolution_problem* problem,
                                                   const ki_butterfly_convolution_gradients* gradients, void* workspace,
                                                   uint64_t workspace_bytes) KI_NOEXCEPT;

/**
 * Writes the coefficients with which a butterfly is the discrete Fourier transform, for training to start from. They are computed in
 * double precision. Forward is X[k] = sum over t of x[t] exp(-2 pi i t k / n); Inverse is its inverse, whose factor
 * 1 / n is 1 / n1 in inverse_first and 1 / n2 in inverse_second.
 * @param stream where to run
 * @param forward_first [n2, n1, n1, 2] contiguous float32, written
 * @param forward_second [n1, n2, n2, 2] contiguous float32, written
 * @param inverse_second [n1, n2, n2, 2] contiguous float32, written
 * @param inverse_first [n2, n1, n1, 2] contiguous float32, written
 * @return the status
 */
KI_API ki_status ki_butterfly_coefficients_dft(ki_stream* stream, const ki_tensor* forward_first,
                                               const ki_tensor* forward_second, const ki_tensor* inverse_second,
                                               const ki_tensor* inverse_first) KI_NOEXCEPT;

#if defined(__cplusplus)
} /* extern "C" */
#endif

#endif /* KERNELS_INTEROP_H_ */
