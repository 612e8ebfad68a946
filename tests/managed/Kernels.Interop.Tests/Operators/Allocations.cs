namespace Kernels.Interop.Tests.Operators;

/// <summary>Counts managed memory that calls allocate.</summary>
internal static class Allocations
{
    private const int Calls = 20;

    /// <summary>Asserts that a call allocates nothing once it has been made a few times.</summary>
    public static void AssertNone(Action call)
    {
        for (int i = 0; i < Calls; i++)
        {
            call();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Calls; i++)
        {
            call();
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero, "bytes allocated");
    }
}
