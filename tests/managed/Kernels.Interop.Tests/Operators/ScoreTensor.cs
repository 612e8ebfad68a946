namespace Kernels.Interop.Tests.Operators;

/// <summary>A bias or a mask: [batch or 1, heads or 1, queries or 1, keys], indexed by places within each sequence.</summary>
internal sealed class ScoreTensor<T>
{
    private const int Heads = 4;

    /// <param name="lengths">Lengths along batch, heads and queries, each of them all (-1) or 1; null: there is none.</param>
    /// <param name="queryLengths">Lengths of the sequences.</param>
    /// <param name="keys">Length along the keys.</param>
    /// <param name="next">Gives the elements.</param>
    public ScoreTensor((int Batch, int Heads, int Queries)? lengths, int[] queryLengths, int keys, Func<T> next)
    {
        if (lengths is not var (batch, heads, queries))
        {
            return;
        }
        Dims = [batch == 1 ? 1 : queryLengths.Length, heads == 1 ? 1 : Heads, queries == 1 ? 1 : queryLengths.Max(), keys];
        Elements = [.. Enumerable.Range(0, (int)Dims.Aggregate(1L, (a, b) => a * b)).Select(_ => next())];
    }

    public bool IsPresent => Dims.Length > 0;

    public long[] Dims { get; } = [];

    public T[] Elements { get; } = [];

    public T this[int b, int h, int i, int j] => Elements[Place(b, h, i, j)];

    public int Place(int b, int h, int i, int j) =>
        (int)(((b % Dims[0] * Dims[1] + h % Dims[1]) * Dims[2] + i % Dims[2]) * Dims[3] + j);
}
