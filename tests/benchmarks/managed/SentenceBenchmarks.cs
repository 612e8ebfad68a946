using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;

namespace Kernels.Interop.Benchmarks;

/// <summary>
/// One short sentence, as a sentence encoder computes it in each layer: what a call costs. It must allocate nothing.
/// </summary>
[MemoryDiagnoser]
public class SentenceBenchmarks : IDisposable
{
    private static readonly nint[] Lengths = [1, 13, 4, 64];

    private readonly SelfAttention _problem = new(tokens: 13, heads: 4, headDim: 64);
    private readonly Device _device = Device.Open("cpu");
    private readonly KernelStream _stream;
    private readonly PlainAttention _plain;

    public SentenceBenchmarks()
    {
        _stream = _device.CreateStream();
        _plain = new PlainAttention(_problem, threads: 1);
    }

    /// <summary>C# over TensorPrimitives, on one thread.</summary>
    [Benchmark(Baseline = true)]
    public void Plain() => _plain.Forward();

    /// <summary>The kernel, called over spans.</summary>
    [Benchmark]
    public void Kernel() => _problem.Kernel(_stream);

    /// <summary>The kernel, called over tensor spans.</summary>
    [Benchmark]
    public void KernelOverTensorSpans() => Attention.Forward(
        _stream,
        new ReadOnlyTensorSpan<float>(_problem.Query, Lengths),
        new ReadOnlyTensorSpan<float>(_problem.Key, Lengths),
        new ReadOnlyTensorSpan<float>(_problem.Value, Lengths),
        new TensorSpan<float>(_problem.Output, Lengths));

    [GlobalCleanup]
    public void Dispose()
    {
        _stream.Dispose();
        _device.Dispose();
        GC.SuppressFinalize(this);
    }
}
