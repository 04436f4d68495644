using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Shunt.Experiments;

/// <summary>A sweep as an array job of the Slurm workload manager: each task computes a share of the points that are left, and writes a journal of its own.</summary>
/// <param name="folder">Folder of the sweep.</param>
public sealed class SlurmArray(ResultsFolder folder)
{
    private const double MemoryMargin = 1.25;
    private const int BaseMegabytes = 300;

    /// <summary>Where the script, the list of points and the tasks' logs are.</summary>
    public string Folder => Path.Combine(folder.Path, "slurm");

    private string PointsPath => Path.Combine(Folder, "points.txt");

    private string JobPath => Path.Combine(Folder, "job.txt");

    /// <summary>Writes down which points the tasks compute.</summary>
    /// <param name="points">Their numbers, from 0.</param>
    /// <exception cref="ResultsException">It cannot be written.</exception>
    public void WritePoints(IEnumerable<int> points) =>
        folder.WriteText("slurm/points.txt", string.Concat(points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p + 1}\n"))));

    /// <summary>The points of one task: every <paramref name="tasks"/>-th of the list.</summary>
    /// <param name="task">Number of the task, from 1.</param>
    /// <param name="tasks">Number of tasks.</param>
    /// <exception cref="ResultsException">The list cannot be read.</exception>
    public IReadOnlyList<int> PointsOf(int task, int tasks)
    {
        try
        {
            return [.. File.ReadLines(PointsPath).Where((_, i) => i % tasks == task - 1).Select(line => int.Parse(line, CultureInfo.InvariantCulture) - 1)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ResultsException($"{PointsPath}: cannot be read ({e.Message}); 'shunt sweep --slurm' writes it", exitCode: 2, e);
        }
    }

    /// <summary>The job script.</summary>
    /// <param name="name">Name of the job.</param>
    /// <param name="tasks">Number of tasks.</param>
    /// <param name="cores">Cores of each.</param>
    /// <param name="bytes">Memory that a point of a task needs.</param>
    /// <param name="options">Further options of sbatch, as they are written in a script; they win.</param>
    /// <param name="program">The program and its arguments, ready for a shell, without the share of a task.</param>
    public string Script(string name, int tasks, int cores, double bytes, string options, string program)
    {
        double megabytes = Math.Ceiling((MemoryMargin * bytes * 1e-6) + BaseMegabytes);
        return FormattableString.Invariant($"""
            #!/bin/bash
            #SBATCH --job-name={name}
            #SBATCH --array=1-{tasks}
            #SBATCH --cpus-per-task={cores}
            #SBATCH --mem={megabytes:F0}M
            #SBATCH --output={Folder}/%A_%a.log
            #SBATCH --open-mode=append
            {(options.Length > 0 ? $"#SBATCH {options}\n" : "")}
            exec {program} --threads {cores} --part "$SLURM_ARRAY_TASK_ID/{tasks}"

            """).ReplaceLineEndings("\n");
    }

    /// <summary>Submits a script.</summary>
    /// <param name="script">Its text.</param>
    /// <returns>Number of the job.</returns>
    /// <exception cref="ResultsException">Slurm is not here, or refuses the job.</exception>
    public string Submit(string script)
    {
        folder.WriteText("slurm/job.sh", script);
        (int exitCode, string output, string error) = Call("sbatch", "--parsable", Path.Combine(Folder, "job.sh"));
        if (exitCode != 0) throw new ResultsException($"sbatch: {Last(error)}; the script is {Path.Combine(Folder, "job.sh")}");
        string job = output.Trim().Split(';')[0];
        folder.WriteText("slurm/job.txt", job + "\n");
        return job;
    }

    /// <summary>The job that was submitted from this folder last, if it is still queued or running; null if not.</summary>
    public string? Running => File.Exists(JobPath) && File.ReadAllText(JobPath).Trim() is { Length: > 0 } job && TasksLeft(job) > 0 ? job : null;

    /// <summary>Tasks of a job that are queued or running; 0 when there are none or Slurm has forgotten the job.</summary>
    /// <param name="job">Number of the job.</param>
    /// <exception cref="ResultsException">Slurm is not here, or does not answer.</exception>
    public static int TasksLeft(string job)
    {
        (int exitCode, string output, string error) = Call("squeue", "--noheader", "--array", "--format=%T", $"--jobs={job}");
        if (exitCode != 0 && !error.Contains("Invalid job id", StringComparison.Ordinal)) throw new ResultsException($"squeue: {Last(error)}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    private static string Last(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("no message").Trim();

    private static (int ExitCode, string Output, string Error) Call(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (Win32Exception e)
        {
            throw new ResultsException($"{command}: cannot be started ({e.Message}); is Slurm installed here? --print only prints the script", cause: e);
        }
    }
}
