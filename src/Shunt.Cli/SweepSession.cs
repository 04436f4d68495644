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

    internal static int Sweep(SweepRequest request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        IEnumerable<string> set = request.Set;
        if (request.Seed is { } seed) set = set.Append($"simulation.seed={seed.ToString(CultureInfo.InvariantCulture)}");
        var plan = SweepPlan.Of(ExperimentFile.Read(request.File).With(set), request.Sweep, request.Repeat, request.DrawSeed);
        ResultsFolder folder = ResultsFolder.Existing(request.Out ?? ResultsFolder.DefaultPath(request.File, "sweep"));
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
        sweep.WriteStart(request.CommandText, started, "running");
        bool isStopped = false;
        using (var stop = new StopSignal(terminal))
        {
            try
            {
                terminal.WatchTable("sweep", report => sweep.Run(
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
