using System.Globalization;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Simulation;

namespace Shunt.Cli;

/// <summary>What the commands do: read, run point by point, write, answer.</summary>
internal static class Session
{
    private const int MostProblems = 8;

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
                Answer.Describe(point), Terminal.Count(e.Synapses), Terminal.Ratio(e.BytesPerSynapse),
                Terminal.Memory(e.MemoryBytes), check.Fits ? "yes" : "NO",
                Terminal.Duration(e.BuildSeconds), Terminal.Duration(e.SimulationSeconds),
                Terminal.Count(e.SynapticEvents), Terminal.Count(e.InputEvents),
            ]);
        }

        terminal.AnswerTable(
            ["point", "synapses", "bytes each", "memory", "fits", "build", "simulation", "synaptic events", "input events"], rows, 1);
        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    /// <summary>Turns what a killed run has recorded into HDF5.</summary>
    internal static int Recover(string folder) => Guard(() =>
    {
        var terminal = new Terminal(quiet: false, json: false);
        IReadOnlyList<string> spools = Recovery.Spools(folder);
        if (spools.Count == 0)
            throw new ResultsException($"{folder}: no spikes.spool in it or in its points: there is nothing to recover", exitCode: 2);
        foreach (string spool in spools)
        {
            RecoveredSpikes recovered = Recovery.Convert(spool);
            terminal.Answer(
                FormattableString.Invariant($"{recovered.SonataPath}: {recovered.Spikes:N0} spikes, up to {recovered.LastTime:0.####} s"));
        }

        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    private static int Execute(Request request, bool theory, bool simulation) => Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = Read(request);
        double[] wiringShares = simulation ? CheckWhatItTakes(grid.Points, request.Force) : new double[grid.Points.Count];
        bool writes = request.Out is not null || (simulation && !request.Json);
        ResultsFolder? folder = writes ? ResultsFolder.Create(request.Out, request.File) : null;
        DateTimeOffset started = DateTimeOffset.UtcNow;
        IReadOnlyList<KeyValuePair<string, string>> Record(string outcome) => Provenance.Of(grid.Points[0], request.CommandText, started, outcome);

        using var stop = new StopSignal(terminal);
        var results = new List<PointResult>();
        Exception? failure = null;
        terminal.Watch(grid.Points[0].Name, report =>
        {
            for (int i = 0; i < grid.Points.Count && failure is null && !stop.IsRequested; i++)
            {
                int point = i;
                void Report(RunProgress p)
                {
                    string stage = p.Stage switch { RunStage.Theory => "predicting", RunStage.Wiring => "wiring", _ => "simulating" };
                    double done = p.Stage switch
                    {
                        RunStage.Theory => 0,
                        RunStage.Wiring => wiringShares[point] * p.Fraction,
                        _ => wiringShares[point] + ((1 - wiringShares[point]) * p.Fraction),
                    };
                    string which = grid.Points.Count > 1 ? FormattableString.Invariant($"point {point + 1} of {grid.Points.Count}, ") : "";
                    report((point + done) / grid.Points.Count, which + stage);
                }

                ResultsFolder? place = grid.Axes.Count > 0 ? folder?.Point(i) : folder;
                PointResult result = RunPoint(grid.Points[i], theory, simulation, place, () => Record("running"), Report, stop, out failure);
                results.Add(result);
                terminal.AnswerJson(PointJson.Write(result));
                if (grid.Axes.Count > 0 && failure is null) failure = Try(() => place?.WritePoint(result));
            }
        });

        string outcome = failure is not null ? $"failed: {failure.Message}" : stop.IsRequested ? "stopped" : "complete";
        var run = new RunResult(grid.Points[0].Name, grid.Axes, results, Record(outcome));
        Answer.Write(terminal, run);
        if (folder is not null) failure ??= Try(() => Write(folder, run, terminal));
        if (failure is not null) terminal.Fail(failure.Message);
        else if (stop.IsRequested) terminal.Fail("stopped before the end; the results hold what was measured until then");
        return failure is null && !stop.IsRequested && terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    /// <summary>Runs a point; what goes wrong on the way leaves everything that was known by then.</summary>
    private static PointResult RunPoint(
        Experiment experiment, bool theory, bool simulation, ResultsFolder? folder, Func<IReadOnlyList<KeyValuePair<string, string>>> provenance,
        Action<RunProgress> report, StopSignal stop, out Exception? failure)
    {
        report(new RunProgress(RunStage.Theory, 0));
        var result = new PointResult { Experiment = experiment, Theory = theory ? PointRunner.Predict(experiment) : null };
        failure = null;
        if (!simulation) return result;
        try
        {
            folder?.WriteStart(experiment, provenance());
            using var recorder = new SpikeRecorder(folder, experiment, stop);
            try
            {
                (SimulationRecord record, Performance performance) = PointRunner.Simulate(experiment, recorder, report, recorder.Stop);
                result = result with { Simulation = record, Performance = performance };
            }
            finally
            {
                recorder.Finish();
            }

            failure = recorder.Failure;
        }
        catch (OperationCanceledException)
        {
            // Stopped while the network was being wired: this point has measured nothing.
        }
        catch (Exception e) when (e is SimulationException or ResultsException)
        {
            failure = e;
        }
        catch (Exception e) when (RanOutOfMemory(e))
        {
            failure = new SimulationException(
                $"{Answer.Describe(experiment)}: memory ran out; make the network smaller ('shunt estimate' says what it takes)");
        }

        return result;
    }

    private static bool RanOutOfMemory(Exception e) =>
        e is OutOfMemoryException || (e is AggregateException all && all.InnerExceptions.Any(RanOutOfMemory));

    private static ExperimentGrid Read(Request request)
    {
        IEnumerable<string> set = request.Set;
        if (request.Seed is { } seed) set = set.Append($"simulation.seed={seed.ToString(CultureInfo.InvariantCulture)}");
        ExperimentGrid grid = ExperimentFile.Read(request.File).With(set).Expand(request.Sweep);
        return grid with { Points = [.. grid.Points.Select(p => p with { Simulation = p.Simulation with { Threads = request.Threads } })] };
    }

    /// <summary>
    /// Checks that every point can be simulated, before anything is built or written, and returns the share of its time that each will spend on
    /// wiring.
    /// </summary>
    private static double[] CheckWhatItTakes(IReadOnlyList<Experiment> points, bool force)
    {
        var wiringShares = new double[points.Count];
        for (int i = 0; i < points.Count; i++)
        {
            MemoryCheck check = PointRunner.Estimate(points[i], theory: null);
            if (!check.Fits && !force) throw Refusal(points[i]);
            wiringShares[i] = check.Estimate.BuildSeconds / (check.Estimate.BuildSeconds + check.Estimate.SimulationSeconds);
        }

        return wiringShares;
    }

    private static SimulationException Refusal(Experiment point)
    {
        MemoryCheck check = PointRunner.Estimate(point, PointRunner.Predict(point));
        CostEstimate e = check.Estimate;
        return new SimulationException(
            $"{Answer.Describe(point)}: about {Terminal.Memory(e.MemoryBytes)} of memory would be needed "
            + $"({Terminal.Count(e.Synapses)} synapses at {Terminal.Ratio(e.BytesPerSynapse)} bytes), "
            + $"but {Terminal.Memory(check.AvailableBytes)} are available; "
            + $"wiring would take {Terminal.Duration(e.BuildSeconds)}, the simulation {Terminal.Duration(e.SimulationSeconds)}. "
            + "Make the network smaller, or add --force to try all the same");
    }

    private static void Write(ResultsFolder folder, RunResult run, Terminal terminal)
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
        });
        terminal.Note($"results: {Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.Path)} (open report.html)");
    }

    private static ResultsException? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (ResultsException e)
        {
            return e;
        }
    }

    /// <summary>Turns what can go wrong into one message and an exit code.</summary>
    private static int Guard(Func<int> action)
    {
        var terminal = new Terminal(quiet: false, json: false);
        try
        {
            return action();
        }
        catch (ExperimentFileException e)
        {
            foreach (ExperimentProblem problem in e.Problems.Take(MostProblems)) terminal.Say($"{problem}");
            if (e.Problems.Count > MostProblems) terminal.Say($"... and {e.Problems.Count - MostProblems} more problems");
            return CommandLine.WrongInput;
        }
        catch (SimulationException e)
        {
            terminal.Fail(e.Message);
            return CommandLine.WrongInput;
        }
        catch (ResultsException e)
        {
            terminal.Fail(e.Message);
            return e.ExitCode;
        }
#pragma warning disable CA1031 // The last resort: a user gets one message and an exit code, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            terminal.Fail($"internal error, please report it: {e}");
            return CommandLine.Failed;
        }
    }
}
