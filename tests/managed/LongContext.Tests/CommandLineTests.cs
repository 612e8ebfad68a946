namespace LongContext.Tests;

/// <summary>The program as a user runs it.</summary>
[TestFixture]
internal sealed class CommandLineTests
{
    private static readonly SampleProgram Program = new("LongContext");

    [Test]
    public void TextIsReadInPiecesAndAtOnceWithTheSameResult()
    {
        var (exitCode, output, error) = Program.Run("--tokens", "2000", "--decode", "20", "--chunk", "300", "--device", "cpu");
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
    public void BadInputIsRefusedInOneLine(params string[] arguments) => Program.AssertFails(2, "", arguments);

    [Test]
    public void AMissingDeviceIsRefused() => Program.AssertFails(1, "cuda:99", "--device", "cuda:99");
}
