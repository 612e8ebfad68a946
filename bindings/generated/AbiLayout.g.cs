// Generated from native/include/kernels_interop.h; do not edit.
namespace Kernels.Interop.Native;

/// <summary>Layout of the structs: what C has, and beside it what the C# structs have.</summary>
internal static unsafe class AbiLayout
{
    /// <summary>Size of a struct in bytes.</summary>
    internal readonly record struct Struct(string Name, int Size, int ManagedSize);

    /// <summary>Offset and size of a field in bytes.</summary>
    internal readonly record struct Field(
        string Struct, string Name, int Offset, int Size, int ManagedOffset, int ManagedSize);

    /// <summary>Every struct.</summary>
    public static readonly Struct[] Structs =
    [
        new("ki_device_info", 480, sizeof(ki_device_info)),
        new("ki_device_options", 16, sizeof(ki_device_options)),
        new("ki_probe_entry", 32, sizeof(ki_probe_entry)),
        new("ki_tensor", 160, sizeof(ki_tensor)),
        new("ki_attention_cache", 80, sizeof(ki_attention_cache)),
        new("ki_attention_problem", 168, sizeof(ki_attention_problem)),
        new("ki_attention_gradients", 48, sizeof(ki_attention_gradients)),
        new("ki_attention_combine_problem", 40, sizeof(ki_attention_combine_problem)),
        new("ki_long_convolution_options", 64, sizeof(ki_long_convolution_options)),
        new("ki_long_convolution_plan_info", 56, sizeof(ki_long_convolution_plan_info)),
        new("ki_long_convolution_problem", 56, sizeof(ki_long_convolution_problem)),
        new("ki_long_convolution_gradients", 64, sizeof(ki_long_convolution_gradients)),
        new("ki_short_convolution_problem", 48, sizeof(ki_short_convolution_problem)),
        new("ki_short_convolution_gradients", 40, sizeof(ki_short_convolution_gradients)),
        new("ki_butterfly_convolution_problem", 88, sizeof(ki_butterfly_convolution_problem)),
        new("ki_butterfly_convolution_gradients", 88, sizeof(ki_butterfly_convolution_gradients)),
    ];

    /// <summary>Every field of every struct, in order.</summary>
    public static readonly Field[] Fields =
    [
        .. Fields_ki_device_info(),
        .. Fields_ki_device_options(),
        .. Fields_ki_probe_entry(),
        .. Fields_ki_tensor(),
        .. Fields_ki_attention_cache(),
        .. Fields_ki_attention_problem(),
        .. Fields_ki_attention_gradients(),
        .. Fields_ki_attention_combine_problem(),
        .. Fields_ki_long_convolution_options(),
        .. Fields_ki_long_convolution_plan_info(),
        .. Fields_ki_long_convolution_problem(),
        .. Fields_ki_long_convolution_gradients(),
        .. Fields_ki_short_convolution_problem(),
        .. Fields_ki_short_convolution_gradients(),
        .. Fields_ki_butterfly_convolution_problem(),
        .. Fields_ki_butterfly_convolution_gradients(),
    ];

