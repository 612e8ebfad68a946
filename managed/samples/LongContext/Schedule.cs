namespace LongContext;

/// <summary>One step: how many tokens each sequence gets.</summary>
/// <param name="Counts">tokens of each sequence, 0 for those that wait</param>
/// <param name="HasPrompt">whether a prompt is read, rather than single tokens only</param>
internal sealed record Step(IReadOnlyList<int> Counts, bool HasPrompt)
{
    /// <summary>All tokens of the step.</summary>
    public int Tokens => Counts.Sum();
}

/// <summary>
/// What is read when. A step has a budget of tokens: sequences whose prompt is read get one token each, and prompts, cut where
/// the budget ends, fill the rest (SplitFuse, DeepSpeed-FastGen 2024, section 3).
/// </summary>
internal static class Schedule
{
    /// <summary>The steps that read sequences to their ends.</summary>
    /// <param name="lengths">lengths of the sequences</param>
    /// <param name="decoded">tokens at the end of each sequence that come one by one</param>
    /// <param name="budget">tokens of a step</param>
    public static IEnumerable<Step> Steps(IReadOnlyList<int> lengths, int decoded, int budget)
    {
        var done = new int[lengths.Count];
        int[] prompts = [.. lengths.Select(length => Math.Max(length - decoded, 0))];
        while (Enumerable.Range(0, done.Length).Any(s => done[s] < lengths[s]))
        {
            var counts = new int[done.Length];
            var left = budget;
            for (var s = 0; s < done.Length && left > 0; s++)
            {
                if (done[s] >= prompts[s] && done[s] < lengths[s])
                {
                    (counts[s], left) = (1, left - 1);
                }
            }

            var hasPrompt = false;
            for (var s = 0; s < done.Length && left > 0; s++)
            {
                if (done[s] < prompts[s])
                {
                    counts[s] = Math.Min(left, prompts[s] - done[s]);
                    left -= counts[s];
                    hasPrompt = true;
                }
            }

            for (var s = 0; s < done.Length; s++)
            {
                done[s] += counts[s];
            }

            yield return new Step(counts, hasPrompt);
        }
    }
}
