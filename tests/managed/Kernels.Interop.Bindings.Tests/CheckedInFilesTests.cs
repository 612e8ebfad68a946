using System.Reflection;
using Kernels.Interop.Bindings.Emit;
using Kernels.Interop.Bindings.Parsing;

namespace Kernels.Interop.Bindings.Tests;

/// <summary>The checked-in files are those of the header, and the generator says so when they are not.</summary>
internal sealed class CheckedInFilesTests
{
    private static readonly IReadOnlyList<GeneratedFile> Files =
        GeneratedFile.All(HeaderParser.Parse("kernels_interop.h", File.ReadAllText(RepositoryPaths.Header)));

    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("kernels-interop-bindings-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(nameof(Files))]
    public void A_checked_in_file_is_what_the_generator_writes(GeneratedFile file) =>
        Assert.That(File.ReadAllText(Path.Combine(RepositoryPaths.Generated, file.Name)), Is.EqualTo(file.Text));

    [TestCaseSource(nameof(Files))]
    public void A_file_begins_by_saying_that_it_is_generated(GeneratedFile file) =>
        Assert.That(
            file.Text.Split('\n')[0], Does.Contain("Generated from native/include/kernels_interop.h; do not edit."));

    [TestCaseSource(nameof(Files))]
    public void A_file_has_plain_line_ends_and_no_trailing_space(GeneratedFile file) =>
        Assert.That(file.Text, Does.Not.Match(@"[ \t\r]\n").And.EndsWith("\n").And.Not.EndsWith("\n\n"));

    [Test]
    public void Check_accepts_the_repository() =>
        Assert.That(Run("--check"), Is.EqualTo((0, "")));

    [Test]
    public void Check_accepts_what_was_just_written() => Assert.Multiple(() =>
    {
        Assert.That(Run("--output", _folder), Is.EqualTo((0, "")));
        Assert.That(Run("--check", "--output", _folder), Is.EqualTo((0, "")));
    });

    [Test]
    public void Check_names_files_that_are_stale_missing_or_foreign_and_writes_nothing()
    {
        _ = Run("--output", _folder);
        File.AppendAllText(Path.Combine(_folder, "AbiHash.g.cs"), "// edited\n");
        File.Delete(Path.Combine(_folder, "exports.g.map"));
        File.WriteAllText(Path.Combine(_folder, "other.g.cs"), "");

        (int status, string errors) = Run("--check", "--output", _folder);

        Assert.Multiple(() =>
        {
            Assert.That(status, Is.EqualTo(1));
            Assert.That(errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries), Is.EqualTo((string[])
            [
                "AbiHash.g.cs is out of date", "exports.g.map is out of date", "other.g.cs is not generated",
            ]));
            Assert.That(Path.Combine(_folder, "exports.g.map"), Does.Not.Exist);
        });
    }

    [Test]
    public void A_header_that_breaks_a_rule_is_named_and_nothing_is_written()
    {
        string header = Path.Combine(_folder, "bad.h");
        File.WriteAllText(header, "extern \"C\" int ki_run(void);\n");
        string output = Path.Combine(_folder, "output");

        (int status, string errors) = Run("--header", header, "--output", output);

        Assert.Multiple(() =>
        {
            Assert.That(status, Is.EqualTo(1));
            Assert.That(errors, Does.Contain(header).And.Contain("line 1: ki_run: "));
            Assert.That(output, Does.Not.Exist);
        });
    }

    [Test]
    public void An_unknown_argument_gets_the_usage() => Assert.Multiple(() =>
    {
        (int status, string errors) = Run("--frobnicate");
        Assert.That(status, Is.EqualTo(2));
        Assert.That(errors, Does.StartWith("usage: "));
    });

    private static (int Status, string Errors) Run(params string[] arguments)
    {
        using StringWriter errors = new();
        TextWriter console = Console.Error;
        Console.SetError(errors);
        try
        {
            MethodInfo main = typeof(OutputFolder).Assembly.EntryPoint!;
            return ((int)main.Invoke(null, [arguments])!, errors.ToString());
        }
        finally
        {
            Console.SetError(console);
        }
    }
}
