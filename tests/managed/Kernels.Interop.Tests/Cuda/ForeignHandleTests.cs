using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Cuda;

/// <summary>Handles go in and out: memory, streams and contexts are shared with other libraries that use the driver.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Cuda))]
public sealed class ForeignHandleTests(string deviceName)
{
    /// <summary>c[i] = a[i] + b[i] for i below the count, as a library that writes PTX at run time would have it.</summary>
    private const string VectorAddition = """
        .version 8.0
        .target sm_80
        .address_size 64
        .visible .entry vecadd(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 count)
        {
            .reg .pred %past;
            .reg .b32 %thread, %block, %threads, %index;
            .reg .b64 %i, %n, %offset, %pa, %pb, %pc;
            .reg .f32 %x, %y, %sum;
            mov.u32 %thread, %tid.x;
            mov.u32 %block, %ctaid.x;
            mov.u32 %threads, %ntid.x;
            mad.lo.u32 %index, %block, %threads, %thread;
            cvt.u64.u32 %i, %index;
            ld.param.u64 %n, [count];
            setp.ge.u64 %past, %i, %n;
            @%past bra DONE;
            shl.b64 %offset, %i, 2;
            ld.param.u64 %pa, [a];
            ld.param.u64 %pb, [b];
            ld.param.u64 %pc, [c];
            cvta.to.global.u64 %pa, %pa;
            cvta.to.global.u64 %pb, %pb;
            cvta.to.global.u64 %pc, %pc;
            add.u64 %pa, %pa, %offset;
            add.u64 %pb, %pb, %offset;
            add.u64 %pc, %pc, %offset;
            ld.global.f32 %x, [%pa];
            ld.global.f32 %y, [%pb];
            add.f32 %sum, %x, %y;
            st.global.f32 [%pc], %sum;
        DONE:
            ret;
        }
        """;

    private Device Device => Suite.DeviceNamed(deviceName);

    [Test]
    public void KernelOfAnotherLibraryRunsOnOurMemoryAndOurStream()
    {
        const int Length = 1000;
        float[] a = [.. Enumerable.Range(0, Length).Select(i => i * 0.5f)], b = [.. Enumerable.Range(0, Length).Select(i => -2f * i)];
        using KernelStream stream = Device.CreateStream();
        using DeviceBuffer<float> x = Device.Allocate<float>(Length), y = Device.Allocate<float>(Length), sum = Device.Allocate<float>(Length);
        x.CopyFrom(a, stream);
        y.CopyFrom(b, stream);
        sum.Fill(0xFF, stream);
        CudaDriver.UsePrimaryContext();
        try
        {
            CudaDriver.Launch(
                VectorAddition, "vecadd", blocks: 8, threads: 128, stream.NativeHandle,
                x.DevicePointer, y.DevicePointer, sum.DevicePointer, Length);
        }
        finally
        {
            CudaDriver.ReleasePrimaryContext();
        }
        var result = new float[Length];
        sum.CopyTo(result, stream);
        Assert.That(result, Is.EqualTo(a.Zip(b, (p, q) => p + q)));
    }

    [Test]
    public void AttentionRunsOnAStreamAndMemoryOfAnotherLibrarysContext()
    {
        var inputs = new AttentionInputs<Half>(
            new AttentionCase(new AttentionShape(2, 33, 65, 4, 2, 64, 64), new AttentionOptions { Causal = true }));
        AttentionCase c = inputs.Case;
        Half[] output = inputs.NewOutput();
        float[] logsumexp = inputs.NewLogSumExp();
        nint context = CudaDriver.CreateContext();
        try
        {
            nint native = CudaDriver.CreateStream();
            nint q = CudaDriver.Upload<Half>(inputs.Query), k = CudaDriver.Upload<Half>(inputs.Key);
            nint v = CudaDriver.Upload<Half>(inputs.Value), o = CudaDriver.Upload<Half>(output);
            nint lse = CudaDriver.Upload<float>(logsumexp);
            using (KernelStream stream = KernelStream.FromHandle(Device, native))
            {
                Assert.That(stream.NativeHandle, Is.EqualTo(native));
                Attention.Forward(
                    stream,
                    new DeviceTensor<Half>(Device, q, c.QueryDims),
                    new DeviceTensor<Half>(Device, k, c.KeyDims),
                    new DeviceTensor<Half>(Device, v, c.ValueDims),
                    new DeviceTensor<Half>(Device, o, c.OutputDims),
                    c.Options,
                    new DeviceTensor<float>(Device, lse, c.LogSumExpDims));
                stream.Synchronize();
            }
            Assert.That(CudaDriver.CurrentContext(), Is.EqualTo(context), "the caller's context stays current");
            CudaDriver.Download<Half>(o, output);
            CudaDriver.Download<float>(lse, logsumexp);
            foreach (nint address in (nint[])[q, k, v, o, lse])
            {
                CudaDriver.Free(address);
            }
            CudaDriver.DestroyStream(native);
        }
        finally
        {
            CudaDriver.DestroyContext(context);
        }
        inputs.AssertMatches(output, logsumexp);
    }

    [Test]
    public async Task SpecialStreamsAreStreamsOfTheDevice([Values(0, 1, 2)] int special)
    {
        using KernelStream stream = KernelStream.FromHandle(Device, special);
        Assert.That(stream.NativeHandle, Is.EqualTo((nint)special));
        using DeviceBuffer<byte> buffer = Device.Allocate<byte>(1000);
        buffer.Fill(7, stream);
        await stream.SynchronizeAsync();
        var bytes = new byte[1000];
        buffer.CopyTo(bytes, stream);
        Assert.That(bytes, Has.All.EqualTo(7));
    }
}
