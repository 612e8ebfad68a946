using System.Text.Json;

namespace SemanticSearch.Tests;

/// <summary>What TensorFlow.js computes from the same weights.</summary>
internal static class Golden
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>Largest difference of an element of an embedding.</summary>
    public const float EmbeddingTolerance = 2e-6f;

    /// <summary>Largest difference of a score.</summary>
    public const float ScoreTolerance = 1e-5f;

    public static IReadOnlyList<Embedding> Embeddings { get; } =
        Read<EmbeddingFile>("golden-public.json").Items;

    public static SearchFile Search { get; } = Read<SearchFile>("search-public.json");

    private static T Read<T>(string name)
    {
        var path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", name);
        return JsonSerializer.Deserialize<T>(File.ReadAllText(path), Options)!;
    }

    internal sealed record EmbeddingFile(Embedding[] Items);

    /// <summary>A text, all of its tokens, and its embedding.</summary>
    internal sealed record Embedding(string Text, int[] Ids, float[] Values)
    {
        [System.Text.Json.Serialization.JsonPropertyName("embedding")]
        public float[] Values { get; init; } = Values;
    }

    internal sealed record SearchFile(Sentence[] Sentences, Query[] Queries);

    internal sealed record Sentence(string Text, int[] Ids);

    /// <summary>A query and the five sentences closest to it, best first.</summary>
    internal sealed record Query(string Text, int[] Ids, Match[] Top5);
}
