using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>What is computed at every point of a sweep.</summary>
[Flags]
public enum SweepContent
{
    /// <summary>What theory predicts.</summary>
    Theory = 1,

    /// <summary>What a simulation measures.</summary>
    Simulation = 2,

    /// <summary>Both.</summary>
    Both = Theory | Simulation,
}

/// <summary>How far a sweep has come.</summary>
/// <param name="Done">Points that have a result, earlier ones included.</param>
/// <param name="Failed">Points that have failed.</param>
/// <param name="Total">All points.</param>
/// <param name="Running">What is being computed, each with the fraction that is done.</param>
/// <param name="Fraction">Part of the work of this process that is done, from 0 to 1.</param>
/// <param name="SecondsLeft">Wall time that is left (s); NaN while nothing is known.</param>
public sealed record SweepProgress(int Done, int Failed, int Total, IReadOnlyList<(string What, double Fraction)> Running, double Fraction, double SecondsLeft);

/// <summary>
/// A sweep in its folder. What is finished stands in journals (<see cref="SweepJournal"/>); the table is made from them. Points are known by what they are,
/// so a sweep that was killed, or is given more values, computes what is not there yet.
/// </summary>
public sealed class SweepRun
{
    private static readonly TimeSpan TableInterval = TimeSpan.FromSeconds(5);
    private const double TableShare = 0.05; // of the time, at most, goes into rewriting the table
    private const int DifferencesTold = 5;

    private readonly ResultsFolder folder;
    private readonly SweepContent content;
    private readonly bool isShare;
    private readonly SweepTable table;
    private readonly Dictionary<string, int> index = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> read = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> twins = new(StringComparer.Ordinal); // points that are the same experiment, by chance or by rounding
    private readonly SortedDictionary<int, SweepEntry> entries = [];
    private readonly SortedDictionary<int, object[]> rows = [];
    private readonly Lock gate = new();
    private int stale, done;

    /// <summary>Opens the folder of a sweep, new or not, and reads what is finished. Every point is checked.</summary>
    /// <param name="plan">The sweep.</param>
    /// <param name="content">What is computed at every point.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="share">Numbers of the points that this process has to do with, from 0; null for all.</param>
    /// <exception cref="ExperimentFileException">A point is wrong.</exception>
    /// <exception cref="ResultsException">A journal cannot be read.</exception>
    public SweepRun(SweepPlan plan, SweepContent content, ResultsFolder folder, IReadOnlyList<int>? share = null)
    {
        IReadOnlyList<int> numbers = share ?? [.. Enumerable.Range(0, plan.Count)];
        if (numbers.FirstOrDefault(n => n >= plan.Count, -1) is >= 0 and var beyond)
            throw new ResultsException(FormattableString.Invariant($"point {beyond + 1} is not one of the {plan.Count} of this sweep"), exitCode: 2);
        isShare = share is not null;
        Plan = plan;
        this.content = content;
        this.folder = folder;
        table = new SweepTable(plan, content);
        string[] keys = new string[numbers.Count];
        var problems = new List<ExperimentProblem>();
        Parallel.For(0, numbers.Count, (i, loop) =>
        {
            try
            {
                keys[i] = SweepPlan.KeyOf(plan.At(numbers[i]), content.ToString());
            }
            catch (ExperimentFileException e)
            {
                lock (problems) problems.AddRange(e.Problems);
                loop.Break();
            }
        });
        if (problems.Count > 0) throw new ExperimentFileException(ExperimentFile.Once(problems));
        for (int i = 0; i < keys.Length; i++)
        {
            if (index.TryAdd(keys[i], numbers[i])) continue;
            if (!twins.TryGetValue(keys[i], out List<int>? same)) twins.Add(keys[i], same = []);
            same.Add(numbers[i]);
        }

        Refresh();
    }

    /// <summary>The sweep.</summary>
    public SweepPlan Plan { get; }

    /// <summary>Points with a result.</summary>
    public int Done => done;

    /// <summary>Points that have failed; they are tried again when the sweep is started again.</summary>
    public int Failed => entries.Count - Done;

    /// <summary>Numbers of the points that have no result, from 0, in order.</summary>
    public IReadOnlyList<int> Left => [.. index.Values.Where(i => !entries.TryGetValue(i, out SweepEntry? e) || e.Error.Length > 0).Order()];

