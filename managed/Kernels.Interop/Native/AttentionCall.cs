namespace Kernels.Interop.Native;

/// <summary>The tensors of an attention problem; a logsumexp that is all zero is not wanted.</summary>
internal unsafe struct AttentionTensors
{
    public ki_tensor Query;
    public ki_tensor Key;
    public ki_tensor Value;
    public ki_tensor Output;
    public ki_tensor LogSumExp;

    public static AttentionTensors From<T>(
        in DeviceTensor<T> query,
        in DeviceTensor<T> key,
        in DeviceTensor<T> value,
        in DeviceTensor<T> output,
        in DeviceTensor<float> logsumexp)
        where T : unmanaged => new()
        {
            Query = query.ToNative(nameof(query)),
            Key = key.ToNative(nameof(key)),
            Value = value.ToNative(nameof(value)),
            Output = output.ToNative(nameof(output)),
            LogSumExp = logsumexp.IsAbsent ? default : logsumexp.ToNative(nameof(logsumexp)),
        };

    /// <summary>Contiguous tensors of a shape, without their addresses.</summary>
    public static AttentionTensors Contiguous<T>(AttentionShape shape, DeviceInfo device, bool withLogSumExp)
        where T : unmanaged
    {
        (int b, int lq, int lk, int hq, int hkv, int d, int dv) = shape;
        return new()
        {
            Query = NativeTensor.Contiguous<T>([b, lq, hq, d], device),
            Key = NativeTensor.Contiguous<T>([b, lk, hkv, d], device),
            Value = NativeTensor.Contiguous<T>([b, lk, hkv, dv], device),
            Output = NativeTensor.Contiguous<T>([b, lq, hq, dv], device),
            LogSumExp = withLogSumExp ? NativeTensor.Contiguous<float>([b, hq, lq], device) : default,
        };
    }

    /// <summary>Refuses contiguous tensors that no memory holds.</summary>
    public readonly void RequireAddressable(string parameter)
    {
        NativeTensor.RequireAddressable(Query, parameter);
        NativeTensor.RequireAddressable(Key, parameter);
        NativeTensor.RequireAddressable(Value, parameter);
        NativeTensor.RequireAddressable(Output, parameter);
    }

    public static bool IsPresent(in ki_tensor tensor) => tensor.struct_size != 0;
}

/// <summary>The native calls behind every overload of <see cref="Attention"/>.</summary>
internal static unsafe class AttentionCall
{
    public static void Forward(
        KernelStream stream, AttentionTensors* tensors, AttentionOptions options, DeviceBuffer<byte>? workspace)
    {
        ki_attention_problem problem = Problem(tensors, options);
        using var borrowedStream = stream.Borrow();
        if (workspace is null)
        {
            NativeError.ThrowIfFailed(NativeMethods.ki_attention_forward(borrowedStream.Pointer, &problem, null, 0));
            return;
        }
        stream.Device.RequireSame(workspace.Device, nameof(workspace));
        using var borrowedWorkspace = workspace.Handle.Borrow(workspace);
        NativeError.ThrowIfFailed(NativeMethods.ki_attention_forward(
            borrowedStream.Pointer, &problem, (void*)workspace.DevicePointer, (ulong)workspace.Length));
    }

    public static long ForwardWorkspaceBytes(Device device, AttentionTensors* tensors, AttentionOptions options)
    {
        ki_attention_problem problem = Problem(tensors, options);
        using var borrowed = device.Borrow();
        ulong bytes;
        NativeError.ThrowIfFailed(NativeMethods.ki_attention_forward_workspace(borrowed.Pointer, &problem, &bytes));
        return checked((long)bytes);
    }

    private static ki_attention_problem Problem(AttentionTensors* tensors, AttentionOptions options) => new()
    {
        struct_size = (uint)sizeof(ki_attention_problem),
        flags = (options.Causal ? ki_attention_flags.KI_ATTENTION_CAUSAL : ki_attention_flags.KI_ATTENTION_NONE)
            | (options.Scale is null ? ki_attention_flags.KI_ATTENTION_NONE : ki_attention_flags.KI_ATTENTION_CUSTOM_SCALE),
        scale = options.Scale ?? 0,
        query = &tensors->Query,
        key = &tensors->Key,
        value = &tensors->Value,
        output = &tensors->Output,
        logsumexp = AttentionTensors.IsPresent(tensors->LogSumExp) ? &tensors->LogSumExp : null,
    };
}
