using Reverb.Rooms;

namespace Reverb.Tests;

/// <summary>Rooms do what can be worked out by hand.</summary>
[TestFixture]
internal sealed class RoomTests
{
    private static readonly ShoeboxRoom Small = new(new Vector(4, 3, 2), 0.5);

    private static readonly ShoeboxRoom Hall = new(new Vector(18, 11, 6), 3);

    private static readonly Vector HallSource = new(5.58, 4.62, 2.28), HallMicrophone = new(12.96, 6.05, 1.74);

    [Test]
    public void FirstPathsAreTheMirrorImagesOfTheWalls()
    {
        // Source (1, 1, 1), microphone (3, 1, 1): images stand at x = -1 and 7, y = -1 and 5, z = -1 and 3.
        SoundPath[] expected =
        [
            new(2, 0), new(4, 1), new(4, 1), new(Math.Sqrt(8), 1), new(Math.Sqrt(4 + 16), 1), new(Math.Sqrt(8), 1), new(Math.Sqrt(8), 1),
        ];
        var paths = Small.Paths(new Vector(1, 1, 1), new Vector(3, 1, 1), 10).Where(path => path.Reflections <= 1);
        AssertSame(paths, expected);
    }

    [Test]
    public void PathsOfACorridorMeetItsEndsInTurn()
    {
        // Walls at the sides are too far to matter: images stand at x = 3 + 10 n and -3 + 10 n, behind so many walls.
        var corridor = new ShoeboxRoom(new Vector(5, 1000, 1000), 1);
        SoundPath[] expected =
        [
            new(1, 0), // 3
            new(5, 1), // -3
            new(5, 1), // 7
            new(9, 2), // -7
            new(11, 2), // 13
            new(15, 3), // -13
            new(15, 3), // 17
            new(19, 4), // -17
        ];
        AssertSame(corridor.Paths(new Vector(3, 500, 500), new Vector(2, 500, 500), 20), expected);
    }

    [Test]
    public void SourceAndMicrophoneMayChangePlaces() => AssertSame(
        Hall.Paths(HallSource, HallMicrophone, 40), [.. Hall.Paths(HallMicrophone, HallSource, 40)]);

    [Test]
    public void PathsAreAsManyAsTheRoomsThatTheirSphereHolds()
    {
        const double Farthest = 60;
        var expected = 4 * Math.PI / 3 * Math.Pow(Farthest, 3) / Hall.Volume;
        Assert.That(Hall.Paths(HallSource, HallMicrophone, Farthest).Count(), Is.EqualTo(expected).Within(0.02 * expected));
    }

    [Test]
    public void WallsGiveTheReverberationTime()
    {
        // Sound meets a wall of the hall each 4 * 1188 / 744 = 6.387 m: 161 times in 3 s, which together leave a thousandth.
        Assert.That(Hall.Reflection, Is.EqualTo(Math.Pow(1e-3, 1 / (343 * 3 * 744 / (4 * 1188.0)))).Within(1e-12));
    }

    [Test]
    public void ClickAtASampleIsThatSample()
    {
        var response = new double[100];
        RoomResponse.AddClick(response, 50, 0.5);
        Assert.That(response[50], Is.EqualTo(0.5));
        response[50] = 0;
        Assert.That(response, Has.All.EqualTo(0.0).Within(1e-15));
    }

    [TestCase(50.25)]
    [TestCase(50.5)]
    [TestCase(98.9)]
    public void ClickBetweenSamplesDelaysAWave(double time)
    {
        var response = new double[200];
        RoomResponse.AddClick(response, time, 2);
        const double Frequency = 0.1; // of a wave, in periods a sample
        double real = 0, imaginary = 0;
        for (var i = 0; i < response.Length; i++)
        {
            real += response[i] * Math.Cos(2 * Math.PI * Frequency * (i - time));
            imaginary -= response[i] * Math.Sin(2 * Math.PI * Frequency * (i - time));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(real, Is.EqualTo(2).Within(2e-3));
            Assert.That(imaginary, Is.Zero.Within(2e-3));
        }
    }

