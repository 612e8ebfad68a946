using System.Diagnostics;

namespace Samples.Tests;

/// <summary>A sample as a user runs it.</summary>
/// <param name="name">name of its assembly</param>
internal sealed class SampleProgram(string name)
{
    /// <summary>The assembly.</summary>
    public string Path { get; } = System.IO.Path.Combine(TestContext.CurrentContext.TestDirectory, name + ".dll");

    /// <summary>Runs it with arguments.</summary>
    public (int ExitCode, string Output, string Error) Run(params string[] arguments) => RunDotnet([Path, .. arguments]);

    /// <summary>Runs it, and expects one line of error and nothing else.</summary>
    public void AssertFails(int exitCode, string message, params string[] arguments) =>
        AssertFailed(Run(arguments), exitCode, message);

    /// <summary>Expects that a run failed with one line of error.</summary>
    public static void AssertFailed((int ExitCode, string Output, string Error) result, int exitCode, string message)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.ExitCode, Is.EqualTo(exitCode));
            Assert.That(result.Error, Does.StartWith("error: ").And.Contain(message));
            Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        }
    }

    /// <summary>Runs dotnet itself.</summary>
    public static (int ExitCode, string Output, string Error) RunDotnet(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
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
