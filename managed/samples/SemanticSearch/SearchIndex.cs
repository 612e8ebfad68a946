using System.Numerics.Tensors;

namespace SemanticSearch;

/// <summary>A sentence that was found.</summary>
/// <param name="Index">which sentence</param>
/// <param name="Score">cosine of the angle between its embedding and the query's</param>
internal readonly record struct Match(int Index, float Score);

/// <summary>Finds the embeddings closest to a query's by comparing it with all of them.</summary>
/// <param name="embeddings">embeddings of length 1</param>
internal sealed class SearchIndex(IReadOnlyList<float[]> embeddings)
{
    /// <summary>The best matches, best first; among equals the earlier sentence first.</summary>
    /// <param name="query">the query's embedding, of length 1</param>
    /// <param name="count">how many are wanted; fewer if there are not as many sentences</param>
    public IReadOnlyList<Match> Search(ReadOnlySpan<float> query, int count)
    {
        var matches = new Match[embeddings.Count];
        for (var i = 0; i < matches.Length; i++)
        {
            matches[i] = new Match(i, TensorPrimitives.Dot(query, embeddings[i]));
        }

        return [.. matches.OrderByDescending(match => match.Score).Take(count)];
    }
}
