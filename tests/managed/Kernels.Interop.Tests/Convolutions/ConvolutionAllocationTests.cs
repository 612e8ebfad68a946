using System.Numerics.Tensors;
using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>A call of a convolution allocates no managed memory.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class ConvolutionAllocationTests<T>
    where T : unmanaged
{
    private const int Channels = 2, Length = 64, Taps = 16;

    private static readonly long[] Dims = [1, Channels, Length];

    private readonly T[] _input = new T[Channels * Length], _gate = new T[Channels * Length], _output = new T[Channels * Length];
    private readonly float[] _skip = new float[Channels], _filter = new float[Channels * Taps];
    private TensorScope _scope = null!;
    private LongConvolutionPlan _plan = null!, _streaming = null!;

    [SetUp]
    public void MakePlans()
    {
        _scope = new TensorScope("cpu");
        var options = new LongConvolutionOptions { Channels = Channels, Length = Length, FilterLength = Taps };
        _plan = new LongConvolutionPlan(Suite.Cpu, options);
        _plan.SetFilter(_scope.Stream, _filter);
        _streaming = new LongConvolutionPlan(Suite.Cpu, options with { Streaming = true });
        _streaming.SetFilter(_scope.Stream, _filter);
    }

    [TearDown]
    public void Dispose()
    {
        _streaming.Dispose();
        _plan.Dispose();
        _scope.Dispose();
    }

    [Test]
    public void OverSpans() => AssertAllocatesNothing(() =>
        LongConvolution.Forward<T>(_scope.Stream, _plan, 1, _input, _output, _gate, _gate, _skip));

    [Test]
    public void OverSpansWithAState()
    {
        using var state = new LongConvolutionState(_scope.Stream, _streaming, 1);
        AssertAllocatesNothing(() =>
            LongConvolution.Forward<T>(_scope.Stream, _streaming, 1, _input, _output, _gate, _gate, _skip, state));
    }

    [Test]
    public void OverTensorSpans()
    {
        nint[] dims = [1, Channels, Length];
        AssertAllocatesNothing(() => LongConvolution.Forward<T>(
            _scope.Stream, _plan, new ReadOnlyTensorSpan<T>(_input, dims), new TensorSpan<T>(_output, dims),
            new ReadOnlyTensorSpan<T>(_gate, dims), skip: _skip));
    }

    [Test]
    public void OverDeviceMemoryInAWorkspace()
    {
        DeviceTensor<T> u = _scope.Upload(_input, Dims), v = _scope.Upload(_gate, Dims), y = _scope.Output<T>(Dims).Tensor;
        DeviceTensor<float> d = _scope.Upload(_skip, Channels);
        var inputs = new LongConvolutionInputs<T> { InputGate = v, OutputGate = v, Skip = d };
        using DeviceBuffer<byte> workspace =
            Suite.Cpu.Allocate<byte>(LongConvolution.ForwardWorkspaceBytes(_plan, u, y, inputs));
        AssertAllocatesNothing(() => LongConvolution.Forward(_scope.Stream, _plan, u, y, inputs, workspace));
    }

    [Test]
    public void GradientsOverDeviceMemory()
    {
        DeviceTensor<T> u = _scope.Upload(_input, Dims), dy = _scope.Upload(_gate, Dims), du = _scope.Output<T>(Dims).Tensor;
        DeviceTensor<float> dk = _scope.Output<float>(Channels, Taps).Tensor;
        AssertAllocatesNothing(() => LongConvolution.Backward(
            _scope.Stream, _plan, u, new LongConvolutionGradients<T> { Output = dy, Input = du, Filter = dk }));
    }

    [Test]
    public void GradientsOverSpans()
    {
        var filter = new float[Channels * Taps];
        AssertAllocatesNothing(() => LongConvolution.Backward<T>(
            _scope.Stream, _plan, 1, _input,
            new LongConvolutionSpanGradients<T> { Output = _gate, Input = _output, Filter = filter }));
    }

    [Test]
    public void ShortOverSpans()
    {
        float[] filter = new float[Channels * 4], bias = new float[Channels];
        var state = new T[Channels * 3];
        AssertAllocatesNothing(() => ShortConvolution.Forward<T>(
            _scope.Stream, new(1, Channels, Length, 4), _input, filter, _output, default, bias, state));
    }

    [Test]
    public void ShortOverDeviceMemory()
    {
        DeviceTensor<T> u = _scope.Upload(_input, Dims), y = _scope.Output<T>(Dims).Tensor;
        DeviceTensor<float> k = _scope.Upload(new float[Channels * 4], Channels, 4);
        AssertAllocatesNothing(() => ShortConvolution.Forward(_scope.Stream, u, k, y));
    }

    [Test]
    public void ShortGradients()
    {
        DeviceTensor<T> u = _scope.Upload(_input, Dims), dy = _scope.Upload(_gate, Dims), du = _scope.Output<T>(Dims).Tensor;
        DeviceTensor<float> k = _scope.Upload(new float[Channels * 4], Channels, 4), dk = _scope.Output<float>(Channels, 4).Tensor;
        AssertAllocatesNothing(() => ShortConvolution.Backward(
            _scope.Stream, u, k, new ShortConvolutionGradients<T> { Output = dy, Input = du, Filter = dk }));
    }

    private static void AssertAllocatesNothing(Action call) => Allocations.AssertNone(call);
}
