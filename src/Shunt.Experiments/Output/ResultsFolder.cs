using System.Globalization;
using System.Text;

namespace Shunt.Experiments;

/// <summary>
/// The folder of one run. A file appears under its name only when it is complete (written beside it and renamed), so that a run that is stopped
/// leaves whole files or none. Each point of a sweep that needs files of its own has a folder <c>points/0001</c>, <c>points/0002</c>, ...
/// </summary>
public sealed class ResultsFolder
{
    private ResultsFolder(string path) => Path = path;

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>Where the spikes are spooled while the run lasts.</summary>
    public string SpikeSpoolPath => System.IO.Path.Combine(Path, "spikes.spool");

    /// <summary>Where another rank spools its spikes until they are put together with those of rank 0.</summary>
    /// <param name="rank">The rank, from 1.</param>
    public string RankSpoolPath(int rank) => System.IO.Path.Combine(Path, FormattableString.Invariant($"spikes.rank-{rank}.spool"));

    /// <summary>Spools that other ranks have left, in the order of ranks.</summary>
    internal IReadOnlyList<string> RankSpools => Directory.Exists(Path)
        ? [.. Directory.EnumerateFiles(Path, "spikes.rank-*.spool").OrderBy(f => f.Length).ThenBy(f => f, StringComparer.Ordinal)]
        : [];

    /// <summary>Where the spikes end up.</summary>
    public string SpikesPath => System.IO.Path.Combine(Path, "spikes.h5");

    /// <summary>Where the state of a run is while it is not complete.</summary>
    public string CheckpointPath => System.IO.Path.Combine(Path, "checkpoint.bin");

    /// <summary>Whether there is a state from which the run can go on.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath);

    /// <summary>Creates the folder of a run.</summary>
    /// <param name="given">
    /// The folder the user asked for, which must be absent or empty; null for <c>results/NAME</c>, or the next free <c>NAME-2</c>,
    /// <c>NAME-3</c>.
    /// </param>
    /// <param name="experimentFile">Name of the experiment file, from which NAME is made.</param>
    /// <param name="workingFolder">Folder that relative paths start from; null for the current one.</param>
    /// <exception cref="ResultsException">The folder has files in it, or cannot be created or written.</exception>
    public static ResultsFolder Create(string? given, string experimentFile, string? workingFolder = null)
    {
        if (given is not null && string.IsNullOrWhiteSpace(given)) throw new ResultsException("results folder: its name is empty", exitCode: 2);
        string relative = given ?? System.IO.Path.Combine("results", Slug(experimentFile));
        string path = System.IO.Path.GetFullPath(relative, workingFolder ?? Directory.GetCurrentDirectory());
        try
        {
            if (given is null)
            {
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
                string first = path;
                for (int i = 2; !Claim(path); i++) path = FormattableString.Invariant($"{first}-{i}");
            }
            else if (File.Exists(path))
            {
                throw new ResultsException($"results folder '{given}': there is a file of this name; name another folder", exitCode: 2);
            }
            else if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            {
                throw new ResultsException(
                    $"results folder '{given}': it is not empty; name a new or empty folder, so that no result is overwritten", exitCode: 2);
            }

            Directory.CreateDirectory(path);
            string probe = System.IO.Path.Combine(path, ".writable");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ResultsException($"results folder '{given ?? path}': cannot be written ({e.Message}); name another with --out", exitCode: 2, e);
        }

        return new ResultsFolder(path);
    }

    /// <summary>The folder of a command's results for an experiment, where the user has named none.</summary>
    /// <param name="experimentFile">Name of the experiment file.</param>
    /// <param name="command">What is done with it.</param>
    public static string DefaultPath(string experimentFile, string command) => System.IO.Path.Combine("results", $"{Slug(experimentFile)}-{command}");

