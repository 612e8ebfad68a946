using System.Diagnostics;
using Kernels.Interop;
using SemanticSearch.Network;
using SemanticSearch.SelfAttention;

namespace SemanticSearch;

/// <summary>The program, once its command line is understood.</summary>
internal static class SearchApplication
{
    private const int ComparisonRounds = 5;

    /// <summary>The heads of the model's second layer, over a text much longer than the model takes.</summary>
    private static readonly SelfAttentionShape ComparisonShape = new(2048, 4, 128, 1 / MathF.Sqrt(128));

    /// <summary>Embeds the sentences, answers the queries, and compares attention with plain C#.</summary>
    /// <returns>the exit code</returns>
    public static int Run(SearchOptions options)
    {
        var sentences = options.Sentences is { } path ? TextLines.FromFile(path) : TextLines.BuiltIn("sentences.txt");
        var queries = Queries(options);

        using var device = InputDevice.Open(options.Device);
        using var stream = device.CreateStream();
        var report = new ConsoleReport();
        report.Device(device.Info);
        if (sentences.BlankLines > 0)
        {
            report.Line($"{options.Sentences}: {ConsoleReport.Count(sentences.BlankLines, "blank line")} skipped");
        }

        var attention = KernelAttention.For(stream);
        Search(options, sentences.Lines, queries, attention, report);
        if (options.Compare)
        {
            Compare(device.Info, attention, report);
        }

        return 0;
    }

    private static IReadOnlyList<string> Queries(SearchOptions options)
    {
        if (options.Top < 1)
        {
            throw new InputException($"--top must be at least 1, not {options.Top}");
        }

        if (options.Queries.Any(string.IsNullOrWhiteSpace))
        {
            throw new InputException("a query must not be blank");
        }

        if (options.Queries.Count > 0)
        {
            return options.Queries;
        }

        return options.Sentences is null
            ? TextLines.BuiltIn("queries.txt").Lines
            : throw new InputException("--sentences needs at least one --query to search them for");
    }

    private static void Search(SearchOptions options, IReadOnlyList<string> sentences, IReadOnlyList<string> queries,
        ISelfAttention attention, ConsoleReport report)
    {
        var timed = new TimedAttention(attention);
        var encoder = report.Progress("Loading the model",
            progress => SentenceEncoder.Load(options.Model, timed, progress));

        // The first run is slower, because it compiles the code.
        encoder.Embed(sentences[0]);
        var warmUp = timed.Elapsed;

        var times = new List<TimeSpan>();
        var embeddings = report.Progress($"Embedding {ConsoleReport.Count(sentences.Count, "sentence")}", progress =>
        {
            var results = new List<float[]>();
            foreach (var sentence in sentences)
            {
                var start = Stopwatch.GetTimestamp();
                results.Add(encoder.Embed(sentence));
                times.Add(Stopwatch.GetElapsedTime(start));
                progress((double)results.Count / sentences.Count);
            }

            return results;
        });
        var total = times.Aggregate(TimeSpan.Zero, (sum, time) => sum + time);
        report.Line($"Embedded {ConsoleReport.Count(sentences.Count, "sentence")} in {total.TotalMilliseconds:f0} ms: "
            + $"{Statistics.Median(times).TotalMilliseconds:f2} ms each (median), "
            + $"{(timed.Elapsed - warmUp) / total:0.0%} of it in attention");

        var index = new SearchIndex(embeddings);
        foreach (var query in queries)
        {
            report.Matches(query, index.Search(encoder.Embed(query), options.Top), sentences);
        }
    }

    private static void Compare(DeviceInfo device, ISelfAttention attention, ConsoleReport report)
    {
        var threads = device.Kind == DeviceKind.Cpu ? device.Parallelism : Environment.ProcessorCount;
        var copies = device.Kind == DeviceKind.Cpu ? "" : " and copies";
        List<(string, ISelfAttention)> contestants =
        [
            ($"Kernels.Interop, {device.Name} ({device.Target}), {ConsoleReport.Parallelism(device)}{copies}", attention),
            ("plain C#, 1 thread", new PlainAttention(1)),
        ];
        if (threads > 1)
        {
            contestants.Add(($"plain C#, Parallel.For, {threads} threads", new PlainAttention(threads)));
        }

        var timings = report.Progress("Comparing attention with plain C#",
            progress => AttentionComparison.Run(contestants, ComparisonShape, ComparisonRounds, progress));
        report.Comparison(timings, ComparisonShape, ComparisonRounds);
    }
}
