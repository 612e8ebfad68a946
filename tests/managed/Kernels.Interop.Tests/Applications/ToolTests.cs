using System.Globalization;
using Kernels.Interop.Native;

namespace Kernels.Interop.Tests.Applications;

public sealed class ToolTests
{
    [Test]
    public void InfoTellsTheLibraryTheDevicesAndWhatWasTried()
    {
        ChildProcess tool = Info((NativeLoader.PathVariable, KernelLibrary.Path));
        Assert.That(tool.ExitCode, Is.Zero, tool.Error);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tool.Output, Does.Contain(KernelLibrary.Version.ToString()));
            Assert.That(tool.Output, Does.Contain(KernelLibrary.AbiHash.ToString("x16", CultureInfo.InvariantCulture)));
            Assert.That(tool.Output, Does.Contain(KernelLibrary.Path));
            foreach (ProbeEntry entry in Device.Probe())
            {
                Assert.That(tool.Output, Does.Contain(entry.Subject));
            }
        }
    }

    [Test]
    public void InfoTellsTheDriverThatIsUsedAndWhoNamedIt()
    {
        ChildProcess tool = Info(("KERNELS_INTEROP_CUDA_DRIVER", "/nowhere/libcuda.so.1"));
        Assert.That(tool.ExitCode, Is.Zero, tool.Error);
        Assert.That(tool.Output, Does.Contain("/nowhere/libcuda.so.1: cannot open").And.Contain("KERNELS_INTEROP_CUDA_DRIVER"));
    }

    [Test]
    public void MissingLibraryIsToldWithItsPath()
    {
        ChildProcess tool = Info((NativeLoader.PathVariable, "/nowhere/libkernels_interop.so"));
        Assert.That(tool.ExitCode, Is.EqualTo(1));
        Assert.That(tool.Error, Does.Contain("/nowhere/libkernels_interop.so: the file does not exist"));
    }

    [Test]
    public void UnknownCommandIsAnError() =>
        Assert.That(ChildProcess.Run("dotnet", [Tool, "inform"]).ExitCode, Is.Not.Zero);

    private static string Tool => Path.Combine(AppContext.BaseDirectory, "kernels-interop.dll");

    private static ChildProcess Info((string, string?) variable) => ChildProcess.Run("dotnet", [Tool, "info"], variable);
}