    /// <summary>A folder to write into, whatever is there; files of the same name are replaced.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="ResultsException">It cannot be created.</exception>
    public static ResultsFolder Reuse(string path)
    {
        try
        {
            return new(Directory.CreateDirectory(path).FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ResultsException($"results folder '{path}': cannot be written ({e.Message}); name another with --out", exitCode: 2, e);
        }
    }

    /// <summary>A folder that is there, or will be when something is written into it.</summary>
    /// <param name="path">Where it is.</param>
    public static ResultsFolder Existing(string path) => new(System.IO.Path.GetFullPath(path));

    /// <summary>The folder of one point of a sweep.</summary>
    /// <param name="index">Number of the point, from 0; the folder is named from 1.</param>
    public ResultsFolder Point(int index) =>
        new(System.IO.Path.Combine(Path, "points", (index + 1).ToString("D4", CultureInfo.InvariantCulture)));

    /// <summary>
    /// Writes what a run is, before it starts: <c>experiment.yaml</c> and, when given, <c>provenance.json</c>. A run that is killed then leaves a
    /// folder that says what its spikes are.
    /// </summary>
    /// <param name="experiment">The point.</param>
    /// <param name="provenance">Who makes it, or null.</param>
    /// <exception cref="ResultsException">A file cannot be written.</exception>
    public void WriteStart(Experiment experiment, IReadOnlyList<KeyValuePair<string, string>>? provenance = null)
    {
        WriteText("experiment.yaml", experiment.ResolvedYaml);
        if (provenance is not null) WriteText("provenance.json", Provenance.Json(provenance));
    }

    /// <summary>Takes back what the start of a run has left, in the folder and in its points; whatever else is there stays.</summary>
    public void Discard()
    {
        string points = System.IO.Path.Combine(Path, "points");
        foreach (string folder in Directory.Exists(points) ? Directory.GetDirectories(points) : []) new ResultsFolder(folder).Discard();
        DiscardCheckpoint();
        foreach (string file in (string[])["experiment.yaml", "provenance.json", "spikes.h5", "spikes.spool", .. RankSpools])
            Quietly(() => File.Delete(System.IO.Path.Combine(Path, file)));
        foreach (string folder in (string[])[points, Path])
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()) Quietly(() => Directory.Delete(folder));
        }
    }

    /// <summary>Replaces the state of the run: the new one is on the disk before it takes the place of the old one, which stays when it cannot be
    /// written.</summary>
    /// <param name="write">Writes it.</param>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WriteCheckpoint(Action<Stream> write) => WriteWhole(CheckpointPath, partial =>
    {
        using FileStream stream = File.Create(partial);
        write(stream);
        stream.Flush(flushToDisk: true);
    });

    /// <summary>Takes away the state of a run that cannot usefully go on.</summary>
    public void DiscardCheckpoint()
    {
        Quietly(() => File.Delete(CheckpointPath));
        Quietly(() => File.Delete(CheckpointPath + ".partial"));
    }

    /// <summary>
    /// Puts the recordings of other ranks into that of rank 0, in the order of steps and neurons, and takes them away. Interrupted at any moment and
    /// done again, it loses nothing and counts nothing twice.
    /// </summary>
    /// <param name="ranks">Ranks that have recorded; 0 to take what there is.</param>
    /// <exception cref="ResultsException">One of them is missing, is being written or cannot be read, or the whole cannot be written; all are
    /// kept.</exception>
    public void GatherSpikes(int ranks = 0)
    {
        IReadOnlyList<string> others = ranks > 0 ? [.. Enumerable.Range(1, ranks - 1).Select(RankSpoolPath)] : RankSpools;
        if (others.Count == 0) return;
        if (others.FirstOrDefault(f => !File.Exists(f)) is { } missing)
            throw new ResultsException($"{missing}: is not there; all ranks must see the same file system");
        string[] spools = [.. others.Prepend(SpikeSpoolPath).Where(File.Exists)];
        foreach (string spool in spools) Recovery.RefuseWhileWritten(spool);
        WriteWhole(SpikeSpoolPath, partial => SpikeSpool.Merge(spools, partial));
        foreach (string spool in others) Quietly(() => File.Delete(spool));
    }

    /// <summary>Takes away what a run needs to go on; to be called when it is complete and its results are written.</summary>
    public void Settle()
    {
        DiscardCheckpoint();
        if (File.Exists(SpikesPath)) Quietly(() => File.Delete(SpikeSpoolPath));
    }

    /// <summary>Writes what every run leaves: <c>summary.json</c>, <c>tables/</c>, <c>experiment.yaml</c> and <c>provenance.json</c>.</summary>
    /// <param name="run">The run; an interrupted one is written as far as it came.</param>
    /// <exception cref="ResultsException">A file cannot be written.</exception>
    public void WriteRun(RunResult run)
    {
        WriteText("summary.json", PointJson.Summary(run));
        WriteText("provenance.json", Provenance.Json(run.Provenance));
        if (run.Axes.Count == 0)
        {
            WritePoint(run.Points[0]);
            return;
        }

        WriteText("tables/sweep.csv", Tables.Sweep(run));
        WriteText("tables/comparison.csv", Tables.Comparison(run.Points));
        for (int i = 0; i < run.Points.Count; i++) Point(i).WritePoint(run.Points[i]);
    }

    /// <summary>Writes the tables and the resolved experiment file of one point.</summary>
    /// <param name="point">The point.</param>
    /// <param name="provenance">Who made it and how it ended, or null to leave what is there.</param>
    /// <exception cref="ResultsException">A file cannot be written.</exception>
    public void WritePoint(PointResult point, IReadOnlyList<KeyValuePair<string, string>>? provenance = null)
    {
        WriteStart(point.Experiment, provenance);
        WriteText("tables/comparison.csv", Tables.Comparison([point]));
        if (Tables.Density(point) is { } density) WriteText("tables/membrane_density.csv", density);
        if (Tables.RateDensity(point) is { } rates) WriteText("tables/rate_density.csv", rates);
        if (point.Simulation is null) return;
        WriteText("tables/neurons.csv", Tables.Neurons(point.Simulation));
        WriteText("tables/population_rate.csv", Tables.PopulationRate(point.Simulation));
    }

    /// <summary>Writes <c>report.html</c>.</summary>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WriteReport(ReadOnlyMemory<byte> content) => WriteBytes("report.html", content);

    /// <summary>Writes a text file as UTF-8 with plain line ends.</summary>
    /// <param name="relativePath">Path below the folder, with '/'.</param>
    /// <param name="content">The text.</param>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WriteText(string relativePath, string content) => WriteBytes(relativePath, Encoding.UTF8.GetBytes(content));

    /// <summary>Writes a file: complete, or not at all.</summary>
    /// <param name="relativePath">Path below the folder, with '/'.</param>
    /// <param name="content">The bytes.</param>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WriteBytes(string relativePath, ReadOnlyMemory<byte> content)
    {
        string path = System.IO.Path.Combine([Path, .. relativePath.Split('/')]);
        WriteWhole(path, partial =>
        {
            using FileStream stream = File.Create(partial);
            stream.Write(content.Span);
        });
    }

    /// <summary>Lets a file be written under a passing name, then gives it its own.</summary>
    internal static void WriteWhole(string path, Action<string> write)
    {
        string partial = path + ".partial";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            write(partial);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (FileError(e) is { } error)
        {
            Quietly(() => File.Delete(partial));
            throw new ResultsException($"{path}: cannot be written ({error.Message})", cause: e);
        }
    }

    /// <summary>What went wrong with the file, also where a library hands it on inside another exception; null when it was something else.</summary>
    private static Exception? FileError(Exception? e) => e is null or IOException or UnauthorizedAccessException ? e : FileError(e.InnerException);

    /// <summary>
    /// Creates a folder that was not there, and says whether it did. The file beside it, which only one process can create, keeps two runs that
    /// start together from taking the same folder.
    /// </summary>
    private static bool Claim(string path)
    {
        string claim = path + ".claim";
        try
        {
            using var hold = new FileStream(claim, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            if (Directory.Exists(path) || File.Exists(path)) return false;
            Directory.CreateDirectory(path);
            return true;
        }
        catch (IOException) when (File.Exists(claim) || Directory.Exists(path))
        {
            return false;
        }
    }

    private static void Quietly(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that is about to be reported matters more than a leftover.
        }
    }

    /// <summary>Name of a file without folder and ending, in lower case, with everything but letters and digits turned to '-'.</summary>
    private static string Slug(string file)
    {
        var slug = new StringBuilder();
        foreach (char c in System.IO.Path.GetFileNameWithoutExtension(file).ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_') slug.Append(c);
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        }

        string name = slug.ToString().Trim('-');
        return name.Length > 0 ? name : "run";
    }
}
