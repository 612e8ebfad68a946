namespace Kernels.Interop.Tests.Api;

/// <summary>
/// What the library offers changes only on purpose: <c>PublicApi.txt</c> is reviewed like code. To write it anew, run
/// <c>KERNELS_INTEROP_WRITE_API=1 dotnet test tests/managed/Kernels.Interop.Tests --filter PublicApi</c> and look at the difference.
/// </summary>
public sealed class PublicApiTests
{
    private static readonly string Reviewed = Path.Combine(Repository.Root, "tests/managed/Kernels.Interop.Tests/PublicApi.txt");

    [Test]
    public void PublicApiIsTheReviewedOne()
    {
        string[] actual = [.. PublicApi.Lines(typeof(Device).Assembly)];
        if (Environment.GetEnvironmentVariable("KERNELS_INTEROP_WRITE_API") == "1")
        {
            File.WriteAllLines(Reviewed, actual);
        }
        Assert.That(actual, Is.EqualTo(File.ReadAllLines(Reviewed)));
    }
}
