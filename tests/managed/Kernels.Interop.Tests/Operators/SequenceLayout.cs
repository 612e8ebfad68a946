using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>
/// Where sequences of their own lengths lie in one tensor: packed, or each in a batch entry that may be longer.
/// </summary>
internal sealed class SequenceLayout
{
    private readonly int[] _lengths;
    private readonly int _capacity; // of a batch entry; 0 if packed

    private SequenceLayout(int[] lengths, int capacity)
    {
        (_lengths, _capacity) = (lengths, capacity);
        Offsets = new int[lengths.Length + 1];
        for (int b = 0; b < lengths.Length; b++)
        {
            Offsets[b + 1] = Offsets[b] + lengths[b];
        }
    }

    /// <summary>Begins of the sequences, and the end of the last one.</summary>
    public int[] Offsets { get; }

    private bool IsPacked => _capacity == 0;

    private int Total => IsPacked ? Offsets[^1] : _lengths.Length * _capacity;

    public static SequenceLayout Packed(int[] lengths) => new(lengths, 0);

    public static SequenceLayout Padded(int[] lengths, int capacity) => new(lengths, capacity);

    public long[] Dims(int heads, int width) =>
        IsPacked ? [Total, heads, width] : [_lengths.Length, _capacity, heads, width];

    public long[] LogSumExpDims(int heads) => IsPacked ? [heads, Total] : [_lengths.Length, heads, _capacity];

    /// <summary>The tensor's memory; what belongs to no sequence is NaN.</summary>
    public T[] Place<T>(Rows[] sequences)
        where T : unmanaged
    {
        int rowLength = sequences[0].Heads * sequences[0].Width;
        T[] memory = Empty<T>(rowLength);
        for (int b = 0; b < sequences.Length; b++)
        {
            for (int i = 0; i < sequences[b].Data.Length; i++)
            {
                memory[First(b) * rowLength + i] = Elements.FromDouble<T>(sequences[b].Data[i]);
            }
        }
        return memory;
    }

    /// <summary>Memory of a tensor with rows of a length, full of NaN.</summary>
    public T[] Empty<T>(int rowLength)
        where T : unmanaged
    {
        var memory = new T[Total * rowLength];
        Array.Fill(memory, Elements.FromDouble<T>(double.NaN));
        return memory;
    }

    /// <summary>One sequence's rows.</summary>
    public T[] Take<T>(T[] memory, int b, int rowLength) =>
        memory.AsSpan(First(b) * rowLength, _lengths[b] * rowLength).ToArray();

    /// <summary>One sequence's logsumexp, as [heads, length].</summary>
    public float[] TakeLogSumExp(float[] memory, int b, int heads)
    {
        IEnumerable<float> taken =
            from h in Enumerable.Range(0, heads)
            from i in Enumerable.Range(0, _lengths[b])
            select memory[IsPacked ? h * Total + First(b) + i : (b * heads + h) * _capacity + i];
        return [.. taken];
    }

    private int First(int b) => IsPacked ? Offsets[b] : b * _capacity;
}
