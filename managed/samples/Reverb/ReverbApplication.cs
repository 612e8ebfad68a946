using System.Diagnostics;
using System.Numerics.Tensors;
using Kernels.Interop;
using Reverb.Audio;
using Reverb.Rooms;

namespace Reverb;

/// <summary>The program, once its command line is understood.</summary>
internal static class ReverbApplication
{
    /// <summary>Largest difference of two samples, as a part of the loudest, that rounding explains.</summary>
    private const float Tolerance = 1e-4f;

    /// <summary>The loudest sample that is written, 1 dB below full scale.</summary>
    private const float Loudest = 0.891f;

    /// <summary>Metres between the two microphones.</summary>
    private const double MicrophoneDistance = 0.2;

    /// <summary>Convolves the sound block by block and at once, compares, and writes what comes of it.</summary>
    /// <returns>the exit code: 1 if the results differ</returns>
    public static int Run(ReverbOptions options, TextWriter report)
    {
        var room = options.ToRoom();
        var clip = ReadClips(options.Inputs.Count > 0 ? options.Inputs : SpeechFolder.Files);
        var dry = clip.ToMono();
        using var device = InputDevice.Open(options.Device);
        using var stream = device.CreateStream();
        report.WriteLine($"Device: {device}");
        report.WriteLine($"Sound: {clip.Seconds:f1} s at {clip.SampleRate} Hz");

        var responses = Responses(room, clip.SampleRate);
        var taps = responses[0].Length;
        report.WriteLine($"Room: {options.Room} m, reverberation time {room.ReverberationTime} s, walls that leave "
            + $"{room.Reflection:0.0%} of the amplitude; two microphones, {taps} taps each");

        // What the room still says when the sound is over is heard too.
        Array.Resize(ref dry, checked(dry.Length + taps - 1));
        var streamed = Streamed(stream, responses, dry, options.Block, clip.SampleRate, report);
        var whole = AtOnce(stream, responses, dry, clip.SampleRate, report);
        report.WriteLine($"The formula itself has {(double)responses.Length * dry.Length * taps / 1e9:f0} billion products");
        var exitCode = Compare(streamed, whole, report);

        Normalise(streamed);
        OutputFile.Write(options.Output, WavFile.Format16(new AudioClip(clip.SampleRate, streamed)));
        report.WriteLine($"Written: {options.Output}{(options.Drawing is null ? "" : $", {options.Drawing}")}");
        if (options.Drawing is { } drawing)
        {
            OutputFile.Write(drawing, Draw(options, clip, streamed));
        }

        return exitCode;
    }

    /// <summary>Reads files one behind the other.</summary>
    /// <exception cref="InputException">One cannot be read, they do not fit together, or there is no sound in any.</exception>
    internal static AudioClip ReadClips(IReadOnlyList<string> paths)
    {
        var clips = paths.Select(path => WavFile.Parse(InputFile.Read(path, File.ReadAllBytes), path)).ToList();
        for (var i = 1; i < clips.Count; i++)
        {
            if (clips[i].SampleRate != clips[0].SampleRate)
            {
                throw new InputException($"{paths[i]} has {clips[i].SampleRate} samples a second, and {paths[0]} has "
                    + $"{clips[0].SampleRate}");
            }
        }

        float[] samples = [.. clips.SelectMany(clip => clip.ToMono())];
        return samples.Length > 0
            ? new AudioClip(clips[0].SampleRate, [samples])
            : throw new InputException($"{(paths.Count > 0 ? string.Join(", ", paths) : SpeechFolder.Path)} holds no sound");
    }

    /// <summary>The responses at two microphones side by side, of a source on the other side of the room.</summary>
    internal static float[][] Responses(ShoeboxRoom room, int sampleRate)
    {
        // Nothing stands in the middle, where echoes of many walls would arrive at once.
        Vector source = room.Size.At(0.31, 0.42, 0.38), centre = room.Size.At(0.72, 0.55, 0.29);
        var half = Math.Min(MicrophoneDistance, 0.1 * room.Size.Y) / 2;
        return
        [
            RoomResponse.Compute(room, source, centre with { Y = centre.Y - half }, sampleRate, seed: 1),
            RoomResponse.Compute(room, source, centre with { Y = centre.Y + half }, sampleRate, seed: 2),
        ];
    }

