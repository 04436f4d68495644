using System.Diagnostics;
using System.Globalization;
using Shunt.Experiments;

namespace Shunt.Cli;

/// <summary>What <c>shunt sweep</c> is told.</summary>
internal sealed record SweepRequest
{
    internal required string File { get; init; }

    internal required IReadOnlyList<string> Set { get; init; }

    internal required IReadOnlyList<string> Sweep { get; init; }

    internal int Repeat { get; init; }

    internal ulong DrawSeed { get; init; }

    internal SweepContent Content { get; init; }

    internal string? Out { get; init; }

    internal bool Update { get; init; }

    internal bool Estimate { get; init; }

    internal bool Slurm { get; init; }

    /// <summary>Whether the script of a Slurm job is only printed.</summary>
    internal bool Print { get; init; }

    internal int Tasks { get; init; }

    internal string Sbatch { get; init; } = "";

    /// <summary>Which task of how many this process is; null for none.</summary>
    internal (int Task, int Tasks)? Part { get; init; }

    /// <summary>The command without what is about Slurm and threads, for the tasks.</summary>
    internal required IReadOnlyList<string> TaskArguments { get; init; }

    internal ulong? Seed { get; init; }

    internal int Threads { get; init; }

    internal bool Json { get; init; }

    internal bool Quiet { get; init; }

    internal bool Force { get; init; }

    internal required string CommandText { get; init; }
}

