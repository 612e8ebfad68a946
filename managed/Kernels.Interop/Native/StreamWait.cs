using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Kernels.Interop.Native;

/// <summary>
/// One wait for a stream. The native callback and the awaiter each let go of it once, in any order; when both have, it is
/// used again, so that a wait that is over at once allocates nothing.
/// </summary>
internal sealed unsafe class StreamWait : IValueTaskSource
{
    private const int Callback = 1, Awaiter = 2;

    private static StreamWait? s_spare;

    // Continuations run elsewhere: the callback's thread is the driver's and must not call the library.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private GCHandle<StreamWait> _self;
    private CancellationTokenRegistration _registration;
    private int _completed;
    private int _holders;

    private StreamWait() { }

    /// <summary>Waits for the work queued on a stream so far.</summary>
    public static ValueTask Start(ki_stream* stream, CancellationToken cancellationToken)
    {
        StreamWait wait = Rent(out void* userData);
        ki_status status = NativeMethods.ki_stream_notify(stream, &OnDone, userData);
        if (status != ki_status.KI_STATUS_OK)
        {
            wait.Abandon();
            NativeError.ThrowIfFailed(status);
        }
        return wait.Task(cancellationToken);
    }

    /// <summary>A wait that <see cref="OnDone"/> must be told about exactly once.</summary>
    internal static StreamWait Rent(out void* userData)
    {
        StreamWait wait = Interlocked.Exchange(ref s_spare, null) ?? new StreamWait();
        wait._holders = Callback | Awaiter;
        wait._self = new GCHandle<StreamWait>(wait);
        userData = (void*)GCHandle<StreamWait>.ToIntPtr(wait._self);
        return wait;
    }

    /// <summary>What the awaiter holds.</summary>
    internal ValueTask Task(CancellationToken cancellationToken)
    {
        short version = _core.Version;
        if (cancellationToken.CanBeCanceled && Volatile.Read(ref _completed) == 0)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (wait, token) => ((StreamWait)wait!).Complete(new OperationCanceledException(token)), this);
        }
        return new ValueTask(this, version);
    }

    /// <summary>The native callback.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static void OnDone(void* userData, ki_status status)
    {
        var self = GCHandle<StreamWait>.FromIntPtr((nint)userData);
        StreamWait wait = self.Target;
        self.Dispose();
        wait.Complete(status == ki_status.KI_STATUS_OK
            ? null
            : NativeError.Create(status, "Work queued on the stream failed; Synchronize on the stream tells more.", argument: null));
        wait.Release(Callback);
    }

    void IValueTaskSource.GetResult(short token)
    {
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The wait is not over yet.");
        }
        // Waits for a cancellation that is just running, so that it cannot hit the next use of this object.
        _registration.Dispose();
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            Release(Awaiter);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>The work and a cancellation race; the first decides.</summary>
    private void Complete(Exception? failure)
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
        {
            return;
        }
        if (failure is null)
        {
            _core.SetResult(true);
        }
        else
        {
            _core.SetException(failure);
        }
    }

    /// <summary>Takes back a wait that the native library refused: there is neither callback nor awaiter.</summary>
    private void Abandon()
    {
        _self.Dispose();
        Release(Callback);
        Release(Awaiter);
    }

    private void Release(int holder)
    {
        int before = Interlocked.And(ref _holders, ~holder);
        if ((before & holder) == 0)
        {
            throw new InvalidOperationException("A wait for a stream can be awaited once only.");
        }
        if (before == holder)
        {
            _core.Reset();
            _registration = default;
            _completed = 0;
            Volatile.Write(ref s_spare, this);
        }
    }
}
