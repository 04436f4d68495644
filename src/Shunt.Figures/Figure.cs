using System.Globalization;
using System.Security;
using System.Text;
using System.Text.RegularExpressions;
using OxyPlot;
using Shunt.Experiments;
using SkiaSharp;

namespace Shunt.Figures;

/// <summary>A panel and the cells of the figure's grid it covers.</summary>
/// <param name="Panel">The panel.</param>
/// <param name="Row">First row, from 0.</param>
/// <param name="Column">First column, from 0.</param>
/// <param name="RowSpan">Rows it covers.</param>
/// <param name="ColumnSpan">Columns it covers.</param>
public sealed record PlacedPanel(Panel Panel, int Row, int Column, int RowSpan = 1, int ColumnSpan = 1)
{
    /// <summary>Whether the panel has a letter; letters go by reading order of the panels that have one.</summary>
    public bool HasLetter { get; init; } = true;
}

/// <summary>An entry of the legend, which stands above the panels.</summary>
/// <param name="Label">Label.</param>
/// <param name="Colour">Colour.</param>
/// <param name="Dash">Line, or null for none.</param>
/// <param name="Shape">Marker, or null for none.</param>
public sealed record LegendEntry(string Label, Colour Colour, Dash? Dash, Shape? Shape)
{
    /// <summary>Whether the marker is an outline.</summary>
    public bool IsOpen { get; init; }
}

/// <summary>
/// A figure: panels in a grid, letters, one legend. Every format has the same layout, and the same figure gives the same bytes.
/// </summary>
public sealed record Figure
{
    private const double PointsPerMillimetre = 72 / 25.4;
    private const double Edge = 3;
    private const double Gutter = 9;
    private const double HeadRoom = 13;
    private const double TightHeadRoom = 5;
    private const double TitleRoom = 13;
    private const double TitleHeight = 11;
    private const double SmallestTitle = 5.5;
    private const double LegendRow = 12;
    private const double LegendGap = 14;
    private const double LegendKey = 18;

    /// <summary>Name, fit for a file: lower case letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>What it shows and how to read it, one or more sentences; markup as in labels.</summary>
    public required string Caption { get; init; }

    /// <summary>What a reader who cannot see it should know.</summary>
    public required string AlternativeText { get; init; }

    /// <summary>The panels.</summary>
    public required IReadOnlyList<PlacedPanel> Panels { get; init; }

    /// <summary>Entries of the legend; none for no legend.</summary>
    public IReadOnlyList<LegendEntry> Legend { get; init; } = [];

    /// <summary>Width (mm); 178 is two columns of a journal.</summary>
    public double Width { get; init; } = 178;

    /// <summary>Height (mm), legend included.</summary>
    public double Height { get; init; } = 70;

    /// <summary>Relative heights of the rows.</summary>
    public IReadOnlyList<double> Rows { get; init; } = [1];

    /// <summary>Relative widths of the columns.</summary>
    public IReadOnlyList<double> Columns { get; init; } = [1];

