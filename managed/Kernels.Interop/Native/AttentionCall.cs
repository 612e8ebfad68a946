namespace Kernels.Interop.Native;

/// <summary>Describes problems of attention to the native library, and calls it.</summary>
internal static unsafe class AttentionCall
{
    /// <summary>A problem without tensors.</summary>
    public static ki_attention_problem Problem(in AttentionOptions options) => new()
    {
        struct_size = (uint)sizeof(ki_attention_problem),
        flags = Flag(options.Causal, ki_attention_flags.KI_ATTENTION_CAUSAL)
            | Flag(options.Scale is not null, ki_attention_flags.KI_ATTENTION_CUSTOM_SCALE)
            | Flag(options.WindowLeft is not null || options.WindowRight is not null, ki_attention_flags.KI_ATTENTION_WINDOW),
        scale = options.Scale ?? 0,
        window_left = options.WindowLeft ?? -1,
        window_right = options.WindowRight ?? -1,
        sink_count = options.SinkCount,
        softcap = options.SoftCap,
        split_count = options.SplitCount,
        dropout = options.Dropout.Probability,
        dropout_offset = options.Dropout.Offset,
        dropout_seed = options.Dropout.Seed,
    };

    /// <summary>Puts the tensors in that every problem has.</summary>
    public static void SetTensors<TQuery, TKey>(
        ref ki_attention_problem problem,
        ref TensorArguments arguments,
        in DeviceTensor<TQuery> query,
        in DeviceTensor<TKey> key,
        in DeviceTensor<TKey> value,
        in DeviceTensor<TQuery> output,
        in DeviceTensor<float> logsumexp)
        where TQuery : unmanaged
        where TKey : unmanaged
    {
        problem.query = arguments.Required(query, nameof(query));
        problem.key = arguments.Required(key, nameof(key));
        problem.value = arguments.Required(value, nameof(value));
        problem.output = arguments.Required(output, nameof(output));
        problem.logsumexp = arguments.Optional(logsumexp, nameof(logsumexp));
    }

    /// <summary>Puts contiguous tensors of a shape in, without their addresses.</summary>
    public static void SetContiguous<T>(
        ref ki_attention_problem problem, ref TensorArguments arguments, AttentionShape shape, DeviceInfo device, bool withLogSumExp)
        where T : unmanaged
    {
        (int b, int lq, int lk, int hq, int hkv, int d, int dv) = shape;
        problem.query = arguments.Add(NativeTensor.Contiguous<T>([b, lq, hq, d], device));
        problem.key = arguments.Add(NativeTensor.Contiguous<T>([b, lk, hkv, d], device));
        problem.value = arguments.Add(NativeTensor.Contiguous<T>([b, lk, hkv, dv], device));
        problem.output = arguments.Add(NativeTensor.Contiguous<T>([b, lq, hq, dv], device));
        if (withLogSumExp)
        {
            problem.logsumexp = arguments.Add(NativeTensor.Contiguous<float>([b, hq, lq], device));
        }
    }

    /// <summary>Puts the optional tensors in.</summary>
    public static void SetInputs(ref ki_attention_problem problem, ref TensorArguments arguments, in AttentionInputs inputs)
    {
        problem.bias = arguments.Optional(inputs.Bias);
        problem.mask = arguments.Optional(inputs.Mask, nameof(inputs));
        problem.alibi_slopes = arguments.Optional(inputs.AlibiSlopes, nameof(inputs));
        problem.tree_mask = arguments.Optional(inputs.TreeMask, nameof(inputs));
        problem.cu_seqlens_q = arguments.Optional(inputs.CuSeqlensQ, nameof(inputs));
        problem.cu_seqlens_k = arguments.Optional(inputs.CuSeqlensK, nameof(inputs));
        problem.seqused_k = arguments.Optional(inputs.SeqUsedK, nameof(inputs));
    }

    /// <summary>Describes a cache, and marks the problem as one over it.</summary>
    public static ki_attention_cache Cache<T>(
        ref ki_attention_problem problem, ref TensorArguments arguments, in AttentionCache<T> cache)
        where T : unmanaged
    {
        problem.flags |= Flag(cache.RotaryInterleaved, ki_attention_flags.KI_ATTENTION_ROTARY_INTERLEAVED);
        return new()
        {
            struct_size = (uint)sizeof(ki_attention_cache),
            block_table = arguments.Optional(cache.BlockTable, nameof(cache)),
            cache_slots = arguments.Optional(cache.CacheSlots, nameof(cache)),
            key_scale = arguments.Optional(cache.KeyScale, nameof(cache)),
            value_scale = arguments.Optional(cache.ValueScale, nameof(cache)),
            new_key = arguments.Optional(cache.NewKey, nameof(cache)),
            new_value = arguments.Optional(cache.NewValue, nameof(cache)),
            cu_seqlens_new = arguments.Optional(cache.CuSeqlensNew, nameof(cache)),
            rotary_cos = arguments.Optional(cache.RotaryCos, nameof(cache)),
            rotary_sin = arguments.Optional(cache.RotarySin, nameof(cache)),
        };
    }

    /// <summary>Describes gradients.</summary>
    public static ki_attention_gradients Gradients<T>(ref TensorArguments arguments, in AttentionGradients<T> gradients)
        where T : unmanaged => new()
        {
            struct_size = (uint)sizeof(ki_attention_gradients),
            flags = gradients.Deterministic
                ? ki_attention_backward_flags.KI_ATTENTION_BACKWARD_DETERMINISTIC
                : ki_attention_backward_flags.KI_ATTENTION_BACKWARD_NONE,
            grad_output = arguments.Required(gradients.Output, nameof(gradients)),
            grad_query = arguments.Required(gradients.Query, nameof(gradients)),
            grad_key = arguments.Required(gradients.Key, nameof(gradients)),
            grad_value = arguments.Required(gradients.Value, nameof(gradients)),
            grad_bias = arguments.Optional(gradients.Bias),
        };

    public static void Forward(
        KernelStream stream, ki_attention_problem* problem, ref TensorArguments arguments, DeviceBuffer<byte>? workspace)
    {
        void* scratch = arguments.Workspace(stream, workspace);
        using var borrowed = stream.Borrow();
        NativeError.ThrowIfFailed(
            NativeMethods.ki_attention_forward(borrowed.Pointer, problem, scratch, (ulong)(workspace?.Length ?? 0)));
    }

    public static long ForwardWorkspaceBytes(Device device, ki_attention_problem* problem)
    {
        using var borrowed = device.Borrow();
        ulong bytes;
        NativeError.ThrowIfFailed(NativeMethods.ki_attention_forward_workspace(borrowed.Pointer, problem, &bytes));
        return checked((long)bytes);
    }

    private static ki_attention_flags Flag(bool isSet, ki_attention_flags flag) =>
        isSet ? flag : ki_attention_flags.KI_ATTENTION_NONE;
}