    [TestCase(0.3)]
    [TestCase(199.8)]
    [TestCase(1000.0)]
    public void ClickAtAnEndIsCutThere(double time)
    {
        double[] whole = new double[1500], part = new double[200];
        RoomResponse.AddClick(whole, time, 2);
        RoomResponse.AddClick(part, time, 2);
        Assert.That(part, Is.EqualTo(whole[..200]));
    }

    [Test]
    public void DirectSoundComesFirstAndAtFullScale()
    {
        // 3.43 m are 480 samples of 48 kHz.
        var response = RoomResponse.Compute(Hall, new Vector(5, 5, 3), new Vector(8.43, 5, 3), 48000, seed: 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(response, Has.Length.EqualTo(3 * 48000));
            Assert.That(response[480], Is.EqualTo(1).Within(1e-6));
            Assert.That(response[..447], Has.All.Zero);
        }
    }

    [Test]
    public void PathsAndNoiseHaveTheSameEnergy()
    {
        const int Rate = 16000;
        double[] paths = new double[Rate], noise = new double[Rate];
        RoomResponse.AddPaths(Hall, HallSource, HallMicrophone, Rate, paths);
        RoomResponse.AddTail(Hall, Rate, new NormalNumbers(1), noise);

        // Just before and just after the one gives way to the other, less what the room swallows between: 60 dB in 3 s.
        double before = Energy(paths, 0.09, 0.15), after = Energy(noise, 0.17, 0.23) * Math.Exp(Hall.EnergyDecay * 0.08);
        Assert.That(10 * Math.Log10(before / after), Is.EqualTo(0).Within(2), "dB");

        static double Energy(double[] samples, double from, double to) =>
            samples[(int)(from * Rate)..(int)(to * Rate)].Sum(sample => sample * sample);
    }

    [TestCase(1.0)]
    [TestCase(3.0)]
    public void SoundFadesInTheReverberationTime(double seconds)
    {
        const int Rate = 8000;
        var room = Hall with { ReverberationTime = seconds };
        var response = RoomResponse.Compute(room, HallSource, HallMicrophone, Rate, seed: 1);
        double Level(double from) => 10 * Math.Log10(
            response[(int)(from * seconds * Rate)..(int)((from + 0.2) * seconds * Rate)].Sum(sample => (double)sample * sample));
        Assert.That(Level(0.3) - Level(0.8), Is.EqualTo(30).Within(1.5), "dB in half of it");
    }

    [Test]
    public void NoiseIsNormalAndOfItsSeed()
    {
        var numbers = new NormalNumbers(7);
        double[] drawn = [.. Enumerable.Range(0, 100_000).Select(_ => numbers.Next())];
        var same = new NormalNumbers(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(drawn.Average(), Is.Zero.Within(0.02));
            Assert.That(drawn.Average(x => x * x), Is.EqualTo(1).Within(0.02));
            Assert.That(drawn.Average(x => x * x * x * x), Is.EqualTo(3).Within(0.15));
            Assert.That(drawn.Zip(drawn.Skip(1), (x, y) => x * y).Average(), Is.Zero.Within(0.02));
            Assert.That(same.Next(), Is.EqualTo(drawn[0]));
            Assert.That(new NormalNumbers(8).Next(), Is.Not.EqualTo(drawn[0]));
        }
    }

    [Test]
    public void MicrophonesHearDifferentRoomsAlike()
    {
        var responses = ReverbApplication.Responses(Hall, 8000);
        var again = ReverbApplication.Responses(Hall, 8000);
        double[] energies = [.. responses.Select(response => response.Sum(sample => (double)sample * sample))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(responses, Is.EqualTo(again), "the same in every run");
            Assert.That(responses[0], Is.Not.EqualTo(responses[1]));
            Assert.That(energies[0] / energies[1], Is.EqualTo(1).Within(0.2));
        }
    }

    private static void AssertSame(IEnumerable<SoundPath> actual, SoundPath[] expected)
    {
        static IEnumerable<SoundPath> Sorted(IEnumerable<SoundPath> paths) =>
            paths.Select(path => path with { Distance = Math.Round(path.Distance, 9) })
                .OrderBy(path => path.Distance).ThenBy(path => path.Reflections);
        Assert.That(Sorted(actual), Is.EqualTo(Sorted(expected)));
    }
}
