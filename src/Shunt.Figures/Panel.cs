using OxyPlot;
using OxyPlot.Axes;

namespace Shunt.Figures;

/// <summary>An axis of a panel.</summary>
/// <param name="Title">Title with unit, for instance <c>$V$ (mV)</c>.</param>
public sealed record PanelAxis(string Title)
{
    /// <summary>Lower end; NaN leaves room below the data.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Upper end; NaN leaves room above the data.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>Whether the axis is logarithmic; data at or below 0 are then left out.</summary>
    public bool IsLogarithmic { get; init; }

    /// <summary>Whether the axis starts at 0 (linear axes only).</summary>
    public bool FromZero { get; init; }

    /// <summary>Whether ticks have labels.</summary>
    public bool HasLabels { get; init; } = true;

    /// <summary>Ticks with names of their own instead of numbers, or null.</summary>
    public IReadOnlyList<KeyValuePair<double, string>>? NamedTicks { get; init; }
}

/// <summary>One coordinate system with what is drawn in it. Limits follow from the data, so nothing is cut off at the ends.</summary>
/// <param name="X">Horizontal axis.</param>
/// <param name="Y">Vertical axis.</param>
/// <param name="Marks">What is drawn, first at the bottom.</param>
public sealed record Panel(PanelAxis X, PanelAxis Y, IReadOnlyList<Mark> Marks)
{
    private const double Padding = 0.04;
    private const double TickLength = 3;

    /// <summary>Heading above the panel; empty for none.</summary>
    public string Title { get; init; } = "";

    /// <summary>What the reader should know, in the middle of the panel: for instance why it is empty.</summary>
    public string Note { get; init; } = "";

    /// <summary>The plot, ready to be rendered.</summary>
    /// <param name="width">Approximate width of the plot area (points), for the number of ticks.</param>
    /// <param name="height">Approximate height (points).</param>
    internal PlotModel Build(double width, double height)
    {
        bool isEmpty = !Marks.SelectMany(m => m.Extent).Any(p => double.IsFinite(p.X) && double.IsFinite(p.Y));
        Axis x = AxisOf(X, AxisPosition.Bottom, width, p => p.X, isEmpty);
        Axis y = AxisOf(Y, AxisPosition.Left, height, p => p.Y, isEmpty);
        var model = new PlotModel
        {
            PlotAreaBorderThickness = new OxyThickness(0),
            Padding = new OxyThickness(0),
            DefaultFontSize = Style.TextSize,
            IsLegendVisible = false,
            EdgeRenderingMode = EdgeRenderingMode.PreferGeometricAccuracy,
        };
        model.Axes.Add(x);
        model.Axes.Add(y);
        foreach (Mark mark in Marks) mark.AddTo(model);
        return model;
    }

    /// <summary>Width of the widest label that stands right of the plot area (points).</summary>
    internal double RightLabelWidth =>
        Marks.OfType<Rule>().Where(r => !r.IsVertical).Select(r => FigureCanvas.Measure(r.Label, Style.TickSize).Width).DefaultIfEmpty(0).Max();

    /// <summary>Labels of rules and the note, which may stand outside the data's clip.</summary>
    /// <param name="canvas">Canvas.</param>
    /// <param name="model">The plot, rendered.</param>
    internal void DrawLabels(FigureCanvas canvas, PlotModel model)
    {
        OxyRect area = model.PlotArea;
        foreach (Rule rule in Marks.OfType<Rule>().Where(r => r.Label.Length > 0 && double.IsFinite(r.At)))
        {
            double at = model.Axes[rule.IsVertical ? 0 : 1].Transform(rule.At);
            canvas.Write(
                rule.IsVertical ? new ScreenPoint(at, area.Top) : new ScreenPoint(area.Right + 2, at),
                    rule.Label, Style.Of(rule.Colour), Style.TickSize,
                horizontal: rule.IsVertical ? HorizontalAlignment.Center : HorizontalAlignment.Left,
                vertical: rule.IsVertical ? VerticalAlignment.Bottom : VerticalAlignment.Middle);
        }

        canvas.Write(area.Center, Note, Style.Of(Palette.Grey), Style.TextSize,
            horizontal: HorizontalAlignment.Center, vertical: VerticalAlignment.Middle);
    }

