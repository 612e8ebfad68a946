namespace Kernels.Interop;

/// <summary>
/// Masks of draft tokens that are a tree, which one call of attention verifies at once (SpecInfer, Miao et al. 2023, section 4).
/// </summary>
public static class TreeMask
{
    /// <summary>The mask of a tree, for <see cref="AttentionInputs.TreeMask"/>.</summary>
    /// <param name="parents">
    /// [n]: each token's parent, which comes before it; -1 for a token that follows the text itself.
    /// </param>
    /// <returns>[n, n]: true in row t at token t itself and its ancestors.</returns>
    /// <exception cref="ArgumentException">A parent does not come before its child.</exception>
    public static bool[] FromParents(ReadOnlySpan<int> parents)
    {
        var mask = new bool[checked(parents.Length * parents.Length)];
        Fill(parents, mask);
        return mask;
    }

    /// <summary>Writes the mask of a tree.</summary>
    /// <param name="parents">
    /// [n]: each token's parent, which comes before it; -1 for a token that follows the text itself.
    /// </param>
    /// <param name="mask">[n, n], written.</param>
    /// <exception cref="ArgumentException">A parent does not come before its child, or the mask has another size.</exception>
    public static void Fill(ReadOnlySpan<int> parents, Span<bool> mask)
    {
        int n = parents.Length;
        if (mask.Length != (long)n * n)
        {
            throw new ArgumentException(
                $"The mask has {mask.Length} elements; a tree of {n} tokens needs {(long)n * n}.", nameof(mask));
        }
        for (int t = 0; t < n; t++)
        {
            int parent = parents[t];
            if (parent < -1 || parent >= t)
            {
                throw new ArgumentException(
                    $"The parent of token {t} is {parent}; it must be an earlier token, or -1.", nameof(parents));
            }
            Span<bool> row = mask.Slice(t * n, n);
            row.Clear();
            if (parent >= 0)
            {
                mask.Slice(parent * n, n).CopyTo(row);
            }
            row[t] = true;
        }
    }
}