    private static Field[] Fields_ki_device_info()
    {
        ki_device_info value;
        return
        [
            new("ki_device_info", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_device_info", "kind", 4, 4, (int)((byte*)&value.kind - (byte*)&value), sizeof(ki_device_kind)),
            new("ki_device_info", "ordinal", 8, 4, (int)((byte*)&value.ordinal - (byte*)&value), sizeof(int)),
            new("ki_device_info", "parallelism", 12, 4, (int)((byte*)&value.parallelism - (byte*)&value), sizeof(int)),
            new("ki_device_info", "memory_bytes", 16, 8, (int)((byte*)&value.memory_bytes - (byte*)&value), sizeof(ulong)),
            new("ki_device_info", "l2_cache_bytes", 24, 8, (int)((byte*)&value.l2_cache_bytes - (byte*)&value), sizeof(ulong)),
            new("ki_device_info", "name", 32, 32, (int)((byte*)value.name - (byte*)&value), 32 * sizeof(byte)),
            new("ki_device_info", "target", 64, 32, (int)((byte*)value.target - (byte*)&value), 32 * sizeof(byte)),
            new("ki_device_info", "model", 96, 128, (int)((byte*)value.model - (byte*)&value), 128 * sizeof(byte)),
            new("ki_device_info", "reason", 224, 256, (int)((byte*)value.reason - (byte*)&value), 256 * sizeof(byte)),
        ];
    }

    private static Field[] Fields_ki_device_options()
    {
        ki_device_options value;
        return
        [
            new("ki_device_options", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_device_options", "thread_count", 4, 4, (int)((byte*)&value.thread_count - (byte*)&value), sizeof(int)),
            new("ki_device_options", "target", 8, 8, (int)((byte*)&value.target - (byte*)&value), sizeof(byte*)),
        ];
    }

    private static Field[] Fields_ki_probe_entry()
    {
        ki_probe_entry value;
        return
        [
            new("ki_probe_entry", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_probe_entry", "kind", 4, 4, (int)((byte*)&value.kind - (byte*)&value), sizeof(ki_device_kind)),
            new("ki_probe_entry", "status", 8, 4, (int)((byte*)&value.status - (byte*)&value), sizeof(ki_status)),
            new("ki_probe_entry", "reserved", 12, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_probe_entry", "subject", 16, 8, (int)((byte*)&value.subject - (byte*)&value), sizeof(byte*)),
            new("ki_probe_entry", "detail", 24, 8, (int)((byte*)&value.detail - (byte*)&value), sizeof(byte*)),
        ];
    }

    private static Field[] Fields_ki_tensor()
    {
        ki_tensor value;
        return
        [
            new("ki_tensor", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_tensor", "dtype", 4, 4, (int)((byte*)&value.dtype - (byte*)&value), sizeof(ki_dtype)),
            new("ki_tensor", "rank", 8, 4, (int)((byte*)&value.rank - (byte*)&value), sizeof(int)),
            new("ki_tensor", "device_kind", 12, 4, (int)((byte*)&value.device_kind - (byte*)&value), sizeof(ki_device_kind)),
            new("ki_tensor", "device_ordinal", 16, 4, (int)((byte*)&value.device_ordinal - (byte*)&value), sizeof(int)),
            new("ki_tensor", "reserved", 20, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_tensor", "data", 24, 8, (int)((byte*)&value.data - (byte*)&value), sizeof(void*)),
            new("ki_tensor", "shape", 32, 64, (int)((byte*)value.shape - (byte*)&value), 8 * sizeof(long)),
            new("ki_tensor", "strides", 96, 64, (int)((byte*)value.strides - (byte*)&value), 8 * sizeof(long)),
        ];
    }

    private static Field[] Fields_ki_attention_cache()
    {
        ki_attention_cache value;
        return
        [
            new("ki_attention_cache", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_attention_cache", "reserved", 4, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_attention_cache", "block_table", 8, 8, (int)((byte*)&value.block_table - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "cache_slots", 16, 8, (int)((byte*)&value.cache_slots - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "key_scale", 24, 8, (int)((byte*)&value.key_scale - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "value_scale", 32, 8, (int)((byte*)&value.value_scale - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "new_key", 40, 8, (int)((byte*)&value.new_key - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "new_value", 48, 8, (int)((byte*)&value.new_value - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "cu_seqlens_new", 56, 8, (int)((byte*)&value.cu_seqlens_new - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "rotary_cos", 64, 8, (int)((byte*)&value.rotary_cos - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_cache", "rotary_sin", 72, 8, (int)((byte*)&value.rotary_sin - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_attention_problem()
    {
        ki_attention_problem value;
        return
        [
            new("ki_attention_problem", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_attention_problem", "flags", 4, 4, (int)((byte*)&value.flags - (byte*)&value), sizeof(ki_attention_flags)),
            new("ki_attention_problem", "scale", 8, 4, (int)((byte*)&value.scale - (byte*)&value), sizeof(float)),
            new("ki_attention_problem", "reserved", 12, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_attention_problem", "query", 16, 8, (int)((byte*)&value.query - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "key", 24, 8, (int)((byte*)&value.key - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "value", 32, 8, (int)((byte*)&value.value - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "output", 40, 8, (int)((byte*)&value.output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "logsumexp", 48, 8, (int)((byte*)&value.logsumexp - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "window_left", 56, 8, (int)((byte*)&value.window_left - (byte*)&value), sizeof(long)),
            new("ki_attention_problem", "window_right", 64, 8, (int)((byte*)&value.window_right - (byte*)&value), sizeof(long)),
            new("ki_attention_problem", "sink_count", 72, 8, (int)((byte*)&value.sink_count - (byte*)&value), sizeof(long)),
            new("ki_attention_problem", "softcap", 80, 4, (int)((byte*)&value.softcap - (byte*)&value), sizeof(float)),
            new("ki_attention_problem", "split_count", 84, 4, (int)((byte*)&value.split_count - (byte*)&value), sizeof(int)),
            new("ki_attention_problem", "bias", 88, 8, (int)((byte*)&value.bias - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "mask", 96, 8, (int)((byte*)&value.mask - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "alibi_slopes", 104, 8, (int)((byte*)&value.alibi_slopes - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "tree_mask", 112, 8, (int)((byte*)&value.tree_mask - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "cu_seqlens_q", 120, 8, (int)((byte*)&value.cu_seqlens_q - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "cu_seqlens_k", 128, 8, (int)((byte*)&value.cu_seqlens_k - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "seqused_k", 136, 8, (int)((byte*)&value.seqused_k - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_problem", "cache", 144, 8, (int)((byte*)&value.cache - (byte*)&value), sizeof(ki_attention_cache*)),
            new("ki_attention_problem", "dropout", 152, 4, (int)((byte*)&value.dropout - (byte*)&value), sizeof(float)),
            new("ki_attention_problem", "dropout_offset", 156, 4, (int)((byte*)&value.dropout_offset - (byte*)&value), sizeof(uint)),
            new("ki_attention_problem", "dropout_seed", 160, 8, (int)((byte*)&value.dropout_seed - (byte*)&value), sizeof(ulong)),
        ];
    }

    private static Field[] Fields_ki_attention_gradients()
    {
        ki_attention_gradients value;
        return
        [
            new("ki_attention_gradients", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_attention_gradients", "flags", 4, 4, (int)((byte*)&value.flags - (byte*)&value), sizeof(ki_attention_backward_flags)),
            new("ki_attention_gradients", "grad_output", 8, 8, (int)((byte*)&value.grad_output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_gradients", "grad_query", 16, 8, (int)((byte*)&value.grad_query - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_gradients", "grad_key", 24, 8, (int)((byte*)&value.grad_key - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_gradients", "grad_value", 32, 8, (int)((byte*)&value.grad_value - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_gradients", "grad_bias", 40, 8, (int)((byte*)&value.grad_bias - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_attention_combine_problem()
    {
        ki_attention_combine_problem value;
        return
        [
            new("ki_attention_combine_problem", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_attention_combine_problem", "flags", 4, 4, (int)((byte*)&value.flags - (byte*)&value), sizeof(ki_attention_combine_flags)),
            new("ki_attention_combine_problem", "partial_outputs", 8, 8, (int)((byte*)&value.partial_outputs - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_combine_problem", "partial_logsumexps", 16, 8, (int)((byte*)&value.partial_logsumexps - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_combine_problem", "output", 24, 8, (int)((byte*)&value.output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_attention_combine_problem", "logsumexp", 32, 8, (int)((byte*)&value.logsumexp - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_long_convolution_options()
    {
        ki_long_convolution_options value;
        return
        [
            new("ki_long_convolution_options", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_long_convolution_options", "flags", 4, 4, (int)((byte*)&value.flags - (byte*)&value), sizeof(ki_long_convolution_flags)),
            new("ki_long_convolution_options", "channels", 8, 8, (int)((byte*)&value.channels - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_options", "length", 16, 8, (int)((byte*)&value.length - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_options", "filter_length", 24, 8, (int)((byte*)&value.filter_length - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_options", "fft_size", 32, 8, (int)((byte*)&value.fft_size - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_options", "frequency_block", 40, 8, (int)((byte*)&value.frequency_block - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_options", "frequency_mask", 48, 8, (int)((byte*)&value.frequency_mask - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_options", "squash", 56, 4, (int)((byte*)&value.squash - (byte*)&value), sizeof(float)),
            new("ki_long_convolution_options", "reserved", 60, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
        ];
    }

    private static Field[] Fields_ki_long_convolution_plan_info()
    {
        ki_long_convolution_plan_info value;
        return
        [
            new("ki_long_convolution_plan_info", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_long_convolution_plan_info", "flags", 4, 4, (int)((byte*)&value.flags - (byte*)&value), sizeof(ki_long_convolution_flags)),
            new("ki_long_convolution_plan_info", "channels", 8, 8, (int)((byte*)&value.channels - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_plan_info", "length", 16, 8, (int)((byte*)&value.length - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_plan_info", "filter_length", 24, 8, (int)((byte*)&value.filter_length - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_plan_info", "fft_size", 32, 8, (int)((byte*)&value.fft_size - (byte*)&value), sizeof(long)),
            new("ki_long_convolution_plan_info", "squash", 40, 4, (int)((byte*)&value.squash - (byte*)&value), sizeof(float)),
            new("ki_long_convolution_plan_info", "has_filter", 44, 4, (int)((byte*)&value.has_filter - (byte*)&value), sizeof(int)),
            new("ki_long_convolution_plan_info", "memory_bytes", 48, 8, (int)((byte*)&value.memory_bytes - (byte*)&value), sizeof(ulong)),
        ];
    }

    private static Field[] Fields_ki_long_convolution_problem()
    {
        ki_long_convolution_problem value;
        return
        [
            new("ki_long_convolution_problem", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_long_convolution_problem", "reserved", 4, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_long_convolution_problem", "input", 8, 8, (int)((byte*)&value.input - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_problem", "output", 16, 8, (int)((byte*)&value.output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_problem", "input_gate", 24, 8, (int)((byte*)&value.input_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_problem", "output_gate", 32, 8, (int)((byte*)&value.output_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_problem", "skip", 40, 8, (int)((byte*)&value.skip - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_problem", "state", 48, 8, (int)((byte*)&value.state - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_long_convolution_gradients()
    {
        ki_long_convolution_gradients value;
        return
        [
            new("ki_long_convolution_gradients", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_long_convolution_gradients", "reserved", 4, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_long_convolution_gradients", "grad_output", 8, 8, (int)((byte*)&value.grad_output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_gradients", "grad_input", 16, 8, (int)((byte*)&value.grad_input - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_gradients", "grad_filter", 24, 8, (int)((byte*)&value.grad_filter - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_gradients", "grad_input_gate", 32, 8, (int)((byte*)&value.grad_input_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_gradients", "grad_output_gate", 40, 8, (int)((byte*)&value.grad_output_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_gradients", "grad_skip", 48, 8, (int)((byte*)&value.grad_skip - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_long_convolution_gradients", "filter", 56, 8, (int)((byte*)&value.filter - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_short_convolution_problem()
    {
        ki_short_convolution_problem value;
        return
        [
            new("ki_short_convolution_problem", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_short_convolution_problem", "flags", 4, 4, (int)((byte*)&value.flags - (byte*)&value), sizeof(ki_short_convolution_flags)),
            new("ki_short_convolution_problem", "input", 8, 8, (int)((byte*)&value.input - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_problem", "filter", 16, 8, (int)((byte*)&value.filter - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_problem", "bias", 24, 8, (int)((byte*)&value.bias - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_problem", "output", 32, 8, (int)((byte*)&value.output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_problem", "state", 40, 8, (int)((byte*)&value.state - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_short_convolution_gradients()
    {
        ki_short_convolution_gradients value;
        return
        [
            new("ki_short_convolution_gradients", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_short_convolution_gradients", "reserved", 4, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_short_convolution_gradients", "grad_output", 8, 8, (int)((byte*)&value.grad_output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_gradients", "grad_input", 16, 8, (int)((byte*)&value.grad_input - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_gradients", "grad_filter", 24, 8, (int)((byte*)&value.grad_filter - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_short_convolution_gradients", "grad_bias", 32, 8, (int)((byte*)&value.grad_bias - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_butterfly_convolution_problem()
    {
        ki_butterfly_convolution_problem value;
        return
        [
            new("ki_butterfly_convolution_problem", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_butterfly_convolution_problem", "reserved", 4, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_butterfly_convolution_problem", "input", 8, 8, (int)((byte*)&value.input - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "output", 16, 8, (int)((byte*)&value.output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "filter", 24, 8, (int)((byte*)&value.filter - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "forward_first", 32, 8, (int)((byte*)&value.forward_first - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "forward_second", 40, 8, (int)((byte*)&value.forward_second - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "inverse_second", 48, 8, (int)((byte*)&value.inverse_second - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "inverse_first", 56, 8, (int)((byte*)&value.inverse_first - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "input_gate", 64, 8, (int)((byte*)&value.input_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "output_gate", 72, 8, (int)((byte*)&value.output_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_problem", "skip", 80, 8, (int)((byte*)&value.skip - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }

    private static Field[] Fields_ki_butterfly_convolution_gradients()
    {
        ki_butterfly_convolution_gradients value;
        return
        [
            new("ki_butterfly_convolution_gradients", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
            new("ki_butterfly_convolution_gradients", "reserved", 4, 4, (int)((byte*)&value.reserved - (byte*)&value), sizeof(uint)),
            new("ki_butterfly_convolution_gradients", "grad_output", 8, 8, (int)((byte*)&value.grad_output - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_input", 16, 8, (int)((byte*)&value.grad_input - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_filter", 24, 8, (int)((byte*)&value.grad_filter - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_forward_first", 32, 8, (int)((byte*)&value.grad_forward_first - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_forward_second", 40, 8, (int)((byte*)&value.grad_forward_second - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_inverse_second", 48, 8, (int)((byte*)&value.grad_inverse_second - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_inverse_first", 56, 8, (int)((byte*)&value.grad_inverse_first - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_input_gate", 64, 8, (int)((byte*)&value.grad_input_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_output_gate", 72, 8, (int)((byte*)&value.grad_output_gate - (byte*)&value), sizeof(ki_tensor*)),
            new("ki_butterfly_convolution_gradients", "grad_skip", 80, 8, (int)((byte*)&value.grad_skip - (byte*)&value), sizeof(ki_tensor*)),
        ];
    }
}
