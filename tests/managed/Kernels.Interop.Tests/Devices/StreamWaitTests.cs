using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Kernels.Interop.Native;

namespace Kernels.Interop.Tests.Devices;

/// <summary>Waits that are not over at once, driven by calling the native callback from here.</summary>
public sealed class StreamWaitTests
{
    [Test]
    public void WaitEndsWhenTheCallbackComes()
    {
        Task wait = Begin(CancellationToken.None, out nint userData);
        Assert.That(wait.IsCompleted, Is.False);
        CallBack(userData, ki_status.KI_STATUS_OK);
        Assert.That(() => wait, Throws.Nothing);
    }

    [Test]
    public void ContinuationDoesNotRunOnTheCallbacksThread()
    {
        Task<int> continuation = ThreadAfterWait(Begin(CancellationToken.None, out nint userData));
        int callbackThread = 0;
        var driver = new Thread(() =>
        {
            callbackThread = Environment.CurrentManagedThreadId;
            CallBack(userData, ki_status.KI_STATUS_OK);
        });
        driver.Start();
        driver.Join();
        Assert.That(continuation.Result, Is.Not.EqualTo(callbackThread));
    }

    [Test]
    public void FailureOfTheWorkIsThrown()
    {
        Task wait = Begin(CancellationToken.None, out nint userData);
        CallBack(userData, ki_status.KI_STATUS_DEVICE_ERROR);
        Assert.That(() => wait, Throws.TypeOf<DeviceErrorException>());
    }

    [Test]
    public void CancellingEndsTheWaitAndTheCallbackMayStillCome()
    {
        using var source = new CancellationTokenSource();
        Task wait = Begin(source.Token, out nint userData);
        source.Cancel();
        Assert.That(() => wait, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(wait.IsCanceled);
        CallBack(userData, ki_status.KI_STATUS_OK);
    }

    [Test]
    public void CancellingAfterTheCallbackChangesNothing()
    {
        using var source = new CancellationTokenSource();
        Task wait = Begin(source.Token, out nint userData);
        CallBack(userData, ki_status.KI_STATUS_OK);
        source.Cancel();
        Assert.That(() => wait, Throws.Nothing);
    }

    [Test]
    public void CancelledWaitIsNotUsedAgainBeforeItsCallbackCame()
    {
        using var source = new CancellationTokenSource();
        Task first = Begin(source.Token, out nint firstData);
        source.Cancel();
        Assert.That(() => first, Throws.InstanceOf<OperationCanceledException>());

        Task second = Begin(CancellationToken.None, out nint secondData);
        CallBack(firstData, ki_status.KI_STATUS_OK);
        Assert.That(second.IsCompleted, Is.False, "the first callback must not end the second wait");
        CallBack(secondData, ki_status.KI_STATUS_OK);
        Assert.That(() => second, Throws.Nothing);
    }

    [Test]
    [SuppressMessage("Reliability", "CA2012", Justification = "The misuse is what is tested.")]
    public void AwaitingTwiceIsRefused([Values] bool callbackCame)
    {
        using var source = new CancellationTokenSource();
        ValueTask wait = BeginOnce(source.Token, out nint userData);
        if (callbackCame)
        {
            CallBack(userData, ki_status.KI_STATUS_OK);
        }
        source.Cancel();
        var awaiter = wait.GetAwaiter();
        Assert.That(awaiter.GetResult, callbackCame ? Throws.Nothing : Throws.InstanceOf<OperationCanceledException>());
        Assert.That(awaiter.GetResult, Throws.InvalidOperationException);
        if (!callbackCame)
        {
            CallBack(userData, ki_status.KI_STATUS_OK);
        }
    }

    [Test]
    [SuppressMessage("Reliability", "CA2012", Justification = "The misuse is what is tested.")]
    public void ResultBeforeTheEndIsRefused()
    {
        ValueTask wait = BeginOnce(CancellationToken.None, out nint userData);
        var awaiter = wait.GetAwaiter();
        Assert.That(awaiter.GetResult, Throws.InvalidOperationException);
        CallBack(userData, ki_status.KI_STATUS_OK);
        Assert.That(awaiter.GetResult, Throws.Nothing);
    }

    [Test]
    public void RacingCallbacksAndCancellationsEndEveryWaitOnce()
    {
        for (int i = 0; i < 2000; i++)
        {
            using var source = new CancellationTokenSource();
            Task wait = Begin(source.Token, out nint userData);
            Parallel.Invoke(source.Cancel, () => CallBack(userData, ki_status.KI_STATUS_OK));
            Task.WaitAny(wait);
            Assert.That(wait.Status, Is.EqualTo(TaskStatus.RanToCompletion).Or.EqualTo(TaskStatus.Canceled));
        }
    }

    [Test]
    public void AbandonedWaitIsCollected()
    {
        WeakReference wait = Abandon();
        Suite.RunFinalizers();
        Assert.That(wait.IsAlive, Is.False);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static unsafe WeakReference Abandon()
        {
            StreamWait wait = StreamWait.Rent(out void* userData);
            CallBack((nint)userData, ki_status.KI_STATUS_OK);
            return new WeakReference(wait);
        }
    }

    private static Task Begin(CancellationToken cancellationToken, out nint userData) =>
        BeginOnce(cancellationToken, out userData).AsTask();

    private static unsafe ValueTask BeginOnce(CancellationToken cancellationToken, out nint userData)
    {
        StreamWait wait = StreamWait.Rent(out void* data);
        userData = (nint)data;
        return wait.Task(cancellationToken);
    }

    private static unsafe void CallBack(nint userData, ki_status status)
    {
        delegate* unmanaged[Cdecl]<void*, ki_status, void> callback = &StreamWait.OnDone;
        callback((void*)userData, status);
    }

    private static async Task<int> ThreadAfterWait(Task wait)
    {
        await wait.ConfigureAwait(false);
        return Environment.CurrentManagedThreadId;
    }
}
