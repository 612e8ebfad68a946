using System.Numerics.Tensors;

namespace Kernels.Interop.Tests.Operators;

/// <summary>A call of attention allocates no managed memory.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class AttentionAllocationTests<T>
    where T : unmanaged
{
    private static readonly AttentionCase Case = new(new AttentionShape(1, 13, 13, 2, 1, 32, 32));
    private static readonly long[] QueryDims = Case.QueryDims, KeyDims = Case.KeyDims, LogSumExpDims = Case.LogSumExpDims;

    private readonly T[] _query = new T[13 * 2 * 32], _key = new T[13 * 32], _value = new T[13 * 32], _output = new T[13 * 2 * 32];
    private readonly float[] _logsumexp = new float[2 * 13];
    private KernelStream _stream = null!;

    [SetUp]
    public void CreateStream() => _stream = Suite.Cpu.CreateStream();

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    [Test]
    public void OverSpans() => AssertAllocatesNothing(() =>
        Attention.Forward<T>(_stream, Case.Shape, _query, _key, _value, _output, Case.Options, _logsumexp));

    [Test]
    public void OverTensorSpans()
    {
        nint[] query = [1, 13, 2, 32], key = [1, 13, 1, 32], logsumexp = [1, 2, 13];
        AssertAllocatesNothing(() => Attention.Forward<T>(
            _stream,
            new TensorSpan<T>(_query, query),
            new TensorSpan<T>(_key, key),
            new TensorSpan<T>(_value, key),
            new TensorSpan<T>(_output, query),
            Case.Options,
            new TensorSpan<float>(_logsumexp, logsumexp)));
    }

    [Test]
    public void OverDeviceBuffersWithAWorkspace()
    {
        using DeviceBuffer<T> q = Suite.Cpu.Allocate<T>(_query.Length), k = Suite.Cpu.Allocate<T>(_key.Length);
        using DeviceBuffer<T> v = Suite.Cpu.Allocate<T>(_value.Length), o = Suite.Cpu.Allocate<T>(_output.Length);
        using DeviceBuffer<float> lse = Suite.Cpu.Allocate<float>(_logsumexp.Length);
        using DeviceBuffer<byte> workspace =
            Suite.Cpu.Allocate<byte>(Attention.ForwardWorkspaceBytes<T>(Suite.Cpu, Case.Shape, withLogSumExp: true));
        foreach (DeviceBuffer<T> buffer in (DeviceBuffer<T>[])[q, k, v])
        {
            buffer.Clear(_stream);
        }
        AssertAllocatesNothing(() => Attention.Forward(
            _stream,
            new DeviceTensor<T>(q, QueryDims),
            new DeviceTensor<T>(k, KeyDims),
            new DeviceTensor<T>(v, KeyDims),
            new DeviceTensor<T>(o, QueryDims),
            Case.Options,
            new DeviceTensor<float>(lse, LogSumExpDims),
            workspace));
    }

    [Test]
    public void WithEverythingThatCanBeGiven()
    {
        using var scope = new TensorScope("cpu");
        DeviceTensor<T> q = scope.Upload(_query, QueryDims), k = scope.Upload(_key, KeyDims), v = scope.Upload(_value, KeyDims);
        DeviceTensor<T> o = scope.Output<T>(QueryDims).Tensor;
        DeviceTensor<float> lse = scope.Output<float>(LogSumExpDims).Tensor;
        DeviceTensor<T> bias = scope.Upload(new T[13], 1, 1, 1, 13);
        DeviceTensor<bool> mask = scope.Upload(new bool[13], 1, 1, 1, 13), tree = scope.Upload([true], 1, 1, 1);
        DeviceTensor<float> slopes = scope.Upload(AlibiSlopes.ForHeads(2), 2);
        DeviceTensor<int> used = scope.Upload([12], 1);
        var options = new AttentionOptions { Causal = true, WindowLeft = 4, SinkCount = 1, SoftCap = 2, Dropout = new(0.5f, 1) };
        AssertAllocatesNothing(() => Attention.Forward(
            scope.Stream, q, k, v, o,
            new AttentionInputs { Bias = bias, Mask = mask, AlibiSlopes = slopes, TreeMask = tree, SeqUsedK = used },
            options, lse));
    }

    [Test]
    public void Gradients()
    {
        using var scope = new TensorScope("cpu");
        DeviceTensor<T> q = scope.Upload(_query, QueryDims), k = scope.Upload(_key, KeyDims), v = scope.Upload(_value, KeyDims);
        DeviceTensor<T> o = scope.Upload(_output, QueryDims), bias = scope.Upload(new T[13], 1, 1, 1, 13);
        DeviceTensor<float> lse = scope.Upload(_logsumexp, LogSumExpDims);
        DeviceTensor<T> dq = scope.Output<T>(QueryDims).Tensor, dk = scope.Output<T>(KeyDims).Tensor;
        DeviceTensor<T> dv = scope.Output<T>(KeyDims).Tensor, dbias = scope.Output<T>(1, 1, 1, 13).Tensor;
        AssertAllocatesNothing(() => Attention.Backward(
            scope.Stream, q, k, v, o, lse,
            new AttentionGradients<T> { Output = o, Query = dq, Key = dk, Value = dv, Bias = dbias },
            new AttentionInputs { Bias = bias }, Case.Options));
    }

    [Test]
    public void OverAPagedCache()
    {
        using var scope = new TensorScope("cpu");
        using var cache = new PagedCache<T>(Suite.Cpu, new PagedCacheShape(4, 8, 1, 32, 32));
        using var rotary = new RotaryTable(scope.Stream, 32, 32);
        int[] sequences = [cache.AddSequence(), cache.AddSequence()], counts = [9, 1];
        DeviceTensor<T> q = scope.Upload(new T[10 * 2 * 32], 10, 2, 32), k = scope.Upload(new T[10 * 32], 10, 1, 32);
        DeviceTensor<T> o = scope.Output<T>(10, 2, 32).Tensor;
        AssertAllocatesNothing(() =>
        {
            cache.Append(scope.Stream, sequences, counts);
            Attention.Forward(
                scope.Stream, q, cache.Key(), cache.Value(), o,
                cache.Layer(0, k, k) with { RotaryCos = rotary.Cos, RotarySin = rotary.Sin }, cache.Inputs, Case.Options);
            cache.Truncate(sequences[0], 0);
            cache.Truncate(sequences[1], 0);
        });
    }

    [Test]
    public void Combining()
    {
        using var scope = new TensorScope("cpu");
        DeviceTensor<float> parts = scope.Upload(new float[2 * 13 * 2 * 32], [2, .. QueryDims]);
        DeviceTensor<float> sums = scope.Upload(new float[2 * 2 * 13], [2, .. LogSumExpDims]);
        DeviceTensor<T> o = scope.Output<T>(QueryDims).Tensor;
        AssertAllocatesNothing(() => Attention.Combine(scope.Stream, parts, sums, o));
    }

    [Test]
    public void OverPinnedBuffers()
    {
        using PinnedBuffer<T> q = Suite.Cpu.AllocatePinned<T>(_query.Length), k = Suite.Cpu.AllocatePinned<T>(_key.Length);
        using PinnedBuffer<T> o = Suite.Cpu.AllocatePinned<T>(_output.Length);
        q.GetSpan().Clear();
        k.GetSpan().Clear();
        AssertAllocatesNothing(() => Attention.Forward(
            _stream,
            new DeviceTensor<T>(q, QueryDims),
            new DeviceTensor<T>(k, KeyDims),
            new DeviceTensor<T>(k, KeyDims),
            new DeviceTensor<T>(o, QueryDims)));
    }

    [Test]
    public void Synchronizing() => AssertAllocatesNothing(() =>
    {
        _stream.Synchronize();
        ValueTask wait = _stream.SynchronizeAsync();
        wait.GetAwaiter().GetResult();
    });

    private static void AssertAllocatesNothing(Action call) => Allocations.AssertNone(call);
}
