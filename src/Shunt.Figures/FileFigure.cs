using Shunt.Experiments;

namespace Shunt.Figures;

/// <summary>Draws the figure that a figure file describes.</summary>
public static class FileFigure
{
    private const double LegendRoom = 4.5, CharactersPerRow = 105, SpikeHeight = 12;

    /// <summary>The figure: panels row by row, one entry in the legend for each label.</summary>
    /// <param name="result">The figure's series.</param>
    /// <param name="name">Name, fit for a file.</param>
    public static Figure Of(FigureResult result, string name)
    {
        FigureFile file = result.File;
        int columns = Math.Min(file.Columns, file.Panels.Count), rows = (file.Panels.Count + columns - 1) / columns;
        FigureSeries[] labelled = [.. file.Panels.SelectMany(p => p.Series).Where(s => s.Label.Length > 0).DistinctBy(s => s.Label)];
        double legendRows = Math.Ceiling(labelled.Sum(s => PlainLength(s.Label) + 8) / CharactersPerRow);
        return new Figure
        {
            Name = name,
            Caption = file.Caption,
            AlternativeText = file.Summary,
            Width = file.Width,
            Height = (rows * file.RowHeight) + (legendRows * LegendRoom),
            Rows = [.. Enumerable.Repeat(1.0, rows)],
            Columns = [.. Enumerable.Repeat(1.0, columns)],
            Panels = [.. file.Panels.Select((p, i) => new PlacedPanel(PanelOf(p, result.Points[i]), i / columns, i % columns))],
            Legend = [.. labelled.Select(s => new LegendEntry(s.Label, ColourOf(s), DashOf(s), ShapeOf(s)) { IsOpen = s.Style == "open" })],
        };
    }

    private static Panel PanelOf(FigurePanel panel, IReadOnlyList<SeriesPoints> points) => new(
        AxisOf(panel.X), AxisOf(panel.Y), [.. panel.Series.SelectMany((s, i) => MarksOf(s, points[i], panel))])
    {
        Title = panel.Title,
    };

    private static PanelAxis AxisOf(FigureAxis axis) => new(axis.Label)
    {
        IsLogarithmic = axis.IsLogarithmic,
        Minimum = axis.Minimum,
        Maximum = axis.Maximum,
    };

    private static IEnumerable<Mark> MarksOf(FigureSeries series, SeriesPoints points, FigurePanel panel)
    {
        Colour colour = ColourOf(series);
        if (series.Style is "dots" or "open")
        {
            yield return new Dots(points.X, points.Y, points.Error, colour, ShapeOf(series)!.Value)
            {
                IsOpen = series.Style == "open",
                Size = points.X.Count > 60 ? 1.2 : points.X.Count > 25 ? 1.7 : 2.3,
            };
            yield break;
        }

        if (series.Style == "steps")
        {
            yield return new Steps(Edges(points.X, panel.X.IsLogarithmic), points.Y, colour);
            yield break;
        }

        yield return new Line(points.X, points.Y, colour, DashOf(series)!.Value);
        if (points.Spikes.Count == 0) yield break;
        double top = points.Y.Max();
        yield return new Strokes(
            points.Spikes, [.. points.Spikes.Select(_ => top)], [.. points.Spikes.Select(_ => top + (SpikeHeight * panel.Y.Scale))], colour);
    }

    private static Colour ColourOf(FigureSeries series) => Palette.Named(series.Colour);

    private static Dash? DashOf(FigureSeries series) => series.Style switch
    {
        "line" or "steps" => Dash.Solid,
        "dashed" => Dash.Dashed,
        "dotted" => Dash.Dotted,
        "dash-dotted" => Dash.DashDotted,
        _ => null,
    };

    private static Shape? ShapeOf(FigureSeries series) => series.Style is not ("dots" or "open") ? null : series.Shape switch
    {
        "square" => Shape.Square,
        "triangle" => Shape.Triangle,
        "diamond" => Shape.Diamond,
        _ => Shape.Circle,
    };

    // half way between the centres
    private static double[] Edges(IReadOnlyList<double> centres, bool isLogarithmic)
    {
        if (centres.Count < 2) return centres.Count == 0 ? [] : [centres[0] - 0.5, centres[0] + 0.5];
        double[] c = isLogarithmic ? [.. centres.Select(v => Math.Log(v))] : [.. centres];
        double[] edges =
        [
            c[0] - (0.5 * (c[1] - c[0])),
            .. Enumerable.Range(1, c.Length - 1).Select(i => 0.5 * (c[i - 1] + c[i])),
            c[^1] + (0.5 * (c[^1] - c[^2])),
        ];
        return isLogarithmic ? [.. edges.Select(v => Math.Exp(v))] : edges;
    }

    private static int PlainLength(string label) => label.Count(c => c is not ('$' or '\\' or '{' or '}' or '^' or '_'));
}
