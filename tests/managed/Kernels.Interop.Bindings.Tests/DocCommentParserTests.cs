using Kernels.Interop.Bindings.Model;
using Kernels.Interop.Bindings.Parsing;

namespace Kernels.Interop.Bindings.Tests;

internal sealed class DocCommentParserTests
{
    [TestCase(null)]
    [TestCase("/* plain */")]
    [TestCase("// plain")]
    [TestCase("/** */")]
    [TestCase("/**\n *\n */")]
    public void What_documents_nothing_is_no_documentation(string? comment) =>
        Assert.That(DocCommentParser.Parse(comment), Is.Null);

    [Test]
    public void Lines_are_joined_and_empty_lines_part_paragraphs()
    {
        DocComment? comment = DocCommentParser.Parse("/**\n * One,\n * and more.\n *\n *  Two:\n *  2 * 3.\n */");

        Assert.That(comment!.Paragraphs, Is.EqualTo((string[])["One, and more.", "Two: 2 * 3."]));
    }

    [Test]
    public void Commands_are_taken_apart()
    {
        DocComment? comment = DocCommentParser.Parse(
            "/**\n * Adds.\n * @param a the first\n * @param[out] sum the sum,\n *        rounded\n" +
            " * @return the status\n */");

        Assert.Multiple(() =>
        {
            Assert.That(comment!.Paragraphs, Is.EqualTo((string[])["Adds."]));
            Assert.That(comment.Parameters, Is.EqualTo((DocParameter[])
            [
                new("a", "the first", IsOutput: false), new("sum", "the sum, rounded", IsOutput: true),
            ]));
            Assert.That(comment.Returns, Is.EqualTo("the status"));
        });
    }

    [TestCase("@brief")]
    [TestCase("@note")]
    [TestCase("\\param")]
    [TestCase("@param")]
    public void A_command_that_is_not_understood_is_refused(string command) =>
        Assert.That(
            () => DocCommentParser.Parse($"/** Adds. {command} something */"),
            Throws.TypeOf<FormatException>().With.Message.Contains(command));
}
