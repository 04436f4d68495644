using System.Globalization;
using System.Text.RegularExpressions;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Cli;

/// <summary>What a run says in the end: a table, what to know before trusting it, and what theory and simulation have to report.</summary>
internal static partial class Answer
{
    internal static void Write(Terminal terminal, RunResult run)
    {
        if (run.Axes.Count > 0) SweepTable(terminal, run);
        else ComparisonTable(terminal, run.Points[0]);
        if (run.Points is [{ Simulation: null, Theory.Regimes: { Count: > 0 } regimes }] && run.Axes.Count == 0) RegimeTable(terminal, run.Points[0], regimes);
        foreach (string warning in Grouped(run, p => [.. p.Theory?.Warnings ?? [], .. p.Simulation?.Warnings ?? []])) terminal.Warn(warning);
        foreach (string message in Grouped(run, p => IsUnsolved(p) ? [] : Message(p))) terminal.Note(message);
        if (run.Points is [{ Simulation: { } record, Performance: { } performance }])
        {
            terminal.Note(
                $"{record.Spikes:N0} {(record.Spikes == 1 ? "spike" : "spikes")}, sha256 {record.SpikesSha256[..16]}...; "
                + $"wired in {Terminal.Duration(performance.BuildSeconds)}, "
                + $"simulated {Terminal.Duration(record.Counters.Steps * run.Points[0].Experiment.Simulation.TimeStep)} "
                + $"in {Terminal.Duration(performance.SimulationSeconds)}");
        }
    }

    /// <summary>Says where theory, asked alone, has found no answer; whether it was so anywhere.</summary>
    internal static bool Unsolved(Terminal terminal, RunResult run)
    {
        string[] messages = [.. Grouped(run, p => IsUnsolved(p) ? Message(p) : [])];
        foreach (string message in messages) terminal.Fail(message);
        return messages.Length > 0;
    }

    private static bool IsUnsolved(PointResult point) => point is { Simulation: null, Theory.Status: SolutionStatus.NotConverged };

    private static string[] Message(PointResult point) => point.Theory is { } theory ? [$"theory ({theory.Method}): {theory.Message}"] : [];

    /// <summary>A point in words: its values, or the name of the experiment.</summary>
    internal static string Describe(Experiment point) =>
        point.Set.Count == 0 ? point.Name : string.Join(", ", point.Set.Select(s => $"{s.Key}={s.Value}"));

    /// <summary>Theory beside simulation, a row per population and quantity; a side that was not asked has no column.</summary>
    private static void ComparisonTable(Terminal terminal, PointResult point)
    {
        bool theory = point.Theory is not null, simulation = point.Simulation is not null;
        (string Name, bool Shown, Func<ComparisonRow, string> Cell)[] columns =
        [
            ("population", true, r => r.Population),
            ("quantity", true, r => r.Quantity),
            ("unit", true, r => r.Unit),
            ("theory", theory, r => Significance.Beside(r.Theory, r.StandardError)),
            ("simulation ± error", simulation, r => Significance.WithError(r.Simulation, r.StandardError)),
            ("diff %", theory && simulation, r => Significance.WithSign(r.DifferencePercent, 1)),
            ("diff SE", theory && simulation, r => Significance.WithSign(r.DifferenceInStandardErrors, 1)),
        ];
        columns = [.. columns.Where(c => c.Shown)];
        if (columns.Length == 3) return;
        terminal.AnswerTable([.. columns.Select(c => c.Name)], [.. Comparison.Of(point).Select(r => columns.Select(c => c.Cell(r)).ToArray())], 3);
    }

    /// <summary>In which row of Table I each population lies, and how far it reaches.</summary>
    private static void RegimeTable(Terminal terminal, PointResult point, IReadOnlyList<Regime> regimes)
    {
        terminal.Answer("");
        terminal.AnswerTable(
            ["population", "Table I", "tau_S/tau", "theta - mu (mV)", "sigma_V (mV)", "tau_V (ms)", "CV_K*", "irregular up to"],
            [
                .. regimes.Select(r => (string[])
                [
                    r.Population, Row(r.Row), Significance.Number(r.SynapticTimeRatio), Significance.Number(r.ThresholdDistance),
                    Significance.Number(r.FreeMembraneSd), Significance.Number(r.CorrelationTime * 1e3), Significance.Number(r.CriticalInDegreeCv),
                    Limit(r.InputLimit),
                ]),
            ],
            2);

        string Limit(double factor) => factor switch
        {
            double.PositiveInfinity => "any input",
            0 => "it is not",
            > 0 => point.Experiment.Model.Inputs is [{ } only]
                ? $"{Significance.Number(factor * only.Rate)} Hz"
                : $"{Significance.Number(factor)} x input",
            _ => "–",
        };
    }

