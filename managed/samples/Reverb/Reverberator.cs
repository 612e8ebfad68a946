using Kernels.Interop;

namespace Reverb;

/// <summary>
/// Convolves one dry channel with the responses at some microphones. Each microphone is a channel of the convolution, and all of
/// them read the same input: its stride along the channels is 0.
/// </summary>
internal sealed class Reverberator : IDisposable
{
    private readonly KernelStream _stream;
    private readonly LongConvolutionPlan _plan;
    private readonly LongConvolutionState? _state;
    private readonly DeviceBuffer<float> _input, _output;
    private readonly int _length;

    private Reverberator(KernelStream stream, float[][] responses, int length, bool streaming)
    {
        (_stream, _length) = (stream, length);
        var (channels, taps) = (responses.Length, responses[0].Length);
        _plan = new LongConvolutionPlan(
            stream.Device, new() { Channels = channels, Length = length, FilterLength = taps, Streaming = streaming });
        _plan.SetFilter<float>(stream, responses.SelectMany(response => response).ToArray());
        _state = streaming ? new LongConvolutionState(stream, _plan, batch: 1) : null;
        _input = stream.Device.Allocate<float>(length);
        _output = stream.Device.Allocate<float>((long)channels * length);
    }

    /// <summary>Points of the transform, and memory of the plan in bytes.</summary>
    public (long FftSize, long MemoryBytes) Plan => (_plan.FftSize, _plan.MemoryBytes);

    /// <summary>One that takes sound in blocks, each going on where the one before ended.</summary>
    /// <param name="stream">where to compute</param>
    /// <param name="responses">of each microphone, equally long</param>
    /// <param name="block">samples of the longest block</param>
    public static Reverberator ForBlocks(KernelStream stream, float[][] responses, int block) =>
        new(stream, responses, block, streaming: true);

    /// <summary>One that takes all of a sound at once.</summary>
    /// <param name="stream">where to compute</param>
    /// <param name="responses">of each microphone, equally long</param>
    /// <param name="length">samples of the sound</param>
    public static Reverberator ForWhole(KernelStream stream, float[][] responses, int length) =>
        new(stream, responses, length, streaming: false);

    /// <summary>Computes a block, and waits for it.</summary>
    /// <param name="dry">the sound, at most as long as a block</param>
    /// <param name="wet">of each microphone; as much is written, from <paramref name="offset"/> on</param>
    /// <param name="offset">where to write</param>
    public void Process(ReadOnlySpan<float> dry, float[][] wet, int offset)
    {
        _input.CopyFrom(dry, 0, _stream);
        long[] dims = [1, wet.Length, dry.Length];
        LongConvolution.Forward(
            _stream,
            _plan,
            new DeviceTensor<float>(_input, dims, strides: [_length, 0, 1]),
            new DeviceTensor<float>(_output, dims, strides: [_output.Length, _length, 1]),
            new LongConvolutionInputs<float> { State = _state is null ? default : _state.Tensor });
        for (var c = 0; c < wet.Length; c++)
        {
            _output.CopyTo(wet[c].AsSpan(offset, dry.Length), (long)c * _length, _stream);
        }
    }

    /// <summary>Computes all of a sound, block by block.</summary>
    /// <param name="dry">the sound</param>
    /// <param name="microphones">how many there are</param>
    /// <returns>as much of each microphone</returns>
    public float[][] Process(ReadOnlySpan<float> dry, int microphones)
    {
        var wet = new float[microphones][];
        for (var c = 0; c < microphones; c++)
        {
            wet[c] = new float[dry.Length];
        }

        for (var done = 0; done < dry.Length; done += _length)
        {
            Process(dry.Slice(done, Math.Min(_length, dry.Length - done)), wet, done);
        }

        return wet;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Dispose();
        _input.Dispose();
        _state?.Dispose();
        _plan.Dispose();
    }
}
