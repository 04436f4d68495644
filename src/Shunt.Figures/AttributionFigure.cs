using Shunt.Experiments;
using Shunt.Model;

namespace Shunt.Figures;

/// <summary>Draws where the difference between diffusion theory and a network comes from.</summary>
public static class AttributionFigure
{
    private static readonly Shape[] Shapes = [Shape.Circle, Shape.Square, Shape.Triangle, Shape.Diamond];

    /// <summary>The rates on every rung, and what each rung changes, of one population: against the last axis of a sweep, or rung by rung.</summary>
    /// <param name="points">The points of a run; a sweep has one axis.</param>
    /// <param name="axis">What was swept; null for a single point.</param>
    /// <param name="population">Index of the population.</param>
    public static Figure Of(IReadOnlyList<Attribution> points, SweepAxis? axis, int population)
    {
        string name = points[0].Experiment.Model.Populations[population].Name;
        var (rates, changes, legend) = axis is null ? Ladder(points[0], population) : Curves(points, axis, population);
        return new Figure
        {
            Name = $"attribution-{Slug(name)}",
            Caption = $"Where the difference between diffusion theory and the network comes from, population {MathText.Escape(name)}. "
                + "(A) Rate, with one approximation less at each step. (B) What each step changes. Bars are standard errors.",
            AlternativeText = $"Firing rate of population {name} in theories and simulations of decreasing approximation, and the changes between them.",
            Height = axis is null ? 75 : 90,
            Columns = [1, 1],
            Panels = [new PlacedPanel(rates, 0, 0), new PlacedPanel(changes, 0, 1)],
            Legend = legend,
        };
    }

    private static (Panel Rates, Panel Changes, LegendEntry[] Legend) Ladder(Attribution point, int population)
    {
        double[] x = [.. point.Steps.Select((_, i) => i + 1.0)];
        KeyValuePair<double, string>[] ticks = [.. x.Select(i => KeyValuePair.Create(i, i.ToString("F0", System.Globalization.CultureInfo.InvariantCulture)))];
        IReadOnlyList<Colour> colours = Palette.Ordered(point.Steps.Count);
        var rates = new List<Mark>();
        var changes = new List<Mark> { new Rule(0, false, "", Palette.Grey) };
        var legend = new List<LegendEntry>();
        for (int i = 0; i < point.Steps.Count; i++)
        {
            AttributionStep step = point.Steps[i];
            rates.Add(Dot(x[i], step.Rates[population], colours[i]));
            if (i > 0) changes.Add(Dot(x[i], step.Changes[population], colours[i]));
            string cause = step.Cause.Length > 0 ? $": {step.Cause}" : "";
            legend.Add(new LegendEntry(MathText.Escape($"{ticks[i].Value} {step.Name}{cause}"), colours[i], null, Shape.Circle));
        }

        return (
            new Panel(new PanelAxis("Step") { NamedTicks = ticks }, new PanelAxis(@"Firing rate $\nu$ (Hz)"), rates),
            new Panel(new PanelAxis("Step") { NamedTicks = ticks }, new PanelAxis("Change (Hz)"), changes),
            [.. legend]);

        static Dots Dot(double at, Estimate value, Colour colour) => new([at], [value.Value], [value.StandardError], colour, Shape.Circle);
    }

    private static (Panel Rates, Panel Changes, LegendEntry[] Legend) Curves(IReadOnlyList<Attribution> points, SweepAxis axis, int population)
    {
        var rates = new List<Mark>();
        var changes = new List<Mark> { new Rule(0, false, "", Palette.Grey) };
        var legend = new List<LegendEntry>();
        int steps = points[0].Steps.Count;
        double[] x = [.. axis.Numbers.Take(points.Count)];
        IReadOnlyList<Colour> colours = Palette.Ordered(steps);
        for (int i = 0; i < steps; i++)
        {
            AttributionStep[] step = [.. points.Select(p => p.Steps[i])];
            Shape shape = Shapes[i % Shapes.Length];
            bool isTheory = step.All(s => s.Rates[population].StandardError == 0);
            Add(rates, step, s => s.Rates[population]);
            if (i > 0) Add(changes, step, s => s.Changes[population]);
            string cause = step[0].Cause.Length > 0 ? $": {step[0].Cause}" : "";
            legend.Add(new LegendEntry(MathText.Escape($"{step[0].Name}{cause}"), colours[i], isTheory ? Dash.Solid : Dash.Dotted, shape));

            void Add(List<Mark> marks, AttributionStep[] at, Func<AttributionStep, Estimate> select)
            {
                double[] y = [.. at.Select(s => select(s).Value)];
                marks.Add(new Line(x, y, colours[i], isTheory ? Dash.Solid : Dash.Dotted));
                marks.Add(new Dots(x, y, [.. at.Select(s => select(s).StandardError)], colours[i], shape));
            }
        }

        var horizontal = new PanelAxis(RunFigures.AxisTitle(axis)) { IsLogarithmic = axis.IsLogarithmic };
        return (
            new Panel(horizontal, new PanelAxis(@"Firing rate $\nu$ (Hz)") { FromZero = true }, rates),
            new Panel(horizontal, new PanelAxis("Change (Hz)"), changes),
            [.. legend]);
    }

    private static string Slug(string name) => new([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
}
