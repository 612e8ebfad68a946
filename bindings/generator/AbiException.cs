namespace Kernels.Interop.Bindings;

/// <summary>One thing in the header that the ABI forbids.</summary>
/// <param name="Line">line, from 1; 0 if there is none</param>
/// <param name="Declaration">name of the declaration, with its owner: <c>ki_tensor.rank</c></param>
/// <param name="Problem">what is wrong with it</param>
internal sealed record Violation(int Line, string Declaration, string Problem)
{
    public override string ToString() => $"line {Line}: {Declaration}: {Problem}";
}

/// <summary>The header breaks rules of the ABI.</summary>
internal sealed class AbiException(IReadOnlyList<Violation> violations)
    : Exception(string.Join(Environment.NewLine, violations.OrderBy(violation => violation.Line)))
{
    /// <summary>Every rule that is broken.</summary>
    public IReadOnlyList<Violation> Violations { get; } = violations;
}