/// <summary>What <c>shunt sweep</c> does.</summary>
internal static class SweepSession
{
    private const int FailuresTold = 8, RunningTold = 8;
    private const string Journal = "local";
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    internal static int Sweep(SweepRequest request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        IEnumerable<string> set = request.Set;
        if (request.Seed is { } seed) set = set.Append($"simulation.seed={seed.ToString(CultureInfo.InvariantCulture)}");
        var plan = SweepPlan.Of(ExperimentFile.Read(request.File).With(set), request.Sweep, request.Repeat, request.DrawSeed);
        ResultsFolder folder = ResultsFolder.Existing(request.Out ?? ResultsFolder.DefaultPath(request.File, "sweep"));
        var slurm = new SlurmArray(folder);
        if (request.Part is { } part) return Part(request, terminal, new SweepRun(plan, request.Content, folder, slurm.PointsOf(part.Task, part.Tasks)), part);
        var sweep = new SweepRun(plan, request.Content, folder);
        if (sweep.Changed() is { } changed)
        {
            if (!request.Update)
                throw new ResultsException($"{changed}\nName another folder with --out, or add --update: what still belongs is kept, the rest is computed", exitCode: CommandLine.WrongInput);
            terminal.Warn(changed);
        }

        SweepWork work = sweep.Estimate(request.Force);
        string expected = $"{work.Count} points, about {Terminal.Duration(work.Seconds)} of processor time without spikes, up to {Terminal.Memory(work.LargestBytes)} each";
        if (request.Estimate)
        {
            terminal.Answer(expected);
            terminal.AnswerJson(string.Create(CultureInfo.InvariantCulture,
                $"{{\"points\":{work.Count},\"seconds\":{work.Seconds:R},\"memory_bytes\":{work.LargestBytes:R}}}"));
            return 0;
        }

        if (sweep.Done > 0) terminal.Note($"{sweep.Done} of {plan.Count} points are there already");
        if (work.Count > 0) terminal.Note(expected);
        if (work.TooLarge > 0) terminal.Warn($"{work.TooLarge} points need more memory than there is and will be written down as failed; --force tries them");
        foreach (string other in sweep.OtherPrograms) terminal.Warn($"finished points were computed by {other}, which is another version");
        DateTimeOffset started = DateTimeOffset.UtcNow;
        if (request.Print)
        {
            terminal.Answer(Script(request, slurm, work).TrimEnd());
            return 0;
        }

        sweep.WriteStart(request.CommandText, started, "running");
        bool isStopped = false;
        using (var stop = new StopSignal(terminal))
        {
            try
            {
                if (request.Slurm) OnSlurm(request, terminal, sweep, slurm, work, stop.Token);
                else terminal.WatchTable("sweep", report => sweep.Run(
                    work, Journal, request.Threads, terminal.AnswerJson, p => report(p.Fraction, Summary(p), Rows(p)), stop.Token));
            }
            catch (OperationCanceledException)
            {
                isStopped = true;
            }
        }

        sweep.WriteStart(request.CommandText, started, isStopped ? "stopped" : sweep.Failed > 0 ? $"complete but for {sweep.Failed} points that failed" : "complete");
        return Tell(terminal, sweep, isStopped);
    });

    // one task of an array job: it writes its journal and nothing else
    private static int Part(SweepRequest request, Terminal terminal, SweepRun sweep, (int Task, int Tasks) part)
    {
        SweepWork work = sweep.Estimate(request.Force);
        terminal.Note($"task {part.Task} of {part.Tasks}: {work.Count} points");
        string job = Environment.GetEnvironmentVariable("SLURM_ARRAY_JOB_ID") is { Length: > 0 } id ? $"job-{id}" : "part";
        using var stop = new StopSignal(terminal);
        try
        {
            terminal.Watch("sweep", report => sweep.Run(
                work, $"{job}-{part.Task}", request.Threads, terminal.AnswerJson, p => report(p.Fraction, Summary(p)), stop.Token));
        }
        catch (OperationCanceledException)
        {
            return CommandLine.Failed;
        }

        foreach ((string point, string error) in sweep.Failures) terminal.Fail($"{point}: {error}");
        return sweep.Failed == 0 ? 0 : CommandLine.Failed;
    }

    private static string Script(SweepRequest request, SlurmArray slurm, SweepWork work)
    {
        IEnumerable<string> program = [Environment.ProcessPath ?? "dotnet", Path.Combine(AppContext.BaseDirectory, "shunt.dll"), .. request.TaskArguments];
        int tasks = Math.Min(Math.Max(work.Count, 1), request.Tasks), cores = Math.Max(1, request.Threads);
        string name = $"shunt-{Path.GetFileNameWithoutExtension(request.File)}";
        return slurm.Script(name, tasks, cores, work.LargestBytes * Math.Min(cores, (work.Count + tasks - 1) / tasks), request.Sbatch, string.Join(' ', program.Select(CommandLine.Quoted)));
    }

    // submits what is left, unless a job is still at it, and collects until no task is left
    private static void OnSlurm(SweepRequest request, Terminal terminal, SweepRun sweep, SlurmArray slurm, SweepWork work, CancellationToken cancellation)
    {
        string? job = slurm.Running;
        if (job is not null)
        {
            terminal.Note($"job {job} is still at it");
        }
        else if (work.Count > 0)
        {
            slurm.WritePoints(sweep.Left);
            job = slurm.Submit(Script(request, slurm, work));
            terminal.Note($"job {job} has been submitted");
        }

        if (job is null) return;
        var clock = Stopwatch.StartNew();
        int before = sweep.Done;
        try
        {
            terminal.WatchTable("sweep", report =>
            {
                for (int tasks = 1; tasks > 0;)
                {
                    tasks = SlurmArray.TasksLeft(job);
                    int known = sweep.Done + sweep.Failed;
                    sweep.Refresh();
                    if (sweep.Done + sweep.Failed > known) sweep.WriteTable();
                    double fraction = (sweep.Done - before) / Math.Max(1.0, sweep.Plan.Count - before);
                    var progress = new SweepProgress(
                        sweep.Done, sweep.Failed, sweep.Plan.Count, [($"tasks of job {job}", double.NaN)], fraction,
                        fraction > 0 ? clock.Elapsed.TotalSeconds * (1 - fraction) / fraction : double.NaN);
                    report(fraction, $"job {job}: {tasks} tasks queued or running, {sweep.Done} of {sweep.Plan.Count} done{(sweep.Failed > 0 ? $", {sweep.Failed} failed" : "")}",
                        [.. Rows(progress).SkipLast(1), ($"tasks of job {job}, queued or running", $"{tasks}")]);
                    if (tasks > 0 && cancellation.WaitHandle.WaitOne(PollInterval)) cancellation.ThrowIfCancellationRequested();
                }
            });
        }
        catch (OperationCanceledException)
        {
            terminal.Note($"job {job} goes on without this command, which collects its results when it is started again; 'scancel {job}' ends it");
            throw;
        }
        finally
        {
            sweep.Refresh();
            sweep.WriteTable();
        }

        if (sweep.Left.Count > sweep.Failed)
            throw new ResultsException($"job {job} has ended with {sweep.Left.Count - sweep.Failed} points left; its logs are in {Session.Here(slurm.Folder)}; the same command goes on with them");
    }

    private static int Tell(Terminal terminal, SweepRun sweep, bool isStopped)
    {
        terminal.Answer($"{sweep.Plan.Count} points: {sweep.Done} done, {sweep.Failed} failed{(isStopped ? $", {sweep.Plan.Count - sweep.Done - sweep.Failed} left" : "")}");
        foreach ((string point, string error) in sweep.Failures.Take(FailuresTold)) terminal.Fail($"{point}: {error}");
        if (sweep.Failed > FailuresTold) terminal.Say($"... and {sweep.Failed - FailuresTold} more that failed");
        terminal.Note($"table: {Session.Here(sweep.TablePath)} (and .parquet)");
        if (isStopped) terminal.Fail("stopped; the same command goes on where it was");
        return !isStopped && sweep.Failed == 0 && terminal.CouldAnswer ? 0 : CommandLine.Failed;
    }

    private static string Summary(SweepProgress p) => $"{p.Done} of {p.Total} done, {p.Running.Count} running{(p.Failed > 0 ? $", {p.Failed} failed" : "")}";

    private static IEnumerable<(string Name, string Value)> Rows(SweepProgress p) =>
    [
        ("done", $"{p.Done} of {p.Total}"),
        ("failed", $"{p.Failed}"),
        ("left", double.IsNaN(p.SecondsLeft) ? "?" : Terminal.Duration(p.SecondsLeft)),
        .. p.Running.Take(RunningTold).Select(r => (r.What, string.Create(CultureInfo.InvariantCulture, $"{100 * r.Fraction:F0} %"))),
    ];
}
