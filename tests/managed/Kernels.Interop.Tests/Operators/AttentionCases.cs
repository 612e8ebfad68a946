namespace Kernels.Interop.Tests.Operators;

/// <summary>The one table of cases that every overload and every element type must pass.</summary>
internal static class AttentionCases
{
    private static readonly int[] HeadDims = [1, 7, 8, 40, 64, 128, 256];
    private static readonly (int D, int Dv)[] DifferentHeadDims = [(1, 256), (7, 8), (40, 64), (64, 40), (128, 7), (256, 1)];
    private static readonly int[] Lengths = [0, 1, 13, 127, 129];
    private static readonly (int Query, int KeyValue)[] Groups = [(3, 1), (4, 2), (5, 1), (7, 7), (16, 1)];
    private static readonly int[] GroupQueries = [1, 9];
    private static readonly float[] Scales = [0, -0.25f, 2];
    private static readonly bool[] Causal = [false, true];

    public static IEnumerable<AttentionCase> All =>
        [.. OfHeadDims(), .. OfDifferentHeadDims(), .. OfLengths(), .. OfGroups(), .. OfScales()];

    private static IEnumerable<AttentionCase> OfHeadDims() =>
        from d in HeadDims
        from causal in Causal
        select new AttentionCase(new AttentionShape(1, 13, 29, 2, 1, d, d), new AttentionOptions { Causal = causal });

    private static IEnumerable<AttentionCase> OfDifferentHeadDims() =>
        from dims in DifferentHeadDims
        select new AttentionCase(new AttentionShape(2, 5, 17, 2, 2, dims.D, dims.Dv));

    private static IEnumerable<AttentionCase> OfLengths() =>
        from lq in Lengths
        from lk in Lengths
        from causal in Causal
        select new AttentionCase(new AttentionShape(1, lq, lk, 1, 1, 40, 24), new AttentionOptions { Causal = causal });

    private static IEnumerable<AttentionCase> OfGroups() =>
        from heads in Groups
        from lq in GroupQueries
        select new AttentionCase(
            new AttentionShape(2, lq, 21, heads.Query, heads.KeyValue, 16, 16), new AttentionOptions { Causal = true });

    private static IEnumerable<AttentionCase> OfScales() =>
        from scale in Scales
        select new AttentionCase(new AttentionShape(1, 6, 11, 2, 2, 32, 32), new AttentionOptions { Scale = scale });
}
