using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class AttentionForwardTests<T>
    where T : unmanaged
{
    private static readonly AttentionCase Small =
        new(new AttentionShape(2, 9, 21, 4, 2, 40, 24), new AttentionOptions { Causal = true });

    // The reference is much slower than what it checks, so each case is computed once, for all overloads.
    private readonly Dictionary<AttentionCase, (AttentionInputs<T> Inputs, AttentionExpectation Expected)> _known = [];
    private KernelStream _stream = null!;

    private static IEnumerable<AttentionCase> Cases => AttentionCases.All;

    private static IEnumerable<(string, Overload)> Calls =>
        from name in TestDevices.Names
        from overload in AttentionOverloads.Of(name)
        select (name, overload);

    [SetUp]
    public void CreateStream() => _stream = Suite.Cpu.CreateStream();

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    [Test]
    public void EveryOverloadMatchesTheReference(
        [ValueSource(nameof(Calls))] (string Device, Overload Overload) call,
        [ValueSource(nameof(Cases))] AttentionCase @case)
    {
        if (!_known.TryGetValue(@case, out var known))
        {
            var computed = new AttentionInputs<T>(@case);
            _known[@case] = known = (computed, computed.Expected());
        }
        T[] output = known.Inputs.NewOutput();
        float[] logsumexp = known.Inputs.NewLogSumExp();
        using KernelStream stream = Suite.DeviceNamed(call.Device).CreateStream();
        AttentionOverloads.Run(call.Overload, stream, known.Inputs, output, logsumexp);
        Tolerance.AssertMatches<T>(output, known.Expected.Output, $"output of {@case}");
        Tolerance.AssertMatches<float>(logsumexp, known.Expected.LogSumExp, $"logsumexp of {@case}");
    }

    [Test]
    public void OutputIsTheSameWithoutLogSumExp()
    {
        var inputs = new AttentionInputs<T>(Small);
        T[] with = inputs.NewOutput();
        T[] without = inputs.NewOutput();
        Attention.Forward<T>(
            _stream, Small.Shape, inputs.Query, inputs.Key, inputs.Value, with, Small.Options, inputs.NewLogSumExp());
        Attention.Forward<T>(_stream, Small.Shape, inputs.Query, inputs.Key, inputs.Value, without, Small.Options);
        Assert.That(without, Is.EqualTo(with));
    }

    [Test]
    public void OutputIsTheSameInAGivenWorkspace()
    {
        var inputs = new AttentionInputs<T>(Small);
        T[] own = inputs.NewOutput();
        T[] given = inputs.NewOutput();
        long bytes = Attention.ForwardWorkspaceBytes<T>(Suite.Cpu, Small.Shape, Small.Options);
        using DeviceBuffer<byte> workspace = Suite.Cpu.Allocate<byte>(bytes);
        Attention.Forward<T>(_stream, Small.Shape, inputs.Query, inputs.Key, inputs.Value, own, Small.Options);
        Attention.Forward<T>(
            _stream, Small.Shape, inputs.Query, inputs.Key, inputs.Value, given, Small.Options, workspace: workspace);
        Assert.That(given, Is.EqualTo(own));
    }

    [Test]
    public void SpansAreOfTheCpuOnly([ValueSource(typeof(TestDevices), nameof(TestDevices.Cuda))] string cuda)
    {
        var inputs = new AttentionInputs<T>(Small);
        T[] output = inputs.NewOutput();
        using KernelStream stream = Suite.DeviceNamed(cuda).CreateStream();
        foreach (Overload overload in (Overload[])[Overload.Spans, Overload.TensorSpans])
        {
            Assert.That(
                () => AttentionOverloads.Run(overload, stream, inputs, output, inputs.NewLogSumExp()),
                Throws.TypeOf<NotSupportedException>());
        }
    }

    [Test]
    public void OutputDoesNotDependOnTheNumberOfThreads()
    {
        var @case = new AttentionCase(new AttentionShape(2, 130, 257, 6, 3, 64, 64), new AttentionOptions { Causal = true });
        var inputs = new AttentionInputs<T>(@case);
        T[] one = inputs.NewOutput();
        T[] many = inputs.NewOutput();
        RunWithThreads(1, inputs, one);
        RunWithThreads(7, inputs, many);
        Assert.That(many, Is.EqualTo(one));
    }

    private static void RunWithThreads(int threads, AttentionInputs<T> inputs, T[] output)
    {
        using Device device = Device.Open("cpu", new DeviceOptions { ThreadCount = threads });
        using KernelStream stream = device.CreateStream();
        Attention.Forward<T>(
            stream, inputs.Case.Shape, inputs.Query, inputs.Key, inputs.Value, output, inputs.Case.Options);
    }
}
