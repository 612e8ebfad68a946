namespace Kernels.Interop;

/// <summary>
/// What a streaming convolution remembers between calls: for each row, the last <see cref="LongConvolutionPlan.FilterLength"/> - 1
/// values that its filter has met. One call reads it and then writes it for the next, so that a sequence in pieces gives what it
/// gives in one. It is used by one thread at a time.
/// </summary>
public sealed class LongConvolutionState : IDisposable
{
    private readonly DeviceBuffer<float> _memory;
    private readonly long _batch, _channels, _values;

    /// <summary>Makes the state of sequences that begin: zeros.</summary>
    /// <param name="stream">A stream of the plan's device; its later work sees the zeros.</param>
    /// <param name="plan">A streaming plan.</param>
    /// <param name="batch">Sequences computed at once.</param>
    /// <exception cref="ArgumentException">The plan is not streaming, or the stream is another device's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch is negative, or the state larger than the address space.</exception>
    /// <exception cref="KernelOutOfMemoryException">Memory ran out.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the plan's device is disposed.</exception>
    public LongConvolutionState(KernelStream stream, LongConvolutionPlan plan, int batch)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        if (!plan.Streaming)
        {
            throw new ArgumentException("The plan is not streaming: its calls carry no state.", nameof(plan));
        }
        stream.Device.RequireSame(plan.Device, nameof(stream));
        (_batch, _channels, _values) = (batch, plan.Channels, plan.FilterLength - 1);
        Int128 length = (Int128)_batch * _channels * _values;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue / sizeof(float), nameof(batch));
        _memory = plan.Device.Allocate<float>((long)length);
        try
        {
            Reset(stream);
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>[batch, channels, filter length - 1]: the values, the latest last.</summary>
    /// <exception cref="ObjectDisposedException">The state is disposed.</exception>
    public DeviceTensor<float> Tensor => new(_memory, [_batch, _channels, _values]);

    /// <summary>Queues forgetting everything, so that new sequences can begin.</summary>
    /// <param name="stream">A stream of the plan's device.</param>
    /// <exception cref="ArgumentException">The stream is another device's.</exception>
    /// <exception cref="ObjectDisposedException">The state or the stream is disposed.</exception>
    public void Reset(KernelStream stream) => _memory.Clear(stream);

    /// <summary>Frees the memory, after the work queued on it.</summary>
    public void Dispose() => _memory.Dispose();
}
