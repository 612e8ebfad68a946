using System.Runtime.InteropServices;

namespace Kernels.Interop.Native;

/// <summary>Turns a status into the exception that says the same.</summary>
internal static unsafe class NativeError
{
    /// <summary>Throws unless the call that just returned on this thread succeeded.</summary>
    /// <param name="status">What it returned.</param>
    /// <param name="parameter">The C# parameter behind a native argument; null is <see cref="ParameterName"/>.</param>
    public static void ThrowIfFailed(ki_status status, Func<string, string>? parameter = null)
    {
        if (status != ki_status.KI_STATUS_OK)
        {
            throw LastError(status, parameter);
        }
    }

    /// <summary>The exception for a status, with a message and the native name of the argument at fault (null if none).</summary>
    public static Exception Create(
        ki_status status, string message, string? argument, Func<string, string>? parameter = null) => status switch
    {
        ki_status.KI_STATUS_INVALID_ARGUMENT => new KernelArgumentException(
            message, parameter is null || argument is null ? ParameterName(argument) : parameter(Root(argument)), argument),
        ki_status.KI_STATUS_NOT_SUPPORTED => new KernelNotSupportedException(message, argument),
        ki_status.KI_STATUS_OUT_OF_MEMORY => new KernelOutOfMemoryException(message, argument),
        ki_status.KI_STATUS_DEVICE_NOT_FOUND => new DeviceNotFoundException(message, argument),
        ki_status.KI_STATUS_DEVICE_ERROR => new DeviceErrorException(message, argument),
        _ => new KernelException((KernelStatus)status, message, argument),
    };

    /// <summary>Name of a status in the header.</summary>
    public static string NameOf(ki_status status) => Text(NativeMethods.ki_status_name(status));

    private static Exception LastError(ki_status status, Func<string, string>? parameter)
    {
        string message = Text(NativeMethods.ki_last_error_message());
        string argument = Text(NativeMethods.ki_last_error_argument());
        return Create(status, message.Length > 0 ? message : NameOf(status), argument.Length > 0 ? argument : null, parameter);
    }

    /// <summary>
    /// The C# parameter behind a native argument: structs that C# has no parameter for are looked through
    /// (<c>problem.query</c>), and what C# gathers in one parameter is named by it (<c>bias</c>, <c>options.thread_count</c>).
    /// </summary>
    internal static string? ParameterName(string? argument)
    {
        return argument is null ? null : Root(argument) switch
        {
            "scale" or "window_left" or "window_right" or "sink_count" or "softcap" or "split_count" or "dropout" => "options",
            "bias" or "mask" or "alibi_slopes" or "tree_mask" or "cu_seqlens_q" or "cu_seqlens_k" or "seqused_k" => "inputs",
            "block_table" or "cache_slots" or "key_scale" or "value_scale" or "new_key" or "new_value" or "cu_seqlens_new"
                or "rotary_cos" or "rotary_sin" => "cache",
            "flags" => "cache", // of all flags that C# sets, only the layout of a rotary embedding can be refused
            "grad_output" or "grad_query" or "grad_key" or "grad_value" or "grad_bias" => "gradients",
            "partial_outputs" => "partialOutputs",
            "partial_logsumexps" => "partialLogSumExps",
            "workspace_bytes" => "workspace",
            "size_bytes" => "length",
            "native_stream" => "handle",
            "stop" => null, // the object itself
            string name => name,
        };
    }

    // What stands before the first field or index: `options` of `options.thread_count`, `query` of `problem.query`.
    private static string Root(string argument)
    {
        const string Problem = "problem.";
        string path = argument.StartsWith(Problem, StringComparison.Ordinal) ? argument[Problem.Length..] : argument;
        return path.Split('.', '[')[0];
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
