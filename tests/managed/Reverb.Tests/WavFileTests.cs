using System.Buffers.Binary;
using System.Text;
using Reverb.Audio;

namespace Reverb.Tests;

/// <summary>Files are written, read, and refused where they are none.</summary>
[TestFixture]
internal sealed class WavFileTests
{
    [Test]
    public void WhatIsWrittenIsRead()
    {
        var clip = new AudioClip(44100, [[0, 0.5f, -0.25f], [-1, 1f / 32768, 0.75f]]);
        var read = WavFile.Parse(WavFile.Format16(clip), "x.wav");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(read.SampleRate, Is.EqualTo(44100));
            Assert.That(read.Channels, Is.EqualTo(clip.Channels));
            Assert.That(read.Seconds, Is.EqualTo(3.0 / 44100));
        }
    }

    [Test]
    public void LoudSamplesAreCut()
    {
        var read = WavFile.Parse(WavFile.Format16(new AudioClip(8000, [[2, -2, 0.99999f]])), "x.wav");
        Assert.That(read.Channels[0], Is.EqualTo((float[])[32767 / 32768f, -1, 32767 / 32768f]));
    }

    [Test]
    public void HeaderIsWhatOtherProgramsExpect()
    {
        var bytes = WavFile.Format16(new AudioClip(48000, [[0, 0], [0, 0]]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Encoding.ASCII.GetString(bytes, 0, 4), Is.EqualTo("RIFF"));
            Assert.That(BitConverter.ToInt32(bytes, 4), Is.EqualTo(bytes.Length - 8));
            Assert.That(Encoding.ASCII.GetString(bytes, 8, 8), Is.EqualTo("WAVEfmt "));
            Assert.That(BitConverter.ToInt32(bytes, 28), Is.EqualTo(48000 * 4), "bytes a second");
            Assert.That(BitConverter.ToInt16(bytes, 32), Is.EqualTo(4), "bytes of both channels");
            Assert.That(BitConverter.ToInt32(bytes, 40), Is.EqualTo(8), "bytes of samples");
        }
    }

    [Test]
    public void EveryKindOfSampleIsRead()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Read(1, 8, [0, 128, 192]), Is.EqualTo((float[])[-1, 0, 0.5f]));
            Assert.That(Read(1, 16, [0, 0x80, 0, 0x40]), Is.EqualTo((float[])[-1, 0.5f]));
            Assert.That(Read(1, 24, [0, 0, 0x80, 0, 0, 0x40, 0xFF, 0xFF, 0xFF]), Is.EqualTo((float[])[-1, 0.5f, -1f / 8388608]));
            Assert.That(Read(1, 32, [0, 0, 0, 0x80, 0, 0, 0, 0x40]), Is.EqualTo((float[])[-1, 0.5f]));
            Assert.That(Read(3, 32, [.. BitConverter.GetBytes(0.3f), .. BitConverter.GetBytes(float.NaN)]), Is.EqualTo((float[])[0.3f, 0]));
            Assert.That(Read(3, 64, BitConverter.GetBytes(-0.75)), Is.EqualTo((float[])[-0.75f]));
        }

        static float[] Read(int tag, int bits, byte[] data) =>
            WavFile.Parse(File(Chunk("fmt ", Format(tag, 1, 8000, bits)), Chunk("data", data)), "x.wav").Channels[0];
    }

    [Test]
    public void OtherChunksAreSkippedAndExtendedFormatsUnderstood()
    {
        byte[] extended = [.. Format(0xFFFE, 1, 8000, 16), 22, 0, 16, 0, 4, 0, 0, 0, 1, 0, .. new byte[14]];
        var bytes = File(Chunk("LIST", new byte[7]), Chunk("fmt ", extended), Chunk("fact", new byte[4]), Chunk("data", [0, 0x40]));
        Assert.That(WavFile.Parse(bytes, "x.wav").Channels[0], Is.EqualTo((float[])[0.5f]));
    }

    [Test]
    public void SamplesThatAreCutOffAreReadUpToThere()
    {
        var data = Chunk("data", [0, 0x40, 0, 0x20, 9]);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), uint.MaxValue);
        Assert.That(
            WavFile.Parse(File(Chunk("fmt ", Format(1, 1, 8000, 16)), data[..^1]), "x.wav").Channels[0],
            Is.EqualTo((float[])[0.5f, 0.25f]));
    }

    private static IEnumerable<TestCaseData> HostileFiles
    {
        get
        {
            var data = Chunk("data", new byte[8]);
            yield return Case("is no WAV file", []);
            yield return Case("is no WAV file", File()[..11]);
            yield return Case("is no WAV file", Encoding.ASCII.GetBytes("RIFF    AVI LIST"));
            yield return Case("holds no samples", File());
            yield return Case("holds no samples", File(Chunk("fmt ", Format(1, 1, 8000, 16))));
            yield return Case("before it says what they are", File(data));
            yield return Case("format of 15 bytes", File(Chunk("fmt ", Format(1, 1, 8000, 16)[..15]), data));
            yield return Case("0 channels", File(Chunk("fmt ", Format(1, 0, 8000, 16)), data));
            yield return Case("65535 channels", File(Chunk("fmt ", Format(1, 65535, 8000, 16)), data));
            yield return Case("0 samples a second", File(Chunk("fmt ", Format(1, 1, 0, 16)), data));
            yield return Case("4294967295 samples", File(Chunk("fmt ", Format(1, 1, uint.MaxValue, 16)), data));
            yield return Case("with 0 bits", File(Chunk("fmt ", Format(1, 1, 8000, 0)), data));
            yield return Case("with 12 bits", File(Chunk("fmt ", Format(1, 1, 8000, 12)), data));
            yield return Case("format 85", File(Chunk("fmt ", Format(85, 1, 8000, 16)), data));
            yield return Case("2 channels of 16 bits in 3 bytes", File(Chunk("fmt ", Format(1, 2, 8000, 16, blockBytes: 3)), data));

            static TestCaseData Case(string message, byte[] bytes) => new TestCaseData(message, bytes).SetArgDisplayNames(message);
        }
    }

    [TestCaseSource(nameof(HostileFiles))]
    public void HostileFilesAreRefused(string message, byte[] bytes) => Assert.That(
        () => WavFile.Parse(bytes, "x.wav"),
        Throws.TypeOf<InputException>().With.Message.Contains(message).And.Message.StartsWith("x.wav "));

    [Test]
    public void DamagedFilesAreReadOrRefused()
    {
        var random = new Random(1);
        var whole = File(
            Chunk("junk", new byte[3]), Chunk("fmt ", Format(1, 2, 8000, 24)), Chunk("data", [.. Enumerable.Repeat((byte)7, 60)]));
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = whole[..random.Next(whole.Length + 1)];
            for (var flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                Assert.That(WavFile.Parse(bytes, "x.wav").Channels, Has.All.All.InRange(-1f, 1f));
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(1000).And.LessThan(19_000));
    }

    [Test]
    public void MonoIsTheAverageOfTheChannels() => Assert.That(
        new AudioClip(8000, [[1, 0, 0.5f], [0, 0, -0.5f]]).ToMono(), Is.EqualTo((float[])[0.5f, 0, 0]));

    private static byte[] File(params byte[][] chunks) =>
        [.. "RIFF"u8, .. BitConverter.GetBytes(4 + chunks.Sum(chunk => chunk.Length)), .. "WAVE"u8, .. chunks.SelectMany(c => c)];

    private static byte[] Chunk(string id, byte[] body) =>
        [.. Encoding.ASCII.GetBytes(id), .. BitConverter.GetBytes(body.Length), .. body, .. new byte[body.Length % 2]];

    private static byte[] Format(int tag, int channels, uint rate, int bits, int? blockBytes = null)
    {
        var block = blockBytes ?? channels * bits / 8;
        return
        [
            .. BitConverter.GetBytes((ushort)tag), .. BitConverter.GetBytes((ushort)channels), .. BitConverter.GetBytes(rate),
            .. BitConverter.GetBytes(unchecked(rate * (uint)block)), .. BitConverter.GetBytes((ushort)block),
            .. BitConverter.GetBytes((ushort)bits),
        ];
    }
}
