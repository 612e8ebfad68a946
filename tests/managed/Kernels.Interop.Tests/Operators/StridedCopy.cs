using System.Numerics.Tensors;
using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>A [batch, length, head, width] tensor in memory of another order, with NaN between its rows.</summary>
internal sealed class StridedCopy<T>
    where T : unmanaged
{
    private readonly long[] _dims;

    private StridedCopy(long[] dims, long[] strides, T[] memory) => (_dims, Strides, Memory) = (dims, strides, memory);

    public T[] Memory { get; }

    public long[] Strides { get; }

    /// <summary>The tensor; the base library wants stride 0 where there is no neighbour.</summary>
    public TensorSpan<T> View => new(
        Memory,
        [.. _dims.Select(length => (nint)length)],
        [.. Strides.Select((stride, i) => _dims[i] <= 1 ? 0 : (nint)stride)]);

    /// <summary>Whether every element that belongs to no row is still NaN.</summary>
    public bool GapsAreNaN
    {
        get
        {
            var inside = new bool[Memory.Length];
            ForEach((memory, _) => inside[memory] = true);
            return !Memory.Where((element, i) => !inside[i] && !double.IsNaN(Elements.ToDouble(element))).Any();
        }
    }

    /// <summary>Copies a contiguous tensor.</summary>
    /// <param name="contiguous">Its elements.</param>
    /// <param name="dims">[batch, length, heads, width].</param>
    /// <param name="order">The letters b, l and h, outermost first.</param>
    /// <param name="gap">Elements left out behind each row.</param>
    public static StridedCopy<T> Of(T[] contiguous, long[] dims, string order, int gap)
    {
        var strides = new long[4];
        strides[3] = 1;
        long size = dims[3] + gap;
        foreach (char letter in order.Reverse())
        {
            int dimension = "blh".IndexOf(letter, StringComparison.Ordinal);
            strides[dimension] = size;
            size *= dims[dimension];
        }
        var memory = new T[size];
        Array.Fill(memory, Elements.FromDouble<T>(double.NaN));
        var copy = new StridedCopy<T>(dims, strides, memory);
        copy.ForEach((there, here) => memory[there] = contiguous[here]);
        return copy;
    }

    public T[] ToContiguous()
    {
        var contiguous = new T[_dims.Aggregate(1L, (a, b) => a * b)];
        ForEach((there, here) => contiguous[here] = Memory[there]);
        return contiguous;
    }

    /// <summary>Calls with the place of each element in this memory and in contiguous memory.</summary>
    private void ForEach(Action<long, long> visit)
    {
        long here = 0;
        for (long b = 0; b < _dims[0]; b++)
        {
            for (long l = 0; l < _dims[1]; l++)
            {
                for (long h = 0; h < _dims[2]; h++)
                {
                    for (long c = 0; c < _dims[3]; c++)
                    {
                        visit(b * Strides[0] + l * Strides[1] + h * Strides[2] + c, here++);
                    }
                }
            }
        }
    }
}
