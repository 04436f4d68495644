using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Sweeps as array jobs of a real Slurm.</summary>
public sealed class SlurmTests(SlurmCluster cluster) : IClassFixture<SlurmCluster>
{
    private static readonly string[] Sweep = ["sweep", "tiny.yaml", "--sweep", "coupling.g=9:11:3", "--repeat", "2"];

    [Fact]
    public void An_array_job_gives_the_table_of_a_local_sweep()
    {
        Assert.SkipWhen(cluster.Missing is not null, cluster.Missing ?? "");
        using var program = new Program();
        Outcome outcome = Run(program, [.. Sweep, "--slurm", "--tasks", "4", "--out", "s", "--sbatch", "--time=5:00"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal("6 points: 6 done, 0 failed", Assert.Single(outcome.OutputLines));
        Assert.Equal(4, program.Files.Count(f => f.StartsWith("s/journal/", StringComparison.Ordinal) && f.EndsWith(".jsonl", StringComparison.Ordinal)));
        Assert.Contains("#SBATCH --time=5:00\n", program.Read("s/slurm/job.sh"), StringComparison.Ordinal);
        program.Run([.. Sweep, "--out", "local"]);
        Assert.Equal(Cells(program, "local"), Cells(program, "s"));

        Outcome again = Run(program, [.. Sweep, "--slurm", "--out", "s"]);
        Assert.Equal(0, again.ExitCode);
        Assert.DoesNotContain("submitted", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelled_tasks_are_resumed_and_nothing_is_repeated()
    {
        Assert.SkipWhen(cluster.Missing is not null, cluster.Missing ?? "");
        using var program = new Program();
        string[] command = [.. Sweep, "--set", "simulation.duration=30 s", "--slurm", "--tasks", "2", "--out", "s"];
        using (Program.Running running = program.Start(cluster.Variables, command))
        {
            running.Until(() => Lines(program) >= 1, "a point is done");
            cluster.Call("scancel", program.Read("s/slurm/job.txt").Trim() + "_2");
            Outcome cancelled = running.Wait();
            Assert.Equal(1, cancelled.ExitCode);
            Assert.Matches(@"job \d+ has ended with \d points left; its logs are in s/slurm; the same command goes on with them", cancelled.Error);
        }

        int done = Lines(program);
        Assert.InRange(done, 3, 5);
        Outcome outcome = Run(program, command);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal($"{done} of 6 points are there already", outcome.ErrorLines[0]);
        Assert.Equal(6, Lines(program));
    }

    [Fact]
    public void The_job_goes_on_without_the_command_which_finds_it_again()
    {
        Assert.SkipWhen(cluster.Missing is not null, cluster.Missing ?? "");
        using var program = new Program();
        string[] command = [.. Sweep, "--set", "simulation.duration=30 s", "--slurm", "--tasks", "1", "--out", "s"];
        using (Program.Running running = program.Start(cluster.Variables, command))
        {
            running.Until(() => Lines(program) >= 1, "a point is done");
            running.Signal("INT");
            Outcome stopped = running.Wait();
            Assert.Equal(1, stopped.ExitCode);
            Assert.Contains("goes on without this command", stopped.Error, StringComparison.Ordinal);
        }

        Outcome outcome = Run(program, command);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains(" is still at it", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(6, Lines(program));
    }

    [Fact]
    public void Without_Slurm_the_message_says_what_can_be_done()
    {
        using var program = new Program();
        Outcome outcome = program.Start(new Dictionary<string, string> { ["PATH"] = Path.GetDirectoryName(Environment.ProcessPath)! },
            [.. Sweep, "--slurm", "--out", "s"]).Wait();
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("shunt: sbatch: cannot be started", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("--print only prints the script", outcome.Error, StringComparison.Ordinal);

        Outcome printed = program.Run([.. Sweep, "--print", "--tasks", "3", "--threads", "2", "--out", "t", "--quiet"]);
        Assert.Equal(0, printed.ExitCode);
        Assert.Contains("#SBATCH --array=1-3", printed.OutputLines);
        Assert.Contains("#SBATCH --cpus-per-task=2", printed.OutputLines);
        Assert.EndsWith("shunt.dll sweep tiny.yaml --sweep coupling.g=9:11:3 --repeat 2 --out t --threads 2 --part \"$SLURM_ARRAY_TASK_ID/3\"",
            printed.OutputLines[^1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(program.PathOf("t")));
    }

    [Theory]
    [InlineData("pmix", "mpirun.openmpi")]
    [InlineData("pmi2", "mpirun.mpich")]
    public void Processes_of_srun_share_a_network(string interfaceName, string needs)
    {
        Assert.SkipWhen(cluster.Missing is not null, cluster.Missing ?? "");
        MpiTests.RequireLauncher(needs);
        using var program = new Program();
        Assert.Equal(0, program.Run([.. MpiTests.Simulate, "--out", "alone"]).ExitCode);
        Outcome outcome = Step(program, [$"--mpi={interfaceName}"], [.. MpiTests.Simulate, "--out", "r"]);
        Assert.SkipWhen(outcome.Error.Contains("can not load PMIx library", StringComparison.Ordinal), "Slurm finds no libpmix.so (libpmix-dev)");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("\"ranks\": \"2\"", program.Read("r/provenance.json"), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(program.PathOf("alone/spikes.h5")), File.ReadAllBytes(program.PathOf("r/spikes.h5")));
    }

    [Fact]
    public void Processes_of_srun_that_cannot_find_each_other_say_what_to_add()
    {
        Assert.SkipWhen(cluster.Missing is not null, cluster.Missing ?? "");
        using var program = new Program();
        Outcome outcome = Step(program, ["--mpi=none"], [.. MpiTests.Simulate, "--out", "r"]);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Single(outcome.ErrorLines, l => l.StartsWith("shunt: srun has started 2 processes that cannot find each other: add --mpi=pmix", StringComparison.Ordinal));
        Assert.False(Directory.Exists(program.PathOf("r")));
    }

    private Outcome Step(Program program, string[] options, string[] arguments)
    {
        Dictionary<string, string> environment = new(MpiTests.Environment.Concat(cluster.Variables));
        using Program.Running running = program.Launch(environment, ["srun", "-n", "2", "--kill-on-bad-exit=1", .. options], arguments);
        return running.Wait();
    }

    private Outcome Run(Program program, string[] arguments)
    {
        using Program.Running running = program.Start(cluster.Variables, arguments);
        return running.Wait();
    }

    private static int Lines(Program program) => Directory.Exists(program.PathOf("s/journal"))
        ? Directory.GetFiles(program.PathOf("s/journal"), "*.jsonl").Sum(f => File.ReadAllText(f).Count(c => c == '\n'))
        : 0;

    private static IEnumerable<string> Cells(Program program, string folder) =>
        SweepTests.Rows(program, folder).Select(r => string.Join(' ', r.Where(c => c.Key != "seconds").Select(c => c.Value)));
}
