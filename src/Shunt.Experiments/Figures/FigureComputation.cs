using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Shunt.Model;
using Shunt.Simulation;

namespace Shunt.Experiments;

/// <summary>How far the computation of figures is.</summary>
/// <param name="Fraction">Done, from 0 to 1, by expected time.</param>
/// <param name="What">What is being computed.</param>
public readonly record struct FigureProgress(double Fraction, string What);

/// <summary>
/// Computes what figures draw, each point once however many figures draw it. Every finished point is kept in a folder under a name made of the resolved
/// experiment and of the code that computes it, so that a computation that was interrupted goes on where it was.
/// </summary>
public sealed class FigureComputation
{
    private const double SecondsPerCriticalCv = 0.5;
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly Dictionary<string, FigurePoint> points = new(StringComparer.Ordinal);
    private readonly List<Job> jobs = [];
    private readonly string folder;

    private sealed record Job(string Key, Experiment Experiment, string Source, bool HasCriticalCv, double Seconds, double Bytes, string What);

    /// <summary>Finds out what there is to do. Nothing is computed yet.</summary>
    /// <param name="figures">The figures.</param>
    /// <param name="folder">Where finished points are kept.</param>
    /// <exception cref="ResultsException">A point needs more memory than there is.</exception>
    public FigureComputation(IEnumerable<FigureFile> figures, string folder)
    {
        this.folder = folder;
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (FigureFile figure in figures)
        {
            foreach (FigureData data in figure.Data)
            {
                foreach (Experiment experiment in data.Grid.Points)
                {
                    foreach (string source in data.IsSimulated ? data.Methods.Append(FigurePoint.Simulation) : data.Methods)
                    {
                        string key = KeyOf(experiment, source, data.HasCriticalCv);
                        if (!known.Add(key)) continue;
                        if (Stored(key) is { } point)
                        {
                            points.Add(key, point);
                            continue;
                        }

                        string what = $"{figure.Title}: {data.Name}, {source}{string.Concat(experiment.Set.TakeLast(data.Grid.Axes.Count).Select(s => $", {s.Key} {s.Value}"))}";
                        (double seconds, double bytes) = CostOf(experiment, source, data.HasCriticalCv);
                        jobs.Add(new Job(key, experiment, source, data.HasCriticalCv, seconds, bytes, what));
                    }
                }
            }
        }
    }

    /// <summary>Points that are not there yet.</summary>
    public int PointsLeft => jobs.Count;

    /// <summary>Points that were there from the beginning.</summary>
    public int PointsFound => points.Count;

    /// <summary>What the points that are not there yet will take on this machine (s), roughly: theories by experience, simulations by their operations.</summary>
    public double SecondsLeft => jobs.Sum(j => j.Seconds) / Environment.ProcessorCount;

    /// <summary>Most memory that the points computed side by side will need (bytes).</summary>
    public double PeakBytes
    {
        get
        {
            double[] largest = [.. jobs.Select(j => j.Bytes).OrderDescending().Take(Environment.ProcessorCount)];
            return Math.Min(largest.Sum(), Math.Max(largest.FirstOrDefault(), Memory));
        }
    }

    // what the points may take together
    private static double Memory => MemoryCheck.UsableShare * PointRunner.AvailableMemory();

    /// <summary>Computes what is not there yet, side by side as cores and memory allow.</summary>
    /// <param name="progress">Told how far it is, from any thread.</param>
    /// <param name="cancellation">Stops it; what is finished stays.</param>
    /// <exception cref="ResultsException">A point failed; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public void Run(Action<FigureProgress> progress, CancellationToken cancellation)
    {
        double all = jobs.Sum(j => j.Seconds), done = 0;
        var running = new Dictionary<string, double>(StringComparer.Ordinal);
        var gate = new Lock();
        var scheduler = new PointScheduler<Job>(Environment.ProcessorCount, Memory);
        scheduler.Run(jobs.Select(j => new WaitingPoint<Job>(j, j.Seconds, j.Bytes, IsSimulation(j))), Compute, cancellation);
        jobs.Clear();

        void Compute(Job job, int threads)
        {
            cancellation.ThrowIfCancellationRequested();
            Tell(job, 0);
            FigurePoint point;
            try
            {
                Experiment experiment = job.Experiment with { Simulation = job.Experiment.Simulation with { Threads = threads } };
                point = IsSimulation(job)
                    ? FigurePoint.Simulated(experiment, f => Tell(job, f), cancellation)
                    : FigurePoint.Predicted(experiment, job.Source, job.HasCriticalCv);
            }
            catch (Exception e) when (e is ModelException or WiringException or SimulationException)
            {
                throw new ResultsException($"{job.What}: {e.Message}", cause: e);
            }

            Store(job.Key, point);
            lock (gate)
            {
                points.Add(job.Key, point);
                running.Remove(job.Key);
                done += job.Seconds;
            }

            Tell(job, double.NaN);
        }

        void Tell(Job job, double fraction)
        {
            double part;
            lock (gate)
            {
                if (!double.IsNaN(fraction)) running[job.Key] = fraction * job.Seconds;
                part = (done + running.Values.Sum()) / all;
            }

            progress(new FigureProgress(part, job.What));
        }
    }

    /// <summary>A point that has been computed.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="source">A theory, or <see cref="FigurePoint.Simulation"/>.</param>
    /// <param name="hasCriticalCv">Whether CV_K* was looked for.</param>
    internal FigurePoint this[Experiment experiment, string source, bool hasCriticalCv] => points[KeyOf(experiment, source, hasCriticalCv)];

    private static bool IsSimulation(Job job) => job.Source == FigurePoint.Simulation;

    // on one thread
    private static (double Seconds, double Bytes) CostOf(Experiment experiment, string source, bool hasCriticalCv)
    {
        if (source != FigurePoint.Simulation) return (PointRunner.TheorySeconds(source) + (hasCriticalCv ? SecondsPerCriticalCv : 0), 0);
        experiment = experiment with { Simulation = experiment.Simulation with { Threads = 1 } };
        MemoryCheck check;
        try
        {
            check = PointRunner.Estimate(experiment, PointRunner.Predict(experiment));
        }
        catch (ModelException)
        {
            check = PointRunner.Estimate(experiment, null);
        }

        return check.Fits
            ? (check.Estimate.BuildSeconds + check.Estimate.SimulationSeconds, check.Estimate.MemoryBytes)
            : throw new ResultsException(
                FormattableString.Invariant($"{experiment.Name}: needs {check.Estimate.MemoryBytes / 1e9:F1} GB, but only {check.AvailableBytes / 1e9:F1} GB are free"));
    }

    // a point is what the resolved file says, computed by these assemblies
    private static string KeyOf(Experiment experiment, string source, bool hasCriticalCv)
    {
        Type code = source == FigurePoint.Simulation ? typeof(Simulator) : typeof(Theory.SelfConsistency);
        string text = string.Join('\n',
            experiment.ResolvedYaml, source, hasCriticalCv, code.Module.ModuleVersionId, typeof(NetworkModel).Module.ModuleVersionId);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }

    private string FileOf(string key) => Path.Combine(folder, key + ".json");

    private FigurePoint? Stored(string key)
    {
        string file = FileOf(key);
        if (!File.Exists(file)) return null;
        try
        {
            return JsonSerializer.Deserialize<FigurePoint>(File.ReadAllText(file), Json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // damaged, or of another form: computed anew
        }
    }

    private void Store(string key, FigurePoint point) =>
        ResultsFolder.WriteWhole(FileOf(key), partial => File.WriteAllText(partial, JsonSerializer.Serialize(point, Json)));
}
