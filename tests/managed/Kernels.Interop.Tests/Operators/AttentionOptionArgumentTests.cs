namespace Kernels.Interop.Tests.Operators;

/// <summary>Wrong options and optional tensors are refused, by an exception that names the parameter they come in.</summary>
public sealed class AttentionOptionArgumentTests
{
    private const long L = 6, H = 2, D = 8;

    private static readonly long[] Dims = [1, L, H, D], LogSumExpDims = [1, H, L];

    private TensorScope _scope = null!;
    private DeviceTensor<float> _query, _output, _logsumexp;

    private static IEnumerable<TestCaseData> WrongOptions =>
    [
        new TestCaseData(new AttentionOptions { WindowLeft = -2 }, "problem.window_left"),
        new TestCaseData(new AttentionOptions { WindowRight = -3 }, "problem.window_right"),
        new TestCaseData(new AttentionOptions { SinkCount = -1 }, "problem.sink_count"),
        new TestCaseData(new AttentionOptions { SoftCap = -1 }, "problem.softcap"),
        new TestCaseData(new AttentionOptions { SoftCap = float.NaN }, "problem.softcap"),
        new TestCaseData(new AttentionOptions { SplitCount = -1 }, "problem.split_count"),
        new TestCaseData(new AttentionOptions { SplitCount = 257 }, "problem.split_count"),
        new TestCaseData(new AttentionOptions { Dropout = new(1, 0) }, "problem.dropout"),
        new TestCaseData(new AttentionOptions { Dropout = new(-0.1f, 0) }, "problem.dropout"),
    ];

    [SetUp]
    public void MakeTensors()
    {
        _scope = new TensorScope("cpu");
        _query = Zeros<float>(Dims);
        _output = Zeros<float>(Dims);
        _logsumexp = Zeros<float>(LogSumExpDims);
    }

    [TearDown]
    public void Dispose() => _scope.Dispose();

    [TestCaseSource(nameof(WrongOptions))]
    public void WrongOptionIsNamed(AttentionOptions options, string native) =>
        AssertRefused("options", native, () => Attention.Forward(_scope.Stream, _query, _query, _query, _output, options));

    [Test]
    public void WrongInputsAreNamed()
    {
        Refused("bias", new() { Bias = Zeros<float>(1, 1, L, L + 1) });
        Refused("bias", new() { Bias = Zeros<Half>(1, 1, L, L) });
        Refused("mask", new() { Mask = Zeros<bool>(L, L) });
        Refused("alibi_slopes", new() { AlibiSlopes = Zeros<float>(H + 1) });
        Refused("tree_mask", new() { TreeMask = Zeros<bool>(1, 2, 3) });
        Refused("cu_seqlens_k", new() { CuSeqlensK = Zeros<int>(0) });
        Refused("query", new() { CuSeqlensQ = Zeros<int>(2) });
        Refused("seqused_k", new() { SeqUsedK = Zeros<int>(2) });
        Refused("seqused_k", new() { SeqUsedK = _scope.Upload([7], 1) });

        void Refused(string native, AttentionInputs inputs) => AssertRefused(
            native == "query" ? "query" : "inputs", native,
            () => Attention.Forward(_scope.Stream, _query, _query, _query, _output, inputs));
    }

    [Test]
    public void WrongCachesAreNamed()
    {
        var used = new AttentionInputs { SeqUsedK = Zeros<int>(1) };
        var appended = new AttentionCache<float> { NewKey = Zeros<float>(1, 1, H, D), NewValue = Zeros<float>(1, 1, H, D) };
        DeviceTensor<float> angles = Zeros<float>(L, D / 2), key = Zeros<float>(Dims), value = Zeros<float>(Dims);
        Refused("block_table", new() { BlockTable = Zeros<int>(2, 1) });
        Refused("block_table", new() { BlockTable = _scope.Upload([1], 1, 1) }, new() { SeqUsedK = _scope.Upload([1], 1) });
        Refused("cache_slots", new() { CacheSlots = _scope.Upload([1], 1) });
        Refused("key_scale", new() { KeyScale = Zeros<float>(1, L, H) });
        Refused("new_value", new() { NewKey = appended.NewKey });
        Refused("new_key", appended with { NewKey = Zeros<float>(1, 1, H, D + 1) });
        Refused("new_key", appended, new() { SeqUsedK = _scope.Upload([(int)L], 1) });
        DeviceTensor<float> packed = Zeros<float>(1, H, D);
        Refused("cu_seqlens_new", new() { NewKey = packed, NewValue = packed, CuSeqlensNew = Zeros<int>(3) });
        Refused("rotary_sin", new() { RotaryCos = angles });
        Refused("rotary_cos", new() { RotaryCos = Zeros<float>(L, D), RotarySin = Zeros<float>(L, D) });
        Refused("problem.flags", new() { RotaryInterleaved = true });

        void Refused(string native, AttentionCache<float> cache, AttentionInputs? inputs = null)
        {
            AttentionInputs others = inputs ?? used;
            AssertRefused("cache", native, () => Attention.Forward(_scope.Stream, _query, key, value, _output, cache, others));
        }
    }

