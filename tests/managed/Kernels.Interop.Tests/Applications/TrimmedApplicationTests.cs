namespace Kernels.Interop.Tests.Applications;

public sealed class TrimmedApplicationTests
{
    [Test]
    public void ApplicationPublishesTrimmedWithoutAWarningAndWorks()
    {
        string folder = Directory.CreateTempSubdirectory("kernels-interop-").FullName;
        try
        {
            string project = Path.Combine(Repository.Root, "tests/managed/Kernels.Interop.TrimTest");
            ChildProcess publish = ChildProcess.Run(
                "dotnet", ["publish", project, "--configuration", "Release", "--output", folder, "-nodeReuse:false"]);
            Assert.That(publish.ExitCode, Is.Zero, publish.Output + publish.Error);
            Assert.That(publish.Output, Does.Not.Contain("warning"));

            ChildProcess application = ChildProcess.Run(Path.Combine(folder, "Kernels.Interop.TrimTest"), []);
            Assert.That(application.ExitCode, Is.Zero, application.Output + application.Error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
