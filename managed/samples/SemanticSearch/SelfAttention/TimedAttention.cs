using System.Diagnostics;

namespace SemanticSearch.SelfAttention;

/// <summary>Adds up the time that another attention takes.</summary>
/// <param name="inner">the attention that does the work</param>
internal sealed class TimedAttention(ISelfAttention inner) : ISelfAttention
{
    /// <summary>Time of all calls so far.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> qkv, Span<float> output, SelfAttentionShape shape)
    {
        var start = Stopwatch.GetTimestamp();
        inner.Forward(qkv, output, shape);
        Elapsed += Stopwatch.GetElapsedTime(start);
    }
}
