using BenchmarkDotNet.Attributes;

namespace Kernels.Interop.Benchmarks;

/// <summary>Attention over 2048 tokens, 4 heads of 64: what the kernel gains over C#.</summary>
[MemoryDiagnoser]
public class LongSequenceBenchmarks : IDisposable
{
    private readonly SelfAttention _problem = new(tokens: 2048, heads: 4, headDim: 64);
    private Device _device = null!;
    private KernelStream _stream = null!;
    private PlainAttention _plain = null!;

    /// <summary>Threads that both may use.</summary>
    [ParamsSource(nameof(ThreadCounts))]
    public int Threads { get; set; }

    /// <summary>One, and as many as there are processors.</summary>
    public static IEnumerable<int> ThreadCounts => new[] { 1, Environment.ProcessorCount }.Distinct();

    [GlobalSetup]
    public void Setup()
    {
        _device = Device.Open("cpu", new DeviceOptions { ThreadCount = Threads });
        _stream = _device.CreateStream();
        _plain = new PlainAttention(_problem, Threads);
    }

    /// <summary>C# over TensorPrimitives.</summary>
    [Benchmark(Baseline = true)]
    public void Plain() => _plain.Forward();

    /// <summary>The kernel.</summary>
    [Benchmark]
    public void Kernel() => _problem.Kernel(_stream);

    [GlobalCleanup]
    public void Dispose()
    {
        _stream.Dispose();
        _device.Dispose();
        GC.SuppressFinalize(this);
    }
}
