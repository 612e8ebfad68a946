using Kernels.Interop;
using SemanticSearch.SelfAttention;
using Spectre.Console;

namespace SemanticSearch;

/// <summary>What this program prints: tables and progress bars on a terminal, the same as plain lines elsewhere.</summary>
internal sealed class ConsoleReport
{
    private readonly IAnsiConsole _console = AnsiConsole.Console;
    private readonly bool _terminal = !Console.IsOutputRedirected;

    public ConsoleReport()
    {
        if (!_terminal)
        {
            // A file has no colours, and no width at which to break lines.
            _console.Profile.Capabilities.Ansi = false;
            _console.Profile.Width = 1000;
        }
    }

    /// <summary>Prints a line.</summary>
    public void Line(string text = "") => _console.WriteLine(text);

    /// <summary>Does something that may take a while and shows how far it is.</summary>
    /// <param name="label">what it is</param>
    /// <param name="work">the work, which tells how much is done, from 0 to 1</param>
    public T Progress<T>(string label, Func<Action<double>, T> work)
    {
        if (!_terminal)
        {
            Line($"{label} ...");
            return work(_ => { });
        }

        return _console.Progress().AutoClear(true).Start(context =>
        {
            var task = context.AddTask(Markup.Escape(label), maxValue: 1);
            return work(done => task.Value = done);
        });
    }

    /// <summary>Prints the device and why it was chosen.</summary>
    public void Device(DeviceInfo device)
    {
        Line($"Device: {device.Name} ({device.Target}), {device.Model}, {Parallelism(device)}");
        Line($"Chosen: {device.Reason}");
    }

    /// <summary>Prints the best matches of a query.</summary>
    public void Matches(string query, IReadOnlyList<Match> matches, IReadOnlyList<string> sentences)
    {
        _console.WriteLine();
        _console.MarkupLineInterpolated($"[bold]{query}[/]");
        foreach (var match in matches)
        {
            _console.MarkupLineInterpolated($"  [green]{match.Score:f3}[/]  {sentences[match.Index]}");
        }
    }

    /// <summary>Prints the comparison of attention with plain C#.</summary>
    public void Comparison(IReadOnlyList<AttentionTiming> timings, SelfAttentionShape shape, int rounds)
    {
        Line();
        Line($"Attention alone: {shape.Heads} heads x {shape.HeadDim}, {shape.Tokens} tokens, float32, "
            + $"best and median of {rounds} alternations");
        Line("Plain C# is the same formula over TensorPrimitives; differences are the largest from the first result.");
        var table = new Table().Border(TableBorder.Simple).AddColumn("");
        foreach (var title in (string[])["best ms", "median ms", "GFLOP/s", "x best", "difference"])
        {
            table.AddColumn(new TableColumn(title).RightAligned());
        }

        foreach (var timing in timings)
        {
            table.AddRow(
                new Text(timing.Label),
                new Text($"{timing.Best.TotalMilliseconds:f1}"),
                new Text($"{timing.Median.TotalMilliseconds:f1}"),
                new Text($"{shape.FloatingPointOperations / timing.Best.TotalSeconds / 1e9:f1}"),
                new Text($"{timing.Best / timings[0].Best:f1}"),
                new Text(timing == timings[0] ? "" : $"{timing.MaxDifference:0.0e-0}"));
        }

        _console.Write(table);
    }

    /// <summary>How much of a device works on one call.</summary>
    public static string Parallelism(DeviceInfo device) => device.Kind == DeviceKind.Cpu
        ? Count(device.Parallelism, "thread")
        : Count(device.Parallelism, "multiprocessor");

    /// <summary>A number of things, such as "1 thread" or "2 threads".</summary>
    public static string Count(int number, string thing) => $"{number} {thing}{(number == 1 ? "" : "s")}";
}
