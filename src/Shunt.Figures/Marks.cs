using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Series;

namespace Shunt.Figures;

/// <summary>How a line is drawn.</summary>
public enum Dash
{
    /// <summary>Without gaps.</summary>
    Solid,

    /// <summary>With dashes.</summary>
    Dashed,

    /// <summary>With dots.</summary>
    Dotted,

    /// <summary>With dashes and dots.</summary>
    DashDotted,
}

/// <summary>Shape of a marker.</summary>
public enum Shape
{
    /// <summary>A disc.</summary>
    Circle,

    /// <summary>A square.</summary>
    Square,

    /// <summary>A triangle.</summary>
    Triangle,

    /// <summary>A diamond.</summary>
    Diamond,
}

/// <summary>Something drawn in a panel.</summary>
public abstract record Mark
{
    /// <summary>Points that the panel's limits must contain.</summary>
    internal abstract IEnumerable<DataPoint> Extent { get; }

    /// <summary>Draws itself into a plot.</summary>
    /// <param name="model">The plot.</param>
    internal abstract void AddTo(PlotModel model);

    /// <summary>The line style of the plotting library.</summary>
    /// <param name="dash">Ours.</param>
    internal static LineStyle StyleOf(Dash dash) => dash switch
    {
        Dash.Solid => LineStyle.Solid,
        Dash.Dashed => LineStyle.Dash,
        Dash.Dotted => LineStyle.Dot,
        _ => LineStyle.DashDot,
    };

    /// <summary>The marker of the plotting library.</summary>
    /// <param name="shape">Ours.</param>
    internal static MarkerType MarkerOf(Shape shape) => shape switch
    {
        Shape.Circle => MarkerType.Circle,
        Shape.Square => MarkerType.Square,
        Shape.Triangle => MarkerType.Triangle,
        _ => MarkerType.Diamond,
    };

    private protected static IEnumerable<DataPoint> Pairs(IReadOnlyList<double> x, IReadOnlyList<double> y) =>
        x.Zip(y, (a, b) => new DataPoint(a, b));
}

/// <summary>A line through points; it is interrupted where a coordinate is NaN.</summary>
/// <param name="X">Horizontal coordinates.</param>
/// <param name="Y">Vertical coordinates.</param>
/// <param name="Colour">Colour.</param>
/// <param name="Dash">Dashes.</param>
/// <param name="Width">Width (points).</param>
public sealed record Line(IReadOnlyList<double> X, IReadOnlyList<double> Y, Colour Colour, Dash Dash = Dash.Solid,
    double Width = Style.LineWidth) : Mark
{
    internal override IEnumerable<DataPoint> Extent => Pairs(X, Y);

    internal override void AddTo(PlotModel model)
    {
        var series = new LineSeries
        {
            Color = Style.Of(Colour),
            StrokeThickness = Width,
            LineStyle = StyleOf(Dash),
            LineJoin = LineJoin.Round,
            MinimumSegmentLength = 0.3,
        };
        series.Points.AddRange(Pairs(X, Y));
        model.Series.Add(series);
    }
}

/// <summary>Markers, with error bars where an error is known.</summary>
/// <param name="X">Horizontal coordinates.</param>
/// <param name="Y">Vertical coordinates; NaN leaves a point out.</param>
/// <param name="Error">Half the length of each error bar; NaN or 0 for none.</param>
/// <param name="Colour">Colour.</param>
/// <param name="Shape">Shape.</param>
public sealed record Dots(IReadOnlyList<double> X, IReadOnlyList<double> Y, IReadOnlyList<double> Error, Colour Colour,
    Shape Shape = Shape.Circle) : Mark
{
    /// <summary>Whether only the outline is drawn.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether the error bars are horizontal.</summary>
    public bool IsErrorHorizontal { get; init; }

    /// <summary>Radius (points).</summary>
    public double Size { get; init; } = Style.MarkerSize;

    internal override IEnumerable<DataPoint> Extent => Pairs(X, Y).Concat(Bars());

    internal override void AddTo(PlotModel model)
    {
        var bars = new StrokeSeries([.. Bars()], Style.Of(Colour), 0.8);
        var series = new ScatterSeries
        {
            MarkerType = MarkerOf(Shape),
            MarkerSize = Size,
            MarkerFill = IsOpen ? OxyColors.White : Style.Of(Colour),
            MarkerStroke = Style.Of(Colour),
            MarkerStrokeThickness = IsOpen ? 0.8 : 0,
        };
        series.Points.AddRange(Pairs(X, Y).Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).Select(p => new ScatterPoint(p.X, p.Y)));
        model.Series.Add(bars);
        model.Series.Add(series);
    }

    private IEnumerable<DataPoint> Bars()
    {
        for (int i = 0; i < X.Count; i++)
        {
            if (!(Error[i] > 0) || !double.IsFinite(X[i]) || !double.IsFinite(Y[i])) continue;
            yield return IsErrorHorizontal ? new DataPoint(X[i] - Error[i], Y[i]) : new DataPoint(X[i], Y[i] - Error[i]);
            yield return IsErrorHorizontal ? new DataPoint(X[i] + Error[i], Y[i]) : new DataPoint(X[i], Y[i] + Error[i]);
        }
    }
}

/// <summary>Many short vertical strokes: spikes.</summary>
/// <param name="X">Horizontal coordinates.</param>
/// <param name="From">Lower ends.</param>
/// <param name="To">Upper ends.</param>
/// <param name="Colour">Colour.</param>
/// <param name="Width">Width (points).</param>
public sealed record Strokes(IReadOnlyList<double> X, IReadOnlyList<double> From, IReadOnlyList<double> To, Colour Colour, double Width = 0.6) : Mark
{
    internal override IEnumerable<DataPoint> Extent => Pairs(X, From).Concat(Pairs(X, To));

