namespace Shunt.Experiments;

/// <summary>A figure's series, computed, and what became of its checks.</summary>
/// <param name="File">The figure.</param>
/// <param name="Points">Points of each series of each panel, in the file's order.</param>
/// <param name="Verdicts">One for each check.</param>
public sealed record FigureResult(FigureFile File, IReadOnlyList<IReadOnlyList<SeriesPoints>> Points, IReadOnlyList<FigureVerdict> Verdicts)
{
    /// <summary>Assembles a figure.</summary>
    /// <param name="file">The figure.</param>
    /// <param name="computed">What was computed for it.</param>
    /// <exception cref="ExperimentFileException">A formula is wrong.</exception>
    /// <exception cref="ResultsException">It draws something that there is not.</exception>
    public static FigureResult Of(FigureFile file, FigureComputation computed)
    {
        var curves = new FigureCurves(computed);
        var verdicts = new List<FigureVerdict>();
        var points = new List<IReadOnlyList<SeriesPoints>>();
        for (int p = 0; p < file.Panels.Count; p++)
        {
            FigurePanel panel = file.Panels[p];
            points.Add([.. panel.Series.Select(s => curves.Of(file, panel, s))]);
            for (int s = 0; s < panel.Series.Count; s++)
            {
                FigureSeries series = panel.Series[s];
                (string, string, string, string) name = (file.Title, Letter(p), Name(series), Quantity(panel, series));
                foreach (FigureCheck check in series.Checks)
                {
                    var verdict = FigureVerdict.Of(points[p][s], panel, check, name);
                    if (verdict.Outcome == FigureOutcome.Fail && check.ClosedBy is { } control)
                    {
                        var closed = FigureVerdict.Of(curves.Of(file, panel, series with { Data = control.Name }), panel, check, name);
                        verdict = verdict with
                        {
                            Outcome = closed.Outcome == FigureOutcome.Pass ? FigureOutcome.Explained : FigureOutcome.Fail,
                            Cause = check.Cause,
                            Control = $"with {string.Join(", ", control.Changes)}: {closed.Deviation}, {closed.Within} of {closed.Points} within",
                        };
                    }

                    verdicts.Add(verdict);
                }
            }
        }

        return new FigureResult(file, points, verdicts);
    }

    /// <summary>Letter of a panel.</summary>
    internal static string Letter(int panel) => ((char)('A' + panel)).ToString();

    /// <summary>The series as one table: panel, series, x, y, standard error.</summary>
    public string SeriesTable()
    {
        var csv = new Csv(["panel", "series", "x_axis", "y_axis", "x", "y", "error"]);
        for (int p = 0; p < File.Panels.Count; p++)
        {
            FigurePanel panel = File.Panels[p];
            for (int s = 0; s < panel.Series.Count; s++)
            {
                SeriesPoints points = Points[p][s];
                for (int i = 0; i < points.X.Count; i++)
                    csv.Add([Letter(p), Name(panel.Series[s]), panel.X.Label, panel.Y.Label, points.X[i], points.Y[i], points.Error[i] == 0 ? double.NaN : points.Error[i]]);
            }
        }

        return csv.ToString();
    }

    /// <summary>Verdicts of figures as a table.</summary>
    /// <param name="verdicts">The verdicts.</param>
    public static string VerdictTable(IEnumerable<FigureVerdict> verdicts)
    {
        var csv = new Csv(["figure", "panel", "series", "quantity", "reference", "points", "within", "deviation", "tolerance", "verdict", "cause", "control"]);
        foreach (FigureVerdict v in verdicts)
            csv.Add([v.Figure, v.Panel, v.Series, v.Quantity, v.Source, (double)v.Points, (double)v.Within, v.Deviation, v.Tolerance, Word(v.Outcome), v.Cause, v.Control]);
        return csv.ToString();
    }

    /// <summary>A verdict as JSON, on one line.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string Json(FigureVerdict verdict) => PointJson.Text(
        w =>
        {
            w.WriteStartObject();
            foreach ((string name, string value) in ((string, string)[])
                [("figure", verdict.Figure), ("panel", verdict.Panel), ("series", verdict.Series), ("quantity", verdict.Quantity), ("reference", verdict.Source)])
                w.WriteString(name, value);
            w.WriteNumber("points", verdict.Points);
            w.WriteNumber("within", verdict.Within);
            foreach ((string name, string value) in ((string, string)[])
                [("deviation", verdict.Deviation), ("tolerance", verdict.Tolerance), ("verdict", Word(verdict.Outcome)), ("cause", verdict.Cause), ("control", verdict.Control)])
                w.WriteString(name, value);
            w.WriteEndObject();
        },
        indented: false);

    /// <summary>An outcome in a word.</summary>
    /// <param name="outcome">The outcome.</param>
    public static string Word(FigureOutcome outcome) => outcome switch
    {
        FigureOutcome.Pass => "pass",
        FigureOutcome.Explained => "explained",
        _ => "FAIL",
    };

    private static string Name(FigureSeries series) => series.Label.Length > 0 ? series.Label
        : series.Data.Length > 0 ? $"{series.Data}, {series.Of}"
        : series.Formula.Length > 0 ? series.Formula : series.Law.Length > 0 ? series.Law : "reference";

    private static string Quantity(FigurePanel panel, FigureSeries series) =>
        series.XQuantity.Length > 0 ? $"{series.Quantity} against {series.XQuantity}" : series.Data.Length > 0 ? series.Quantity : panel.Y.Label;
}