    private static string Row(TableRow row) => row switch
    {
        TableRow.CurrentBased => "row 1: currents",
        TableRow.Logarithmic => "row 2: a ~ 1/log K",
        TableRow.PowerLaw => "row 3: a ~ K^-alpha",
        TableRow.FastSynapses => "row 2 or 3: tau_S << tau",
        TableRow.Crossover => "between rows 3 and 4: tau_S ~ tau",
        TableRow.SlowSynapses => "row 4: tau_S >> tau, bursts",
        TableRow.MeanDriven => "none: driven by the mean",
        _ => "none: silent",
    };

    /// <summary>A row per point: where it lies, then rate and CV of every population. The files hold the other quantities.</summary>
    private static void SweepTable(Terminal terminal, RunResult run)
    {
        bool theory = run.Points.Any(p => p.Theory is not null), simulation = run.Points.Any(p => p.Simulation is not null);
        var columns = new List<(string Header, Func<PointResult, string> Cell)>();
        foreach (SweepAxis axis in run.Axes)
        {
            columns.Add((axis.Unit.Length > 0 ? $"{axis.Path}\n({axis.Unit})" : axis.Path,
                p => Number(p.Experiment.Set.First(s => s.Key == axis.Path).Value, axis)));
        }

        foreach (Population population in run.Points[0].Experiment.Model.Populations)
        {
            foreach ((string quantity, Func<PopulationObservables, Estimate> select) in
                     ((string, Func<PopulationObservables, Estimate>)[])[("rate (Hz)", o => o.Rate), ("CV", o => o.CvIsi)])
            {
                Estimate Theory(PointResult p) => p.Theory is { } t ? select(t.Observables[population.Name]) : Estimate.Unknown;
                Estimate Measured(PointResult p) => p.Simulation is { } s ? select(s.Observables[population.Name]) : Estimate.Unknown;
                if (theory) columns.Add(($"{population.Name} {quantity}\ntheory",
                    p => Significance.Beside(Theory(p).Value, Measured(p).StandardError)));
                if (simulation) columns.Add(($"{population.Name} {quantity}\nsimulation",
                    p => Significance.WithError(Measured(p).Value, Measured(p).StandardError)));
            }
        }

        terminal.AnswerTable([.. columns.Select(c => c.Header)], [.. run.Points.Select(p => columns.Select(c => c.Cell(p)).ToArray())], 0);
    }

    /// <summary>A value of an axis, a number to six digits without its unit.</summary>
    private static string Number(string value, SweepAxis axis) =>
        !axis.IsNumeric ? value : axis.Numbers[Enumerable.Range(0, axis.Values.Count).First(i => axis.Values[i] == value)].ToString("G6", CultureInfo.InvariantCulture);

    /// <summary>What the points of a sweep say in the same words, whatever the numbers in them, is said once,
    /// with the numbers of the first.</summary>
    private static IEnumerable<string> Grouped(RunResult run, Func<PointResult, IEnumerable<string>> texts)
    {
        if (run.Axes.Count == 0) return texts(run.Points[0]);
        return run.Points.SelectMany(p => texts(p).Select(text => (Point: p, Text: text)))
            .GroupBy(x => Numbers().Replace(x.Text, "#"))
            .Select(g =>
            {
                (PointResult point, string text) = g.First();
                int points = g.Select(x => x.Point).Distinct().Count();
                bool same = g.All(x => x.Text == text);
                string where = string.Join(", ", run.Axes.Select(a => point.Experiment.Set.First(s => s.Key == a.Path))
                    .Select(s => $"{s.Key}={s.Value}"));
                if (points == 1) return $"{where}: {text}";
                string all = points == run.Points.Count ? "at every point" : FormattableString.Invariant($"at {points} of {run.Points.Count} points");
                return same ? $"{text} ({all}{(points == run.Points.Count ? "" : $", first {where}")})" : $"{text} ({all}; these numbers: {where})";
            });
    }

    [GeneratedRegex(@"\d+([.,]\d+)*(e[+-]?\d+)?", RegexOptions.IgnoreCase)]
    private static partial Regex Numbers();
}
