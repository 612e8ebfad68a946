namespace SemanticSearch;

/// <summary>What the command line asks for.</summary>
/// <param name="Sentences">file of sentences; null for those that come with this program</param>
/// <param name="Queries">queries; empty for those that come with this program</param>
/// <param name="Model">folder of the model</param>
/// <param name="Device">device to compute attention on</param>
/// <param name="Top">matches to show for a query</param>
/// <param name="Compare">whether to compare attention with plain C# at the end</param>
internal sealed record SearchOptions(
    string? Sentences, IReadOnlyList<string> Queries, string Model, string Device, int Top, bool Compare);
