namespace Kernels.Interop.Native;

/// <summary>Counts handles that the finaliser had to close because nobody disposed them; a correct program counts none.</summary>
internal static class HandleLeaks
{
    private static long s_finalized;

    public static long FinalizedCount => Interlocked.Read(ref s_finalized);

    public static void Count() => Interlocked.Increment(ref s_finalized);
}
