namespace SemanticSearch;

/// <summary>Statistics of measured times.</summary>
internal static class Statistics
{
    /// <summary>The median; the upper of the two middle ones if there are two.</summary>
    public static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return sorted[sorted.Length / 2];
    }
}