    /// <summary>Compares results.</summary>
    /// <returns>the exit code: 1 if they differ by more than rounding</returns>
    internal static int Compare(float[][] streamed, float[][] whole, TextWriter report)
    {
        var difference = new float[streamed[0].Length];
        var largest = 0f;
        for (var c = 0; c < streamed.Length; c++)
        {
            TensorPrimitives.Subtract<float>(streamed[c], whole[c], difference);
            largest = Math.Max(largest, MathF.Abs(TensorPrimitives.MaxMagnitude<float>(difference)));
        }

        var part = largest / Math.Max(AudioClip.Peak(whole), float.Epsilon);
        var agree = part <= Tolerance; // false for NaN too
        report.WriteLine($"Largest difference between the two: {part:0.0e-0} of the loudest sample, "
            + $"{(agree ? "within" : "NOT WITHIN")} {Tolerance:0e-0}");
        return agree ? 0 : 1;
    }

    private static float[][] Streamed(
        KernelStream stream, float[][] responses, float[] dry, int block, int sampleRate, TextWriter report)
    {
        block = Math.Min(block, dry.Length);
        using (var warmUp = Reverberator.ForBlocks(stream, responses, block))
        {
            // The first call is slower, because it compiles the code and finds the memory.
            warmUp.Process(dry.AsSpan(0, block), responses.Length);
        }

        var start = Stopwatch.GetTimestamp();
        using var reverberator = Reverberator.ForBlocks(stream, responses, block);
        report.WriteLine($"In blocks of {block} samples ({1000.0 * block / sampleRate:f0} ms), with a transform of "
            + $"{reverberator.Plan.FftSize} points and {reverberator.Plan.MemoryBytes / 1e6:f1} MB of plan:");
        ReportTime("setting up", Stopwatch.GetElapsedTime(start), report);
        start = Stopwatch.GetTimestamp();
        var wet = reverberator.Process(dry, responses.Length);
        ReportSpeed(Stopwatch.GetElapsedTime(start), (double)dry.Length / sampleRate, report);
        return wet;
    }

    private static float[][] AtOnce(KernelStream stream, float[][] responses, float[] dry, int sampleRate, TextWriter report)
    {
        var start = Stopwatch.GetTimestamp();
        using var reverberator = Reverberator.ForWhole(stream, responses, dry.Length);
        report.WriteLine($"At once, with a transform of {reverberator.Plan.FftSize} points:");
        ReportTime("setting up", Stopwatch.GetElapsedTime(start), report);
        start = Stopwatch.GetTimestamp();
        var wet = reverberator.Process(dry, responses.Length);
        ReportSpeed(Stopwatch.GetElapsedTime(start), (double)dry.Length / sampleRate, report);
        return wet;
    }

    private static void ReportTime(string what, TimeSpan time, TextWriter report) =>
        report.WriteLine($"  {what}: {time.TotalMilliseconds:f0} ms");

    private static void ReportSpeed(TimeSpan time, double seconds, TextWriter report) =>
        report.WriteLine($"  {seconds:f1} s of sound in {time.TotalMilliseconds:f0} ms: real-time factor "
            + $"{time.TotalSeconds / seconds:0.0000}, {seconds / time.TotalSeconds:f0} times as fast as it is heard");

    private static void Normalise(float[][] channels)
    {
        var peak = AudioClip.Peak(channels);
        foreach (var channel in channels)
        {
            TensorPrimitives.Multiply(channel, peak > 0 ? Loudest / peak : 1, channel);
        }
    }

    private static byte[] Draw(ReverbOptions options, AudioClip dry, float[][] wet) => System.Text.Encoding.UTF8.GetBytes(
        WaveformDrawing.Draw(
            $"Before and after a room of {options.Room} m with a reverberation time of {options.ReverberationTime} s",
            [("dry", dry.Channels[0]), ("wet, left", wet[0]), ("wet, right", wet[1])],
            dry.SampleRate));
}
