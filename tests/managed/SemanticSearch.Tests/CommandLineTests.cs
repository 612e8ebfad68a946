namespace SemanticSearch.Tests;

/// <summary>The program as a user runs it.</summary>
[TestFixture]
internal sealed class CommandLineTests
{
    private static readonly SampleProgram Program = new("SemanticSearch");

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void OwnSentencesAreSearched()
    {
        var sentences = _folder.Write("sentences.txt", "The cat [sleeps].\n\nInterest rates rose.\n");
        var (exitCode, output, error) = Program.Run("--sentences", sentences, "--query", "money", "--top", "1", "--no-comparison",
            "--model", TestModel.Folder, "--device", "cpu");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.Empty);
            Assert.That(exitCode, Is.Zero);
            Assert.That(output, Does.Contain("Device: cpu").And.Contain("1 blank line skipped"));
            Assert.That(output, Does.Match(@"(?m)^money\n  0\.\d{3}  Interest rates rose\.$"));
            Assert.That(output, Does.Not.Contain("sleeps"));
            Assert.That(output, Has.None.EqualTo('\u001b'));
        }
    }

    [Test]
    public void TheMainJobEndsWithTheComparison()
    {
        var (exitCode, output, error) = Program.Run("--model", TestModel.Folder, "--device", "cpu");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.Empty);
            Assert.That(exitCode, Is.Zero);
            Assert.That(output, Does.Contain("Embedded 120 sentences").And.Contain("The vet gave the rabbit"));
            Assert.That(output, Does.Contain("Kernels.Interop, cpu").And.Contain("plain C#, 1 thread"));
        }
    }

    [TestCase("--top", "0")]
    [TestCase("--top", "many")]
    [TestCase("--query", " ")]
    [TestCase("--sentences", "/nowhere/at/all", "--query", "x")]
    [TestCase("--sentences", "/dev/null", "--query", "x")]
    [TestCase("--no-such-option")]
    public void BadInputIsRefusedInOneLine(params string[] arguments) => Program.AssertFails(2, "", arguments);

    [Test]
    public void SentencesWithoutAQueryAreRefused() =>
        Program.AssertFails(2, "--query", "--sentences", _folder.Write("sentences.txt", "one\n"));

    [Test]
    public void AnUnknownDeviceIsRefused() => Program.AssertFails(2, "toaster", "--device", "toaster");

    [Test]
    public void AMissingDeviceIsRefused() => Program.AssertFails(1, "cuda:99", "--device", "cuda:99");

    [Test]
    public void AMissingModelSaysHowToFetchIt() =>
        Program.AssertFails(1, "build/fetch-model.sh", "--model", Path.Combine(_folder.Path, "none"));

    [Test]
    public void ADamagedModelIsRefused()
    {
        foreach (var file in Directory.GetFiles(TestModel.Folder))
        {
            File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)));
        }

        _folder.Write("group1-shard7of7", [1, 2, 3]);
        Program.AssertFails(1, "the 7 shards", "--model", _folder.Path);
    }

    [Test]
    public void ARuntimeThatCannotNormaliseTextIsRefused()
    {
        var settings = File.ReadAllText(Path.ChangeExtension(Program.Path, ".runtimeconfig.json"));
        const string Setting = "\"System.Globalization.Invariant\": ";
        var invariant = settings.Replace(Setting + "false", Setting + "true");
        Assert.That(invariant, Is.Not.EqualTo(settings));
        var result = SampleProgram.RunDotnet("exec", "--runtimeconfig", _folder.Write("invariant.json", invariant), Program.Path,
            "--model", TestModel.Folder);
        SampleProgram.AssertFailed(result, 1, "NFKC");
    }
}
