using Shunt.Experiments;

namespace Shunt.Figures;

/// <summary>Draws columns of a table: of a sweep, theory as lines and simulation as markers; of any other, the column.</summary>
public static class TableFigure
{
    private const int MostGroups = 12;
    private static readonly Shape[] Shapes = [Shape.Circle, Shape.Square, Shape.Triangle, Shape.Diamond];

    private static readonly Dictionary<string, string> Titles = new(StringComparer.Ordinal)
    {
        ["rate_hz"] = @"Firing rate $\nu$ (Hz)",
        ["rate_sd_hz"] = @"SD of rates $\Delta\nu$ (Hz)",
        ["cv_isi"] = "CV of interspike intervals",
        ["mean_v_mV"] = "Mean membrane potential (mV)",
        ["sd_v_mV"] = @"SD of membrane potential $\sigma_V$ (mV)",
        ["tau_ms"] = @"Effective time constant $\tau$ (ms)",
        ["mu_mV"] = @"Mean of the free membrane $\mu$ (mV)",
        ["sigma_mV"] = @"Input noise $\sigma$ (mV)",
        ["quiescent_fraction"] = "Quiescent fraction",
    };

    /// <summary>The figure: a panel for each quantity, a colour for each combination of the other axes, populations told apart by markers and dashes.</summary>
    /// <param name="table">The table.</param>
    /// <param name="x">Column of x, or an axis without its unit; null for the first axis with several values.</param>
    /// <param name="ys">Quantities of the populations (for instance <c>rate_hz</c>), or columns.</param>
    /// <param name="groups">Columns whose values have a curve each; null for the other axes.</param>
    /// <param name="populations">Populations to draw; none for all.</param>
    /// <param name="isLogX">Whether the horizontal axis is logarithmic.</param>
    /// <param name="isLogY">Whether the vertical axes are.</param>
    /// <exception cref="ResultsException">A column is not there or has no numbers, or there are too many curves.</exception>
    public static Figure Of(
        TableFile table, string? x, IReadOnlyList<string> ys, IReadOnlyList<string>? groups, IReadOnlyList<string> populations, bool isLogX, bool isLogY)
    {
        string[] varying = [.. table.Axes.Where(a => table.Words(a).Distinct().Count() > 1)];
        string horizontal = x is not null ? table.Find(x) : (string[])[.. varying, .. table.Axes] is [var first, ..] ? first
            : throw new ResultsException($"{table.Path}: is no table of a sweep; say with --x which column to draw against", exitCode: 2);
        string[] grouped = groups is not null ? [.. groups.Select(table.Find)] : [.. varying.Where(a => a != horizontal)];
        if (populations.Except(table.Populations).FirstOrDefault() is { } unknown)
            throw new ResultsException($"--population {unknown}: there are {string.Join(", ", table.Populations)}", exitCode: 2);
        string[] drawn = populations.Count > 0 ? [.. populations] : [.. table.Populations];

        string[][] words = [.. grouped.Select(g => table.Words(g).ToArray())];
        string[] labels = [.. Enumerable.Range(0, table.Count).Select(i => string.Join(", ", grouped.Select((g, k) => $"{Plain(g)} = {Short(words[k][i])}{Unit(g)}")))];
        string[] curves = [.. labels.Distinct()];
        if (curves.Length > MostGroups)
        {
            throw new ResultsException(
                $"{table.Path}: {curves.Length} combinations of {string.Join(", ", grouped)} are too many curves (at most {MostGroups}); choose some with --where, or name columns with --group",
                exitCode: 2);
        }

        IReadOnlyList<Colour> colours = curves.Length > 1 ? Palette.Ordered(curves.Length) : Palette.Of(drawn.Length > 0 ? drawn : [""]);
        IReadOnlyList<double> at = table.Numbers(horizontal);
        bool hasTheory = false, hasSimulation = false, hasColumn = false;
        Panel[] panels = [.. ys.Select(PanelOf)];
        int columns = Math.Min(panels.Length, panels.Length is 2 or 4 ? 2 : 3), rows = (panels.Length + columns - 1) / columns;
        LegendEntry[] legend = [.. Legend()];
        return new Figure
        {
            Name = $"{string.Join("-", ys.Select(Slug))}-against-{Slug(Plain(horizontal))}",
            Caption = $"{string.Join(", ", ys.Select(MathText.Escape))} against {MathText.Escape(Plain(horizontal))}."
                + (hasTheory || hasSimulation ? " Lines are theory, markers simulation; bars are standard errors." : ""),
            AlternativeText = $"{string.Join(", ", ys)} against {Plain(horizontal)}.",
            Width = columns == 1 ? 110 : 178,
            Height = (rows * 60) + (Math.Ceiling(legend.Length / (columns == 1 ? 2.0 : 4.0)) * 5),
            Rows = [.. Enumerable.Repeat(1.0, rows)],
            Columns = [.. Enumerable.Repeat(1.0, columns)],
            Panels = [.. panels.Select((p, i) => new PlacedPanel(p, i / columns, i % columns) { HasLetter = panels.Length > 1 })],
            Legend = legend,
        };

        Panel PanelOf(string y)
        {
            var marks = new List<Mark>();
            bool isQuantity = drawn.Any(p => table.Has($"theory_{p}_{y}") || table.Has($"sim_{p}_{y}"));
            for (int c = 0; c < curves.Length; c++)
            {
                int[] inCurve = [.. Enumerable.Range(0, table.Count).Where(i => labels[i] == curves[c])];
                if (!isQuantity)
                {
                    string column = table.Find(y);
                    hasColumn |= Markers(column, inCurve, colours[c], 0);
                    continue;
                }

                for (int p = 0; p < drawn.Length; p++)
                {
                    Colour colour = curves.Length > 1 ? colours[c] : colours[p];
                    if (table.Has($"theory_{drawn[p]}_{y}"))
                    {
                        (double X, double Y, double Error)[] line = Points($"theory_{drawn[p]}_{y}", inCurve);
                        hasTheory |= line.Any(q => double.IsFinite(q.Y));
                        marks.Add(new Line([.. line.Select(q => q.X)], [.. line.Select(q => q.Y)], curves.Length > 1 ? colour : Palette.Black, PointPanels.TheoryDash(p)));
                    }

                    if (!table.Has($"sim_{drawn[p]}_{y}")) continue;
                    hasSimulation |= Markers($"sim_{drawn[p]}_{y}", inCurve, colour, p);
                }
            }

            return new Panel(
                new PanelAxis(Title(horizontal)) { IsLogarithmic = isLogX }, new PanelAxis(Titles.GetValueOrDefault(y, MathText.Escape(y))) { IsLogarithmic = isLogY }, marks)
            {
                Note = marks.SelectMany(m => m.Extent).Any(p => double.IsFinite(p.X) && double.IsFinite(p.Y)) ? "" : "no data",
            };

            bool Markers(string column, int[] inCurve, Colour colour, int shape)
            {
                (double X, double Y, double Error)[] dots = Points(column, inCurve);
                marks.Add(new Dots([.. dots.Select(q => q.X)], [.. dots.Select(q => q.Y)], [.. dots.Select(q => q.Error)], colour, Shapes[shape % Shapes.Length])
                {
                    Size = Math.Max(1.5, 2.8 - (0.7 * shape)),
                });
                return dots.Any(q => double.IsFinite(q.Y));
            }
        }

        // rows at the same x are repetitions: their mean, with the error their spread gives; a single row has its own
        (double X, double Y, double Error)[] Points(string column, int[] inCurve)
        {
            IReadOnlyList<double> values = table.Numbers(column);
            IReadOnlyList<double>? errors = table.Has($"{column}_sem") ? table.Numbers($"{column}_sem") : null;
            return [.. inCurve.Where(i => double.IsFinite(at[i])).GroupBy(i => at[i]).OrderBy(g => g.Key).Select(g =>
            {
                int[] known = [.. g.Where(i => double.IsFinite(values[i]))];
                if (known.Length == 0) return (g.Key, double.NaN, double.NaN);
                double mean = known.Average(i => values[i]);
                double error = known.Length > 1 ? Math.Sqrt(known.Sum(i => Math.Pow(values[i] - mean, 2)) / (known.Length - 1) / known.Length) : errors?[known[0]] ?? double.NaN;
                return (g.Key, mean, error);
            })];
        }

        IEnumerable<LegendEntry> Legend()
        {
            bool isGrouped = curves.Length > 1;
            for (int p = 0; p < drawn.Length && (hasTheory || hasSimulation); p++)
            {
                string name = MathText.Escape(drawn[p]);
                if (hasSimulation) yield return new LegendEntry($"{name}, simulation", isGrouped ? Palette.Grey : colours[p], null, Shapes[p % Shapes.Length]);
                if (hasTheory) yield return new LegendEntry($"{name}, theory", isGrouped ? Palette.Grey : Palette.Black, PointPanels.TheoryDash(p), null);
            }

            for (int c = 0; c < curves.Length && isGrouped; c++)
                yield return new LegendEntry(MathText.Escape(curves[c]), colours[c], hasTheory ? Dash.Solid : null, hasColumn || !hasTheory ? Shape.Circle : null);
        }
    }

    private static string Title(string column) => RunFigures.AxisTitle(new SweepAxis(Plain(column), [], [], Unit(column).Trim(), false));

    private static string Plain(string column) => column.EndsWith(']') && column.IndexOf(" [", StringComparison.Ordinal) is > 0 and var at ? column[..at] : column;

    private static string Unit(string column) => Plain(column) == column ? "" : $" {column[(Plain(column).Length + 2)..^1]}";

    // a number to six digits
    private static string Short(string word) => double.TryParse(word, System.Globalization.CultureInfo.InvariantCulture, out double value)
        ? value.ToString("G6", System.Globalization.CultureInfo.InvariantCulture)
        : word;

    private static string Slug(string name) => new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '-')]);
}
