namespace Kernels.Interop.Tests;

/// <summary>The devices that tests run on.</summary>
internal static class TestDevices
{
    /// <summary>The CPU, and each CUDA device; only those that begin with KI_TEST_DEVICE, if that is set.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Device.Enumerate().Select(info => info.Name).Where(name => name.StartsWith(Wanted, StringComparison.Ordinal))];

    /// <summary>The CUDA devices among them.</summary>
    public static IReadOnlyList<string> Cuda { get; } = [.. Names.Where(name => name != "cpu")];

    private static string Wanted => Environment.GetEnvironmentVariable("KI_TEST_DEVICE") ?? "";
}
