using System.Diagnostics;

namespace LongContext.Tests;

/// <summary>The program as a user runs it.</summary>
[TestFixture]
internal sealed class CommandLineTests
{
    private static readonly string Program = Path.Combine(TestContext.CurrentContext.TestDirectory, "LongContext.dll");

    [Test]
    public void TextIsReadInPiecesAndAtOnceWithTheSameResult()
    {
        var (exitCode, output, error) = Run("--tokens", "2000", "--decode", "20", "--chunk", "300", "--device", "cpu");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.Empty);
            Assert.That(exitCode, Is.Zero);
            Assert.That(output, Does.Contain("Text: 2000 tokens (bytes) in 4 sequences of 800, 600, 400, 200"));
            Assert.That(output, Does.Match(@"prompts: \d+ tokens in 7 steps, \d+ tokens/s"));
            Assert.That(output, Does.Match(@"decoding: \d+ tokens in \d+ steps, \d+ tokens/s"));
            Assert.That(output, Does.Match(@"Largest difference between the two: \d\.\de-\d+, within 1e-4"));
            Assert.That(output, Does.Contain("A matrix of all scores of one layer would take 38.4 MB"));
        }
    }

    [TestCase("--tokens", "0")]
    [TestCase("--chunk", "0")]
    [TestCase("--page-size", "0")]
    [TestCase("--window", "-1")]
    [TestCase("--sinks", "many")]
    [TestCase("--text", "/nowhere/at/all")]
    [TestCase("--text", "/dev/null")]
    [TestCase("--device", "toaster")]
    [TestCase("--no-such-option")]
    public void BadInputIsRefusedInOneLine(params string[] arguments) => AssertFails(2, arguments);

    [Test]
    public void AMissingDeviceIsRefused() => AssertFails(1, "--device", "cuda:99");

    private static void AssertFails(int expected, params string[] arguments)
    {
        var (exitCode, _, error) = Run(arguments);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(expected));
            Assert.That(error, Does.StartWith("error: "));
            Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        }
    }

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
