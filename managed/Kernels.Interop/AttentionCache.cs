namespace Kernels.Interop;

/// <summary>
/// Says that key and value are a cache of many sequences' keys and values, where each sequence lies in it, and what is appended
/// first. A tensor that is left out is the default value. <see cref="PagedCache{T}"/> keeps one.
/// </summary>
/// <typeparam name="T">Type of the query's elements.</typeparam>
/// <remarks>
/// <para>
/// Contiguous: key is [slots, capacity, key/value heads, head dim], and sequence b lies in slot b, or in slot
/// <see cref="CacheSlots"/>[b]. Paged (vLLM, Kwon et al. 2023, section 4): key is [pages, page size, key/value heads, head dim],
/// and key j of sequence b lies in row j % page size of page <see cref="BlockTable"/>[b, j / page size].
/// </para>
/// <para>
/// Before attention is computed, new keys and values are written behind the first <see cref="AttentionInputs.SeqUsedK"/>[b] keys
/// of sequence b; from then on they count as keys like all others. Slots and pages that are written belong to one sequence each.
/// </para>
/// </remarks>
public readonly struct AttentionCache<T>
    where T : unmanaged
{
    /// <summary>[batch, pages of a sequence]: the cache is paged.</summary>
    public DeviceTensor<int> BlockTable { get; init; }

    /// <summary>[batch]: slot of each sequence in a contiguous cache; without it, slot b.</summary>
    public DeviceTensor<int> CacheSlots { get; init; }

    /// <summary>
    /// [slots, capacity, key/value heads] or [pages, page size, key/value heads]: what the elements of a key are multiplied with
    /// in a cache of <see cref="sbyte"/>, which needs it. Written for new keys: the largest magnitude of the row / 127.
    /// </summary>
    public DeviceTensor<float> KeyScale { get; init; }

    /// <summary>The same for values.</summary>
    public DeviceTensor<float> ValueScale { get; init; }

    /// <summary>
    /// [batch, new length, key/value heads, head dim], or packed [total, key/value heads, head dim]: keys to append. They are
    /// converted to the cache's element type.
    /// </summary>
    public DeviceTensor<T> NewKey { get; init; }

    /// <summary>[batch, new length, key/value heads, value head dim], or packed: values to append.</summary>
    public DeviceTensor<T> NewValue { get; init; }

    /// <summary>
    /// [batch + 1]: new keys are packed, and those of sequence b are rows CuSeqlensNew[b] to CuSeqlensNew[b + 1] - 1.
    /// </summary>
    public DeviceTensor<int> CuSeqlensNew { get; init; }

    /// <summary>
    /// [positions, rotary dim / 2], with a row for every position the cache has room for: cosines of position * frequency.
    /// Queries and new keys are turned by the angles of their positions before they are used (RoFormer, Su et al. 2021,
    /// section 3.2); keys in the cache already are. <see cref="RotaryTable"/> computes it.
    /// </summary>
    public DeviceTensor<float> RotaryCos { get; init; }

    /// <summary>The sines.</summary>
    public DeviceTensor<float> RotarySin { get; init; }

    /// <summary>Rotary embedding turns the pairs (2c, 2c + 1); otherwise (c, c + rotary dim / 2).</summary>
    public bool RotaryInterleaved { get; init; }
}
