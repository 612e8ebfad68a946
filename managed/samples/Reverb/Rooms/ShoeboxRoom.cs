namespace Reverb.Rooms;

/// <summary>A place or a size in metres.</summary>
internal readonly record struct Vector(double X, double Y, double Z)
{
    /// <summary>Distance of two places.</summary>
    public double DistanceTo(Vector other)
    {
        var (x, y, z) = (X - other.X, Y - other.Y, Z - other.Z);
        return Math.Sqrt(x * x + y * y + z * z);
    }

    /// <summary>The place inside a room of this size that is so far along each axis, as parts of 1.</summary>
    public Vector At(double x, double y, double z) => new(X * x, Y * y, Z * z);
}

/// <summary>One path of sound from a source to a microphone, by way of some walls.</summary>
/// <param name="Distance">metres</param>
/// <param name="Reflections">walls on the way</param>
internal readonly record struct SoundPath(double Distance, int Reflections);

/// <summary>A room of six walls that all reflect alike.</summary>
/// <param name="Size">metres along each axis; one corner is at zero</param>
/// <param name="ReverberationTime">seconds until sound has lost 60 dB</param>
internal sealed record ShoeboxRoom(Vector Size, double ReverberationTime)
{
    /// <summary>Metres that sound travels in a second, at 20 degrees.</summary>
    public const double SpeedOfSound = 343;

    /// <summary>Cubic metres.</summary>
    public double Volume => Size.X * Size.Y * Size.Z;

    /// <summary>Square metres of wall.</summary>
    public double Surface => 2 * (Size.X * Size.Y + Size.Y * Size.Z + Size.Z * Size.X);

    /// <summary>Decrease of sound's energy in a second, as the exponent of e.</summary>
    public double EnergyDecay => 6 * Math.Log(10) / ReverberationTime;

    /// <summary>
    /// Part of the sound's amplitude that a wall leaves. Sound meets a wall each 4 V / S metres on average, and energy is the
    /// square of the amplitude (Eyring 1930), which gives the reverberation time.
    /// </summary>
    public double Reflection => Math.Exp(-EnergyDecay / 2 * 4 * Volume / (Surface * SpeedOfSound));

    /// <summary>
    /// All paths from a source to a microphone up to a distance, by mirror images of the source (Allen and Berkley 1979): along
    /// each axis, the image (u, n) stands at (1 - 2u) source + 2 n size, behind |n - u| + |n| walls.
    /// </summary>
    /// <param name="source">where sound comes from</param>
    /// <param name="microphone">where it goes to</param>
    /// <param name="farthest">metres</param>
    public IEnumerable<SoundPath> Paths(Vector source, Vector microphone, double farthest)
    {
        var zs = Images(source.Z, microphone.Z, Size.Z, farthest);
        var ys = Images(source.Y, microphone.Y, Size.Y, farthest);
        foreach (var (x, wallsX) in Images(source.X, microphone.X, Size.X, farthest))
        {
            foreach (var (y, wallsY) in ys)
            {
                foreach (var (z, wallsZ) in zs)
                {
                    var distance = Math.Sqrt(x * x + y * y + z * z);
                    if (distance <= farthest)
                    {
                        yield return new SoundPath(distance, wallsX + wallsY + wallsZ);
                    }
                }
            }
        }
    }

    /// <summary>Whether a place is inside.</summary>
    public bool Contains(Vector place) =>
        place.X > 0 && place.X < Size.X && place.Y > 0 && place.Y < Size.Y && place.Z > 0 && place.Z < Size.Z;

    /// <summary>Images along one axis that are near enough: how far they are from the microphone, and their walls.</summary>
    private static List<(double Offset, int Walls)> Images(double source, double microphone, double size, double farthest)
    {
        var images = new List<(double, int)>();
        var most = (int)Math.Ceiling(farthest / (2 * size)) + 1;
        for (var n = -most; n <= most; n++)
        {
            for (var u = 0; u <= 1; u++)
            {
                var offset = (1 - 2 * u) * source + 2 * n * size - microphone;
                if (Math.Abs(offset) <= farthest)
                {
                    images.Add((offset, Math.Abs(n - u) + Math.Abs(n)));
                }
            }
        }

        return images;
    }
}
