using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Reverb.Tests;

/// <summary>Drawings are well-formed, and show what they should.</summary>
[TestFixture]
internal sealed partial class WaveformDrawingTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Test]
    public void EachWaveformIsDrawnFromItsLowestToItsHighestSample()
    {
        // The second half of the first waveform is silent, and the second waveform is half as long.
        float[] burst = [.. Enumerable.Range(0, 2000).Select(i => i < 1000 ? i % 2 == 0 ? 1 : -0.5f : 0)];
        var drawing = Parse(WaveformDrawing.Draw("a <b> & c", [("dry", burst), ("wet", burst[..1000])], 1000));
        var waves = drawing.Elements(Svg + "path").Where(path => path.Attribute("fill") is not null).ToList();
        Assert.That(waves, Has.Count.EqualTo(2));
        foreach (var wave in waves)
        {
            var points = Points(wave);
            double[] ys = [.. points.Select(point => point.Y)];
            var middle = points.First(point => point.X > 600).Y; // of what is silent
            using (Assert.EnterMultipleScope())
            {
                Assert.That(points, Has.Count.EqualTo(2000), "two for each column");
                Assert.That(middle - ys.Min(), Is.EqualTo(2 * (ys.Max() - middle)).Within(0.2), "1 up, 0.5 down");
                Assert.That(points.Where(point => point.X > 600).Select(point => point.Y), Has.All.EqualTo(middle));
            }
        }
    }

    [Test]
    public void TextIsEscapedAndSecondsAreMarked()
    {
        var drawing = Parse(WaveformDrawing.Draw("a <b> & c", [("dry", new float[2500])], 1000));
        string[] texts = [.. drawing.Elements(Svg + "text").Select(text => text.Value)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(drawing.Element(Svg + "title")!.Value, Is.EqualTo("a <b> & c"));
            Assert.That(texts, Is.EqualTo((string[])["a <b> & c", "dry", "0 s", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s"]));
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(10)]
    public void ShortSoundsAreDrawnToo(int length)
    {
        var drawing = Parse(WaveformDrawing.Draw("short", [("dry", new float[length])], 48000));
        Assert.That(Points(drawing.Elements(Svg + "path").First()), Has.Count.EqualTo(2000));
    }

    private static XElement Parse(string text)
    {
        Assert.That(text, Does.Not.Contain("NaN").And.Not.Contain("Infinity").And.Not.Contain("\u221E"));
        return XDocument.Parse(text).Root!;
    }

    private static List<(double X, double Y)> Points(XElement path) =>
        [.. Point().Matches(path.Attribute("d")!.Value).Select(match => (Number(match.Groups[1]), Number(match.Groups[2])))];

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"[ML](\S+) (\S+)")]
    private static partial Regex Point();
}
