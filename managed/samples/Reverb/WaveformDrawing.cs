using System.Globalization;
using System.Text;
using System.Xml;

namespace Reverb;

/// <summary>Draws waveforms below each other as an SVG picture: in each column, from the lowest sample to the highest.</summary>
internal static class WaveformDrawing
{
    private const int Width = 1000, Margin = 50, LaneHeight = 130, Footer = 40;

    /// <summary>Makes the picture.</summary>
    /// <param name="title">what it shows</param>
    /// <param name="lanes">waveforms with their names, of any lengths</param>
    /// <param name="sampleRate">samples of a second</param>
    public static string Draw(string title, IReadOnlyList<(string Name, float[] Samples)> lanes, int sampleRate)
    {
        var longest = Math.Max(lanes.Max(lane => lane.Samples.Length), 1);
        var height = Margin + lanes.Count * LaneHeight + Footer;
        var text = new StringBuilder();
        using (var svg = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true }))
        {
            svg.WriteStartElement("svg", "http://www.w3.org/2000/svg");
            svg.WriteAttributeString("viewBox", $"0 0 {Width + 2 * Margin} {height}");
            svg.WriteAttributeString("font-family", "sans-serif");
            svg.WriteElementString("title", title);
            WriteElement(svg, "rect", [("width", "100%"), ("height", "100%"), ("fill", "white")]);
            WriteText(svg, Margin, 25, title, 16, "start");
            for (var i = 0; i < lanes.Count; i++)
            {
                DrawLane(svg, lanes[i].Name, lanes[i].Samples, longest, Margin + i * LaneHeight);
            }

            DrawSeconds(svg, (double)longest / sampleRate, Margin + lanes.Count * LaneHeight);
            svg.WriteEndElement();
        }

        return text.Append('\n').ToString();
    }

    private static void DrawLane(XmlWriter svg, string name, float[] samples, int longest, int top)
    {
        var middle = top + LaneHeight / 2.0;
        var scale = (LaneHeight - 20) / 2.0 / Math.Max(samples.Length == 0 ? 0 : samples.Max(Math.Abs), 1e-9);
        var upper = new StringBuilder();
        var lower = new List<string>();
        for (var x = 0; x < Width; x++)
        {
            int first = (int)((long)longest * x / Width), end = (int)Math.Max((long)longest * (x + 1) / Width, first + 1);
            var column = samples.AsSpan(Math.Min(first, samples.Length)..Math.Min(end, samples.Length));
            float lowest = 0, highest = 0;
            foreach (var sample in column)
            {
                (lowest, highest) = (Math.Min(lowest, sample), Math.Max(highest, sample));
            }

            upper.Append(CultureInfo.InvariantCulture, $"{(x == 0 ? 'M' : 'L')}{Margin + x} {middle - highest * scale:f1} ");
            lower.Add(string.Create(CultureInfo.InvariantCulture, $"L{Margin + x} {middle - lowest * scale:f1} "));
        }

        lower.Reverse();
        WriteElement(svg, "path", [("d", $"{upper}{string.Concat(lower)}Z"), ("fill", "steelblue"), ("stroke", "steelblue")]);
        WriteText(svg, Margin, top + 12, name, 12, "start");
    }

    private static void DrawSeconds(XmlWriter svg, double seconds, int top)
    {
        var step = new[] { 0.1, 0.5, 1, 5, 10, 60, 600, 3600 }.FirstOrDefault(s => seconds / s <= 20, seconds / 20);
        for (var i = 0; i * step <= seconds; i++)
        {
            var x = Margin + i * step / seconds * Width;
            WriteElement(
                svg, "path",
                [("d", string.Create(CultureInfo.InvariantCulture, $"M{x:f1} {top} v6")), ("stroke", "black")]);
            WriteText(svg, x, top + 20, string.Create(CultureInfo.InvariantCulture, $"{i * step:0.#} s"), 11, "middle");
        }
    }

    private static void WriteText(XmlWriter svg, double x, double y, string content, int size, string anchor)
    {
        svg.WriteStartElement("text");
        svg.WriteAttributeString("x", x.ToString("f1", CultureInfo.InvariantCulture));
        svg.WriteAttributeString("y", y.ToString("f1", CultureInfo.InvariantCulture));
        svg.WriteAttributeString("font-size", size.ToString(CultureInfo.InvariantCulture));
        svg.WriteAttributeString("text-anchor", anchor);
        svg.WriteString(content);
        svg.WriteEndElement();
    }

    private static void WriteElement(XmlWriter svg, string name, (string Name, string Value)[] attributes)
    {
        svg.WriteStartElement(name);
        foreach (var (attribute, value) in attributes)
        {
            svg.WriteAttributeString(attribute, value);
        }

        svg.WriteEndElement();
    }
}
