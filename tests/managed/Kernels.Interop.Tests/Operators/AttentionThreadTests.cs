namespace Kernels.Interop.Tests.Operators;

public sealed class AttentionThreadTests
{
    [Test]
    public void SixteenThreadsShareADevice()
    {
        const int Threads = 16, Calls = 10;
        var failures = new string?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(t => new Thread(() => failures[t] = Run(t)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(failures, Has.All.Null);

        static string? Run(int t)
        {
            var shape = new AttentionShape(1, 17 + t, 40 + 3 * t, 2, 1, 8 + 5 * t, 16);
            var inputs = new AttentionInputs<float>(new AttentionCase(shape), seed: t);
            Reference.AttentionExpectation expected = inputs.Expected();
            using KernelStream stream = Suite.Cpu.CreateStream();
            for (int i = 0; i < Calls; i++)
            {
                float[] output = inputs.NewOutput();
                Attention.Forward<float>(stream, shape, inputs.Query, inputs.Key, inputs.Value, output);
                if (Reference.Tolerance.Fault<float>(output, expected.Output) is string fault)
                {
                    return $"thread {t}, call {i}: {fault}";
                }
            }
            return null;
        }
    }

    [Test]
    public void BufferDisposedOnAnotherThreadIsEitherUsedOrRefused()
    {
        for (int i = 0; i < 200; i++)
        {
            using KernelStream stream = Suite.Cpu.CreateStream();
            using DeviceBuffer<float> output = Suite.Cpu.Allocate<float>(64 * 64);
            DeviceBuffer<float> input = Suite.Cpu.Allocate<float>(64 * 64);
            input.Clear(stream);
            long[] dims = [1, 64, 1, 64];
            var view = new DeviceTensor<float>(input, dims);
            var written = new DeviceTensor<float>(output, dims);
            Exception? failure = null;
            var thread = new Thread(() =>
            {
                try
                {
                    Attention.Forward(stream, view, view, view, written);
                }
                catch (ObjectDisposedException refused)
                {
                    failure = refused;
                }
            });
            thread.Start();
            input.Dispose();
            thread.Join();
            Assert.That(failure is not null || output.AsSpan().IndexOfAnyExcept(0f) == -1);
        }
    }
}
