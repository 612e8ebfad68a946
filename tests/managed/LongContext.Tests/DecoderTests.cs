using Kernels.Interop;
using LongContext.Caching;
using LongContext.Network;

namespace LongContext.Tests;

[TestFixture]
internal sealed class DecoderTests
{
    private static readonly byte[] Text = [.. Enumerable.Range(0, 90).Select(i => (byte)(i * i))];

    private readonly Decoder _decoder = new(new DecoderShape(Layers: 2, Heads: 4, KeyValueHeads: 2, HeadDim: 8, Window: 20, Sinks: 1));
    private Device _device = null!;
    private KernelStream _stream = null!;

    [SetUp]
    public void Open() => _stream = (_device = Device.Open("cpu")).CreateStream();

    [TearDown]
    public void Close()
    {
        _stream.Dispose();
        _device.Dispose();
    }

    [Test]
    public void PiecesGiveTheStatesOfTheWholeText([Values(1, 7, 200)] int step, [Values(0, 13)] int decoded)
    {
        var sequences = LongText.Cut(Text);
        var options = new ContextOptions([], Text.Length, decoded, step, 20, 1, PageSize: 8, "cpu");
        var streamed = ContextApplication.ReadInPieces(_decoder, _stream, sequences, options, TextWriter.Null);
        using var attention = new WholeAttention(_decoder.Shape, _stream, [.. sequences.Select(sequence => sequence.Length)]);
        Assert.That(streamed, Is.EqualTo(_decoder.Forward(Text, attention)).Within(1e-5));
    }

    [Test]
    public void StatesDependOnWhatCameBeforeOnly()
    {
        var changed = (byte[])Text.Clone();
        changed[50] ^= 1;
        float[] before = Read(Text), after = Read(changed);
        var width = _decoder.Shape.Width;
        Assert.That(after[..(50 * width)], Is.EqualTo(before[..(50 * width)]).Within(1e-5));
        Assert.That(after[(51 * width)..], Is.Not.EqualTo(before[(51 * width)..]).Within(1e-5));
    }

    [TestCase(0.5f, 0)]
    [TestCase(0.5f + 1e-5f, 0)]
    [TestCase(0.6f, 1)]
    [TestCase(0.4f, 1)]
    [TestCase(float.NaN, 1)]
    public void StatesThatDifferFailTheRun(float other, int exitCode)
    {
        using var report = new StringWriter();
        Assert.That(ContextApplication.Compare([1, 0.5f, 2], [1, other, 2], report), Is.EqualTo(exitCode));
        Assert.That(report.ToString(), Does.Contain(exitCode == 0 ? ", within" : ", NOT WITHIN"));
    }

    private float[] Read(byte[] text)
    {
        using var attention = new WholeAttention(_decoder.Shape, _stream, [text.Length]);
        return _decoder.Forward(text, attention);
    }
}
