namespace Kernels.Interop.Tests.Reference;

/// <summary>What a tensor should be, and what its tolerance is derived from.</summary>
/// <param name="Values">The reference, in double precision.</param>
/// <param name="Naive">The formula with every elementary result rounded to the storage type, and sums in float.</param>
/// <param name="Terms">The formula over absolute values.</param>
internal sealed record Expectation(double[] Values, double[] Naive, double[] Terms)
{
    public Expectation(int length)
        : this(new double[length], new double[length], new double[length]) { }
}

/// <summary>What attention should write.</summary>
internal sealed record AttentionExpectation(Expectation Output, Expectation LogSumExp)
{
    public AttentionExpectation(int outputLength, int logsumexpLength)
        : this(new Expectation(outputLength), new Expectation(logsumexpLength)) { }
}