    /// <summary>Failed points in words, and why.</summary>
    public IEnumerable<(string Point, string Error)> Failures =>
        entries.Where(e => e.Value.Error.Length > 0).Select(e => (Describe(e.Key), e.Value.Error));

    /// <summary>Programs, other than this one, that have computed finished points.</summary>
    public IReadOnlyList<string> OtherPrograms =>
        [.. entries.Values.Where(e => e.Error.Length == 0).Select(e => e.Program).Where(p => p != Provenance.Program).Distinct()];

    /// <summary>Where the table is.</summary>
    public string TablePath => Path.Combine(folder.Path, "table.csv");

    /// <summary>
    /// In what way the folder belongs to another sweep: points in it are not among those of this one, because the experiment file, an override or the
    /// axes have changed. Null when all are.
    /// </summary>
    public string? Changed()
    {
        if (stale == 0) return null;
        string file = Path.Combine(folder.Path, "experiment.yaml");
        string[] then = File.Exists(file) ? File.ReadAllLines(file) : [], now = Plan.At(0).ResolvedYaml.TrimEnd().Split('\n');
        string[] differences =
        [
            .. then.Except(now).Select(l => $"  was {l.Trim()}").Take(DifferencesTold), .. now.Except(then).Select(l => $"  is  {l.Trim()}").Take(DifferencesTold),
        ];
        string what = differences.Length > 0 ? $"the first point has changed:\n{string.Join('\n', differences)}" : "the axes, or what is computed, have changed";
        return $"{stale} finished points in '{folder.Path}' are not points of this sweep: {what}";
    }

    /// <summary>Writes what the sweep is: <c>experiment.yaml</c> (its first point), <c>sweep.json</c> and <c>provenance.json</c>.</summary>
    /// <param name="command">The command as it was typed.</param>
    /// <param name="started">When it was started.</param>
    /// <param name="outcome">How it ended, or <c>running</c>.</param>
    /// <exception cref="ResultsException">A file cannot be written.</exception>
    public void WriteStart(string command, DateTimeOffset started, string outcome)
    {
        folder.WriteStart(Plan.At(0), Provenance.Of([Plan.At(0)], command, started, outcome));
        folder.WriteText("sweep.json", PointJson.Text(
            w =>
            {
                w.WriteStartObject();
                w.WriteString("content", content.ToString().ToLowerInvariant());
                w.WriteNumber("points", Plan.Count);
                w.WriteNumber("repetitions", Plan.Repetitions);
                w.WriteStartArray("axes");
                foreach (SweepAxis axis in Plan.Axes)
                {
                    w.WriteStartObject();
                    w.WriteString("path", axis.Path);
                    w.WriteString("column", SweepTable.Column(axis));
                    w.WriteBoolean("random", axis.IsRandom);
                    w.WriteStartArray("values");
                    foreach (string value in axis.Values) w.WriteStringValue(value);
                    w.WriteEndArray();
                    w.WriteEndObject();
                }

                w.WriteEndArray();
                w.WriteEndObject();
            },
            indented: true) + "\n");
    }

    /// <summary>What the points that are left will take.</summary>
    /// <param name="force">Whether points are tried that need more memory than there is; if not, they are written down as failed.</param>
    public SweepWork Estimate(bool force)
    {
        int[] numbers = [.. Left];
        var waiting = new WaitingPoint<int>[numbers.Length];
        double available = PointRunner.AvailableMemory();
        Parallel.For(0, numbers.Length, i =>
        {
            (double seconds, double bytes) = content.HasFlag(SweepContent.Simulation) ? CostOf(Plan.At(numbers[i])) : (PointRunner.TheorySeconds(Plan.At(numbers[i]).TheoryMethod), 0);
            waiting[i] = new WaitingPoint<int>(numbers[i], seconds, bytes, content.HasFlag(SweepContent.Simulation));
        });
        return new SweepWork(waiting, available) { Force = force };
    }

