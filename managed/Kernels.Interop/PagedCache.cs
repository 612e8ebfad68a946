namespace Kernels.Interop;

/// <summary>Sizes of a <see cref="PagedCache{T}"/>.</summary>
/// <param name="Pages">Pages that all sequences share.</param>
/// <param name="PageSize">Keys of a page.</param>
/// <param name="KeyValueHeads">Heads of key and value.</param>
/// <param name="HeadDim">Length of a key's row in one head.</param>
/// <param name="ValueHeadDim">Length of a value's row in one head.</param>
/// <param name="Layers">Layers of the model; each has keys and values of its own, under one assignment of pages.</param>
public readonly record struct PagedCacheShape(
    int Pages, int PageSize, int KeyValueHeads, int HeadDim, int ValueHeadDim, int Layers = 1);

/// <summary>
/// Keys and values of many growing sequences in pages of one block of memory (vLLM, Kwon et al. 2023, section 4): sequences
/// are added, extended, forked and removed without moving what is there. It is used by one thread at a time.
/// </summary>
/// <typeparam name="T">
/// Type of the elements: float, <see cref="Half"/>, <see cref="BFloat16"/>, or <see cref="sbyte"/>, which comes with scales.
/// </typeparam>
/// <remarks>
/// A step of a model is: <see cref="Append"/> with the sequences of the batch and how many tokens each gets; then, for each
/// layer, one call of <c>Attention.Forward</c> with <see cref="Key"/>, <see cref="Value"/>, <see cref="Layer{TQuery}"/> and
/// <see cref="Inputs"/>, whose queries, new keys and new values are packed in the same order. Prompts and single tokens mix
/// freely.
/// </remarks>
public sealed class PagedCache<T> : IDisposable
    where T : unmanaged
{
    private readonly PageTable _pages;
    private readonly DeviceBuffer<T> _key;
    private readonly DeviceBuffer<T> _value;
    private readonly DeviceBuffer<float>? _keyScale;
    private readonly DeviceBuffer<float>? _valueScale;

    // The current step: lengths [batch], offsets [batch + 1] and block table [batch, columns], one behind the other.
    private DeviceBuffer<int>? _step;
    private int[] _staging = [];
    private int _batch;
    private int _columns;

    /// <summary>Allocates an empty cache.</summary>
    /// <param name="device">Where it is.</param>
    /// <param name="shape">Its sizes, all positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    /// <exception cref="KernelOutOfMemoryException">Memory ran out.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public PagedCache(Device device, PagedCacheShape shape)
    {
        ArgumentNullException.ThrowIfNull(device);
        foreach (int size in (ReadOnlySpan<int>)
            [shape.Pages, shape.PageSize, shape.KeyValueHeads, shape.HeadDim, shape.ValueHeadDim, shape.Layers])
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, nameof(shape));
        }
        (Device, Shape, _pages) = (device, shape, new PageTable(shape.Pages, shape.PageSize));
        try
        {
            _key = device.Allocate<T>(checked(shape.Layers * Rows * shape.HeadDim));
            _value = device.Allocate<T>(checked(shape.Layers * Rows * shape.ValueHeadDim));
            if (typeof(T) == typeof(sbyte))
            {
                _keyScale = device.Allocate<float>(shape.Layers * Rows);
                _valueScale = device.Allocate<float>(shape.Layers * Rows);
            }
        }
        catch
        {
            _key?.Dispose();
            _value?.Dispose();
            _keyScale?.Dispose();
            throw;
        }
    }

    /// <summary>The device it is on.</summary>
    public Device Device { get; }

    /// <summary>Its sizes.</summary>
    public PagedCacheShape Shape { get; }

    /// <summary>Pages that no sequence has.</summary>
    public int FreePages => _pages.FreePages;

    /// <summary>Sequences that are there.</summary>
    public int SequenceCount => _pages.SequenceCount;

    /// <summary>
    /// Tensors of the current step that attention takes: lengths before the step, and offsets of the packed queries.
    /// </summary>
    /// <exception cref="InvalidOperationException">There was no step yet.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public AttentionInputs Inputs => new() { SeqUsedK = StepTensor([_batch], 0), CuSeqlensQ = Offsets };

    private long Rows => checked((long)Shape.Pages * Shape.PageSize * Shape.KeyValueHeads);

    private DeviceTensor<int> Offsets => StepTensor([_batch + 1], _batch);

    /// <summary>Adds an empty sequence.</summary>
    /// <returns>Its number, which no other sequence ever has.</returns>
    public int AddSequence() => _pages.Add();

    /// <summary>
    /// Adds a sequence that begins as another one is now. They share pages until one of them appends to a page.
    /// </summary>
    /// <param name="sequence">The other one.</param>
    /// <returns>The new sequence's number.</returns>
    /// <exception cref="ArgumentException">There is no such sequence.</exception>
    public int Fork(int sequence) => _pages.Fork(sequence);

    /// <summary>Removes a sequence. Its pages are free for later steps, unless another sequence shares them.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <exception cref="ArgumentException">There is no such sequence.</exception>
    public void Remove(int sequence) => _pages.Remove(sequence);

    /// <summary>Forgets a sequence's last keys, such as those of draft tokens that were not accepted.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="length">Keys that stay.</param>
    /// <exception cref="ArgumentException">There is no such sequence, or it is shorter than that.</exception>
    public void Truncate(int sequence, int length) => _pages.Truncate(sequence, length);

    /// <summary>Keys of a sequence, those of the current step included.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ArgumentException">There is no such sequence.</exception>
    public int Length(int sequence) => _pages.Length(sequence);

    /// <summary>Begins a step: finds room for new keys, and waits until the step's tables are on the device.</summary>
    /// <param name="stream">The stream that attention will run on.</param>
    /// <param name="sequences">The sequences of the batch, each once, in the order of their packed tokens.</param>
    /// <param name="counts">New tokens of each; 0 is allowed.</param>
    /// <exception cref="InvalidOperationException">There are not enough free pages; nothing has changed.</exception>
    /// <exception cref="ArgumentException">
    /// A sequence is unknown or there twice, a count is negative, or the stream is another device's.
    /// </exception>
    /// <exception cref="DeviceErrorException">The driver reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The cache or the stream is disposed.</exception>
    public void Append(KernelStream stream, ReadOnlySpan<int> sequences, ReadOnlySpan<int> counts)
    {
        if (!TryAppend(stream, sequences, counts))
        {
            throw new InvalidOperationException(
                $"The step needs {_pages.PagesNeeded(sequences, counts)} pages, and {FreePages} of {Shape.Pages} are free.");
        }
    }

    /// <summary>Begins a step if there are enough free pages; otherwise changes nothing.</summary>
    /// <inheritdoc cref="Append"/>
    /// <returns>Whether there are.</returns>
    /// <exception cref="ArgumentException">
    /// A sequence is unknown or there twice, a count is negative, or the stream is another device's.
    /// </exception>
    public bool TryAppend(KernelStream stream, ReadOnlySpan<int> sequences, ReadOnlySpan<int> counts)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Device.RequireSame(Device, nameof(stream));
        ObjectDisposedException.ThrowIf(_key.Handle.IsClosed, this);
        if (counts.Length != sequences.Length)
        {
            throw new ArgumentException($"There are {counts.Length} counts for {sequences.Length} sequences.", nameof(counts));
        }
        if (_pages.PagesNeeded(sequences, counts) > FreePages)
        {
            return false;
        }
        _batch = sequences.Length;
        _columns = 0;
        Reserve(2 * _batch + 1);
        Span<int> lengths = _staging.AsSpan(0, _batch), offsets = _staging.AsSpan(_batch, _batch + 1);
        offsets[0] = 0;
        for (int b = 0; b < _batch; b++)
        {
            lengths[b] = _pages.Length(sequences[b]);
            offsets[b + 1] = checked(offsets[b] + counts[b]);
            if (_pages.Append(sequences[b], counts[b]) is (int from, int to))
            {
                CopyPage(from, to, stream);
            }
            _columns = Math.Max(_columns, _pages.Pages(sequences[b]).Length);
        }
        int size = 2 * _batch + 1 + _batch * _columns;
        Reserve(size);
        Span<int> table = _staging.AsSpan(2 * _batch + 1, _batch * _columns);
        table.Clear();
        for (int b = 0; b < _batch; b++)
        {
            _pages.Pages(sequences[b]).CopyTo(table[(b * _columns)..]);
        }
        if (_step is null || _step.Length < size)
        {
            _step?.Dispose();
            _step = Device.Allocate<int>(_staging.Length);
        }
        _step.CopyFrom(_staging.AsSpan(0, size), offset: 0, stream);
        return true;
    }

    /// <summary>A layer's keys: [pages, page size, key/value heads, head dim].</summary>
    /// <param name="layer">The layer, 0 to layers - 1.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public DeviceTensor<T> Key(int layer = 0) =>
        OfLayer(_key, layer, [Shape.Pages, Shape.PageSize, Shape.KeyValueHeads, Shape.HeadDim]);

    /// <summary>A layer's values: [pages, page size, key/value heads, value head dim].</summary>
    /// <inheritdoc cref="Key"/>
    public DeviceTensor<T> Value(int layer = 0) =>
        OfLayer(_value, layer, [Shape.Pages, Shape.PageSize, Shape.KeyValueHeads, Shape.ValueHeadDim]);

    /// <summary>
    /// Describes a layer of the cache to attention, in the current step. Rotary embedding is added with <c>with</c>.
    /// </summary>
    /// <typeparam name="TQuery">Type of the query's elements.</typeparam>
    /// <param name="layer">The layer, 0 to layers - 1.</param>
    /// <param name="newKey">[total, key/value heads, head dim]: the step's keys, packed.</param>
    /// <param name="newValue">[total, key/value heads, value head dim]: the step's values, packed.</param>
    /// <returns>The description.</returns>
    /// <exception cref="InvalidOperationException">There was no step yet.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public AttentionCache<TQuery> Layer<TQuery>(int layer, in DeviceTensor<TQuery> newKey, in DeviceTensor<TQuery> newValue)
        where TQuery : unmanaged => new()
        {
            BlockTable = StepTensor([_batch, _columns], 2 * _batch + 1),
            KeyScale = Scale(_keyScale, layer),
            ValueScale = Scale(_valueScale, layer),
            NewKey = newKey,
            NewValue = newValue,
            CuSeqlensNew = Offsets,
        };

    /// <summary>Frees the memory, after the work queued on it.</summary>
    public void Dispose()
    {
        _key.Dispose();
        _value.Dispose();
        _keyScale?.Dispose();
        _valueScale?.Dispose();
        _step?.Dispose();
    }

    private DeviceTensor<TElement> OfLayer<TElement>(DeviceBuffer<TElement> buffer, int layer, ReadOnlySpan<long> shape)
        where TElement : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)layer, (uint)Shape.Layers - 1, nameof(layer));
        return new DeviceTensor<TElement>(buffer, shape, offset: layer * (buffer.Length / Shape.Layers));
    }

    private DeviceTensor<float> Scale(DeviceBuffer<float>? scale, int layer) =>
        scale is null ? default : OfLayer(scale, layer, [Shape.Pages, Shape.PageSize, Shape.KeyValueHeads]);

    private DeviceTensor<int> StepTensor(ReadOnlySpan<long> shape, int offset) => _step is null
        ? throw new InvalidOperationException("There was no step yet: call Append first.")
        : new DeviceTensor<int>(_step, shape, offset: offset);

    private void Reserve(int length)
    {
        if (_staging.Length < length)
        {
            Array.Resize(ref _staging, Math.Max(length, 2 * _staging.Length));
        }
    }

    private void CopyPage(int from, int to, KernelStream stream)
    {
        CopyPage(_key, from, to, stream);
        CopyPage(_value, from, to, stream);
        CopyPage(_keyScale, from, to, stream);
        CopyPage(_valueScale, from, to, stream);
    }

    private void CopyPage<TElement>(DeviceBuffer<TElement>? buffer, int from, int to, KernelStream stream)
        where TElement : unmanaged
    {
        long length = (buffer?.Length ?? 0) / Shape.Layers / Shape.Pages;
        for (int layer = 0; layer < Shape.Layers; layer++)
        {
            long first = (long)layer * Shape.Pages * length;
            buffer?.CopyWithin(first + from * length, first + to * length, length, stream);
        }
    }
}
