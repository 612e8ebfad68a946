using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Kernels.Interop.Native;

namespace Kernels.Interop.Tests.Loading;

public sealed class NativeLoaderTests
{
    private string _folder = "";

    private string RuntimesFolder => Path.Combine(
        _folder,
        "runtimes",
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64",
        "native");

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("kernels-interop-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void MissingLibraryListsEveryPathAndWhyItFailed()
    {
        string inFolder = Path.Combine(_folder, NativeLoader.FileName);
        string inRuntimes = Path.Combine(CreateRuntimesFolder(), NativeLoader.FileName);
        File.WriteAllText(inRuntimes, "This is no library.");
        const string NoSuchName = "libkernels_interop_of_nobody.so";

        var error = Assert.Throws<NativeLibraryNotFoundException>(
            () => NativeLoader.LoadFirst([inFolder, inRuntimes, NoSuchName], "None."));

        Assert.That(error?.Attempts, Has.Count.EqualTo(3));
        Assert.That(error?.Message, Does.Contain($"{inFolder}: the file does not exist"));
        Assert.That(error?.Message, Does.Match($"{inRuntimes}: .*(too short|invalid ELF header)"));
        Assert.That(error?.Message, Does.Match($"{NoSuchName}: .*cannot open shared object file"));
    }

    [Test]
    public void UsualPlacesAreTheApplicationsFolderItsRuntimesAndTheSystemsSearch() =>
        Assert.That(
            NativeLoader.Candidates(explicitPath: null, _folder),
            Is.EqualTo(new[]
            {
                Path.Combine(_folder, NativeLoader.FileName),
                Path.Combine(RuntimesFolder, NativeLoader.FileName),
                NativeLoader.FileName,
            }));

    [Test]
    public void LibraryBelowRuntimesIsFound()
    {
        string path = Build(CreateRuntimesFolder(), AbiHash.Value);
        Assert.That(NativeLoader.Load(explicitPath: null, _folder).Path, Is.EqualTo(path));
    }

    [Test]
    public void ExplicitPathIsNeverReplaced()
    {
        Build(_folder, AbiHash.Value);
        string missing = Path.Combine(_folder, "elsewhere", "libother.so");
        Assert.That(
            () => NativeLoader.Load(missing, _folder),
            Throws.TypeOf<NativeLibraryNotFoundException>().With.Message.Contains($"{missing}: the file does not exist"));
    }

    [Test]
    public void LibraryOfAnotherAbiIsRefusedWithBothHashes()
    {
        const ulong Other = 0x0123456789abcdef;
        string path = Build(_folder, Other);
        Assert.That(
            () => NativeLoader.Load(explicitPath: null, _folder),
            Throws.TypeOf<AbiMismatchException>()
                .With.Property("FileName").EqualTo(path)
                .And.Property("Expected").EqualTo(AbiHash.Value)
                .And.Property("Actual").EqualTo(Other)
                .And.Message.Contains(path)
                .And.Message.Contains("0x0123456789abcdef")
                .And.Message.Contains($"0x{AbiHash.Value:x16}"));
    }

    [Test]
    public void LibraryWithoutAHashIsRefused()
    {
        string path = Build(_folder, hash: null);
        Assert.That(
            () => NativeLoader.Load(path, _folder),
            Throws.TypeOf<AbiMismatchException>().With.Property("Actual").Null);
    }

    /// <summary>A second copy of the assembly, which looks for the library anew, in the environment of the first.</summary>
    [Test]
    public void FirstCallOfAProcessRefusesAWrongLibrary()
    {
        string wrong = Build(_folder, hash: 1);
        string? before = Environment.GetEnvironmentVariable(NativeLoader.PathVariable);
        var context = new AssemblyLoadContext("second copy", isCollectible: true);
        try
        {
            Environment.SetEnvironmentVariable(NativeLoader.PathVariable, wrong);
            Assembly copy = context.LoadFromAssemblyPath(typeof(Device).Assembly.Location);
            MethodInfo enumerate = copy.GetType(typeof(Device).FullName!)!.GetMethod(nameof(Device.Enumerate))!;
            Exception? error = Assert.Throws<TargetInvocationException>(() => enumerate.Invoke(null, null))?.InnerException;
            Assert.That(error?.GetType().FullName, Is.EqualTo(typeof(AbiMismatchException).FullName));
            Assert.That(error?.Message, Does.Contain(wrong));
        }
        finally
        {
            Environment.SetEnvironmentVariable(NativeLoader.PathVariable, before);
            context.Unload();
        }
    }

    private string CreateRuntimesFolder() => Directory.CreateDirectory(RuntimesFolder).FullName;

    /// <summary>Compiles a library that exports nothing but, perhaps, a hash.</summary>
    private static string Build(string folder, ulong? hash)
    {
        string source = Path.Combine(folder, "library.c");
        string library = Path.Combine(folder, NativeLoader.FileName);
        File.WriteAllText(source, hash is ulong value
            ? $"unsigned long long ki_abi_hash(void) {{ return 0x{value:x}ull; }}\n"
            : "int nothing_of_interest;\n");
        using Process compiler = Process.Start("cc", ["-shared", "-fPIC", "-o", library, source]);
        compiler.WaitForExit();
        Assert.That(compiler.ExitCode, Is.Zero, "the C compiler failed");
        return library;
    }
}