    /// <summary>The figure as PNG.</summary>
    /// <param name="dotsPerInch">Resolution.</param>
    public byte[] ToPng(int dotsPerInch = 250)
    {
        float scale = dotsPerInch / 72f;
        using var bitmap = new SKBitmap(
            new SKImageInfo((int)Math.Round(PageWidth * scale), (int)Math.Round(PageHeight * scale), SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Scale(scale);
            Draw(canvas, outlineText: false);
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>The figure as a PDF of one page. Text is outlines: whole fonts would be ten times the size of the drawing.</summary>
    public byte[] ToPdf()
    {
        using var stream = new MemoryStream();

        // A default-constructed metadata record would ask for images of quality 0.
        using (var document = SKDocument.CreatePdf(stream, new SKDocumentPdfMetadata(300, 101)))
        {
            Draw(document.BeginPage((float)PageWidth, (float)PageHeight), outlineText: true);
            document.EndPage();
            document.Close();
        }

        return stream.ToArray();
    }

    /// <summary>The figure as SVG. Text is outlines, so that no font is needed; its meaning is in the title and description elements.</summary>
    public string ToSvg()
    {
        using var stream = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create((float)PageWidth, (float)PageHeight), stream)) Draw(canvas, outlineText: true);
        string svg = Encoding.UTF8.GetString(stream.ToArray());

        // Skia writes the size in pixels and no viewBox: a point is meant, and the picture must scale.
        string size = string.Create(
            CultureInfo.InvariantCulture,
            $"width=\"{Width:0.###}mm\" height=\"{Height:0.###}mm\" viewBox=\"0 0 {PageWidth:0.####} {PageHeight:0.####}\" role=\"img\"");
        svg = Renumbered(svg);
        svg = new Regex("width=\"[^\"]*\" height=\"[^\"]*\"").Replace(svg, size, 1);
        int bodyStart = svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal)) + 1;
        return svg.Insert(bodyStart, $"\n<title>{Xml(Name)}</title>\n<desc>{Xml(AlternativeText)}</desc>");
    }

    /// <summary>Writes the figure under its name as PNG, PDF and SVG.</summary>
    /// <param name="folder">Into which folder.</param>
    /// <param name="below">A path below it, with '/' at its end.</param>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WriteTo(ResultsFolder folder, string below = "")
    {
        folder.WriteBytes($"{below}{Name}.png", ToPng());
        folder.WriteBytes($"{below}{Name}.pdf", ToPdf());
        folder.WriteText($"{below}{Name}.svg", ToSvg());
    }

    private double PageWidth => Width * PointsPerMillimetre;

    private double PageHeight => Height * PointsPerMillimetre;

    /// <summary>Skia numbers identifiers from a counter of the whole process; here each drawing starts at one.</summary>
    private static string Renumbered(string svg)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return new Regex("(?<=id=\"|url\\(#|href=\"#)[A-Za-z]+_[0-9a-f]+").Replace(svg, match =>
        {
            if (!numbers.TryGetValue(match.Value, out int number)) numbers.Add(match.Value, number = numbers.Count + 1);
            return $"c{number}";
        });
    }

    private static string Xml(string text) => SecurityElement.Escape(text);

    private void Draw(SKCanvas canvas, bool outlineText)
    {
        canvas.Clear(SKColors.White);
        using var context = new FigureCanvas(canvas, outlineText);
        double top = Edge + DrawLegend(context);
        OxyRect[] cells = [.. Panels.Select(p => Cell(p, top))];
        PlotModel[] models = [
            .. Panels.Select((p, i) => p.Panel.Build(0.8 * cells[i].Width, cells[i].Height - (p.Panel.X.Title.Length > 0 ? 32 : 10)))];
        OxyThickness[] margins = [.. models.Select((m, i) => Measure(Panels[i].Panel, m, cells[i]))];
        char letter = 'A';
        for (int i = 0; i < Panels.Count; i++)
        {
            PlacedPanel placed = Panels[i];
            double left = Enumerable.Range(0, Panels.Count).Where(j => Panels[j].Column == placed.Column).Max(j => margins[j].Left);
            int lastRow = placed.Row + placed.RowSpan, lastColumn = placed.Column + placed.ColumnSpan;
            double right = Enumerable.Range(0, Panels.Count).Where(j => Panels[j].Column + Panels[j].ColumnSpan == lastColumn)
                .Max(j => margins[j].Right);
            double bottom = Enumerable.Range(0, Panels.Count).Where(j => Panels[j].Row + Panels[j].RowSpan == lastRow).Max(j => margins[j].Bottom);
            bool isTight = !placed.HasLetter && placed.Panel.Title.Length == 0;
            double head = isTight ? TightHeadRoom : HeadRoom;
            models[i].PlotMargins = new OxyThickness(left, head, right, bottom);
            ((IPlotModel)models[i]).Render(context, cells[i]);
            placed.Panel.DrawLabels(context, models[i]);
            OxyRect area = models[i].PlotArea;
            WriteTitle(
                context, placed.Panel.X.Title, new ScreenPoint(area.Center.X, area.Bottom + bottom - TitleHeight),
                    0, area.Width + left, VerticalAlignment.Top);
            WriteTitle(
                context, placed.Panel.Y.Title, new ScreenPoint(area.Left - left + TitleHeight, area.Center.Y),
                    -90, area.Height + head, VerticalAlignment.Bottom);
            if (placed.HasLetter)
            {
                context.Write(
                    new ScreenPoint(cells[i].Left, cells[i].Top + (HeadRoom / 2) - 1), letter++.ToString(),
                        OxyColors.Black, Style.LetterSize, true, 0,
                    HorizontalAlignment.Left, VerticalAlignment.Middle);
            }

            if (placed.Panel.Title.Length > 0)
            {
                context.Write(
                    new ScreenPoint(cells[i].Left + (placed.HasLetter ? 1.3 * Style.LetterSize : 0),
                        cells[i].Top + (HeadRoom / 2) - 1), placed.Panel.Title,
                    OxyColors.Black, Style.TextSize, vertical: VerticalAlignment.Middle);
            }
        }
    }

    /// <summary>The cells a panel covers (points).</summary>
    private OxyRect Cell(PlacedPanel placed, double top)
    {
        (double x, double width) = Part(Columns, placed.Column, placed.ColumnSpan, PageWidth - (2 * Edge), Gutter);
        (double y, double height) = Part(Rows, placed.Row, placed.RowSpan, PageHeight - top - Edge, 0);
        return new OxyRect(Edge + x, top + y, width, height);

        static (double Start, double Length) Part(IReadOnlyList<double> weights, int first, int span, double whole, double gap)
        {
            double unit = (whole - (gap * (weights.Count - 1))) / weights.Sum();
            return ((weights.Take(first).Sum() * unit) + (gap * first), (weights.Skip(first).Take(span).Sum() * unit) + (gap * (span - 1)));
        }
    }

    /// <summary>The room that a panel's axes want; panels of a column and of a row then share the largest.</summary>
    private static OxyThickness Measure(Panel panel, PlotModel model, OxyRect cell)
    {
        using var nowhere = new SKNoDrawCanvas((int)Math.Ceiling(cell.Right), (int)Math.Ceiling(cell.Bottom));
        using var context = new FigureCanvas(nowhere, outlineText: false);
        IPlotModel plot = model;
        plot.Update(true);
        plot.Render(context, cell);
        OxyThickness ticks = model.ActualPlotMargins;
        return new OxyThickness(
            ticks.Left + (panel.Y.Title.Length > 0 ? TitleRoom : 0), 0, Math.Max(Gutter, panel.RightLabelWidth + 3),
                ticks.Bottom + (panel.X.Title.Length > 0 ? TitleRoom : 0));
    }

    /// <summary>Writes an axis title, smaller where it would be longer than the room.</summary>
    private static void WriteTitle(FigureCanvas canvas, string title, ScreenPoint at, double rotation, double room, VerticalAlignment alignment)
    {
        double width = FigureCanvas.Measure(title, Style.TextSize).Width;
        double size = width > room ? Math.Max(SmallestTitle, Style.TextSize * room / width) : Style.TextSize;
        canvas.Write(at, title, OxyColors.Black, size, false, rotation, HorizontalAlignment.Center, alignment);
    }

    /// <summary>Draws the legend in as many rows as it needs; returns its height.</summary>
    private double DrawLegend(FigureCanvas canvas)
    {
        if (Legend.Count == 0) return 0;
        List<List<LegendEntry>> rows = RowsWithin(PageWidth - (2 * Edge));

        // As many rows as needed, of about equal length.
        for (double limit = Legend.Sum(WidthOf) / rows.Count; ; limit += LegendGap)
        {
            List<List<LegendEntry>> balanced = RowsWithin(Math.Min(limit, PageWidth - (2 * Edge)));
            if (balanced.Count > rows.Count) continue;
            rows = balanced;
            break;
        }

        double y = Edge + (LegendRow / 2);
        foreach (List<LegendEntry> row in rows)
        {
            double x = (PageWidth - row.Sum(WidthOf) - (LegendGap * (row.Count - 1))) / 2;
            foreach (LegendEntry entry in row)
            {
                DrawKey(canvas, entry, x, y);
                canvas.Write(
                    new ScreenPoint(x + LegendKey + 4, y), entry.Label, OxyColors.Black, Style.TextSize, false, 0,
                    HorizontalAlignment.Left, VerticalAlignment.Middle);
                x += WidthOf(entry) + LegendGap;
            }

            y += LegendRow;
        }

        return (rows.Count * LegendRow) + 3;

        List<List<LegendEntry>> RowsWithin(double limit)
        {
            var filled = new List<List<LegendEntry>>();
            double used = double.PositiveInfinity;
            foreach (LegendEntry entry in Legend)
            {
                used += LegendGap + WidthOf(entry);
                if (used > limit)
                {
                    filled.Add([]);
                    used = WidthOf(entry);
                }

                filled[^1].Add(entry);
            }

            return filled;
        }

        static double WidthOf(LegendEntry entry) => LegendKey + 4 + FigureCanvas.Measure(entry.Label, Style.TextSize).Width;
    }

    private static void DrawKey(FigureCanvas canvas, LegendEntry entry, double x, double y)
    {
        OxyColor colour = Style.Of(entry.Colour);
        if (entry.Dash is { } dash)
        {
            canvas.DrawLine(
                [new ScreenPoint(x, y), new ScreenPoint(x + LegendKey, y)], colour, Style.LineWidth, EdgeRenderingMode.PreferGeometricAccuracy,
                Mark.StyleOf(dash).GetDashArray(), LineJoin.Miter);
        }

        if (entry.Shape is { } shape)
        {
            RenderingExtensions.DrawMarkers(
                canvas, [new ScreenPoint(x + (LegendKey / 2), y)], Mark.MarkerOf(shape), null, [Style.MarkerSize],
                entry.IsOpen ? OxyColors.White : colour, colour, entry.IsOpen ? 0.8 : 0, EdgeRenderingMode.PreferGeometricAccuracy);
        }
    }
}
