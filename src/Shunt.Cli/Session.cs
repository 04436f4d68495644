using System.Globalization;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Cli;

/// <summary>What the commands do: read, run point by point, write, answer.</summary>
internal static class Session
{
    private const int MostProblems = 8;

    internal static int Run(Request request) => Execute(request, theory: true, simulation: true);

    /// <summary>Predicts. At a single point there is time to say how far its regime reaches.</summary>
    internal static int Theory(Request request) =>
        Execute(request, request.Sweep.Count == 0 ? PointRunner.PredictWithLimits : PointRunner.Predict, simulation: false);

    internal static int Simulate(Request request) => Execute(request, theory: false, simulation: true);

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
            if (recovered.Ranks > 1) terminal.Note($"recorded by {recovered.Ranks} ranks: the last second of wall time may lack the spikes of some");
            if (recovered.CanGoOn) terminal.Note($"the run can go on: shunt resume {Here(Path.GetDirectoryName(spool)!)}");
        }

        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    /// <summary>Goes on with a run that was killed or stopped.</summary>
    internal static int Resume(Request request) => Guard(() =>
    {
        UnfinishedRun run = UnfinishedRun.Open(request.File);
        if (run.IsComplete)
        {
            run.Folder.Settle();
            new Terminal(request.Quiet, request.Json).Note($"{request.File}: the run is complete; there is nothing to resume");
            return 0;
        }

        return Execute(request, run.Predicts ? PointRunner.Predict : null, simulation: true, run);
    });

    private static int Execute(Request request, bool theory, bool simulation) =>
        Execute(request, theory ? PointRunner.Predict : null, simulation);

    /// <summary>Runs every point; what goes wrong at one ends the run, and everything that was known by then is written and told.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="predict">The theory; null to leave it out.</param>
    /// <param name="simulation">Whether to simulate.</param>
    /// <param name="unfinished">The run that goes on; null for a new one.</param>
    internal static int Execute(
        Request request, Func<Experiment, MeanFieldSolution>? predict, bool simulation, UnfinishedRun? unfinished = null) => Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = unfinished is null ? Read(request) : OnThreads(new ExperimentGrid([], [unfinished.Experiment]), request);
        bool isSweep = grid.Axes.Count > 0;
        double[] wiringShares = simulation ? CheckWhatItTakes(grid.Points, request) : new double[grid.Points.Count];
        bool writes = request.Out is not null || (simulation && !request.Json);
        ResultsFolder? folder = unfinished?.Folder ?? (writes ? ResultsFolder.Create(request.Out, request.File) : null);
        using SavedState? saved = SavedState.Of(unfinished, terminal);
        DateTimeOffset started = DateTimeOffset.UtcNow;
        string resumed = unfinished?.ResumedNow(saved?.Time ?? 0, started) ?? "";
        string command = unfinished is { Command.Length: > 0 } ? unfinished.Command : request.CommandText;
        IReadOnlyList<KeyValuePair<string, string>> Record(IReadOnlyList<Experiment> points, string outcome) =>
            Provenance.Of(points, command, unfinished?.Started ?? started, outcome, resumed, request.Team?.Ranks.Count ?? 1);
        bool IsWhole(PointResult point) => !simulation || point.Simulation is { Complete: true };

        using var stop = new StopSignal(terminal);
        var results = new List<PointResult>();
        Failure? failure = null;
        ResultsFolder? interrupted = null;
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
                    string which = isSweep ? FormattableString.Invariant($"point {point + 1} of {grid.Points.Count}, ") : "";
                    report((point + done) / grid.Points.Count, which + stage);
                }

                Experiment experiment = grid.Points[i];
                string lead = isSweep ? $"{Answer.Describe(experiment)}: " : "";
                ResultsFolder? place = isSweep ? folder?.Point(i) : folder;
                var result = new PointResult { Experiment = experiment };
                var saving = new Saving(request.CheckpointSeconds, saved);
                failure = Try(
                    () => RunPoint(ref result, predict, simulation, place, Record([experiment], "running"), Report, stop, saving, request), lead);
                if (failure is { IsWrongInput: true } || (unfinished is not null && result.Simulation is null && place!.HasCheckpoint))
                {
                    if (unfinished is null) place?.Discard();
                    break;
                }

                results.Add(result);
                if (place is { HasCheckpoint: true } && !IsWhole(result)) interrupted = place;
                terminal.AnswerJson(PointJson.Write(result));
                if (!isSweep || place is null) continue;
                Failure? unwritten = Try(() => place.WritePoint(result, Record([experiment], Outcome(failure, IsWhole(result)))), lead);
                failure ??= unwritten;
                if (unwritten is null && IsWhole(result)) place.Settle();
            }
        });

        if (results.Count == 0)
        {
            if (unfinished is null) folder?.Discard();
            string stopped = unfinished is null ? "stopped before anything was measured" : "stopped before the run went on; nothing has changed";
            terminal.Fail(failure?.Message ?? stopped);
            if (unfinished is { Folder.HasCheckpoint: true }) terminal.Note($"the run can go on: shunt resume {Here(folder!.Path)}");
            return failure is { IsWrongInput: true } ? CommandLine.WrongInput : CommandLine.Failed;
        }

        // A signal that comes from here on finds everything measured: it changes nothing.
        bool isWhole = failure is null && results.Count == grid.Points.Count && results.All(IsWhole);
        var run = new RunResult(grid.Points[0].Name, grid.Axes, results, Record(grid.Points, Outcome(failure, isWhole)));
        Failure? lost = folder is null ? null : Try(() => Write(folder, run, terminal));
        failure ??= lost;
        if (!isSweep && isWhole && simulation && lost is null) folder?.Settle();
        Answer.Write(terminal, run);
        if (folder is not null && lost is null)
            terminal.Note($"results: {Here(folder.Path)} (open report.html)");
        if (failure is not null) terminal.Fail(failure.Message);
        else if (!isWhole) terminal.Fail("stopped before the end; the results hold what was measured until then");
        else if (stop.IsRequested) terminal.Note("everything had been measured: the results are complete");
        if (interrupted is not null) terminal.Note($"the run can go on: shunt resume {Here(interrupted.Path)}");
        if (failure is { IsWrongInput: true }) return CommandLine.WrongInput;
        return failure is null && isWhole && !Answer.Unsolved(terminal, run) && terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    private static string Outcome(Failure? failure, bool isWhole) =>
        failure is not null ? $"failed: {failure.Message}" : isWhole ? "complete" : "stopped";

    /// <summary>Runs a point; what is known when something goes wrong is in the result by then.</summary>
    private static void RunPoint(
        ref PointResult result, Func<Experiment, MeanFieldSolution>? predict, bool simulation, ResultsFolder? folder,
        IReadOnlyList<KeyValuePair<string, string>> provenance, Action<RunProgress> report, StopSignal stop, Saving saving, Request request)
    {
        Experiment experiment = result.Experiment;
        report(new RunProgress(RunStage.Theory, 0));
        if (predict is not null) result = result with { Theory = predict(experiment) };
        if (!simulation) return;
        folder?.WriteStart(experiment, provenance);
        IRanks? ranks = request.Team?.Ranks;
        using var recorder = new SpikeRecorder(folder, experiment, stop, saving.From?.Checkpoint, ranks?.Count ?? 1);
        CheckpointSaver? saver = folder is not null && saving.Seconds > 0 && SavedRun.IsPossible(experiment)
            ? new CheckpointSaver(folder, recorder, experiment, TimeSpan.FromSeconds(saving.Seconds))
            : null;
        SavedRun? from = saving.From is { } state ? new SavedRun(state.Checkpoint, recorder.Past, state.File) : null;
        void Report(RunProgress p)
        {
            if (p.Stage == RunStage.Simulation) recorder.EndEpoch();
            report(p);
        }

        OtherRankException? incomplete = null;
        if (ranks is not null) new SharedPoint(experiment.ResolvedYaml, folder?.Path, request.Threads, from is not null).Announce(ranks);
        try
        {
            (SimulationRecord record, Performance performance) = PointRunner.Simulate(experiment, recorder, Report, saver, from, ranks, recorder.Stop);
            result = result with { Simulation = record, Performance = performance };
        }
        catch (SimulationException) when (recorder.Failure is null)
        {
            // Whoever went on from the checkpoint would end here again.
            folder?.DiscardCheckpoint();
            throw;
        }
        catch (OperationCanceledException)
        {
            // Stopped while the network was being wired: this point has measured nothing.
        }
        finally
        {
            try
            {
                if (ranks is not null) SharedPoint.End(ranks);
            }
            catch (OtherRankException e)
            {
                incomplete = e;
            }

            recorder.Finish();
        }

        if (recorder.Failure is { } unrecorded) throw unrecorded;
        if (incomplete is not null) throw incomplete;
    }

    /// <summary>Does something whose failure must not take along what was measured before.</summary>
    private static Failure? Try(Action action, string lead = "")
    {
        try
        {
            action();
            return null;
        }
#pragma warning disable CA1031 // Whatever it is that went wrong, what was measured is still written, and the message says what happened.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Failure(lead + PointRunner.Reason(e), e is WiringException or ModelException);
        }
    }

    internal static ExperimentGrid Read(Request request)
    {
        IEnumerable<string> set = request.Set;
        if (request.Seed is { } seed) set = set.Append($"simulation.seed={seed.ToString(CultureInfo.InvariantCulture)}");
        return OnThreads(ExperimentFile.Read(request.File).With(set).Expand(request.Sweep), request);
    }

    private static ExperimentGrid OnThreads(ExperimentGrid grid, Request request)
    {
        int threads = request.Threads > 0 ? request.Threads : request.Team?.Threads ?? 0;
        return grid with { Points = [.. grid.Points.Select(p => p with { Simulation = p.Simulation with { Threads = threads } })] };
    }

    /// <summary>A path as it can be typed here.</summary>
    internal static string Here(string path) => Path.GetRelativePath(Directory.GetCurrentDirectory(), path);

    /// <summary>
    /// Checks that every point can be simulated, before anything is built or written, and returns the share of its time that each will spend on
    /// wiring.
    /// </summary>
    private static double[] CheckWhatItTakes(IReadOnlyList<Experiment> points, Request request)
    {
        var wiringShares = new double[points.Count];
        for (int i = 0; i < points.Count; i++)
        {
            if (request.Team is { } shared && points[i].Simulation.Engine == Engine.Events)
            {
                throw new SimulationException(
                    $"simulation.engine: events: runs in one process, and this was started as {shared.Ranks.Count}; use the grid, or start one process");
            }

            MemoryCheck check = PointRunner.Estimate(points[i], theory: null, request.Team);
            if (!check.Fits && !request.Force) throw Refusal(points[i], request.Team);
            wiringShares[i] = check.Estimate.BuildSeconds / (check.Estimate.BuildSeconds + check.Estimate.SimulationSeconds);
        }

        return wiringShares;
    }

    internal static SimulationException Refusal(Experiment point, Team? team = null)
    {
        MemoryCheck check = PointRunner.Estimate(point, PointRunner.Predict(point), team);
        CostEstimate e = check.Estimate;
        string each = check.Processes > 1 ? $" in each of {check.Processes} processes on this machine" : "";
        return new SimulationException(
            $"{Answer.Describe(point)}: about {Terminal.Memory(e.MemoryBytes)} of memory would be needed{each} "
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
                figures[i].WriteTo(folder, "figures/");
            }

            folder.WriteReport(System.Text.Encoding.UTF8.GetBytes(Report.Html(run, figures)));
        });
    }

    /// <summary>Turns what can go wrong into one message and an exit code.</summary>
    internal static int Guard(Func<int> action)
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
            terminal.Fail(PointRunner.Reason(e));
            return CommandLine.Failed;
        }
    }

    /// <summary>How the state of a point is saved.</summary>
    /// <param name="Seconds">Wall time between checkpoints; 0 for none.</param>
    /// <param name="From">The state to go on from, or null.</param>
    private sealed record Saving(double Seconds, SavedState? From);

    /// <summary>The checkpoint that a run goes on from.</summary>
    private sealed record SavedState(Checkpoint Checkpoint, Stream File, double Time) : IDisposable
    {
        public void Dispose() => File.Dispose();

        internal static SavedState? Of(UnfinishedRun? run, Terminal terminal)
        {
            if (run is null) return null;
            if (run.OpenCheckpoint() is not { } found)
            {
                terminal.Note("there is no checkpoint: the run begins again");
                return null;
            }

            double time = found.Checkpoint.Step * run.Experiment.Simulation.TimeStep;
            terminal.Note(FormattableString.Invariant($"going on at {time:G6} s"));
            return new SavedState(found.Checkpoint, found.File, time);
        }
    }

    /// <summary>Why a run ended early.</summary>
    /// <param name="Message">What to tell.</param>
    /// <param name="IsWrongInput">Whether what was asked for is to blame.</param>
    private sealed record Failure(string Message, bool IsWrongInput);
}
