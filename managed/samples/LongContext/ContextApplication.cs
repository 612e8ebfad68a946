using System.Diagnostics;
using System.Numerics.Tensors;
using Kernels.Interop;
using LongContext.Caching;
using LongContext.Network;

namespace LongContext;

/// <summary>The program, once its command line is understood.</summary>
internal static class ContextApplication
{
    /// <summary>Largest difference of two states that rounding explains: their elements are of the order of 1.</summary>
    private const float Tolerance = 1e-4f;

    /// <summary>Reads the text in pieces and at once, and compares.</summary>
    /// <returns>the exit code: 1 if the results differ</returns>
    public static int Run(ContextOptions options, TextWriter report)
    {
        options.Check();
        var text = LongText.Read(options.Texts, options.Tokens);
        var sequences = LongText.Cut(text);
        int[] lengths = [.. sequences.Select(sequence => sequence.Length)];

        using var device = InputDevice.Open(options.Device);
        using var stream = device.CreateStream();
        report.WriteLine($"Device: {device}");
        var decoder = new Decoder(new DecoderShape(
            Layers: 2, Heads: 8, KeyValueHeads: 2, HeadDim: 64, options.Window, options.Sinks));
        var shape = decoder.Shape;
        report.WriteLine($"Text: {text.Length} tokens (bytes) in {lengths.Length} sequences of {string.Join(", ", lengths)}");
        report.WriteLine($"Decoder: {shape.Layers} layers, {shape.Heads} query and {shape.KeyValueHeads} key/value heads of "
            + $"{shape.HeadDim}, window {shape.Window}, {shape.Sinks} sinks, rotary embedding");

        // The first run is slower, because it compiles the code.
        ReadInPieces(decoder, stream, [text.AsMemory(0, Math.Min(text.Length, 256))], options, TextWriter.Null);
        var streamed = ReadInPieces(decoder, stream, sequences, options, report);
        var whole = ReadAtOnce(decoder, stream, text, lengths, report);
        ReportMemory(shape, lengths, report);
        return Compare(streamed, whole, report);
    }

    /// <summary>Reads sequences step by step over a paged cache.</summary>
    /// <returns>the states of all tokens, one sequence behind the other</returns>
    internal static float[] ReadInPieces(
        Decoder decoder, KernelStream stream, IReadOnlyList<ReadOnlyMemory<byte>> sequences, ContextOptions options,
        TextWriter report)
    {
        var width = decoder.Shape.Width;
        int[] lengths = [.. sequences.Select(sequence => sequence.Length)];
        int[] begins = [.. lengths.Select((_, s) => lengths.Take(s).Sum())];
        var done = new int[lengths.Length];
        var states = new float[lengths.Sum() * width];
        var prompts = new Phase("prompts");
        var decoding = new Phase("decoding");

        using var attention = new PagedAttention(
            decoder.Shape, stream, lengths, options.StepTokens, options.PageSize);
        foreach (var step in Schedule.Steps(lengths, options.Decoded, options.StepTokens))
        {
            int[] active = [.. Enumerable.Range(0, lengths.Length).Where(s => step.Counts[s] > 0)];
            var tokens = new List<byte>();
            foreach (var s in active)
            {
                tokens.AddRange(sequences[s].Span.Slice(done[s], step.Counts[s]));
            }

            var (start, before) = (Stopwatch.GetTimestamp(), attention.Elapsed);
            attention.Begin([.. active.Select(s => attention.Sequences[s])], [.. active.Select(s => step.Counts[s])]);
            var result = decoder.Forward(tokens.ToArray(), attention);
            (step.HasPrompt ? prompts : decoding).Add(
                step.Tokens, Stopwatch.GetElapsedTime(start), attention.Elapsed - before);

            var row = 0;
            foreach (var s in active)
            {
                var (count, first) = (step.Counts[s], begins[s] + done[s]);
                result.AsSpan(row * width, count * width).CopyTo(states.AsSpan(first * width));
                (row, done[s]) = (row + count, done[s] + count);
            }
        }

        report.WriteLine($"In pieces, over pages of {options.PageSize} tokens:");
        prompts.Report(report);
        decoding.Report(report);
        report.WriteLine($"  cache: {Megabytes(attention.CacheBytes)} for keys and values of both layers");
        return states;
    }

    private static float[] ReadAtOnce(
        Decoder decoder, KernelStream stream, byte[] text, int[] lengths, TextWriter report)
    {
        using var attention = new WholeAttention(decoder.Shape, stream, lengths);
        var start = Stopwatch.GetTimestamp();
        var states = decoder.Forward(text, attention);
        var phase = new Phase("all sequences");
        phase.Add(text.Length, Stopwatch.GetElapsedTime(start), attention.Elapsed);
        report.WriteLine("At once, in one call a layer:");
        phase.Report(report);
        return states;
    }

    private static void ReportMemory(DecoderShape shape, int[] lengths, TextWriter report) => report.WriteLine(
        $"A matrix of all scores of one layer would take {Megabytes(lengths.Sum(n => (long)n * n) * shape.Heads * sizeof(float))}");

    /// <summary>Compares states, and overwrites the first ones.</summary>
    /// <returns>the exit code: 1 if they differ by more than rounding</returns>
    internal static int Compare(float[] streamed, float[] whole, TextWriter report)
    {
        TensorPrimitives.Subtract<float>(streamed, whole, streamed);
        var difference = MathF.Abs(TensorPrimitives.MaxMagnitude<float>(streamed));
        var agree = difference <= Tolerance; // false for NaN too
        report.WriteLine($"Largest difference between the two: {difference:0.0e-0}, "
            + $"{(agree ? "within" : "NOT WITHIN")} {Tolerance:0e-0}");
        return agree ? 0 : 1;
    }

    private static string Megabytes(long bytes) => $"{bytes / 1e6:f1} MB";

    /// <summary>Tokens and times of steps of one kind.</summary>
    private sealed class Phase(string name)
    {
        private int _steps, _tokens;
        private TimeSpan _time, _attention;

        public void Add(int tokens, TimeSpan time, TimeSpan attention) =>
            (_steps, _tokens, _time, _attention) = (_steps + 1, _tokens + tokens, _time + time, _attention + attention);

        public void Report(TextWriter report)
        {
            if (_steps > 0)
            {
                report.WriteLine($"  {name}: {_tokens} tokens in {_steps} {(_steps == 1 ? "step" : "steps")}, "
                    + $"{_tokens / _time.TotalSeconds:f0} tokens/s, {_attention / _time:0%} of the time in attention");
            }
        }
    }
}
