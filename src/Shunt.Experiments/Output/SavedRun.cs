using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Shunt.Simulation;

namespace Shunt.Experiments;

/// <summary>What a run goes on from.</summary>
/// <param name="Checkpoint">The state.</param>
/// <param name="Past">The spikes until then.</param>
/// <param name="File">The file of the state.</param>
public sealed record SavedRun(Checkpoint Checkpoint, IEnumerable<(long Step, int[] Neurons)> Past, Stream File) : IDisposable
{
    /// <summary>Closes the file.</summary>
    public void Dispose() => File.Dispose();

    /// <summary>Whether the state of a run of this experiment can be saved.</summary>
    /// <param name="experiment">The experiment.</param>
    public static bool IsPossible(Experiment experiment) => experiment.Simulation.Engine == Engine.Grid;

    /// <summary>
    /// What tells the runs of two experiments, or of two programs, apart: the resolved experiment, which has everything that can change a spike and
    /// not the number of threads, and
    /// version and commit of the program.
    /// </summary>
    /// <param name="experiment">The experiment.</param>
    public static CheckpointIdentity IdentityOf(Experiment experiment) => new(
        experiment.Name, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(experiment.ResolvedYaml))), Provenance.Program);
}

/// <summary>A results folder whose run has not come to its end.</summary>
public sealed class UnfinishedRun
{
    private UnfinishedRun(ResultsFolder folder, Experiment experiment, JsonElement provenance)
    {
        string Text(JsonElement of, string name) =>
            of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";
        Folder = folder;
        Command = Text(provenance, "command");
        Resumed = Text(provenance, "resumed");
        // The report is written last; a point of a sweep has none.
        bool isPoint = Path.GetFileName(Path.GetDirectoryName(folder.Path)) == "points";
        IsComplete = Text(provenance, "outcome") == "complete" && !folder.HasCheckpoint && File.Exists(folder.SpikesPath)
            && (isPoint || File.Exists(Path.Combine(folder.Path, "report.html")));
        Started = DateTimeOffset.TryParse(Text(provenance, "date_utc"), System.Globalization.CultureInfo.InvariantCulture, out DateTimeOffset date)
            ? date
            : null;
        Experiment = provenance.ValueKind == JsonValueKind.Object && provenance.TryGetProperty("set", out JsonElement set)
            ? experiment with { Set = [.. set.EnumerateObject().Select(p => new KeyValuePair<string, string>(p.Name, p.Value.GetString() ?? ""))] }
            : experiment;
    }

    /// <summary>The folder.</summary>
    public ResultsFolder Folder { get; }

    /// <summary>The experiment in it.</summary>
    public Experiment Experiment { get; }

    /// <summary>The command that started it; empty when the folder does not say.</summary>
    public string Command { get; }

    /// <summary>When it was started; null when the folder does not say.</summary>
    public DateTimeOffset? Started { get; }

    /// <summary>Where and when it went on already.</summary>
    public string Resumed { get; }

    /// <summary>Whether there is nothing left to do.</summary>
    public bool IsComplete { get; }

    /// <summary>Whether theory belongs to the results.</summary>
    public bool Predicts => Command.Split(' ').ElementAtOrDefault(1) != "simulate";

    /// <summary>Reads a folder.</summary>
    /// <param name="path">Results folder of a run, or folder of a point of a sweep.</param>
    /// <exception cref="ResultsException">It is not the folder of one simulation, or a run is writing it.</exception>
    /// <exception cref="ExperimentFileException">The experiment in it is wrong.</exception>
    public static UnfinishedRun Open(string path)
    {
        if (!Directory.Exists(path)) throw new ResultsException($"{path}: there is no such folder", exitCode: 2);
        ResultsFolder folder = ResultsFolder.Existing(Path.TrimEndingDirectorySeparator(path));
        string points = Path.Combine(path, "points"), file = Path.Combine(path, "experiment.yaml");
        string provenance = Path.Combine(path, "provenance.json");
        try
        {
            if (Directory.Exists(points)) throw Sweep(path, points);
            if (!File.Exists(file)) throw new ResultsException($"{path}: has no experiment.yaml: it is not the folder of a run", exitCode: 2);
            using JsonDocument document = JsonDocument.Parse(File.Exists(provenance) ? File.ReadAllText(provenance) : "{}");
            var run = new UnfinishedRun(folder, ExperimentFile.Read(file).Bind(), document.RootElement);
            if (run.Command.Split(' ').ElementAtOrDefault(1) is "theory")
            {
                throw new ResultsException(
                    $"{path}: was written by '{run.Command}', which simulates nothing: there is nothing to resume", exitCode: 2);
            }

            if (File.Exists(folder.SpikeSpoolPath)) Recovery.RefuseWhileWritten(folder.SpikeSpoolPath);
            folder.GatherSpikes();
            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ResultsException($"{path}: cannot be read ({e.Message})", exitCode: 2, e);
        }
    }

    /// <summary>Opens the checkpoint and checks it from its first byte to its last; null when there is none, so that the run has to begin
    /// again.</summary>
    /// <exception cref="SimulationException">It is damaged, or belongs to another experiment or program.</exception>
    /// <exception cref="ResultsException">It cannot be read, or the recording that it needs is not there.</exception>
    public (Checkpoint Checkpoint, Stream File)? OpenCheckpoint()
    {
        if (!Folder.HasCheckpoint) return null;
        if (!File.Exists(Folder.SpikeSpoolPath))
        {
            throw new ResultsException(
                $"{Folder.SpikeSpoolPath}: is not there, and the run cannot go on from its checkpoint without the spikes before it; delete "
                + $"checkpoint.bin to begin again");
        }

        FileStream? file = null;
        bool done = false;
        try
        {
            file = new FileStream(Folder.CheckpointPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20);
            Checkpoint checkpoint = Checkpoint.Open(file, Folder.CheckpointPath, SavedRun.IdentityOf(Experiment));
            done = true;
            return (checkpoint, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{Folder.CheckpointPath}: cannot be read ({e.Message})", cause: e);
        }
        finally
        {
            if (!done) file?.Dispose();
        }
    }

    /// <summary>How provenance says that a run has gone on.</summary>
    /// <param name="time">Simulated time from which it does (s).</param>
    /// <param name="now">When.</param>
    public string ResumedNow(double time, DateTimeOffset now) => string.Join(
        "; ", ((string[])[Resumed, FormattableString.Invariant($"at {time:G6} s, {Provenance.Utc(now)}")]).Where(t => t.Length > 0));

    private static ResultsException Sweep(string path, string points)
    {
        string[] saved =
            [.. Directory.EnumerateDirectories(points).Where(p => ResultsFolder.Existing(p).HasCheckpoint).Order(StringComparer.Ordinal)];
        string what = saved.Length == 0
            ? "none of its points has a checkpoint"
            : $"this point can go on alone: shunt resume {saved[0]}";
        return new ResultsException($"{path}: is the folder of a sweep, which cannot be resumed as a whole; {what}", exitCode: 2);
    }
}
