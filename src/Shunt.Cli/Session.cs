using System.Globalization;
using System.Runtime.InteropServices;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Cli;

/// <summary>What the commands do: read, run point by point, write, answer.</summary>
internal static class Session
{
    internal static int Run(Request request) => Execute(request, theory: true, simulation: true);

    internal static int Theory(Request request) => Execute(request, theory: true, simulation: false);

    internal static int Simulate(Request request) => Execute(request, theory: false, simulation: true);

    /// <summary>Says what each point would take.</summary>
    internal static int Estimate(Request request) => Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = Read(request);
        var rows = new List<IReadOnlyList<string>>();
        foreach (Experiment point in grid.Points)
        {
            MemoryCheck check = PointRunner.Estimate(point, PointRunner.Predict(point));
            terminal.AnswerJson(EstimateJson.Write(point, check));
            CostEstimate e = check.Estimate;
            rows.Add(
            [
                Describe(point), Text(e.Synapses, "E2"), Text(e.BytesPerSynapse, "F2"), Terminal.Memory(e.MemoryBytes), check.Fits ? "yes" : "NO",
                Terminal.Duration(e.BuildSeconds), Terminal.Duration(e.SimulationSeconds), Text(e.SynapticEvents, "E2"), Text(e.InputEvents, "E2"),
            ]);
        }

