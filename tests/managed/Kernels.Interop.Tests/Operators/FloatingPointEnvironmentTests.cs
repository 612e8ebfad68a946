using System.Runtime.InteropServices;

namespace Kernels.Interop.Tests.Operators;

/// <summary>Results do not depend on the caller's floating-point control register.</summary>
[Platform("Linux")]
public sealed unsafe partial class FloatingPointEnvironmentTests
{
    private const uint FlushToZeroAndDenormalsAreZero = 0x8040;

    [Test]
    public void CallerThatFlushesToZeroGetsTheSameNumbersAndKeepsItsSetting()
    {
        Assume.That(RuntimeInformation.ProcessArchitecture, Is.EqualTo(Architecture.X64));
        var @case = new AttentionCase(new AttentionShape(1, 5, 9, 1, 1, 16, 16));
        var inputs = new AttentionInputs<float>(@case);
        for (int i = 0; i < inputs.Value.Length; i++)
        {
            inputs.Value[i] *= 1e-40f; // denormal
        }
        using KernelStream stream = Suite.Cpu.CreateStream();
        float[] usual = inputs.NewOutput();
        float[] flushing = inputs.NewOutput();
        Attention.Forward<float>(stream, @case.Shape, inputs.Query, inputs.Key, inputs.Value, usual);

        uint before = SetControl(GetControl() | FlushToZeroAndDenormalsAreZero);
        uint after;
        try
        {
            Attention.Forward<float>(stream, @case.Shape, inputs.Query, inputs.Key, inputs.Value, flushing);
            after = GetControl();
        }
        finally
        {
            SetControl(before);
        }
        Assert.That(usual, Has.Some.Matches<float>(float.IsSubnormal), "the case is one that flushing would change");
        Assert.That(flushing, Is.EqualTo(usual));
        Assert.That(after & FlushToZeroAndDenormalsAreZero, Is.EqualTo(FlushToZeroAndDenormalsAreZero));
    }

    private static uint GetControl()
    {
        FloatingPointEnvironment environment;
        Assert.That(GetEnvironment(&environment), Is.Zero);
        return environment.Mxcsr;
    }

    private static uint SetControl(uint mxcsr)
    {
        FloatingPointEnvironment environment;
        Assert.That(GetEnvironment(&environment), Is.Zero);
        uint before = environment.Mxcsr;
        environment.Mxcsr = mxcsr;
        Assert.That(SetEnvironment(&environment), Is.Zero);
        return before;
    }

    [LibraryImport("libm.so.6", EntryPoint = "fegetenv")]
    private static partial int GetEnvironment(FloatingPointEnvironment* environment);

    [LibraryImport("libm.so.6", EntryPoint = "fesetenv")]
    private static partial int SetEnvironment(FloatingPointEnvironment* environment);

    /// <summary>The C library's fenv_t on x86-64: 28 bytes of the x87 unit, then MXCSR.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FloatingPointEnvironment
    {
        public fixed byte X87[28];
        public uint Mxcsr;
    }
}
