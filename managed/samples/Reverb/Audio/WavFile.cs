using System.Buffers.Binary;

namespace Reverb.Audio;

/// <summary>WAV files: a list of chunks, of which <c>fmt </c> says what the samples in <c>data</c> are.</summary>
internal static class WavFile
{
    private const int Pcm = 1, IeeeFloat = 3, Extensible = 0xFFFE;

    private const int MostChannels = 64, MostSampleRate = 1_000_000;

    /// <summary>Reads the bytes of a file: PCM of 8, 16, 24 or 32 bits, or float of 32 or 64.</summary>
    /// <param name="bytes">the file, from anywhere</param>
    /// <param name="name">its name, for the message</param>
    /// <exception cref="InputException">They are no such file.</exception>
    public static AudioClip Parse(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < 12 || !bytes[..4].SequenceEqual("RIFF"u8) || !bytes[8..12].SequenceEqual("WAVE"u8))
        {
            throw new InputException($"{name} is no WAV file");
        }

        Format? format = null;
        var rest = bytes[12..];
        while (rest.Length >= 8)
        {
            var id = rest[..4];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);

            // A program that writes to a pipe cannot know the length beforehand and says more than there is.
            var body = rest[8..(int)Math.Min(8L + size, rest.Length)];
            if (id.SequenceEqual("fmt "u8))
            {
                format = ParseFormat(body, name);
            }
            else if (id.SequenceEqual("data"u8))
            {
                return format is null
                    ? throw new InputException($"{name} has samples before it says what they are")
                    : Decode(body, format);
            }

            // Chunks begin at even places.
            rest = rest[(int)Math.Min(8L + size + size % 2, rest.Length)..];
        }

        throw new InputException($"{name} holds no samples");
    }

    /// <summary>Makes the bytes of a file with 16 bits a sample; what is beyond full scale is cut.</summary>
    public static byte[] Format16(AudioClip clip)
    {
        const int Header = 44, SampleBytes = 2;
        var (channels, dataBytes) = (clip.Channels.Length, checked(clip.Length * clip.Channels.Length * SampleBytes));
        var bytes = new byte[Header + dataBytes];
        var header = bytes.AsSpan();
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Header - 8 + dataBytes);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(header[20..], Pcm);
        BinaryPrimitives.WriteInt16LittleEndian(header[22..], (short)channels);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], clip.SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], clip.SampleRate * channels * SampleBytes);
        BinaryPrimitives.WriteInt16LittleEndian(header[32..], (short)(channels * SampleBytes));
        BinaryPrimitives.WriteInt16LittleEndian(header[34..], 8 * SampleBytes);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], dataBytes);
        var samples = bytes.AsSpan(Header);
        for (var i = 0; i < clip.Length; i++)
        {
            foreach (var channel in clip.Channels)
            {
                var scaled = Math.Clamp(MathF.Round(channel[i] * 32768), short.MinValue, short.MaxValue);
                BinaryPrimitives.WriteInt16LittleEndian(samples, (short)scaled);
                samples = samples[SampleBytes..];
            }
        }

        return bytes;
    }

    private static Format ParseFormat(ReadOnlySpan<byte> chunk, string name)
    {
        if (chunk.Length < 16)
        {
            throw new InputException($"{name} has a format of {chunk.Length} bytes; it takes 16");
        }

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        int blockBytes = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if (tag == Extensible && chunk.Length >= 26)
        {
            tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]);
        }

        if (channels is 0 or > MostChannels)
        {
            throw new InputException($"{name} has {channels} channels; 1 to {MostChannels} are possible");
        }

        if (rate is 0 or > MostSampleRate)
        {
            throw new InputException($"{name} has {rate} samples a second; 1 to {MostSampleRate} are possible");
        }

        if ((tag, bits) is not ((Pcm, 8 or 16 or 24 or 32) or (IeeeFloat, 32 or 64)))
        {
            throw new InputException($"{name} has samples of format {tag} with {bits} bits, which this program does not read");
        }

        return blockBytes == channels * bits / 8
            ? new Format(tag == IeeeFloat, bits, channels, (int)rate)
            : throw new InputException($"{name} has {channels} channels of {bits} bits in {blockBytes} bytes");
    }

    private static AudioClip Decode(ReadOnlySpan<byte> data, Format format)
    {
        var sampleBytes = format.Bits / 8;
        var length = data.Length / (sampleBytes * format.Channels);
        var channels = new float[format.Channels][];
        for (var c = 0; c < channels.Length; c++)
        {
            channels[c] = new float[length];
            for (var i = 0; i < length; i++)
            {
                var sample = Sample(data.Slice((i * format.Channels + c) * sampleBytes, sampleBytes), format);

                // A sample that is no number would spread over everything.
                channels[c][i] = float.IsFinite(sample) ? sample : 0;
            }
        }

        return new AudioClip(format.SampleRate, channels);
    }

    private static float Sample(ReadOnlySpan<byte> sample, Format format) => (format.IsFloat, format.Bits) switch
    {
        (true, 32) => BinaryPrimitives.ReadSingleLittleEndian(sample),
        (true, _) => (float)BinaryPrimitives.ReadDoubleLittleEndian(sample),
        (_, 8) => (sample[0] - 128) / 128f,
        (_, 16) => BinaryPrimitives.ReadInt16LittleEndian(sample) / 32768f,
        (_, 24) => (sample[0] | sample[1] << 8 | (sbyte)sample[2] << 16) / 8388608f,
        _ => BinaryPrimitives.ReadInt32LittleEndian(sample) / 2147483648f,
    };

    private sealed record Format(bool IsFloat, int Bits, int Channels, int SampleRate);
}