    private Axis AxisOf(PanelAxis spec, AxisPosition position, double length, Func<DataPoint, double> coordinate, bool isEmpty)
    {
        (double minimum, double maximum) = Limits(spec, Marks.SelectMany(m => m.Extent).Select(coordinate));
        Ticks ticks = spec.NamedTicks is { } named
            ? new Ticks([.. named.Select(t => t.Key)], [.. named.Select(t => t.Value)], [])
            : isEmpty || !spec.HasLabels && position == AxisPosition.Left ? new Ticks([], [], [])
            : spec.IsLogarithmic ? Ticks.Logarithmic(minimum, maximum, Fits)
            : Ticks.Linear(minimum, maximum, Fits);
        if (!spec.HasLabels) ticks = ticks with { Labels = [.. ticks.Labels.Select(_ => "")] };
        Axis axis = spec.IsLogarithmic ? new TickedLogarithmicAxis(ticks) : new TickedLinearAxis(ticks);
        axis.Position = position;
        axis.Minimum = minimum;
        axis.Maximum = maximum;
        axis.MinimumPadding = axis.MaximumPadding = 0;
        axis.FontSize = Style.TickSize;
        axis.AxislineStyle = LineStyle.Solid;
        axis.AxislineThickness = axis.MajorGridlineThickness = axis.MinorGridlineThickness = Style.SpineWidth;
        axis.MajorTickSize = spec.NamedTicks is null ? TickLength : 0;
        axis.MinorTickSize = TickLength * 0.6;
        axis.TickStyle = TickStyle.Outside;
        axis.AxisTickToLabelDistance = 2;
        axis.IsZoomEnabled = axis.IsPanEnabled = false;
        return axis;

        bool Fits(Ticks candidate)
        {
            if (candidate.Major.Count < 2) return true;
            double shortest = double.PositiveInfinity;
            for (int i = 1; i < candidate.Major.Count; i++)
                shortest = Math.Min(shortest,
                    (Scaled(candidate.Major[i]) - Scaled(candidate.Major[i - 1])) * length / (Scaled(maximum) - Scaled(minimum)));
            double room = position == AxisPosition.Left
                ? 1.6 * Style.TickSize
                : candidate.Labels.Max(l => FigureCanvas.Measure(l, Style.TickSize).Width) + Style.TickSize;
            return shortest >= room;
        }

        double Scaled(double value) => spec.IsLogarithmic ? Math.Log10(value) : value;
    }

    private static (double Minimum, double Maximum) Limits(PanelAxis spec, IEnumerable<double> data)
    {
        double least = double.PositiveInfinity, most = double.NegativeInfinity;
        foreach (double value in data)
        {
            if (!double.IsFinite(value) || (spec.IsLogarithmic && value <= 0)) continue;
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        if (least > most) (least, most) = spec.IsLogarithmic ? (1, 10) : (0, 1);
        if (spec.FromZero && !spec.IsLogarithmic) (least, most) = (Math.Min(0, least), Math.Max(0, most));
        if (spec.IsLogarithmic)
        {
            if (most < least * 1.1) (least, most) = (least / 1.5, most * 1.5);
            double factor = Math.Pow(most / least, Padding);
            (least, most) = (least / factor, most * factor);
        }
        else
        {
            if (most - least <= 1e-9 * Math.Max(Math.Abs(least), Math.Abs(most)))
            {
                double room = least == 0 ? 1 : 0.1 * Math.Abs(least);
                (least, most) = (spec.FromZero && least == 0 ? 0 : least - room, most + room);
            }

            double pad = Padding * (most - least);
            (least, most) = (least - (spec.FromZero && least == 0 ? pad / 2 : pad), most + pad);
        }

        double minimum = double.IsNaN(spec.Minimum) ? least : spec.Minimum, maximum = double.IsNaN(spec.Maximum) ? most : spec.Maximum;
        return minimum < maximum ? (minimum, maximum) : spec.IsLogarithmic ? (minimum, minimum * 10) : (minimum, minimum + 1);
    }

    private sealed class TickedLinearAxis(Ticks ticks) : LinearAxis
    {
        public override void GetTickValues(
            out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues) =>
            (majorLabelValues, majorTickValues, minorTickValues) = ([.. ticks.Major], [.. ticks.Major], [.. ticks.Minor]);

        protected override string FormatValueOverride(double x) => LabelAt(ticks, x);
    }

    private sealed class TickedLogarithmicAxis(Ticks ticks) : LogarithmicAxis
    {
        public override void GetTickValues(
            out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues) =>
            (majorLabelValues, majorTickValues, minorTickValues) = ([.. ticks.Major], [.. ticks.Major], [.. ticks.Minor]);

        protected override string FormatValueOverride(double x) => LabelAt(ticks, x);
    }

    private static string LabelAt(Ticks ticks, double value)
    {
        for (int i = 0; i < ticks.Major.Count; i++)
        {
            // The blank hides the script from the plotting library, which would set it itself.
            if (ticks.Major[i] == value) return ticks.Labels[i].Replace("^{", "^ {", StringComparison.Ordinal);
        }

        return "";
    }
}
