using System.Numerics.Tensors;

namespace Reverb.Audio;

/// <summary>Sound in memory.</summary>
/// <param name="SampleRate">samples of a second</param>
/// <param name="Channels">samples of each channel, equally many, full scale at -1 and 1</param>
internal sealed record AudioClip(int SampleRate, float[][] Channels)
{
    /// <summary>Samples of a channel.</summary>
    public int Length => Channels[0].Length;

    /// <summary>How long it lasts.</summary>
    public double Seconds => (double)Length / SampleRate;

    /// <summary>The average of its channels.</summary>
    public float[] ToMono()
    {
        var sum = new float[Length];
        foreach (var channel in Channels)
        {
            TensorPrimitives.Add(sum, channel, sum);
        }

        TensorPrimitives.Divide(sum, Channels.Length, sum);
        return sum;
    }

    /// <summary>Magnitude of the loudest sample; 0 if there is none.</summary>
    public static float Peak(float[][] channels) => channels.Max(
        channel => channel.Length == 0 ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude<float>(channel)));
}
