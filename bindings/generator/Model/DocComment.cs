namespace Kernels.Interop.Bindings.Model;

/// <summary>A documentation comment, taken apart. Texts keep doxygen's inline marks.</summary>
/// <param name="Paragraphs">the description; the first paragraph is the summary</param>
/// <param name="Parameters">the parameters, in the order of the comment</param>
/// <param name="Returns">what the function returns; null if the comment does not say</param>
internal sealed record DocComment(
    IReadOnlyList<string> Paragraphs, IReadOnlyList<DocParameter> Parameters, string? Returns)
{
    /// <summary>All of its text, piece by piece.</summary>
    public IEnumerable<string> Texts() =>
        Paragraphs.Concat(Parameters.Select(parameter => parameter.Text)).Append(Returns ?? "");
}

/// <summary>What a comment says of one parameter.</summary>
internal sealed record DocParameter(string Name, string Text, bool IsOutput);
