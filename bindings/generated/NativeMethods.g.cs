// Generated from native/include/kernels_interop.h; do not edit.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

/// <summary>The exports of the native library, named as in C.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary>Name of the native library, without prefix and suffix.</summary>
    public const string LibraryName = "kernels_interop";

    public const int KI_VERSION_MAJOR = 0;

    public const int KI_VERSION_MINOR = 1;

    public const int KI_VERSION_PATCH = 0;

    /// <summary>Highest rank of a tensor.</summary>
    public const int KI_MAX_RANK = 8;

    /// <summary>Name of a status, such as <c>KI_STATUS_INVALID_ARGUMENT</c>.</summary>
    /// <param name="status">any value</param>
    /// <returns>a static string; <c>unknown status</c> for a value that is none</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* ki_status_name(ki_status status);

    /// <summary>Message of the last failure on this thread.</summary>
    /// <returns>a string owned by the library, valid until this thread's next failure; empty if nothing failed yet</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* ki_last_error_message();

    /// <summary>Name of the argument that caused the last failure on this thread, such as <c>key</c> or <c>options.thread_count</c>.</summary>
    /// <returns>a string owned by the library, valid until this thread's next failure; empty if no argument is at fault</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial byte* ki_last_error_argument();

    /// <summary>Version of the library.</summary>
    /// <returns><c>major &lt;&lt; 16 | minor &lt;&lt; 8 | patch</c></returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial uint ki_version();

    /// <summary>Hash of every declaration in this header: names, types, offsets and values, but not comments. Bindings made from another header have another hash and must not call anything else.</summary>
    /// <returns>the hash this library was built with</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ulong ki_abi_hash();

    /// <summary>Number of handles (devices, streams, events, buffers) that are open in this process; for leak tests.</summary>
    /// <returns>the number</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial long ki_live_handle_count();

    /// <summary>Number of devices this library can open on this machine.</summary>
    /// <param name="count">Out: the number; the CPU is always index 0</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_device_count(int* count);

    /// <summary>Describes a device without opening it.</summary>
    /// <param name="index">0 to count - 1</param>
    /// <param name="info">Out: the description</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_device_describe(int index, ki_device_info* info);

    /// <summary>Opens a device.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda:N</c>, or <c>auto</c> (the first usable of <c>cuda:0</c> and <c>cpu</c>)</param>
    /// <param name="options">how; NULL for the defaults</param>
    /// <param name="device">Out: the device, to be closed with <see cref="NativeMethods.ki_device_close"/></param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_NOT_SUPPORTED"/> if this build or processor lacks it, <see cref="ki_status.KI_STATUS_DEVICE_NOT_FOUND"/></returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_device_open(byte* name, ki_device_options* options, ki_device** device);

    /// <summary>Describes an open device; <c>reason</c> says why it was chosen.</summary>
    /// <param name="device">the device</param>
    /// <param name="info">Out: the description</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_device_get_info(ki_device* device, ki_device_info* info);

    /// <summary>Closes a device. Streams, events and buffers made from it stay valid.</summary>
    /// <param name="device">the device or NULL</param>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ki_device_close(ki_device* device);

    /// <summary>Looks for everything a device needs and reports each thing tried, in order, on the calling thread.</summary>
    /// <param name="callback">receives the entries</param>
    /// <param name="user_data">passed through</param>
    /// <returns>the status of the probe itself; what it found is in the entries</returns>
    /// <remarks><c>ki_probe_callback</c>: Receives one entry of a probe; the entry and its strings are valid during the call only.</remarks>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_probe(delegate* unmanaged[Cdecl]<void*, ki_probe_entry*, void> callback, void* user_data);

    /// <summary>Creates a stream.</summary>
    /// <param name="device">its device</param>
    /// <param name="stream">Out: the stream, to be closed with <see cref="NativeMethods.ki_stream_close"/></param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_stream_create(ki_device* device, ki_stream** stream);

    /// <summary>Wraps a stream that somebody else owns, such as a <c>CUstream</c>.</summary>
    /// <param name="device">the CUDA device the stream belongs to</param>
    /// <param name="native_stream">the <c>CUstream</c>; every value is valid, the special streams 0 to 2 included</param>
    /// <param name="stream">Out: the wrapper; closing it leaves the wrapped stream alone</param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_NOT_SUPPORTED"/> on the CPU, which has no foreign streams</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_stream_wrap(ki_device* device, void* native_stream, ki_stream** stream);

    /// <summary>The stream as other libraries know it.</summary>
    /// <param name="stream">the stream</param>
    /// <param name="native_stream">Out: the <c>CUstream</c></param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_NOT_SUPPORTED"/> on the CPU</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_stream_get_native(ki_stream* stream, void** native_stream);

    /// <summary>Waits until all work queued on a stream is done, and reports the first error among it.</summary>
    /// <param name="stream">the stream</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_stream_synchronize(ki_stream* stream);

    /// <summary>Calls back, on any thread and exactly once, when the work queued so far is done. On the CPU it is called before this function returns. If this function fails, it is not called.</summary>
    /// <param name="stream">the stream</param>
    /// <param name="callback">what to call</param>
    /// <param name="user_data">passed through</param>
    /// <returns>the status</returns>
    /// <remarks><c>ki_stream_callback</c>: Told that a stream's work is done. Must not call this library.</remarks>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_stream_notify(ki_stream* stream, delegate* unmanaged[Cdecl]<void*, ki_status, void> callback, void* user_data);

    /// <summary>Makes a stream's later work wait for an event. An event that was never recorded counts as reached.</summary>
    /// <param name="stream">the stream</param>
    /// <param name="event">an event of the same device</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_stream_wait_event(ki_stream* stream, ki_event* @event);

    /// <summary>Closes a stream, once its work is done.</summary>
    /// <param name="stream">the stream or NULL</param>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ki_stream_close(ki_stream* stream);

    /// <summary>Creates an event.</summary>
    /// <param name="device">its device</param>
    /// <param name="event">Out: the event, to be closed with <see cref="NativeMethods.ki_event_close"/></param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_event_create(ki_device* device, ki_event** @event);

    /// <summary>Records an event behind the work queued so far.</summary>
    /// <param name="event">the event; an earlier recording is forgotten</param>
    /// <param name="stream">a stream of the same device</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_event_record(ki_event* @event, ki_stream* stream);

    /// <summary>Asks whether an event was reached, without waiting.</summary>
    /// <param name="event">the event</param>
    /// <param name="reached">Out: 1 if it was, or was never recorded; else 0</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_event_query(ki_event* @event, int* reached);

    /// <summary>Waits until an event is reached. An event that was never recorded counts as reached.</summary>
    /// <param name="event">the event</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_event_synchronize(ki_event* @event);

    /// <summary>Time between two recorded events that were reached.</summary>
    /// <param name="start">the earlier event</param>
    /// <param name="stop">the later event, of the same device</param>
    /// <param name="milliseconds">Out: the time</param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_INVALID_ARGUMENT"/> if one was never recorded or not yet reached</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_event_elapsed(ki_event* start, ki_event* stop, double* milliseconds);

    /// <summary>Closes an event.</summary>
    /// <param name="event">the event or NULL</param>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ki_event_close(ki_event* @event);

    /// <summary>Allocates a buffer. Its contents are undefined.</summary>
    /// <param name="device">its device</param>
    /// <param name="kind">where it lives</param>
    /// <param name="size_bytes">its size; 0 is allowed</param>
    /// <param name="buffer">Out: the buffer, to be closed with <see cref="NativeMethods.ki_buffer_close"/></param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_OUT_OF_MEMORY"/> if there is not enough</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_buffer_create(ki_device* device, ki_memory_kind kind, ulong size_bytes, ki_buffer** buffer);

    /// <summary>Address of a buffer: a host pointer on the CPU and for pinned memory, else a <c>CUdeviceptr</c>.</summary>
    /// <param name="buffer">the buffer</param>
    /// <param name="data">Out: its address; not NULL even if the size is 0</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_buffer_get_data(ki_buffer* buffer, void** data);

    /// <summary>Size of a buffer.</summary>
    /// <param name="buffer">the buffer</param>
    /// <param name="size_bytes">Out: the size that was asked for</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_buffer_get_size(ki_buffer* buffer, ulong* size_bytes);

    /// <summary>Frees a buffer, after the work queued on it.</summary>
    /// <param name="buffer">the buffer or NULL</param>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ki_buffer_close(ki_buffer* buffer);

    /// <summary>Copies bytes between addresses on the host or on the stream's device. The ranges must not overlap.</summary>
    /// <param name="stream">the stream</param>
    /// <param name="destination">where to</param>
    /// <param name="source">where from</param>
    /// <param name="size_bytes">how many; 0 does nothing</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_copy(ki_stream* stream, void* destination, void* source, ulong size_bytes);

    /// <summary>Sets bytes.</summary>
    /// <param name="stream">the stream</param>
    /// <param name="destination">where, on the host or on the stream's device</param>
    /// <param name="value">the byte</param>
    /// <param name="size_bytes">how many; 0 does nothing</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_fill(ki_stream* stream, void* destination, byte value, ulong size_bytes);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_attention_forward"/> needs.</summary>
    /// <param name="device">where it will run</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_attention_forward"/>, but tensors may have no address yet (<c>data</c> NULL)</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_attention_forward_workspace(ki_device* device, ki_attention_problem* problem, ulong* size_bytes);

    /// <summary>Attention, forward pass.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_attention_forward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_attention_forward(ki_stream* stream, ki_attention_problem* problem, void* workspace, ulong workspace_bytes);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_attention_backward"/> needs.</summary>
    /// <param name="device">where it will run</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_attention_backward"/>, but tensors may have no address yet (<c>data</c> NULL)</param>
    /// <param name="gradients">the gradients that will be computed</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_attention_backward_workspace(ki_device* device, ki_attention_problem* problem, ki_attention_gradients* gradients, ulong* size_bytes);

    /// <summary>Attention, backward pass (FlashAttention-2, Dao 2023, section 3.1.2).</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">the forward problem; its output and logsumexp are those that the forward pass has written, and are read. A cache is not supported, and key and value have the query's dtype</param>
    /// <param name="gradients">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_attention_backward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_attention_backward(ki_stream* stream, ki_attention_problem* problem, ki_attention_gradients* gradients, void* workspace, ulong workspace_bytes);

    /// <summary>Combines parts of attention.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">what to combine</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_attention_combine(ki_stream* stream, ki_attention_combine_problem* problem);

    /// <summary>Creates a plan, without filters yet. May wait for the device.</summary>
    /// <param name="device">its device</param>
    /// <param name="options">what it is for</param>
    /// <param name="plan">Out: the plan, to be closed with <see cref="NativeMethods.ki_long_convolution_plan_close"/></param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_NOT_SUPPORTED"/> if the device has no transform of the size</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_plan_create(ki_device* device, ki_long_convolution_options* options, ki_long_convolution_plan** plan);

    /// <summary>Describes a plan.</summary>
    /// <param name="plan">the plan</param>
    /// <param name="info">Out: the description</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_plan_get_info(ki_long_convolution_plan* plan, ki_long_convolution_plan_info* info);

    /// <summary>Closes a plan, once the work that was queued with it is done.</summary>
    /// <param name="plan">the plan or NULL</param>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void ki_long_convolution_plan_close(ki_long_convolution_plan* plan);

    /// <summary>Sets a plan's filters: squashes, transforms and masks them. Uses the stream's own workspace.</summary>
    /// <param name="stream">where to run, of the plan's device</param>
    /// <param name="plan">the plan</param>
    /// <param name="filter">[channels, filter_length] float32, float16 or bfloat16</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_set_filter(ki_stream* stream, ki_long_convolution_plan* plan, ki_tensor* filter);

    /// <summary>Sets a plan's filters by their spectrum, which the caller says belongs to filters of at most filter_length taps; of a plan with a frequency mask, masked blocks become 0. Uses the stream's own workspace.</summary>
    /// <param name="stream">where to run, of the plan's device</param>
    /// <param name="plan">the plan</param>
    /// <param name="spectrum">[channels, fft_size / 2 + 1, 2] float32: real and imaginary part of sum over j of k[j] exp(-2 pi i f j / fft_size) for the frequencies f = 0 to fft_size / 2; the imaginary parts of the first and the last are not read</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_set_spectrum(ki_stream* stream, ki_long_convolution_plan* plan, ki_tensor* spectrum);

    /// <summary>Reads the spectrum of a plan's filters, as <see cref="NativeMethods.ki_long_convolution_set_spectrum"/> takes it. Uses the stream's own workspace.</summary>
    /// <param name="stream">where to run, of the plan's device</param>
    /// <param name="plan">the plan; its filters are set</param>
    /// <param name="spectrum">[channels, fft_size / 2 + 1, 2] float32, written</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_get_spectrum(ki_stream* stream, ki_long_convolution_plan* plan, ki_tensor* spectrum);

    /// <summary>Writes a plan to host memory, in a versioned, checksummed format that all devices and processors share. Waits for the stream.</summary>
    /// <param name="stream">a stream of the plan's device</param>
    /// <param name="plan">the plan; its filters are set</param>
    /// <param name="data">where to; NULL asks for the size</param>
    /// <param name="capacity_bytes">room at <c>data</c>; 0 with NULL</param>
    /// <param name="size_bytes">Out: size of the saved plan</param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_INVALID_ARGUMENT"/> if the room is too small</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_plan_save(ki_stream* stream, ki_long_convolution_plan* plan, void* data, ulong capacity_bytes, ulong* size_bytes);

    /// <summary>Makes a plan of what <see cref="NativeMethods.ki_long_convolution_plan_save"/> wrote. The bytes may come from anywhere: what is damaged, cut or made up is refused. Waits for the stream.</summary>
    /// <param name="stream">a stream of the device that the plan is for</param>
    /// <param name="data">the saved plan, in host memory, of any alignment</param>
    /// <param name="size_bytes">its size</param>
    /// <param name="plan">Out: the plan, to be closed with <see cref="NativeMethods.ki_long_convolution_plan_close"/></param>
    /// <returns>the status: <see cref="ki_status.KI_STATUS_NOT_SUPPORTED"/> if the format is newer, or the device has no transform of the size</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_plan_load(ki_stream* stream, void* data, ulong size_bytes, ki_long_convolution_plan** plan);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_long_convolution_forward"/> needs.</summary>
    /// <param name="plan">the plan; its filters need not be set</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_long_convolution_forward"/>, but tensors may have no address yet</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_forward_workspace(ki_long_convolution_plan* plan, ki_long_convolution_problem* problem, ulong* size_bytes);

    /// <summary>Long convolution, forward pass.</summary>
    /// <param name="stream">where to run, of the plan's device</param>
    /// <param name="plan">the plan; its filters are set</param>
    /// <param name="problem">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_long_convolution_forward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_forward(ki_stream* stream, ki_long_convolution_plan* plan, ki_long_convolution_problem* problem, void* workspace, ulong workspace_bytes);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_long_convolution_backward"/> needs.</summary>
    /// <param name="plan">the plan; its filters need not be set</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_long_convolution_backward"/>, but tensors may have no address yet</param>
    /// <param name="gradients">the gradients that will be computed</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_backward_workspace(ki_long_convolution_plan* plan, ki_long_convolution_problem* problem, ki_long_convolution_gradients* gradients, ulong* size_bytes);

    /// <summary>Long convolution, backward pass. What the forward pass computed is computed again where it is needed.</summary>
    /// <param name="stream">where to run, of the plan's device</param>
    /// <param name="plan">the plan; its filters are set</param>
    /// <param name="problem">the forward problem; <c>output</c> is NULL, and a state is not supported</param>
    /// <param name="gradients">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_long_convolution_backward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_long_convolution_backward(ki_stream* stream, ki_long_convolution_plan* plan, ki_long_convolution_problem* problem, ki_long_convolution_gradients* gradients, void* workspace, ulong workspace_bytes);

    /// <summary>Short convolution, forward pass.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">what to compute</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_short_convolution_forward(ki_stream* stream, ki_short_convolution_problem* problem);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_short_convolution_backward"/> needs.</summary>
    /// <param name="device">where it will run</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_short_convolution_backward"/>, but tensors may have no address yet</param>
    /// <param name="gradients">the gradients that will be computed</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_short_convolution_backward_workspace(ki_device* device, ki_short_convolution_problem* problem, ki_short_convolution_gradients* gradients, ulong* size_bytes);

    /// <summary>Short convolution, backward pass.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">the forward problem; <c>output</c> is NULL, and a state is not supported</param>
    /// <param name="gradients">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_short_convolution_backward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_short_convolution_backward(ki_stream* stream, ki_short_convolution_problem* problem, ki_short_convolution_gradients* gradients, void* workspace, ulong workspace_bytes);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_butterfly_convolution_forward"/> needs.</summary>
    /// <param name="device">where it will run</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_butterfly_convolution_forward"/>, but tensors may have no address yet</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_butterfly_convolution_forward_workspace(ki_device* device, ki_butterfly_convolution_problem* problem, ulong* size_bytes);

    /// <summary>Butterfly convolution, forward pass.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_butterfly_convolution_forward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_butterfly_convolution_forward(ki_stream* stream, ki_butterfly_convolution_problem* problem, void* workspace, ulong workspace_bytes);

    /// <summary>Scratch memory that <see cref="NativeMethods.ki_butterfly_convolution_backward"/> needs.</summary>
    /// <param name="device">where it will run</param>
    /// <param name="problem">what will be computed; checked as by <see cref="NativeMethods.ki_butterfly_convolution_backward"/>, but tensors may have no address yet</param>
    /// <param name="gradients">the gradients that will be computed</param>
    /// <param name="size_bytes">Out: the size</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_butterfly_convolution_backward_workspace(ki_device* device, ki_butterfly_convolution_problem* problem, ki_butterfly_convolution_gradients* gradients, ulong* size_bytes);

    /// <summary>Butterfly convolution, backward pass. What the forward pass computed is computed again where it is needed.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="problem">the forward problem; <c>output</c> is NULL</param>
    /// <param name="gradients">what to compute</param>
    /// <param name="workspace">scratch memory on the stream's device, aligned to 64 bytes; NULL uses the stream's own, which allocates when it has to grow</param>
    /// <param name="workspace_bytes">size of <c>workspace</c>, at least what <see cref="NativeMethods.ki_butterfly_convolution_backward_workspace"/> says; 0 with NULL</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_butterfly_convolution_backward(ki_stream* stream, ki_butterfly_convolution_problem* problem, ki_butterfly_convolution_gradients* gradients, void* workspace, ulong workspace_bytes);

    /// <summary>Writes the coefficients with which a butterfly is the discrete Fourier transform, for training to start from. They are computed in double precision. Forward is X[k] = sum over t of x[t] exp(-2 pi i t k / n); Inverse is its inverse, whose factor 1 / n is 1 / n1 in inverse_first and 1 / n2 in inverse_second.</summary>
    /// <param name="stream">where to run</param>
    /// <param name="forward_first">[n2, n1, n1, 2] contiguous float32, written</param>
    /// <param name="forward_second">[n1, n2, n2, 2] contiguous float32, written</param>
    /// <param name="inverse_second">[n1, n2, n2, 2] contiguous float32, written</param>
    /// <param name="inverse_first">[n2, n1, n1, 2] contiguous float32, written</param>
    /// <returns>the status</returns>
    [LibraryImport(LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ki_status ki_butterfly_coefficients_dft(ki_stream* stream, ki_tensor* forward_first, ki_tensor* forward_second, ki_tensor* inverse_second, ki_tensor* inverse_first);
}