        terminal.AnswerTable(["point", "synapses", "bytes each", "memory", "fits", "build", "simulation", "synaptic events", "input events"], rows, 1);
        return 0;
    });

    private static int Execute(Request request, bool theory, bool simulation) => Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = Read(request);
        if (simulation && !request.Force) RefuseWhatDoesNotFit(grid.Points);
        bool writes = request.Out is not null || (simulation && !request.Json);
        ResultsFolder? folder = writes ? ResultsFolder.Create(request.Out, request.File) : null;
        using var stop = new StopSignal(terminal);
        var results = new List<PointResult>();
        Exception? failure = null;
        for (int i = 0; i < grid.Points.Count && failure is null && !stop.IsRequested; i++)
        {
            try
            {
                string title = grid.Points.Count > 1 ? $"point {i + 1} of {grid.Points.Count}" : grid.Points[i].Name;
                PointResult point = RunPoint(grid.Points[i], theory, simulation, grid.Axes.Count > 0 ? folder?.Point(i) : folder, title, terminal, stop, out failure);
                results.Add(point);
                terminal.AnswerJson(PointJson.Write(point));
                foreach (string warning in (point.Theory?.Warnings ?? []).Concat(point.Simulation?.Warnings ?? [])) Terminal.Warn(warning);
            }
            catch (OperationCanceledException)
            {
                terminal.Note("stopped while the network was being wired: this point measured nothing");
            }
            catch (Exception e) when (e is SimulationException or ResultsException)
            {
                failure = e;
            }
        }

        if (results.Count > 0)
        {
            var run = new RunResult(
                grid.Points[0].Name, grid.Axes, results, Provenance.Of(grid.Points[0], CommandText(request), DateTimeOffset.UtcNow));
            AnswerTables(terminal, run);
            if (folder is not null) Write(folder, run, terminal, ref failure);
        }

        if (failure is not null) Terminal.Fail(failure.Message);
        if (stop.IsRequested) Terminal.Fail("stopped; what was measured until then is kept");
        return failure is null && !stop.IsRequested ? 0 : CommandLine.Failed;
    });

    private static PointResult RunPoint(
        Experiment experiment, bool theory, bool simulation, ResultsFolder? folder, string title, Terminal terminal, StopSignal stop, out Exception? failure)
    {
        failure = null;
        MeanFieldSolution? prediction = theory ? PointRunner.Predict(experiment) : null;
        if (!simulation) return new PointResult { Experiment = experiment, Theory = prediction };
        using SpikeSpool? spool = folder is null ? null : SpikeSpool.Create(folder.SpikeSpoolPath, experiment.Model, experiment.Simulation.TimeStep);
        var sink = new StoppingSink(spool, stop);
        (SimulationRecord record, Performance performance) = terminal.Watch(title, report => PointRunner.Simulate(
            experiment, sink, p => report(p.Fraction, p.Stage == RunStage.Wiring ? "wiring" : "simulating"), stop.Token));
        failure = sink.Failure;
        spool?.Dispose();
        if (spool is not null && failure is null)
        {
            try
            {
                SonataFile.Finish(folder!.SpikeSpoolPath, folder.SpikesPath);
            }
            catch (ResultsException e)
            {
                failure = e;
            }
        }

        return new PointResult { Experiment = experiment, Theory = prediction, Simulation = record, Performance = performance };
    }

    private static ExperimentGrid Read(Request request)
    {
        IEnumerable<string> set = request.Set;
        if (request.Seed is { } seed) set = set.Append($"simulation.seed={seed.ToString(CultureInfo.InvariantCulture)}");
        ExperimentGrid grid = ExperimentFile.Read(request.File).With(set).Expand(request.Sweep);
        return grid with { Points = [.. grid.Points.Select(p => p with { Simulation = p.Simulation with { Threads = request.Threads } })] };
    }

    private static void RefuseWhatDoesNotFit(IReadOnlyList<Experiment> points)
    {
        foreach (Experiment point in points)
        {
            MemoryCheck check = PointRunner.Estimate(point, PointRunner.Predict(point));
            if (check.Fits) continue;
            CostEstimate e = check.Estimate;
            throw new SimulationException(
                $"{Describe(point)}: about {Terminal.Memory(e.MemoryBytes)} would be needed ({Text(e.Synapses, "E2")} synapses at {Text(e.BytesPerSynapse, "F2")} bytes), "
                + $"but {Terminal.Memory(check.AvailableBytes)} are available; make the network smaller, or add --force to try all the same");
        }
    }

    private static void Write(ResultsFolder folder, RunResult run, Terminal terminal, ref Exception? failure)
    {
        try
        {
            folder.WriteRun(run);
            terminal.Watch("drawing", report =>
            {
                IReadOnlyList<Figure> figures = RunFigures.Of(run);
                for (int i = 0; i < figures.Count; i++)
                {
                    report((double)i / figures.Count, figures[i].Name);
                    folder.WriteFigure($"{figures[i].Name}.png", figures[i].ToPng());
                    folder.WriteFigure($"{figures[i].Name}.pdf", figures[i].ToPdf());
                    folder.WriteFigure($"{figures[i].Name}.svg", System.Text.Encoding.UTF8.GetBytes(figures[i].ToSvg()));
                }

                folder.WriteReport(System.Text.Encoding.UTF8.GetBytes(Report.Html(run, figures)));
                return figures.Count;
            });
            terminal.Note($"results: {Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.Path)} (open report.html)");
        }
        catch (ResultsException e)
        {
            failure ??= e;
        }
    }

    /// <summary>The comparison table; without a simulation or without theory, only the columns that have something to say.</summary>
    private static void AnswerTables(Terminal terminal, RunResult run)
    {
        bool theory = run.Points.Any(p => p.Theory is not null), simulation = run.Points.Any(p => p.Simulation is not null);
        (string Name, bool Shown, Func<PointResult, ComparisonRow, string> Cell)[] columns =
        [
            ("point", run.Axes.Count > 0, (p, _) => Describe(p.Experiment)),
            ("population", true, (_, r) => r.Population),
            ("quantity", true, (_, r) => r.Quantity),
            ("unit", true, (_, r) => r.Unit),
            ("theory", theory, (_, r) => Significance.Beside(r.Theory, r.StandardError)),
            ("simulation ± error", simulation, (_, r) => Significance.WithError(r.Simulation, r.StandardError)),
            ("diff %", theory && simulation, (_, r) => Significance.WithSign(r.DifferencePercent, 1)),
            ("diff SE", theory && simulation, (_, r) => Significance.WithSign(r.DifferenceInStandardErrors, 1)),
        ];
        columns = [.. columns.Where(c => c.Shown)];
        string[][] rows = [.. run.Points.SelectMany(p => Comparison.Of(p).Select(r => columns.Select(c => c.Cell(p, r)).ToArray()))];
        terminal.AnswerTable([.. columns.Select(c => c.Name)], rows, run.Axes.Count > 0 ? 4 : 3);
        foreach (PointResult point in run.Points)
        {
            if (point.Theory is { } t) terminal.Note($"{(run.Axes.Count > 0 ? Describe(point.Experiment) + ": " : "")}theory ({t.Method}): {t.Message}");
        }

        if (run.Points is [{ Simulation: { } record, Performance: { } performance }])
        {
            terminal.Note(
                $"{record.Spikes:N0} spikes, sha256 {record.SpikesSha256[..16]}...; wired in {Terminal.Duration(performance.BuildSeconds)}, simulated {Terminal.Duration(record.Start + record.Duration)} in {Terminal.Duration(performance.SimulationSeconds)}");
        }
    }

    private static string Describe(Experiment point) =>
        point.Set.Count == 0 ? point.Name : string.Join(", ", point.Set.Select(s => $"{s.Key}={s.Value}"));

    private static string CommandText(Request request) => string.Join(
        ' ', new[] { "shunt", request.File }.Concat(request.Set.Select(s => $"--set \"{s}\"")).Concat(request.Sweep.Select(s => $"--sweep \"{s}\"")));

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Turns what can go wrong into one message and an exit code.</summary>
    private static int Guard(Func<int> action)
    {
        try
        {
            return action();
        }
        catch (ExperimentFileException e)
        {
            foreach (ExperimentProblem problem in e.Problems) Console.Error.WriteLine(problem);
            return CommandLine.WrongInput;
        }
        catch (SimulationException e)
        {
            Terminal.Fail(e.Message);
            return CommandLine.WrongInput;
        }
        catch (ResultsException e)
        {
            Terminal.Fail(e.Message);
            return e.ExitCode;
        }
#pragma warning disable CA1031 // The last resort: a user gets one message and an exit code, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Terminal.Fail($"internal error, please report it: {e}");
            return CommandLine.Failed;
        }
    }

    /// <summary>Ctrl-C and termination ask the run to stop; a second time ends the program at once.</summary>
    private sealed class StopSignal : IDisposable
    {
        private readonly CancellationTokenSource _source = new();
        private readonly PosixSignalRegistration[] _registrations;

        internal StopSignal(Terminal terminal)
        {
            void Handle(PosixSignalContext context)
            {
                if (IsRequested) return;
                context.Cancel = true;
                terminal.Note("stopping; the results so far will be written (once more to end at once)");
                _source.Cancel();
            }

            _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
        }

        internal CancellationToken Token => _source.Token;

        internal bool IsRequested => _source.IsCancellationRequested;

        internal void Request() => _source.Cancel();

        public void Dispose()
        {
            foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
            _source.Dispose();
        }
    }

    /// <summary>Records spikes until recording fails; then the run ends early with everything it measured.</summary>
    private sealed class StoppingSink(SpikeSpool? spool, StopSignal stop) : ISpikeSink
    {
        internal Exception? Failure { get; private set; }

        public void Record(long step, ReadOnlySpan<int> neurons)
        {
            if (Failure is not null) return;
            try
            {
                spool?.Record(step, neurons);
            }
            catch (ResultsException e)
            {
                Failure = e;
                stop.Request();
            }
        }
    }
}
