using System.Globalization;
using System.Security;
using System.Text;
using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Figures;

/// <summary>The report of a run: one HTML page that needs nothing else, neither network nor script.</summary>
public static class Report
{
    private const double ManyStandardErrors = 3;

    /// <summary>The page.</summary>
    /// <param name="run">The run.</param>
    /// <param name="figures">Its figures, for instance from <see cref="RunFigures.Of"/>, in the order they appear.</param>
    public static string Html(RunResult run, IReadOnlyList<Figure> figures)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n")
            .Append($"<title>{Text(run.Title)}</title>\n<style>\n{StyleSheet()}</style>\n</head>\n<body>\n<header>\n<h1>{Text(run.Title)}</h1>\n")
            .Append($"<p class=\"answer\">{Text(ReportAnswer.Of(run))}</p>\n");
        foreach (string line in ReportAnswer.Cautions(run)) page.Append($"<p><strong>{Text(line)}</strong></p>\n");
        page.Append("</header>\n<main>\n");
        if (run.Points.Count > 0)
        {
            if (run.Axes.Count == 0 && run.Points.Count == 1) AppendComparison(page, run.Points[0]);
            else AppendSweep(page, run);
            AppendStatus(page, run);
            AppendFigures(page, figures);
            AppendSettings(page, run);
            AppendFile(page, run.Points[0].Experiment, run.Points.Count > 1);
        }

        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string StyleSheet()
    {
        using Stream stream = typeof(Report).Assembly.GetManifestResourceStream("report.css")
            ?? throw new InvalidOperationException("the assembly lacks report.css");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Text(string text) => SecurityElement.Escape(text);

    private static string SymbolHtml(string symbol) => symbol switch
    {
        "nu" => "<i>ν</i>",
        "<V>" => "⟨<i>V</i>⟩",
        "sigma_V" => "<i>σ</i><sub><i>V</i></sub>",
        "tau" => "<i>τ</i>",
        "mu" => "<i>μ</i>",
        "f_q" => "<i>f</i><sub>q</sub>",
        _ => Text(symbol),
    };

    private static void AppendComparison(StringBuilder page, PointResult point)
    {
        IReadOnlyList<ComparisonRow> rows = Comparison.Of(point);
        page.Append("<section>\n<h2>Theory and simulation</h2>\n<div class=\"scroll\"><table>\n")
            .Append("<caption>Simulated values with their standard errors. Differences are simulation minus theory.</caption>\n")
            .Append("<thead><tr><th scope=\"col\" class=\"text\">Quantity</th><th scope=\"col\">Symbol</th><th scope=\"col\">Unit</th>")
            .Append("<th scope=\"col\">Theory</th><th scope=\"col\">Simulation</th><th scope=\"col\">Difference<br>(%)</th>")
            .Append("<th scope=\"col\">Difference<br>(standard errors)</th></tr></thead>\n");
        foreach (IGrouping<string, ComparisonRow> population in rows.GroupBy(r => r.Population))
        {
            page.Append("<tbody>\n<tr class=\"population\">")
                .Append($"<th scope=\"rowgroup\" colspan=\"7\">{PopulationName(point, population.Key)}</th></tr>\n");
            foreach (ComparisonRow row in population)
            {
                page.Append($"<tr><th scope=\"row\">{Text(Capitalised(row.Quantity))}</th><td>{SymbolHtml(row.Symbol)}</td><td>{Text(row.Unit)}</td>")
                    .Append($"<td>{Significance.Beside(row.Theory, row.StandardError)}</td>")
                    .Append($"<td>{Significance.WithError(row.Simulation, row.StandardError)}</td>")
                    .Append($"<td>{Significance.WithSign(row.DifferencePercent, 2)}</td>{StandardErrors(row)}</tr>\n");
            }

            page.Append("</tbody>\n");
        }

        page.Append("</table></div>\n");
        if (rows.Count == 0) page.Append("<p>Neither theory nor simulation has a value to show.</p>\n");
        page.Append("</section>\n");
    }

    private static string PopulationName(PointResult point, string name)
    {
        int size = point.Experiment.Model.FindPopulation(name)?.Size ?? 0;
        return $"{Text(name)} <span class=\"soft\">({Significance.Count(size)} neuron{(size == 1 ? "" : "s")})</span>";
    }

    private static string StandardErrors(ComparisonRow row)
    {
        double difference = row.DifferenceInStandardErrors;
        string attribute = Math.Abs(difference) > ManyStandardErrors ? " class=\"far\"" : "";
        return $"<td{attribute}>{Significance.WithSign(difference, 1)}</td>";
    }

    private static void AppendSweep(StringBuilder page, RunResult run)
    {
        string[] populations = [.. run.Points[0].Experiment.Model.Populations.Select(p => p.Name)];
        bool hasTheory = run.Points.Any(p => p.Theory is not null), hasSimulation = run.Points.Any(p => p.Simulation is not null);
        int rateColumns = (hasTheory ? 1 : 0) + (hasSimulation ? 1 : 0) + (hasTheory && hasSimulation ? 1 : 0);
        int cvColumns = (hasTheory ? 1 : 0) + (hasSimulation ? 1 : 0);
        page.Append("<section>\n<h2>Theory and simulation, point by point</h2>\n<div class=\"scroll\"><table>\n")
            .Append("<caption>Firing rates <i>ν</i> (Hz) and CVs of interspike intervals. Simulated values with their standard errors; ")
            .Append("differences are simulation minus theory.</caption>\n<thead>\n<tr>");
        foreach (SweepAxis axis in run.Axes)
            page.Append($"<th scope=\"col\" rowspan=\"2\">{Text(axis.Path)}{(axis.Unit.Length > 0 ? $"<br>({Text(axis.Unit)})" : "")}</th>");
        if (run.Axes.Count == 0) page.Append("<th scope=\"col\" rowspan=\"2\">Point</th>");
        foreach (string name in populations)
        {
            page.Append($"<th scope=\"colgroup\" class=\"group\" colspan=\"{rateColumns}\">{Text(name)}: <i>ν</i> (Hz)</th>")
                .Append($"<th scope=\"colgroup\" class=\"group\" colspan=\"{cvColumns}\">{Text(name)}: CV</th>");
        }

        page.Append(hasTheory ? "<th scope=\"col\" rowspan=\"2\">Theory is</th></tr>\n<tr>" : "</tr>\n<tr>");
        foreach (string _ in populations)
        {
            string sides = (hasTheory ? "<th scope=\"col\">theory</th>" : "") + (hasSimulation ? "<th scope=\"col\">simulation</th>" : "");
            page.Append(sides).Append(hasTheory && hasSimulation ? "<th scope=\"col\">%</th>" : "").Append(sides);
        }

        page.Append("</tr>\n</thead>\n<tbody>\n");
        for (int i = 0; i < run.Points.Count; i++)
        {
            IReadOnlyList<ComparisonRow> rows = Comparison.Of(run.Points[i]);
            page.Append("<tr>");
            foreach (string value in ReportAnswer.AxisValues(run.Axes, i).DefaultIfEmpty((i + 1).ToString(CultureInfo.InvariantCulture)))
                page.Append($"<th scope=\"row\">{Text(value)}</th>");
            foreach (string name in populations)
            {
                ComparisonRow? rate = Find("nu"), cv = Find("CV");
                AppendSides(rate);
                if (hasTheory && hasSimulation)
                    page.Append($"<td>{(rate is null ? Significance.Missing : Significance.WithSign(rate.DifferencePercent, 1))}</td>");
                AppendSides(cv);

                ComparisonRow? Find(string symbol) => rows.FirstOrDefault(r => r.Population == name && r.Symbol == symbol);
            }

            if (hasTheory) page.Append($"<td>{(run.Points[i].Theory is { } theory ? StatusWord(theory.Status) : Significance.Missing)}</td>");
            page.Append("</tr>\n");

            void AppendSides(ComparisonRow? row)
            {
                if (hasTheory) page.Append($"<td>{(row is null ? Significance.Missing : Significance.Beside(row.Theory, row.StandardError))}</td>");
                if (hasSimulation)
                    page.Append($"<td>{(row is null ? Significance.Missing : Significance.WithError(row.Simulation, row.StandardError))}</td>");
            }
        }

        page.Append("</tbody>\n</table></div>\n</section>\n");
    }

    private static string StatusWord(SolutionStatus status) => status switch
    {
        SolutionStatus.Converged => "converged",
        SolutionStatus.Silent => "silent",
        SolutionStatus.Unstable => "unstable",
        _ => "not converged",
    };

    private static void AppendStatus(StringBuilder page, RunResult run)
    {
        page.Append("<section>\n<h2>How far to trust it</h2>\n");
        if (run.Points.Count == 1)
        {
            PointResult point = run.Points[0];
            if (point.Theory is { } theory)
            {
                page.Append($"<h3>Theory</h3>\n<p>Method {Text(theory.Method)}: {StatusWord(theory.Status)}. {Text(Sentence(theory.Message))}</p>\n");
                AppendFixedPoints(page, point.Experiment.Model, theory);
                AppendList(page, theory.Warnings.Select(Text), "All assumptions of the method that are checked hold here.");
            }

            if (point.Simulation is { } simulation)
            {
                page.Append("<h3>Simulation</h3>\n");
                AppendSynchrony(page, simulation);
                AppendList(page, simulation.Warnings.Select(Text), "No warning.");
            }
        }
        else
        {
            AppendList(page, Grouped(run, p => p.Theory?.Warnings).Select(w => "Theory: " + w), "");
            AppendList(page, Grouped(run, p => p.Simulation?.Warnings).Select(w => "Simulation: " + w), "");
            string[] failures =
            [
                .. run.Points.SelectMany((p, i) => p.Theory is { Status: SolutionStatus.NotConverged or SolutionStatus.Unstable } t
                    ? new[] { Text($"Theory at {ReportAnswer.PointName(run.Axes, i)}: {StatusWord(t.Status)}. {t.Message}") } : []),
            ];
            AppendList(page, failures, run.Points.Any(p => p.Theory is not null) ? "Theory found a stable state at every point." : "");
        }

        page.Append("</section>\n");
    }

    private static IEnumerable<string> Grouped(RunResult run, Func<PointResult, IReadOnlyList<string>?> select) =>
        run.Points.SelectMany((p, i) => (select(p) ?? []).Select(w => (Warning: w, Point: i))).GroupBy(w => w.Warning)
            .Select(g => $"{Text(g.Key)} <span class=\"soft\">({(g.Count() == run.Points.Count
                ? "all points" : g.Count() == 1 ? "at " + Text(ReportAnswer.PointName(run.Axes, g.First().Point)) : $"{g.Count()} points, first at "
                    + Text(ReportAnswer.PointName(run.Axes, g.First().Point)))})</span>");

    private static void AppendList(StringBuilder page, IEnumerable<string> items, string whenEmpty)
    {
        string[] all = [.. items];
        if (all.Length > 0) page.Append("<ul class=\"warnings\">\n").AppendJoin("", all.Select(i => $"<li>{i}</li>\n")).Append("</ul>\n");
        else if (whenEmpty.Length > 0) page.Append($"<p class=\"soft\">{Text(whenEmpty)}</p>\n");
    }

    private static void AppendFixedPoints(StringBuilder page, NetworkModel model, MeanFieldSolution theory)
    {
        if (theory.FixedPoints.Count == 0) return;
        page.Append("<div class=\"scroll\"><table>\n<caption>Self-consistent states found.</caption>\n<thead><tr>");
        foreach (Population population in model.Populations) page.Append($"<th scope=\"col\"><i>ν</i> of {Text(population.Name)} (Hz)</th>");
        page.Append("<th scope=\"col\">Stable</th><th scope=\"col\">Leading eigenvalue</th><th scope=\"col\">Residual</th></tr></thead>\n<tbody>\n");
        foreach (FixedPoint state in theory.FixedPoints)
        {
            page.Append("<tr>").AppendJoin("", state.Rates.Select(r => $"<td>{Significance.Number(r)}</td>"))
                .Append($"<td>{(state.IsStable ? "yes" : "no")}</td><td>{Significance.Number(state.LeadingEigenvalue, 3)}</td>")
                .Append($"<td>{Significance.Number(state.Residual, 2)}</td></tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n");
    }

    private static void AppendSynchrony(StringBuilder page, SimulationRecord simulation)
    {
        page.Append("<p class=\"meta\">Synchrony. The Fano factor is that of the population's spike counts in bins of ")
            .Append($"{Significance.Number(simulation.RateBin * 1e3, 3)} ms: 1 for independent Poisson neurons. <i>χ</i> is the synchrony of the ")
            .Append("potentials: about 1/√<i>N</i> when asynchronous, 1 when synchronous.</p>\n<div class=\"scroll\"><table>\n<thead><tr>")
            .Append("<th scope=\"col\" class=\"text\">Population</th>")
            .Append("<th scope=\"col\">Fano factor</th><th scope=\"col\"><i>χ</i></th></tr></thead>\n<tbody>\n");
        foreach (PopulationRecord record in simulation.Populations)
        {
            page.Append($"<tr><th scope=\"row\">{Text(record.Population)}</th><td>{Significance.Number(record.CountFanoFactor, 3)}</td>")
                .Append($"<td>{Significance.Number(record.VoltageSynchrony, 3)}</td></tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n");
    }

    private static void AppendFigures(StringBuilder page, IReadOnlyList<Figure> figures)
    {
        if (figures.Count == 0) return;
        page.Append("<section>\n<h2>Figures</h2>\n");
        for (int i = 0; i < figures.Count; i++)
        {
            // As an image each drawing keeps its own identifiers; inlined, those of several drawings would clash.
            string image = Convert.ToBase64String(Encoding.UTF8.GetBytes(figures[i].ToSvg()));
            page.Append($"<figure id=\"figure-{Text(figures[i].Name)}\"{(figures[i].Width < 100 ? " class=\"narrow\"" : "")}>\n")
                .Append($"<img alt=\"{Text(figures[i].AlternativeText)}\" src=\"data:image/svg+xml;base64,{image}\">\n")
                .Append($"<figcaption><strong>Figure {i + 1}.</strong> {MathText.Html(figures[i].Caption)}</figcaption>\n</figure>\n");
        }

        page.Append("</section>\n");
    }

    private static void AppendSettings(StringBuilder page, RunResult run)
    {
        PointResult point = run.Points[0];
        Experiment experiment = point.Experiment;
        page.Append("<section>\n<h2>How it was run</h2>\n");
        if (run.Points.Count > 1) page.Append("<p class=\"soft\">Network and settings are those of the first point.</p>\n");
        AppendNetwork(page, experiment.Model);
        page.Append("<div class=\"facts\">\n");
        if (experiment.Set.Count > 0) AppendFacts(page, run.Points.Count > 1 ? "Set at the first point" : "Set on the command line", experiment.Set);
        if (run.Points.Any(p => p.Simulation is not null)) AppendFacts(page, "Simulation", SimulationFacts(experiment.Simulation));
        AppendFacts(page, "Conventions", experiment.Conventions);
        if (run.Points.Any(p => p.Performance is not null)) AppendFacts(page, "Performance", PerformanceFacts(run));
        AppendFacts(page, "Provenance", run.Provenance);
        page.Append("</div>\n");
        if (point.Simulation is { SpikesSha256.Length: > 0 } simulation && run.Points.Count == 1)
            page.Append($"<p class=\"meta\">SHA-256 of all spikes: <code>{Text(simulation.SpikesSha256)}</code></p>\n");
        page.Append("</section>\n");
    }

    private static void AppendFacts(StringBuilder page, string title, IEnumerable<KeyValuePair<string, string>> facts)
    {
        KeyValuePair<string, string>[] all = [.. facts];
        if (all.Length == 0) return;
        page.Append($"<div><h3>{Text(title)}</h3>\n<table><tbody>\n");
        foreach ((string name, string value) in all) page.Append($"<tr><th scope=\"row\">{Text(name)}</th><td>{Text(value)}</td></tr>\n");
        page.Append("</tbody></table></div>\n");
    }

    private static IEnumerable<KeyValuePair<string, string>> SimulationFacts(SimulationSettings settings)
    {
        yield return settings.Engine == Engine.Events
            ? new("engine", "events: continuous time")
            : new("time step", Significance.Number(settings.TimeStep * 1e3, 3) + " ms");
        yield return new("warm-up", Significance.Number(settings.WarmUp, 4) + " s");
        yield return new("measured time", Significance.Number(settings.Duration, 4) + " s");
        yield return new("seed", settings.Seed.ToString(CultureInfo.InvariantCulture));
        yield return new("potential sampled every", Significance.Number(settings.SampleInterval * 1e3, 3) + " ms");
        yield return new("bin of P(V)", Significance.Number(settings.HistogramBin, 3) + " mV");
    }

    private static IEnumerable<KeyValuePair<string, string>> PerformanceFacts(RunResult run)
    {
        Performance[] all = [.. run.Points.Select(p => p.Performance).OfType<Performance>()];
        SimulationRecord[] records = [.. run.Points.Select(p => p.Simulation).OfType<SimulationRecord>()];
        yield return new("wiring", Significance.Number(all.Sum(p => p.BuildSeconds), 3) + " s");
        yield return new("simulation", Significance.Number(all.Sum(p => p.SimulationSeconds), 3) + " s");
        yield return new("per simulated second", Significance.Number(all.Average(p => p.RealTimeFactor), 3) + " s");
        yield return new("largest memory", Significance.Number(all.Max(p => p.PeakResidentMegabytes), 3) + " MB");
        if (records.Length == 0) yield break;
        yield return new("spikes", Significance.Count(records.Sum(r => r.Spikes)));
        yield return new("synapses", Significance.Count(records.Max(r => r.Counters.Synapses)));
        yield return new("synaptic events", Significance.Count(records.Sum(r => r.Counters.SynapticEvents)));
        yield return new("bytes per synapse", Significance.Number(records.Max(r => r.Counters.BytesPerSynapse), 3));
    }

    private static void AppendNetwork(StringBuilder page, NetworkModel model)
    {
        if (model.Projections.Count == 0) return;
        page.Append("<div class=\"scroll\"><table>\n<caption>Projections.</caption>\n<thead><tr><th scope=\"col\" class=\"text\">From</th>")
            .Append("<th scope=\"col\" class=\"text\">To</th><th scope=\"col\">Mean in-degree</th><th scope=\"col\">SD</th>")
            .Append("<th scope=\"col\">Efficacy</th><th scope=\"col\">Delay (ms)</th>")
            .Append("<th scope=\"col\">Synaptic time constant (ms)</th></tr></thead>\n<tbody>\n");
        foreach (Projection projection in model.Projections)
        {
            Synapse synapse = projection.Synapse;
            string unit = synapse.Model == SynapseModel.Current ? " mV" : "";
            page.Append($"<tr><th scope=\"row\">{Text(projection.Source)}</th><td class=\"text\">{Text(projection.Target)}</td>")
                .Append($"<td>{Significance.Number(model.MeanInDegree(projection), 6)}</td>")
                .Append($"<td>{Significance.Number(projection.InDegree.StandardDeviation(model.SourceSize(projection)), 3)}</td>")
                .Append($"<td>{Significance.Number(synapse.Efficacy)}{unit}</td><td>{DelayText(projection.Delay)}</td>")
                .Append($"<td>{(synapse.IsInstantaneous ? "instantaneous" : Significance.Number(synapse.TimeConstant * 1e3))}</td></tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n");
    }

    private static string DelayText(DelayLaw delay) => delay switch
    {
        DelayLaw.Constant constant => Significance.Number(constant.Value * 1e3),
        DelayLaw.Uniform uniform => $"{Significance.Number(uniform.Minimum * 1e3)} to {Significance.Number(uniform.Maximum * 1e3)}",
        _ => "none",
    };

    private static void AppendFile(StringBuilder page, Experiment experiment, bool isFirstOfMany) =>
        page.Append("<section>\n<h2>Experiment file</h2>\n<details>\n")
            .Append($"<summary>Every value written out{(isFirstOfMany ? ", first point" : "")}: running this file gives the same spikes</summary>\n")
            .Append($"<pre><code>{Text(experiment.ResolvedYaml)}</code></pre>\n</details>\n</section>\n");

    private static string Capitalised(string text) => text.Length > 0 && char.IsLower(text[0]) ? char.ToUpperInvariant(text[0]) + text[1..] : text;

    private static string Sentence(string text) => text.Length == 0 ? "" : Capitalised(text) + (text[^1] is '.' or '!' or '?' ? "" : ".");
}