    /// <summary>Computes the points that are left; unless they are a share, the table is written now and then, and at the end.</summary>
    /// <param name="work">The points.</param>
    /// <param name="journal">Name of the journal to write, of which no other process writes.</param>
    /// <param name="cores">Threads of all points together; 0 for every core.</param>
    /// <param name="finished">Told each point's JSON object; may be called from any thread.</param>
    /// <param name="progress">Told how far it is, from any thread.</param>
    /// <param name="cancellation">Stops it; what is finished stays.</param>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    /// <exception cref="ResultsException">The journal or the table cannot be written.</exception>
    public void Run(SweepWork work, string journal, int cores, Action<string> finished, Action<SweepProgress> progress, CancellationToken cancellation)
    {
        using SweepJournal mine = SweepJournal.Open(Path.Combine(JournalFolder, $"{journal}.jsonl"));
        var running = new Dictionary<int, (string What, double Fraction, double Seconds)>();
        double all = Math.Max(work.Seconds, 1e-9), past = 0;
        var clock = Stopwatch.StartNew();
        TimeSpan tableDue = TableInterval;
        var scheduler = new PointScheduler<int>(cores > 0 ? cores : Environment.ProcessorCount, MemoryCheck.UsableShare * work.AvailableBytes);
        try
        {
            scheduler.Run(work.Points, Compute, cancellation);
        }
        finally
        {
            if (!isShare) WriteTable();
        }

        void Compute(int number, int threads)
        {
            if (cancellation.IsCancellationRequested) return;
            Experiment experiment = Plan.At(number);
            Tell(number, Describe(number), 0);
            SweepEntry? entry = work.Refusal(number) is { } refusal
                ? Entry(experiment, 0) with { Error = refusal }
                : ComputePoint(experiment with { Simulation = experiment.Simulation with { Threads = threads } }, f => Tell(number, Describe(number), f), cancellation);
            if (entry is null) return;
            mine.Add(entry);
            if (entry.Result is { } result) finished(result.GetRawText());
            bool isTableDue;
            lock (gate)
            {
                Take(number, entry);
                running.Remove(number);
                past += work[number].Seconds;
                isTableDue = !isShare && clock.Elapsed >= tableDue;
                if (isTableDue) tableDue = TimeSpan.MaxValue;
            }

            Tell(number, null, 0);
            if (!isTableDue) return;
            TimeSpan before = clock.Elapsed;
            WriteTable();
            TimeSpan took = clock.Elapsed - before;
            lock (gate) tableDue = clock.Elapsed + (took / TableShare > TableInterval ? took / TableShare : TableInterval);
        }

        void Tell(int number, string? what, double fraction)
        {
            SweepProgress now;
            lock (gate)
            {
                if (what is not null) running[number] = (what, fraction, work[number].Seconds);
                double done = (past + running.Values.Sum(r => r.Fraction * r.Seconds)) / all;
                now = new SweepProgress(
                    Done, Failed, Plan.Count, [.. running.Values.Select(r => (r.What, r.Fraction))], done,
                    done > 0 ? clock.Elapsed.TotalSeconds * (1 - done) / done : double.NaN);
            }

            progress(now);
        }
    }

