using System.Xml.Linq;
using Reverb.Audio;

namespace Reverb.Tests;

/// <summary>The program as a user runs it.</summary>
[TestFixture]
internal sealed class CommandLineTests
{
    private static readonly SampleProgram Program = new("Reverb");

    private TemporaryFolder _folder = null!;

    private string _clip = "";

    [SetUp]
    public void MakeClip()
    {
        _folder = new TemporaryFolder();
        float[] tone = [.. Enumerable.Range(0, 4000).Select(i => 0.5f * MathF.Sin(0.1f * i))];
        _clip = _folder.Write("tone.wav", WavFile.Format16(new AudioClip(8000, [tone])));
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void SoundIsHeardInTheRoom()
    {
        var (wav, svg) = (Path.Combine(_folder.Path, "out", "wet.wav"), Path.Combine(_folder.Path, "wet.svg"));
        var (exitCode, output, error) = Program.Run(
            "--input", _clip, "--output", wav, "--drawing", svg, "--rt60", "1", "--block", "1000", "--device", "cpu");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.Empty);
            Assert.That(exitCode, Is.Zero);
            Assert.That(output, Does.Contain("Sound: 0.5 s at 8000 Hz").And.Contain("two microphones, 8000 taps each"));
            Assert.That(output, Does.Match(@"In blocks of 1000 samples \(125 ms\), with a transform of \d+ points"));
            Assert.That(output, Does.Match(@"1\.5 s of sound in \d+ ms: real-time factor 0\.\d{4}"));
            Assert.That(output, Does.Match(@"Largest difference between the two: \d\.\de-\d+ of the loudest sample, within 1e-4"));
            Assert.That(XDocument.Load(svg).Root!.Name.LocalName, Is.EqualTo("svg"));
        }

        var wet = WavFile.Parse(File.ReadAllBytes(wav), wav);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(wet.SampleRate, Is.EqualTo(8000));
            Assert.That(wet.Channels, Has.Length.EqualTo(2));
            Assert.That(wet.Length, Is.EqualTo(4000 + 8000 - 1));
            Assert.That(AudioClip.Peak(wet.Channels), Is.EqualTo(0.891).Within(1e-3));
            Assert.That(Loudness(wet, 0.1, 0.5), Is.GreaterThan(100 * Loudness(wet, 1.3, 1.49)), "the room falls silent");
        }
    }

    [TestCase("--input", "/nowhere/at/all.wav")]
    [TestCase("--input", "/dev/null")]
    [TestCase("--rt60", "0")]
    [TestCase("--rt60", "NaN")]
    [TestCase("--rt60", "31")]
    [TestCase("--room", "18x11")]
    [TestCase("--room", "18x11x-6")]
    [TestCase("--room", "18x11x6e9")]
    [TestCase("--block", "0")]
    [TestCase("--block", "many")]
    [TestCase("--device", "toaster")]
    [TestCase("--no-such-option")]
    public void BadInputIsRefusedInOneLine(params string[] arguments) => Program.AssertFails(
        2, "", arguments[0] == "--input" ? arguments : ["--input", _clip, "--output", Path.Combine(_folder.Path, "x"), .. arguments]);

    [TestCase("--output")]
    [TestCase("--drawing")]
    public void AFileThatCannotBeWrittenIsNamed(string option)
    {
        string[] others = option == "--output" ? [] : ["--output", Path.Combine(_folder.Path, "x.wav")];
        Program.AssertFails(
            2, "cannot write /dev/null/wet", ["--input", _clip, "--rt60", "0.1", "--device", "cpu", option, "/dev/null/wet", .. others]);
    }

    [Test]
    public void AMissingDeviceIsRefused() => Program.AssertFails(1, "cuda:99", "--input", _clip, "--device", "cuda:99");

    [Test]
    public void HelpSaysWhatThereIs()
    {
        var (exitCode, output, error) = Program.Run("--help");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero);
            Assert.That(error, Is.Empty);
            Assert.That(output, Does.Contain("--rt60").And.Contain("--block").And.Contain("--drawing"));
        }
    }

    private static double Loudness(AudioClip clip, double from, double to) =>
        clip.Channels[0][(int)(from * clip.SampleRate)..(int)(to * clip.SampleRate)].Average(sample => (double)sample * sample);
}
