using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>A sequence in pieces gives what it gives in one.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class LongConvolutionStreamingTests<T>
    where T : unmanaged
{
    private const int Batch = 2, Channels = 3;

    private static readonly int[][] Pieces = [[300], [100, 100, 100], [1, 64, 7, 0, 128, 100], [127, 1, 128, 44]];

    /// <summary>Spans are host memory.</summary>
    private static IEnumerable<(string, bool)> Calls =>
        from device in TestDevices.Names
        from byTensors in (bool[])[true, false]
        where device == "cpu" || byTensors
        select (device, byTensors);

    [Test]
    public void PiecesMatchTheFormulaOfTheWhole(
        [ValueSource(nameof(Calls))] (string Device, bool ByTensors) how,
        [ValueSource(nameof(Pieces))] int[] pieces,
        [Values(1, 40, 200)] int taps)
    {
        var whole = new ConvolutionSetting(Batch, Channels, pieces.Sum(), taps) { Gates = true, Skip = true };
        var problem = new ConvolutionProblem<T>(whole, how.Device);
        using KernelStream stream = Suite.DeviceNamed(how.Device).CreateStream();
        using LongConvolutionPlan plan = StreamingPlan(stream, pieces.Max(), taps, problem.Filter);
        using var state = new LongConvolutionState(stream, plan, Batch);
        foreach (int repetition in (int[])[1, 2])
        {
            var output = new T[problem.Input.Length];
            int done = 0;
            foreach (int piece in pieces)
            {
                Rows rows = new(whole.Length, done, piece);
                T[] y = how.ByTensors
                    ? ByTensors(stream, plan, problem, rows, state)
                    : BySpans(stream, plan, problem, rows, state);
                rows.Put(y, output);
                done += piece;
            }
            problem.Output().AssertMatches<T>(output, $"output of repetition {repetition}");
            state.Reset(stream);
        }
    }

    [Test]
    public void StateHoldsTheLastGatedInputs([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        const int Taps = 6;
        using var scope = new TensorScope(device);
        using LongConvolutionPlan plan = StreamingPlan(scope.Stream, 4, Taps, new float[Channels * Taps]);
        using DeviceBuffer<float> memory = scope.Stream.Upload<float>([.. Enumerable.Range(1, Channels * 5).Select(i => (float)i)]);
        var inputs = new LongConvolutionInputs<T>
        {
            InputGate = scope.Upload(Numbers(2, 4), 1, Channels, 4),
            State = new DeviceTensor<float>(memory, [1, Channels, 5]),
        };
        LongConvolution.Forward(
            scope.Stream, plan, scope.Upload(Numbers(-3, 4), 1, Channels, 4), scope.Output<T>(1, Channels, 4).Tensor, inputs);
        Assert.That(
            memory.ToArray(scope.Stream),
            Is.EqualTo((float[])[5, -6, -6, -6, -6, 10, -6, -6, -6, -6, 15, -6, -6, -6, -6]));

        static T[] Numbers(double number, int length) =>
            [.. Enumerable.Repeat(Reference.Elements.FromDouble<T>(number), Channels * length)];
    }

    private static LongConvolutionPlan StreamingPlan(KernelStream stream, int length, int taps, float[] filter)
    {
        var plan = new LongConvolutionPlan(
            stream.Device, new() { Channels = Channels, Length = length, FilterLength = taps, Streaming = true });
        plan.SetFilter(stream, filter);
        return plan;
    }

    private static T[] BySpans(
        KernelStream stream, LongConvolutionPlan plan, ConvolutionProblem<T> p, Rows rows, LongConvolutionState state)
    {
        var y = new T[Batch * Channels * rows.Count];
        LongConvolution.Forward<T>(
            stream, plan, Batch, rows.Take(p.Input), y, rows.Take(p.InputGate), rows.Take(p.OutputGate), p.Skip, state);
        return y;
    }

    /// <summary>The pieces are views of the whole: nothing is copied.</summary>
    private static T[] ByTensors(
        KernelStream stream, LongConvolutionPlan plan, ConvolutionProblem<T> p, Rows rows, LongConvolutionState state)
    {
        using DeviceBuffer<T> u = stream.Upload<T>(p.Input), w = stream.Upload<T>(p.InputGate), v = stream.Upload<T>(p.OutputGate);
        using DeviceBuffer<float> d = stream.Upload<float>(p.Skip);
        using DeviceBuffer<T> y = stream.Device.Allocate<T>(Batch * Channels * rows.Count);
        LongConvolution.Forward(
            stream, plan, rows.View(u), new DeviceTensor<T>(y, [Batch, Channels, rows.Count]),
            new LongConvolutionInputs<T>
            {
                InputGate = rows.View(w), OutputGate = rows.View(v), Skip = new DeviceTensor<float>(d, [Channels]),
                State = state.Tensor,
            });
        return y.ToArray(stream);
    }

    /// <summary>A piece of all rows.</summary>
    private sealed record Rows(int Length, int First, int Count)
    {
        public T[] Take(T[] whole) =>
            [.. Enumerable.Range(0, whole.Length / Length).SelectMany(row => whole.Skip(row * Length + First).Take(Count))];

        public void Put(T[] piece, T[] whole)
        {
            for (int i = 0; i < piece.Length; i++)
            {
                whole[i / Count * Length + First + i % Count] = piece[i];
            }
        }

        public DeviceTensor<T> View(DeviceBuffer<T> whole) =>
            new(whole, [Batch, Channels, Count], [Channels * Length, Length, 1], First);
    }
}