    /// <summary>Reads what other processes have finished meanwhile.</summary>
    /// <exception cref="ResultsException">A journal cannot be read.</exception>
    public void Refresh()
    {
        if (!Directory.Exists(JournalFolder)) return;
        foreach (string file in Directory.GetFiles(JournalFolder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            long from = read.GetValueOrDefault(file);
            IReadOnlyList<SweepEntry> found = SweepJournal.Read(file, ref from);
            read[file] = from;
            lock (gate)
            {
                foreach (SweepEntry entry in found)
                {
                    if (index.TryGetValue(entry.Key, out int number)) Take(number, entry);
                    else if (entry.Error.Length == 0) stale++;
                }
            }
        }
    }

    /// <summary>Writes the table of what is known: <c>table.csv</c> and <c>table.parquet</c>.</summary>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WriteTable()
    {
        object[][] now;
        lock (gate) now = [.. rows.Values];
        folder.WriteText("table.csv", table.Csv(now));
        ResultsFolder.WriteWhole(Path.Combine(folder.Path, "table.parquet"), partial => table.WriteParquet(partial, now));
    }

    private string JournalFolder => Path.Combine(folder.Path, "journal");

    // a result stays; a failure may be followed by one
    private void Take(int number, SweepEntry entry)
    {
        if (entries.TryGetValue(number, out SweepEntry? known) && known.Error.Length == 0) return;
        foreach (int n in twins.GetValueOrDefault(entry.Key, []).Prepend(number))
        {
            rows[n] = table.Row(n, entry);
            entries[n] = entry with { Result = null }; // the row has what the table needs
            if (entry.Error.Length == 0) done++;
        }
    }

    private SweepEntry Entry(Experiment experiment, double seconds) => new()
    {
        Key = SweepPlan.KeyOf(experiment, content.ToString()),
        Seconds = seconds,
        Program = Provenance.Program,
        Finished = Provenance.Utc(DateTimeOffset.UtcNow),
    };

    // null when it was stopped
    private SweepEntry? ComputePoint(Experiment experiment, Action<double> progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var result = new PointResult { Experiment = experiment };
            if (content.HasFlag(SweepContent.Theory)) result = result with { Theory = PointRunner.Predict(experiment) };
            if (content.HasFlag(SweepContent.Simulation))
            {
                (Simulation.SimulationRecord record, Performance performance) = PointRunner.Simulate(
                    experiment, null, p => progress(p.Stage == RunStage.Simulation ? p.Fraction : 0), cancellation);
                if (!record.Complete) return null;
                result = result with { Simulation = record, Performance = performance };
            }

            return Entry(experiment, clock.Elapsed.TotalSeconds) with { Result = JsonDocument.Parse(PointJson.Write(result)).RootElement };
        }
        catch (OperationCanceledException)
        {
            return null;
        }
#pragma warning disable CA1031 // Whatever goes wrong at a point is written down, and the other points go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Entry(experiment, clock.Elapsed.TotalSeconds) with { Error = PointRunner.Reason(e) };
        }
    }

    private string Describe(int number)
    {
        (IReadOnlyList<int> at, int repetition) = Plan.Place(number);
        IEnumerable<string> values = Plan.Axes.Select((a, i) => $"{a.Path}={a.Values[at[i]]}");
        return string.Join(", ", Plan.Repetitions > 1 ? values.Append(string.Create(CultureInfo.InvariantCulture, $"repetition {repetition + 1}")) : values);
    }

    private static (double Seconds, double Bytes) CostOf(Experiment experiment)
    {
        try
        {
            Simulation.CostEstimate estimate = PointRunner.Estimate(
                experiment with { Simulation = experiment.Simulation with { Threads = 1 } }, null).Estimate;
            return (estimate.BuildSeconds + estimate.SimulationSeconds, estimate.MemoryBytes);
        }
        catch (Simulation.SimulationException)
        {
            return (0, 0); // what is wrong is written down when its turn comes
        }
    }
}

/// <summary>Points that wait, and what they will take.</summary>
public sealed class SweepWork
{
    private readonly Dictionary<int, WaitingPoint<int>> points;

    internal SweepWork(IEnumerable<WaitingPoint<int>> points, double availableBytes) => (this.points, AvailableBytes) = (points.ToDictionary(p => p.Item), availableBytes);

    /// <summary>Number of points.</summary>
    public int Count => points.Count;

    /// <summary>Processor time of all points together (s), roughly; spikes are not known beforehand and not counted.</summary>
    public double Seconds => Points.Sum(p => p.Seconds);

    /// <summary>Most memory that one point needs (bytes).</summary>
    public double LargestBytes => Points.Select(p => p.Bytes).DefaultIfEmpty(0).Max();

    /// <summary>Points that need more memory than there is.</summary>
    public int TooLarge => Points.Count(p => p.Bytes > MemoryCheck.UsableShare * AvailableBytes);

    /// <summary>Memory that the process may use (bytes).</summary>
    internal double AvailableBytes { get; }

    internal bool Force { get; init; }

    internal IEnumerable<WaitingPoint<int>> Points => points.Values;

    internal WaitingPoint<int> this[int number] => points[number];

    /// <summary>Why a point is not tried; null when it is.</summary>
    internal string? Refusal(int number) => Force || points[number].Bytes <= MemoryCheck.UsableShare * AvailableBytes ? null : FormattableString.Invariant(
        $"needs {points[number].Bytes / 1e9:F2} GB of memory, {AvailableBytes / 1e9:F2} GB are available");
}
