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
  KI_DTYPE_BFLOAT16 = 3
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
  /** Query i sees keys 0 to i + seq_k - seq_q only (the last query sees every key). */
  KI_ATTENTION_CAUSAL = 1,
  /** Use the field `scale`; without this flag the scale is 1 / sqrt(head_dim). */
  KI_ATTENTION_CUSTOM_SCALE = 2
};

/**
 * Scaled dot-product attention, o = softmax(scale * q k^T) v, without ever storing the score matrix
 * (FlashAttention, Dao et al. 2022, section 3; FlashAttention-2, Dao 2023, section 3.1).
 *
 * Query head h reads key and value head h / (heads_q / heads_kv). Query, key, value and output share one dtype; sums are
 * float32. Every tensor is on the device of the stream. The output must not overlap itself, nor any other tensor unless
 * the two are provably disjoint: their address ranges are, or, with S the stride of an outer dimension that divides the
 * other outer strides of both, their positions modulo S are.
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
  /** [batch, seq_q, heads_q, head_dim]; head_dim 1 to 256. */
  const ki_tensor* query;
  /** [batch, seq_k, heads_kv, head_dim]; heads_q is a multiple of heads_kv. */
  const ki_tensor* key;
  /** [batch, seq_k, heads_kv, head_dim_v]; head_dim_v 1 to 256. */
  const ki_tensor* value;
  /** [batch, seq_q, heads_q, head_dim_v], written. A query that sees no key gets zeros. */
  const ki_tensor* output;
  /** [batch, heads_q, seq_q] float32, written: natural logarithm of the sum of exp(score), -inf for a query that sees no
   *  key. NULL if not wanted. */
  const ki_tensor* logsumexp;
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

#if defined(__cplusplus)
} /* extern "C" */
#endif

#endif /* KERNELS_INTEROP_H_ */
