using Kernels.Interop;
using Reverb.Audio;

namespace Reverb.Tests;

/// <summary>Sound in blocks comes out as sound at once does, and as the formula says.</summary>
[TestFixture]
internal sealed class ReverberatorTests
{
    private static readonly float[] Dry = Numbers(1000, 1);

    private static readonly float[][] Responses = [Numbers(300, 2), Numbers(300, 3)];

    [TestCase(1000)]
    [TestCase(256)]
    [TestCase(100)]
    [TestCase(7)]
    public void BlocksMatchTheFormula(int block) => AssertMatches(stream => Reverberator.ForBlocks(stream, Responses, block));

    [Test]
    public void WholeMatchesTheFormula() => AssertMatches(stream => Reverberator.ForWhole(stream, Responses, Dry.Length));

    [Test]
    public void AgreementIsReported()
    {
        var report = new StringWriter();
        float[][] whole = [[1, -2], [0.5f, 0]], close = [[1, -2], [0.5001f, 0]], far = [[1, -2], [0.51f, 0]];
        float[][] broken = [[1, -2], [float.NaN, 0]];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ReverbApplication.Compare(close, whole, report), Is.Zero);
            Assert.That(report.ToString(), Does.Contain("5.0e-5 of the loudest sample, within 1e-4"));
            Assert.That(ReverbApplication.Compare(far, whole, TextWriter.Null), Is.EqualTo(1));
            Assert.That(ReverbApplication.Compare(broken, whole, TextWriter.Null), Is.EqualTo(1));
        }
    }

    [Test]
    public void ClipsAreHeardOneBehindTheOther()
    {
        using var folder = new TemporaryFolder();
        var first = folder.Write("a.wav", WavFile.Format16(new AudioClip(8000, [[0.5f, 0.25f]])));
        var second = folder.Write("b.wav", WavFile.Format16(new AudioClip(8000, [[1 / 64f], [3 / 64f]])));
        var other = folder.Write("c.wav", WavFile.Format16(new AudioClip(16000, [[0]])));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ReverbApplication.ReadClips([first, second]).Channels[0], Is.EqualTo((float[])[0.5f, 0.25f, 1 / 32f]));
            Assert.That(() => ReverbApplication.ReadClips([first, other]), Throws.TypeOf<InputException>());
        }
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    private static void AssertMatches(Func<KernelStream, Reverberator> make)
    {
        using var device = Device.Open("cpu");
        using var stream = device.CreateStream();
        using var reverberator = make(stream);
        var wet = reverberator.Process(Dry, Responses.Length);
        for (var c = 0; c < Responses.Length; c++)
        {
            for (var t = 0; t < Dry.Length; t++)
            {
                double sum = 0;
                for (var j = 0; j < Responses[c].Length && j <= t; j++)
                {
                    sum += (double)Responses[c][j] * Dry[t - j];
                }

                Assert.That(wet[c][t], Is.EqualTo(sum).Within(1e-4), $"microphone {c}, sample {t}");
            }
        }
    }
}
