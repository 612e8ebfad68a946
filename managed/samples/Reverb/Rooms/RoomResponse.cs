namespace Reverb.Rooms;

/// <summary>
/// What a microphone hears of a click: the paths of the first tenths of a second one by one, and then, where they are too many to
/// tell apart, noise that fades as the room does. The same numbers in every run.
/// </summary>
internal static class RoomResponse
{
    /// <summary>Seconds that are made of single paths; by then some ten thousand a second arrive in a hall.</summary>
    private const double Early = 0.15;

    /// <summary>Seconds in which paths give way to noise.</summary>
    private const double Crossfade = 0.02;

    /// <summary>Samples on either side of a path's arrival, which falls between two samples.</summary>
    private const int HalfWidth = 32;

    /// <summary>The response at a microphone, as long as the reverberation time, with the direct sound at full scale.</summary>
    /// <param name="room">the room</param>
    /// <param name="source">where the click is, inside</param>
    /// <param name="microphone">where the microphone is, inside</param>
    /// <param name="sampleRate">samples of a second</param>
    /// <param name="seed">of the noise: another for each microphone</param>
    public static float[] Compute(ShoeboxRoom room, Vector source, Vector microphone, int sampleRate, ulong seed)
    {
        var response = new double[Math.Max((int)Math.Ceiling(room.ReverberationTime * sampleRate), 1)];
        AddPaths(room, source, microphone, sampleRate, response);
        AddTail(room, sampleRate, new NormalNumbers(seed), response);
        var loudness = 4 * Math.PI * source.DistanceTo(microphone);
        return [.. response.Select(sample => (float)(sample * loudness))];
    }

    /// <summary>Adds the paths: each arrives after distance / speed, as 1 / (4 pi distance), less what the walls took.</summary>
    internal static void AddPaths(
        ShoeboxRoom room, Vector source, Vector microphone, int sampleRate, Span<double> response)
    {
        foreach (var path in room.Paths(source, microphone, (Early + Crossfade) * ShoeboxRoom.SpeedOfSound))
        {
            var seconds = path.Distance / ShoeboxRoom.SpeedOfSound;
            var amplitude = Math.Pow(room.Reflection, path.Reflections) / (4 * Math.PI * path.Distance);
            AddClick(response, seconds * sampleRate, amplitude * Math.Cos(Math.PI / 2 * Fade(seconds)));
        }
    }

    /// <summary>
    /// Adds the noise. Paths arrive at a rate of 4 pi c^3 t^2 / V, each with the energy exp(-decay t) / (4 pi c t)^2, which makes
    /// c exp(-decay t) / (4 pi V) a second: the noise has as much.
    /// </summary>
    internal static void AddTail(ShoeboxRoom room, int sampleRate, NormalNumbers noise, Span<double> response)
    {
        var energy = ShoeboxRoom.SpeedOfSound / (4 * Math.PI * room.Volume * sampleRate);
        for (var i = (int)(Early * sampleRate); i < response.Length; i++)
        {
            var seconds = (double)i / sampleRate;
            response[i] += noise.Next() * Math.Sin(Math.PI / 2 * Fade(seconds))
                * Math.Sqrt(energy * Math.Exp(-room.EnergyDecay * seconds));
        }
    }

    /// <summary>Adds a click of limited bandwidth at a time between samples: a sinc under a window (Peterson 1986).</summary>
    internal static void AddClick(Span<double> response, double time, double amplitude)
    {
        for (var i = Math.Max((int)Math.Ceiling(time) - HalfWidth, 0); i < Math.Min(time + HalfWidth, response.Length); i++)
        {
            var x = i - time;
            var sinc = x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
            response[i] += amplitude * sinc * (0.5 + 0.5 * Math.Cos(Math.PI * x / HalfWidth));
        }
    }

    private static double Fade(double seconds) => Math.Clamp((seconds - Early) / Crossfade, 0, 1);
}

/// <summary>Normally distributed numbers that do not depend on the version of .NET.</summary>
/// <param name="seed">where they begin</param>
internal sealed class NormalNumbers(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next number (Box and Muller 1958).</summary>
    public double Next() => Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>A number from 0 up to 1 (SplitMix64, Steele et al. 2014).</summary>
    private double Uniform()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return ((z ^ z >> 31) >> 11) * Math.ScaleB(1, -53);
    }
}
