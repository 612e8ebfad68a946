using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>
/// A setting with random numbers, of queries of type <typeparamref name="TQuery"/> over a cache of type <typeparamref
/// name="TKey"/>.
/// </summary>
internal sealed class CacheProblem<TQuery, TKey>
    where TQuery : unmanaged
    where TKey : unmanaged
{
    private const int Heads = 4, KeyValueHeads = 2, HeadDim = 16, ValueHeadDim = 24, Capacity = 32, SlotCount = 5;
    private const double Theta = 100;

    private readonly CacheSetting _setting;
    private readonly Rows[] _query, _newKey, _newValue;
    private readonly int[] _blockTable;

    public CacheProblem(CacheSetting setting)
    {
        _setting = setting;
        var random = new Random(2);
        int[] added = setting.New ?? new int[setting.Used.Length];
        _query = [.. setting.QueryLengths.Select(length => Rows.Random<TQuery>(random, length, Heads, HeadDim))];
        _newKey = [.. added.Select(length => Rows.Random<TQuery>(random, length, KeyValueHeads, HeadDim))];
        _newValue = [.. added.Select(length => Rows.Random<TQuery>(random, length, KeyValueHeads, ValueHeadDim))];
        KeyLengths = [.. setting.Used.Zip(added, (used, count) => used + count)];
        _blockTable = new int[IsPaged ? Batch * Capacity / setting.PageSize : 0];
        for (int i = 0; i < _blockTable.Length; i++)
        {
            _blockTable[i] = i * 7 % Pages; // a permutation: the number of pages is no multiple of 7
        }
        KeyBefore = new(RowCount, KeyValueHeads, HeadDim);
        ValueBefore = new(RowCount, KeyValueHeads, ValueHeadDim);
        for (int b = 0; b < Batch; b++)
        {
            Write(KeyBefore, b, 0, Rows.Random<TQuery>(random, setting.Used[b], KeyValueHeads, HeadDim));
            Write(ValueBefore, b, 0, Rows.Random<TQuery>(random, setting.Used[b], KeyValueHeads, ValueHeadDim));
        }
    }

    /// <summary>Keys of each sequence, the appended ones included.</summary>
    public int[] KeyLengths { get; }

    public CacheContents<TKey> KeyBefore { get; }

    public CacheContents<TKey> ValueBefore { get; }

    private int Batch => _setting.Used.Length;

    private bool IsPaged => _setting.PageSize > 0;

    private int Pages => IsPaged ? Batch * Capacity / _setting.PageSize + 1 : SlotCount;

    private int RowCount => IsPaged ? Pages * _setting.PageSize : SlotCount * Capacity;

    private long[] CacheDims => [Pages, IsPaged ? _setting.PageSize : Capacity, KeyValueHeads];

    private SequenceLayout Queries => Layout(_setting.QueryLengths);

    /// <summary>The cache after new keys and values were written to it.</summary>
    public (CacheContents<TKey> Key, CacheContents<TKey> Value) Appended()
    {
        CacheContents<TKey> key = Copy(KeyBefore, HeadDim), value = Copy(ValueBefore, ValueHeadDim);
        for (int b = 0; b < Batch; b++)
        {
            Write(key, b, _setting.Used[b], Turn(_newKey[b], _setting.Used[b]));
            Write(value, b, _setting.Used[b], _newValue[b]);
        }
        return (key, value);
    }

    /// <summary>What each sequence should give, with the cache as it is after the call.</summary>
    public AttentionExpectation[] Expected(CacheContents<TKey> key, CacheContents<TKey> value) =>
        [.. Enumerable.Range(0, Batch).Select(b =>
        {
            Rows keys = Read(key, b, HeadDim), values = Read(value, b, ValueHeadDim);
            Rows turned = Turn(_query[b], KeyLengths[b] - _query[b].Length);
            Rows rounded = turned with { Data = [.. turned.Data.Select(x => (double)Elements.Round<TQuery>((float)x))] };
            var attention = new SequenceAttention(turned, keys, values, _setting.Options) { Batch = b };
            AttentionExpectation exact = attention.Forward<TQuery>();
            AttentionExpectation naive = (attention with { Query = rounded }).Forward<TQuery>();
            return new AttentionExpectation(
                exact.Output with { Naive = naive.Output.Naive }, exact.LogSumExp with { Naive = naive.LogSumExp.Naive });
        })];

    /// <summary>Runs it; <paramref name="inWorkspace"/> in scratch memory of exactly the size that is asked for.</summary>
    public CacheResult<TQuery, TKey> Run(string device, bool inWorkspace)
    {
        using var scope = new TensorScope(device);
        KernelStream stream = scope.Stream;
        CacheContents<TKey> keyAfter = Copy(KeyBefore, HeadDim), valueAfter = Copy(ValueBefore, ValueHeadDim);
        using DeviceBuffer<TKey> key = stream.Upload<TKey>(keyAfter.Elements), value = stream.Upload<TKey>(valueAfter.Elements);
        using DeviceBuffer<float> keyScale = stream.Upload<float>(keyAfter.Scales);
        using DeviceBuffer<float> valueScale = stream.Upload<float>(valueAfter.Scales);
        SequenceLayout queries = Queries, added = Layout(_setting.New ?? []);
        bool isInt8 = CacheContents<TKey>.IsInt8, appends = _setting.New is not null, turns = _setting.RotaryDim > 0;
        using RotaryTable? rotary = turns ? new RotaryTable(stream, Capacity, _setting.RotaryDim, Theta) : null;
        var cache = new AttentionCache<TQuery>
        {
            BlockTable = IsPaged ? scope.Upload(_blockTable, Batch, Capacity / _setting.PageSize) : default,
            CacheSlots = _setting.Slots is { } slots ? scope.Upload(slots, Batch) : default,
            KeyScale = isInt8 ? new DeviceTensor<float>(keyScale, CacheDims) : default,
            ValueScale = isInt8 ? new DeviceTensor<float>(valueScale, CacheDims) : default,
            NewKey = appends ? scope.Upload(added.Place<TQuery>(_newKey), added.Dims(KeyValueHeads, HeadDim)) : default,
            NewValue = appends ? scope.Upload(added.Place<TQuery>(_newValue), added.Dims(KeyValueHeads, ValueHeadDim)) : default,
            CuSeqlensNew = appends && IsRagged(_setting.New!) ? scope.Upload(added.Offsets, Batch + 1) : default,
            RotaryCos = rotary?.Cos ?? default,
            RotarySin = rotary?.Sin ?? default,
            RotaryInterleaved = _setting.RotaryInterleaved,
        };
        var inputs = new AttentionInputs
        {
            CuSeqlensQ = IsRagged(_setting.QueryLengths) ? scope.Upload(queries.Offsets, Batch + 1) : default,
            SeqUsedK = scope.Upload(_setting.Used, Batch),
        };
        var output = scope.Output<TQuery>(queries.Dims(Heads, ValueHeadDim));
        var logsumexp = scope.Output<float>(queries.LogSumExpDims(Heads));
        DeviceTensor<TQuery> q = scope.Upload(queries.Place<TQuery>(_query), queries.Dims(Heads, HeadDim));
        var k = new DeviceTensor<TKey>(key, [.. CacheDims, HeadDim]);
        var v = new DeviceTensor<TKey>(value, [.. CacheDims, ValueHeadDim]);
        using DeviceBuffer<byte>? workspace = inWorkspace
            ? stream.Device.Allocate<byte>(Attention.ForwardWorkspaceBytes(
                stream.Device, q, k, v, output.Tensor, cache, inputs, _setting.Options, logsumexp.Tensor))
            : null;
        Attention.Forward(stream, q, k, v, output.Tensor, cache, inputs, _setting.Options, logsumexp.Tensor, workspace);
        key.CopyTo(keyAfter.Elements, stream);
        value.CopyTo(valueAfter.Elements, stream);
        keyScale.CopyTo(keyAfter.Scales, stream);
        valueScale.CopyTo(valueAfter.Scales, stream);
        TQuery[] o = output.Memory.ToArray(stream);
        float[] lse = logsumexp.Memory.ToArray(stream);
        return new(
            [.. Enumerable.Range(0, Batch).Select(b => queries.Take(o, b, Heads * ValueHeadDim))],
            [.. Enumerable.Range(0, Batch).Select(b => queries.TakeLogSumExp(lse, b, Heads))],
            keyAfter,
            valueAfter);
    }

    private Rows Turn(Rows rows, int firstPosition) =>
        rows.Turned(firstPosition, _setting.RotaryDim, Theta, _setting.RotaryInterleaved);

    private int Row(int b, int j) => IsPaged
        ? _blockTable[b * (Capacity / _setting.PageSize) + j / _setting.PageSize] * _setting.PageSize + j % _setting.PageSize
        : (_setting.Slots?[b] ?? b) * Capacity + j;

    private void Write(CacheContents<TKey> contents, int b, int first, Rows rows)
    {
        for (int j = 0; j < rows.Length; j++)
        {
            for (int h = 0; h < rows.Heads; h++)
            {
                contents.Write(Row(b, first + j), h, rows[j, h]);
            }
        }
    }

    private Rows Read(CacheContents<TKey> contents, int b, int width)
    {
        var rows = new Rows(KeyLengths[b], KeyValueHeads, width);
        for (int j = 0; j < rows.Length; j++)
        {
            for (int h = 0; h < rows.Heads; h++)
            {
                contents.Read(Row(b, j), h, rows[j, h]);
            }
        }
        return rows;
    }

    private CacheContents<TKey> Copy(CacheContents<TKey> contents, int width)
    {
        var copy = new CacheContents<TKey>(RowCount, KeyValueHeads, width);
        contents.Elements.CopyTo(copy.Elements, 0);
        contents.Scales.CopyTo(copy.Scales, 0);
        return copy;
    }

    private static bool IsRagged(int[] lengths) => lengths.Distinct().Count() > 1;

    private static SequenceLayout Layout(int[] lengths) => lengths.Length == 0 || IsRagged(lengths)
        ? SequenceLayout.Packed(lengths)
        : SequenceLayout.Padded(lengths, lengths[0]);
}

/// <summary>What a device has written: output and logsumexp by sequence, and the cache.</summary>
internal sealed record CacheResult<TQuery, TKey>(
    TQuery[][] Output, float[][] LogSumExp, CacheContents<TKey> Key, CacheContents<TKey> Value)
    where TQuery : unmanaged
    where TKey : unmanaged;
