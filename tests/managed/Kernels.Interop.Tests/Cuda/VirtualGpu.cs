using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using NUnit.Framework.Interfaces;

[assembly: Kernels.Interop.Tests.Cuda.VirtualGpuFindings]

namespace Kernels.Interop.Tests.Cuda;

/// <summary>
/// The virtual GPU, which the tests run on as <c>cuda:0</c> where it was built, unless KERNELS_INTEROP_CUDA_DRIVER names
/// another driver.
/// </summary>
internal static unsafe partial class VirtualGpu
{
    private const string Variable = "KERNELS_INTEROP_CUDA_DRIVER";

    /// <summary>The driver that the library is told to use; null if it is left to the system.</summary>
    public static string? Driver => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } driver ? driver : null;

    /// <summary>A function of the virtual GPU's own; zero if the driver is another.</summary>
    public static nint Find(string function) =>
        Driver is not null && NativeLibrary.TryLoad(Driver, out nint library)
        && NativeLibrary.TryGetExport(library, function, out nint found)
            ? found
            : 0;

    /// <summary>Changes a setting of launches from now on.</summary>
    public static void Set(string name, string value)
    {
        var set = (delegate* unmanaged[Cdecl]<byte*, byte*, int>)Find("vgpu_set");
        if (set is null)
        {
            return;
        }
        fixed (byte* nativeName = Encoding.UTF8.GetBytes(name + '\0'), nativeValue = Encoding.UTF8.GetBytes(value + '\0'))
        {
            Assert.That(set(nativeName, nativeValue), Is.Zero, $"the virtual GPU knows no {name} {value}");
        }
    }

    /// <summary>What it found since it was last asked.</summary>
    public static List<string> TakeFindings()
    {
        List<string> findings = [];
        var count = (delegate* unmanaged[Cdecl]<int>)Find("vgpu_finding_count");
        var text = (delegate* unmanaged[Cdecl]<int, byte*>)Find("vgpu_finding_text");
        var clear = (delegate* unmanaged[Cdecl]<void>)Find("vgpu_clear_findings");
        if (count is null || text is null || clear is null)
        {
            return findings;
        }
        for (int i = 0; i < count(); i++)
        {
            findings.Add(Marshal.PtrToStringUTF8((nint)text(i)) ?? "");
        }
        clear();
        return findings;
    }

    /// <summary>Names the driver before anything looks for one, to this process's native code and to child processes.</summary>
    [ModuleInitializer]
    internal static void Name()
    {
        string built = Path.Combine(Repository.Root, "artifacts/vgpu/libcuda.so.1");
        if (Driver is not null || !File.Exists(built))
        {
            return;
        }
        string sources = Path.Combine(Repository.Root, "artifacts/ptx-sources");
        foreach ((string name, string value) in ((string, string)[])[(Variable, built), ("VGPU_SOURCES", sources)])
        {
            Environment.SetEnvironmentVariable(name, value);
            _ = SetNativeVariable(name, value, overwrite: 1);
        }
    }

    // .NET keeps an environment of its own: native code does not see what it sets there.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNativeVariable(string name, string value, int overwrite);
}

/// <summary>
/// Gives every test a schedule and a rounding mode of the virtual GPU, chosen by its name and the date, and fails the test that
/// the virtual GPU found something in.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class VirtualGpuFindingsAttribute : Attribute, ITestAction
{
    private static readonly string[] Schedules = ["forward", "reverse", "random"], Roundings = ["exact", "ampere"];

    private string _settings = "";

    /// <inheritdoc/>
    public ActionTargets Targets => ActionTargets.Test;

    /// <inheritdoc/>
    public void BeforeTest(ITest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        ulong hash = Hash($"{test.FullName} {DateTime.UtcNow:yyyy-MM-dd}");
        _settings = Choose("VGPU_SCHEDULE", Schedules[hash % 3])
            + Choose("VGPU_SEED", $"{hash / 3 % 1_000_000}")
            + Choose("VGPU_ROUNDING", Roundings[hash / 3_000_000 % 2]);
    }

    /// <inheritdoc/>
    public void AfterTest(ITest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        List<string> findings = VirtualGpu.TakeFindings();
        Assert.That(findings, Is.Empty, $"findings of the virtual GPU; to repeat this: {_settings}dotnet test --filter \"{test.FullName}\"");
    }

    private static string Choose(string variable, string choice)
    {
        string value = Environment.GetEnvironmentVariable(variable) ?? choice;
        VirtualGpu.Set(variable["VGPU_".Length..].ToLowerInvariant(), value);
        return $"{variable}={value} ";
    }

    /// <summary>FNV-1a: the same choice on every machine.</summary>
    private static ulong Hash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ b) * 1099511628211;
        }
        return hash ^ hash >> 29;
    }
}
