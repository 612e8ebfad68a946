using System.Diagnostics;
using System.Numerics.Tensors;
using SemanticSearch.SelfAttention;

namespace SemanticSearch;

/// <summary>One way to compute attention, timed.</summary>
/// <param name="Label">what it is</param>
/// <param name="Best">its shortest time</param>
/// <param name="Median">its median time</param>
/// <param name="MaxDifference">largest absolute difference of its result from the first contestant's</param>
internal sealed record AttentionTiming(string Label, TimeSpan Best, TimeSpan Median, float MaxDifference);

/// <summary>Times several ways to compute the same attention, in turns: all see the same state of the machine.</summary>
internal static class AttentionComparison
{
    /// <summary>Runs the comparison.</summary>
    /// <param name="contestants">the ways and what they are called; the first is the one to agree with</param>
    /// <param name="shape">the problem; its numbers are drawn from a normal distribution</param>
    /// <param name="rounds">how often each is timed, after one run that is not</param>
    /// <param name="progress">told how much is done, from 0 to 1</param>
    public static IReadOnlyList<AttentionTiming> Run(
        IReadOnlyList<(string Label, ISelfAttention Attention)> contestants, SelfAttentionShape shape, int rounds, Action<double>? progress = null)
    {
        var qkv = NormalNumbers(shape.QkvLength);
        var outputs = contestants.Select(_ => new float[shape.OutputLength]).ToArray();
        var times = contestants.Select(_ => new List<TimeSpan>()).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < contestants.Count; i++)
            {
                var start = Stopwatch.GetTimestamp();
                contestants[i].Attention.Forward(qkv, outputs[i], shape);
                if (round > 0)
                {
                    times[i].Add(Stopwatch.GetElapsedTime(start));
                }

                progress?.Invoke((round * contestants.Count + i + 1.0) / ((rounds + 1) * contestants.Count));
            }
        }

        return [.. contestants.Select((contestant, i) => new AttentionTiming(
            contestant.Label, times[i].Min(), Statistics.Median(times[i]), MaxDifference(outputs[0], outputs[i])))];
    }

    private static float MaxDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var difference = new float[a.Length];
        TensorPrimitives.Subtract(a, b, difference);
        return MathF.Abs(TensorPrimitives.MaxMagnitude<float>(difference));
    }

    private static float[] NormalNumbers(int count)
    {
        var random = new Random(2048);
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
        {
            // Box and Muller's transform of two uniform numbers.
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            numbers[i] = (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return numbers;
    }
}