    internal override void AddTo(PlotModel model)
    {
        var ends = new List<DataPoint>(2 * X.Count);
        for (int i = 0; i < X.Count; i++)
        {
            ends.Add(new DataPoint(X[i], From[i]));
            ends.Add(new DataPoint(X[i], To[i]));
        }

        model.Series.Add(new StrokeSeries(ends, Style.Of(Colour), Width));
    }
}

/// <summary>A histogram: one height for each interval.</summary>
/// <param name="Edges">Edges of the intervals, one more than there are heights.</param>
/// <param name="Heights">Heights.</param>
/// <param name="Colour">Colour of the outline.</param>
/// <param name="Opacity">Opacity of the area below it.</param>
public sealed record Steps(IReadOnlyList<double> Edges, IReadOnlyList<double> Heights, Colour Colour, double Opacity = 0.18) : Mark
{
    internal override IEnumerable<DataPoint> Extent => Corners();

    internal override void AddTo(PlotModel model) =>
        model.Series.Add(new StepSeries([.. Corners()], Style.Of(Colour), Style.Of(Colour, Opacity)));

    private IEnumerable<DataPoint> Corners()
    {
        if (Heights.Count == 0) yield break;
        yield return new DataPoint(Edges[0], 0);
        for (int i = 0; i < Heights.Count; i++)
        {
            yield return new DataPoint(Edges[i], Heights[i]);
            yield return new DataPoint(Edges[i + 1], Heights[i]);
        }

        yield return new DataPoint(Edges[^1], 0);
    }
}

/// <summary>The area between two lines, which do not stretch the panel.</summary>
/// <param name="X">Horizontal coordinates.</param>
/// <param name="Low">Lower line.</param>
/// <param name="High">Upper line.</param>
/// <param name="Colour">Colour.</param>
/// <param name="Opacity">Opacity.</param>
public sealed record Band(IReadOnlyList<double> X, IReadOnlyList<double> Low, IReadOnlyList<double> High, Colour Colour, double Opacity) : Mark
{
    internal override IEnumerable<DataPoint> Extent => [];

    internal override void AddTo(PlotModel model)
    {
        var series = new AreaSeries { Color = OxyColors.Transparent, Color2 = OxyColors.Transparent, Fill = Style.Of(Colour, Opacity), StrokeThickness = 0 };
        series.Points.AddRange(Pairs(X, Low));
        series.Points2.AddRange(Pairs(X, High));
        model.Series.Add(series);
    }
}

/// <summary>A straight line across the panel at one value, with a label outside the data.</summary>
/// <param name="At">The value.</param>
/// <param name="IsVertical">Whether the line is vertical, at a value of the horizontal axis.</param>
/// <param name="Label">Label above a vertical or right of a horizontal rule; empty for none.</param>
/// <param name="Colour">Colour.</param>
/// <param name="Dash">Dashes.</param>
public sealed record Rule(double At, bool IsVertical, string Label, Colour Colour, Dash Dash = Dash.Dashed) : Mark
{
    /// <summary>Whether the line lies on top of the data.</summary>
    public bool IsAbove { get; init; }

    internal override IEnumerable<DataPoint> Extent => [IsVertical ? new DataPoint(At, double.NaN) : new DataPoint(double.NaN, At)];

    internal override void AddTo(PlotModel model)
    {
        if (!double.IsFinite(At)) return;
        model.Annotations.Add(new LineAnnotation
        {
            Type = IsVertical ? LineAnnotationType.Vertical : LineAnnotationType.Horizontal,
            X = At,
            Y = At,
            Color = Style.Of(Colour),
            StrokeThickness = 0.8,
            LineStyle = StyleOf(Dash),
            Layer = IsAbove ? AnnotationLayer.AboveSeries : AnnotationLayer.BelowSeries,
        });
    }
}

/// <summary>Segments in one path: 20,000 spikes stay one element of a vector file.</summary>
internal sealed class StrokeSeries(IReadOnlyList<DataPoint> ends, OxyColor colour, double width) : LineSeries
{
    /// <inheritdoc/>
    public override void Render(IRenderContext rc)
    {
        // Coordinates to a twentieth of a point look the same and halve an SVG.
        ScreenPoint[] points = [.. ends.Select(e => Transform(Visible(e)))
            .Select(p => new ScreenPoint(Math.Round(p.X * 20) / 20, Math.Round(p.Y * 20) / 20))];
        rc.PushClip(GetClippingRect());
        rc.DrawLineSegments(points, colour, width, EdgeRenderingMode.PreferGeometricAccuracy, null, LineJoin.Miter);
        rc.PopClip();
    }

    /// <summary>An error bar that reaches below 0 ends at the end of a logarithmic axis.</summary>
    private DataPoint Visible(DataPoint p) => new(
        XAxis.IsLogarithmic() ? Math.Max(p.X, XAxis.ActualMinimum) : p.X,
        YAxis.IsLogarithmic() ? Math.Max(p.Y, YAxis.ActualMinimum) : p.Y);
}

/// <summary>An outline and the area below it.</summary>
internal sealed class StepSeries(IReadOnlyList<DataPoint> corners, OxyColor stroke, OxyColor fill) : LineSeries
{
    /// <inheritdoc/>
    public override void Render(IRenderContext rc)
    {
        if (corners.Count == 0) return;
        ScreenPoint[] points = [.. corners.Select(Transform)];
        rc.PushClip(GetClippingRect());
        rc.DrawPolygon(points, fill, OxyColors.Transparent, 0, EdgeRenderingMode.PreferGeometricAccuracy);
        rc.DrawLine(points, stroke, Style.LineWidth * 0.8, EdgeRenderingMode.PreferGeometricAccuracy);
        rc.PopClip();
    }
}
