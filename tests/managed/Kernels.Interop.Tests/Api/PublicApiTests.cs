using System.Runtime.CompilerServices;

namespace Kernels.Interop.Tests.Api;

/// <summary>
/// What the library offers changes only on purpose: <c>PublicApi.txt</c> is reviewed like code. To write it anew, run
/// <c>KERNELS_INTEROP_WRITE_API=1 dotnet test tests/managed/Kernels.Interop.Tests --filter PublicApi</c> and look at the difference.
/// </summary>
public sealed class PublicApiTests
{
    [Test]
    public void PublicApiIsTheReviewedOne()
    {
        string[] actual = [.. PublicApi.Lines(typeof(Device).Assembly)];
        if (Environment.GetEnvironmentVariable("KERNELS_INTEROP_WRITE_API") == "1")
        {
            File.WriteAllLines(SourcePath(), actual);
        }
        Assert.That(actual, Is.EqualTo(File.ReadAllLines(SourcePath())));
    }

    private static string SourcePath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(here))!, "PublicApi.txt");
}
