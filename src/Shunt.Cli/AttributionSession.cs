using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Model;

namespace Shunt.Cli;

/// <summary>What <c>shunt attribute</c> does.</summary>
internal static class AttributionSession
{
    internal static int Attribute(Request request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = Session.Read(request);
        if (grid.Axes is not ([] or [{ IsNumeric: true }]))
            throw new ResultsException("attribute: sweep one number at most; what is drawn is each step against it", exitCode: CommandLine.WrongInput);
        foreach (Experiment point in grid.Points)
        {
            Experiment largest = Attribution.Largest(point);
            if (!PointRunner.Estimate(largest, theory: null).Fits && !request.Force) throw Session.Refusal(largest);
        }

        ResultsFolder? folder = request.Out is null ? null : ResultsFolder.Create(request.Out, request.File);
        DateTimeOffset started = DateTimeOffset.UtcNow;
        using var stop = new StopSignal(terminal);
        var points = new List<Attribution>();
        terminal.Watch(grid.Points[0].Name, report =>
        {
            foreach (Experiment point in grid.Points)
            {
                string where = grid.Axes.Count > 0 ? $"{Answer.Describe(point)}, " : "";
                try
                {
                    Attribution attribution = Attribution.Of(
                        point, (what, done) => report((points.Count + done) / grid.Points.Count, where + what), stop.Token);
                    points.Add(attribution);
                    terminal.AnswerJson(AttributionTables.Json(attribution));
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
        if (points.Count == 0)
        {
            folder?.Discard();
            terminal.Fail("stopped before anything was known");
            return CommandLine.Failed;
        }

        bool isWhole = points.Count == grid.Points.Count;
        Tell(terminal, points);
        if (folder is not null)
        {
            folder.WriteStart(points[0].Experiment, Provenance.Of(
                [.. points.Select(p => p.Experiment)], request.CommandText, started, isWhole ? "complete" : "stopped"));
            folder.WriteText("attribution.csv", AttributionTables.Table(points));
            for (int p = 0; p < points[0].Experiment.Model.Populations.Count; p++)
            {
                AttributionFigure.Of(points, grid.Axes.SingleOrDefault(), p).WriteTo(folder, "figures/");
            }

            terminal.Note($"results: {Session.Here(folder.Path)}");
        }

        if (!isWhole) terminal.Fail("stopped before the end; the results hold what was known until then");
        return isWhole && terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    private static void Tell(Terminal terminal, List<Attribution> points)
    {
        string[] paths = [.. points[0].Experiment.Set.Select(s => s.Key)];
        var rows = new List<IReadOnlyList<string>>();
        foreach (Attribution point in points)
        {
            for (int p = 0; p < point.Experiment.Model.Populations.Count; p++)
            {
                IReadOnlyList<string> set = [.. point.Experiment.Set.Select(s => s.Value)];
                foreach (AttributionStep step in point.Steps)
                {
                    Estimate rate = step.Rates[p], change = step.Changes[p];
                    rows.Add(
                    [
                        .. set, point.Experiment.Model.Populations[p].Name, step.Name, step.Cause,
                        Significance.WithError(rate.Value, rate.StandardError),
                        step.Cause.Length == 0 ? "" : Significance.WithError(change.Value, change.StandardError),
                    ]);
                }
            }
        }

        terminal.AnswerTable([.. paths, "population", "step", "takes into account", "rate (Hz)", "change (Hz)"], rows, paths.Length + 3);
        foreach (string warning in points.SelectMany(p => p.Warnings).Distinct()) terminal.Warn(warning);
    }
}
