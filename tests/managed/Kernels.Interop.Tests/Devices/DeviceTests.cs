using Kernels.Interop.Native;

namespace Kernels.Interop.Tests.Devices;

public sealed class DeviceTests
{
    [Test]
    public void CpuComesFirstAndIsDescribed()
    {
        DeviceInfo cpu = Device.Enumerate()[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cpu.Name, Is.EqualTo("cpu"));
            Assert.That(cpu.Kind, Is.EqualTo(DeviceKind.Cpu));
            Assert.That(cpu.Ordinal, Is.Zero);
            Assert.That(cpu.Parallelism, Is.Positive);
            Assert.That(cpu.MemoryBytes, Is.Positive);
            Assert.That(cpu.Target, Is.EqualTo("avx2").Or.EqualTo("avx3"));
            Assert.That(cpu.Model, Is.Not.Empty);
            Assert.That(cpu.Reason, Is.Not.Empty);
        }
    }

    [Test]
    public void AutoOpensADeviceOfTheListAndSaysWhy()
    {
        using Device device = Device.Open();
        Assert.That(Device.Enumerate().Select(info => info.Name), Does.Contain(device.Info.Name));
        Assert.That(device.Info.Reason, Is.Not.Empty);
        Assert.That(device.ToString(), Does.Contain(device.Info.Name).And.Contain(device.Info.Target));
    }

    [Test]
    public void ThreadCountIsTaken()
    {
        using Device device = Device.Open("cpu", new DeviceOptions { ThreadCount = 3 });
        Assert.That(device.Info.Parallelism, Is.EqualTo(3));
    }

    [Test]
    public void TargetIsTaken()
    {
        using Device device = Device.Open("cpu", new DeviceOptions { Target = "avx2" });
        Assert.That(device.Info.Target, Is.EqualTo("avx2"));
    }

    [TestCase(-1)]
    [TestCase(1025)]
    public void ThreadCountOutOfRangeIsNamed(int count) =>
        Assert.That(
            () => Device.Open("cpu", new DeviceOptions { ThreadCount = count }),
            Throws.TypeOf<KernelArgumentException>()
                .With.Property("ParamName").EqualTo("options")
                .And.Property("NativeArgument").EqualTo("options.thread_count")
                .And.Message.Contains(count.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    [Test]
    public void UnknownTargetIsNamed() =>
        Assert.That(
            () => Device.Open("cpu", new DeviceOptions { Target = "mmx" }),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("options").And.Message.Contains("mmx"));

    [Test]
    public void MalformedNameIsNamed() =>
        Assert.That(
            () => Device.Open("gpu0"),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("name").And.Message.Contains("gpu0"));

    [Test]
    public void AbsentDeviceIsNotReplaced() =>
        Assert.That(() => Device.Open("cuda:63"), Throws.InstanceOf(typeof(IKernelError)));

    [Test]
    public void MissingNameIsRefused() => Assert.That(() => Device.Open(null!), Throws.ArgumentNullException);

    [Test]
    public void ProbeTellsWhatWasTried()
    {
        IReadOnlyList<ProbeEntry> entries = Device.Probe();
        Assert.That(entries, Has.Some.Matches<ProbeEntry>(
            entry => entry?.Kind == DeviceKind.Cpu && entry.Status == KernelStatus.Ok));
        Assert.That(entries, Has.All.Matches<ProbeEntry>(entry => entry?.Subject.Length > 0 && entry.Detail.Length > 0));
    }

    [Test]
    public void ExceptionInsideTheProbeReachesTheCallerAfterTheProbe()
    {
        int calls = 0;
        Assert.That(
            () => DeviceProbe.Run(_ =>
            {
                calls++;
                throw new InvalidTimeZoneException("thrown inside the callback");
            }),
            Throws.TypeOf<InvalidTimeZoneException>());
        Assert.That(calls, Is.EqualTo(1), "what failed is not called again");
        Assert.That(Device.Probe(), Is.Not.Empty, "the library still works");
    }

    [Test]
    public void EveryStatusHasItsName() =>
        Assert.That(
            Enum.GetValues<ki_status>().Select(status => ((int)status, Plain(status))),
            Is.EqualTo(Enum.GetValues<KernelStatus>().Select(status => ((int)status, status.ToString()))));

    [Test]
    public void LibraryTellsItsVersionHashAndPath()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(KernelLibrary.Version, Is.EqualTo(new Version(
                NativeMethods.KI_VERSION_MAJOR, NativeMethods.KI_VERSION_MINOR, NativeMethods.KI_VERSION_PATCH)));
            Assert.That(KernelLibrary.AbiHash, Is.EqualTo(AbiHash.Value));
            Assert.That(KernelLibrary.Path, Does.Exist);
        }
    }

    /// <summary>KI_STATUS_DEVICE_ERROR as DeviceError.</summary>
    private static string Plain(ki_status status) => string.Concat(
        NativeError.NameOf(status)["KI_STATUS_".Length..].Split('_').Select(word => word[..1] + word[1..].ToLowerInvariant()));
}