    [Test]
    public void Int8CacheNeedsScales()
    {
        DeviceTensor<sbyte> keys = Zeros<sbyte>(Dims);
        var cache = new AttentionCache<float>();
        AssertRefused("cache", "key_scale", () => Attention.Forward(_scope.Stream, _query, keys, keys, _output, cache));
    }

    [Test]
    public void ElementTypesThatAreNoneOfTheQuerysAreNamed()
    {
        DeviceTensor<bool> flags = Zeros<bool>(Dims);
        AssertRefused("query", "query", () => Attention.Forward(_scope.Stream, flags, flags, flags, Zeros<bool>(Dims)));
        DeviceTensor<Half> halves = Zeros<Half>(Dims), output = Zeros<Half>(Dims);
        var inputs = new AttentionInputs();
        AssertRefused("key", "key", () => Attention.Forward(_scope.Stream, halves, _query, _query, output, inputs));
    }

    [Test]
    public void WrongGradientsAreNamed()
    {
        AttentionGradients<float> right = new()
        {
            Output = Zeros<float>(Dims), Query = Zeros<float>(Dims), Key = Zeros<float>(Dims), Value = Zeros<float>(Dims),
        };
        DeviceTensor<float> wrong = Zeros<float>(1, L, H, D + 1);
        Refused("grad_output", right with { Output = wrong });
        Refused("grad_query", right with { Query = wrong });
        Refused("grad_key", right with { Key = wrong });
        Refused("grad_value", right with { Value = wrong });
        Refused("grad_key", right with { Key = right.Query });
        Refused("grad_bias", right with { Bias = Zeros<float>(1, 1, L, L) });
        Assert.That(
            () => Backward(right with { Value = default }),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("gradients"));
        Assert.That(
            () => Attention.Backward(_scope.Stream, _query, _query, _query, _output, default, right),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("logsumexp"));

        void Refused(string native, AttentionGradients<float> gradients)
        {
            AssertRefused("gradients", native, () => Backward(gradients));
            AssertRefused("gradients", native, () => Attention.BackwardWorkspaceBytes(
                Suite.Cpu, _query, _query, _query, _output, _logsumexp, gradients));
        }

        void Backward(AttentionGradients<float> gradients) =>
            Attention.Backward(_scope.Stream, _query, _query, _query, _output, _logsumexp, gradients);
    }

    [Test]
    public void WrongPartsAreNamed()
    {
        DeviceTensor<float> outputs = Zeros<float>(2, 1, L, H, D), sums = Zeros<float>(2, 1, H, L);
        AssertRefused("partialOutputs", "partial_outputs", () => Attention.Combine(_scope.Stream, _query, sums, _output));
        AssertRefused("partialLogSumExps", "partial_logsumexps", () => Attention.Combine(_scope.Stream, outputs, outputs, _output));
        AssertRefused("output", "output", () => Attention.Combine(_scope.Stream, outputs, sums, Zeros<int>(Dims)));
        AssertRefused("logsumexp", "logsumexp", () => Attention.Combine(_scope.Stream, outputs, sums, _output, accumulate: true));
        Assert.That(
            () => Attention.Combine(_scope.Stream, outputs, sums, default(DeviceTensor<float>)),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("output"));
    }

    [Test]
    public void DisposedBuffersAreRefusedWhereverTheyAre()
    {
        DeviceBuffer<float> gone = Suite.Cpu.Allocate<float>(L * L);
        var inputs = new AttentionInputs { Bias = new DeviceTensor<float>(gone, [1, 1, L, L]) };
        var slopes = new AttentionInputs { AlibiSlopes = new DeviceTensor<float>(gone, [H]) };
        DeviceBuffer<byte> workspace = Suite.Cpu.Allocate<byte>(1 << 20);
        gone.Dispose();
        workspace.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Forward(inputs), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => Forward(slopes), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => Forward(default, workspace), Throws.TypeOf<ObjectDisposedException>());
        }
        AssertNothingIsHeld(inputs);

        void Forward(AttentionInputs others, DeviceBuffer<byte>? scratch = null) =>
            Attention.Forward(_scope.Stream, _query, _query, _query, _output, others, workspace: scratch);
    }

    /// <summary>A call that is refused half-way lets go of the buffers before.</summary>
    private void AssertNothingIsHeld(AttentionInputs disposed)
    {
        DeviceBuffer<float> query = Suite.Cpu.Allocate<float>(L * H * D);
        var view = new DeviceTensor<float>(query, Dims);
        Assert.That(
            () => Attention.Forward(_scope.Stream, view, view, view, _output, disposed), Throws.TypeOf<ObjectDisposedException>());
        long open = Native.NativeMethods.ki_live_handle_count();
        query.Dispose();
        Assert.That(Native.NativeMethods.ki_live_handle_count(), Is.EqualTo(open - 1));
    }

    private DeviceTensor<T> Zeros<T>(params long[] dims)
        where T : unmanaged => _scope.Upload(new T[dims.Aggregate(1L, (a, b) => a * b)], dims);

    private static void AssertRefused(string parameter, string native, Action call) => Assert.That(
        call,
        Throws.TypeOf<KernelArgumentException>()
            .With.Property("ParamName").EqualTo(parameter)
            .And.Property("NativeArgument").EqualTo(native));
}
