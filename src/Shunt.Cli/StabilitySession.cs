using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Cli;

/// <summary>What <c>shunt stability</c> does.</summary>
internal static class StabilitySession
{
    private const int ModesTold = 4;

    internal static int Analyse(Request request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = Session.Read(request);
        bool simulates = request.Simulate;
        foreach (Experiment point in simulates && !request.Force ? grid.Points : [])
        {
            if (!PointRunner.Estimate(point, theory: null).Fits) throw Session.Refusal(point);
        }

        ResultsFolder? folder = request.Out is null ? null : ResultsFolder.Create(request.Out, request.File);
        DateTimeOffset started = DateTimeOffset.UtcNow;
        using var stop = new StopSignal(terminal);
        var reports = new List<AsynchronousReport>();
        terminal.Watch(grid.Points[0].Name, report =>
        {
            foreach (Experiment point in grid.Points)
            {
                string where = grid.Axes.Count > 0 ? $"{Answer.Describe(point)}: " : "";
                try
                {
                    if (stop.IsRequested) return;
                    report((double)reports.Count / grid.Points.Count, where + "linear response");
                    AsynchronousReport analysed = AsynchronousReport.Of(point);
                    if (simulates)
                    {
                        analysed = analysed.With(PointRunner.Simulate(
                            point, null, p => report((reports.Count + p.Fraction) / grid.Points.Count, where + "simulating"), stop.Token).Record);
                        if (stop.IsRequested) return;
                    }

                    reports.Add(analysed);
                    terminal.AnswerJson(analysed.Json());
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                catch (Exception e) when (e is ModelException or WiringException)
                {
                    throw new ResultsException($"{where}{e.Message}", exitCode: e is WiringException ? CommandLine.WrongInput : CommandLine.Failed, e);
                }
            }
        });
        if (reports.Count == 0)
        {
            folder?.Discard();
            terminal.Fail("stopped before anything was known");
            return CommandLine.Failed;
        }

        Tell(terminal, reports);
        bool isWhole = reports.Count == grid.Points.Count;
        for (int i = 0; folder is not null && i < reports.Count; i++)
        {
            ResultsFolder place = grid.Axes.Count > 0 ? folder.Point(i) : folder;
            place.WriteStart(reports[i].Experiment, Provenance.Of([reports[i].Experiment], request.CommandText, started, "complete"));
            place.WriteText("modes.csv", reports[i].Modes());
            place.WriteText("spectrum.csv", reports[i].SpectrumTable());
            place.WriteText("response.csv", reports[i].ResponseTable());
            AsynchronousFigure.Of(reports[i]).WriteTo(place, "figures/");
        }

        if (folder is not null) terminal.Note($"results: {Session.Here(folder.Path)}");
        if (!isWhole) terminal.Fail("stopped before the end; the results hold what was known until then");
        return isWhole && terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    private static void Tell(Terminal terminal, List<AsynchronousReport> reports)
    {
        string[] paths = [.. reports[0].Experiment.Set.Select(s => s.Key)];
        var rows = new List<IReadOnlyList<string>>();
        foreach (AsynchronousReport report in reports)
        {
            string rates = string.Join(", ", report.Stationary.Observables.Populations.Select(p => $"{p.Population} {Significance.Number(p.Rate.Value)}"));
            foreach (NetworkMode mode in report.Stability.Modes.Take(ModesTold))
            {
                rows.Add(
                [
                    .. report.Experiment.Set.Select(s => s.Value), rates, mode.IsCollective ? "collective" : "single neurons",
                    Significance.Number(mode.GrowthRate), Significance.Number(mode.Frequency),
                ]);
            }
        }

        terminal.AnswerTable([.. paths, "rates (Hz)", "mode", "growth (1/s)", "frequency (Hz)"], rows, paths.Length + 2);
        foreach (AsynchronousReport report in reports)
            terminal.Note((report.Experiment.Set.Count > 0 ? $"{Answer.Describe(report.Experiment)}: " : "") + report.Stability.Message);
    }
}
