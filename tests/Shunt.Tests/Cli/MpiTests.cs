using System.Diagnostics;
using System.Text.Json.Nodes;
using Shunt.Experiments;
using Xunit;
using MpiLaunch = Shunt.Simulation.Mpi.Launch;

namespace Shunt.Tests.Cli;

/// <summary>One network on several processes that Open MPI's or MPICH's mpirun has started.</summary>
public sealed class MpiTests
{
    private const string OpenMpi = "mpirun.openmpi", Mpich = "mpirun.mpich";

    // Delays of ten steps and more: the processes meet every ten steps, which four of them do not do fast on two cores.
    internal static readonly string[] Simulate =
        ["simulate", "tiny.yaml", "--set", "delays={E: 1..4 ms, I: 1..2 ms}", "--set", "populations.E.size=320", "--set", "populations.I.size=80"];

    // It must not end before it is stopped; meeting every hundred steps keeps that from taking minutes on busy cores.
    private static readonly string[] Long =
        [.. Simulate, "--set", "delays={E: 10..14 ms, I: 10..12 ms}", "--set", "simulation.duration=20 s", "--checkpoint", "0.1"];

    [TheoryAttribute]
    [InlineData(OpenMpi, 1)]
    [InlineData(OpenMpi, 2)]
    [InlineData(OpenMpi, 4)]
    [InlineData(Mpich, 1)]
    [InlineData(Mpich, 2)]
    [InlineData(Mpich, 4)]
    public void Ranks_never_change_a_spike_and_leave_one_recording(string launcher, int ranks)
    {
        RequireLauncher(launcher);
        using var program = new Program();
        Assert.Equal(0, program.Run([.. Simulate, "--out", "alone"]).ExitCode);
        Outcome outcome = Launch(program, launcher, ranks, [.. Simulate, "--out", "r", "--threads", "2"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Single(outcome.ErrorLines, "results: r (open report.html)");
        Assert.Equal(Hash(program, "alone"), Hash(program, "r"));
        Assert.Equal(File.ReadAllBytes(program.PathOf("alone/spikes.h5")), File.ReadAllBytes(program.PathOf("r/spikes.h5")));
        Assert.DoesNotContain(program.Files, f => f.EndsWith(".spool", StringComparison.Ordinal));
        JsonNode? exchange = JsonNode.Parse(program.Read("r/summary.json"))!["simulation"]!["performance"]!["exchange"];
        if (ranks == 1)
        {
            Assert.Null(exchange);
            return;
        }

        Assert.Equal(ranks, (int)exchange!["ranks"]!);
        Assert.InRange((int)exchange["exchanges"]!, 2500 / 12, 2500 / 10);
        Assert.True((long)exchange["bytes_received"]! > 2500);
    }

    [Fact]
    public void A_sweep_of_run_takes_its_points_to_all_ranks()
    {
        RequireLauncher(OpenMpi);
        using var program = new Program();
        string[] run = ["run", .. Simulate[1..], "--sweep", "simulation.seed=1,2"];
        Assert.Equal(0, program.Run([.. run, "--out", "alone"]).ExitCode);
        Outcome outcome = Launch(program, OpenMpi, 2, [.. run, "--out", "r"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        foreach (string point in (string[])["points/0001", "points/0002"])
            Assert.Equal(File.ReadAllBytes(program.PathOf($"alone/{point}/spikes.h5")), File.ReadAllBytes(program.PathOf($"r/{point}/spikes.h5")));
        Assert.Contains("\"ranks\": \"2\"", program.Read("r/provenance.json"), StringComparison.Ordinal);
    }

    [TheoryAttribute]
    [InlineData(OpenMpi, new[] { "--set", "coupling.K=-1" }, 2, "coupling.K")]
    [InlineData(Mpich, new[] { "--set", "coupling.K=-1" }, 2, "coupling.K")]
    [InlineData(OpenMpi, new[] { "--set", "simulation.engine=events" }, 2, "runs in one process")]
    [InlineData(OpenMpi, new[] { "--set", "input.rate=100 kHz", "--set", "coupling.g=0" }, 1, "population 'E': during the warm-up")]
    public void What_is_wrong_ends_all_ranks_with_one_message(string launcher, string[] wrong, int code, string message)
    {
        RequireLauncher(launcher);
        using var program = new Program();
        Outcome outcome = Launch(program, launcher, 2, [.. Simulate, .. wrong, "--out", "r"]);
        Assert.Equal(code, outcome.ExitCode);
        Assert.Single(outcome.ErrorLines, l => l.Contains(message, StringComparison.Ordinal));
        Assert.True(code == 1 || !program.Files.Any(f => f.StartsWith("r/", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_command_that_needs_one_process_says_so()
    {
        RequireLauncher(OpenMpi);
        using var program = new Program();
        Outcome outcome = Launch(program, OpenMpi, 2, "sweep", "tiny.yaml", "--sweep", "coupling.g=9,10");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Single(outcome.ErrorLines, l => l.StartsWith("shunt: sweep: was started as 2 processes, but uses one", StringComparison.Ordinal));
    }

    [TheoryAttribute]
    [InlineData(OpenMpi)]
    [InlineData(Mpich)]
    public void A_rank_that_dies_ends_the_job_and_the_run_goes_on_on_other_ranks(string launcher)
    {
        RequireLauncher(launcher);
        using var program = new Program();
        using (Program.Running running = Start(program, launcher, 2, [.. Long, "--out", "r"]))
        {
            running.Until(() => File.Exists(program.PathOf("r/checkpoint.bin")), "a checkpoint");
            Process.GetProcessById(RankProcess(program, 1)).Kill();
            Assert.NotEqual(0, running.Wait().ExitCode);
        }

        Assert.Contains("r/spikes.rank-1.spool", program.Files);
        Outcome recovered = program.Run("recover", "r");
        Assert.True(recovered.ExitCode == 0, recovered.Error);
        Assert.Contains("recorded by 2 ranks", recovered.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("r/spikes.rank-1.spool", program.Files);

        // what a rank left must not be counted twice, and one that cannot record says so without losing anything
        Directory.CreateDirectory(program.PathOf("r/spikes.rank-1.spool"));
        Outcome refused = Launch(program, OpenMpi, 2, "resume", "r");
        Assert.Equal(1, refused.ExitCode);
        Assert.Single(refused.ErrorLines, l => l.Contains("spikes.rank-1.spool", StringComparison.Ordinal));
        Directory.Delete(program.PathOf("r/spikes.rank-1.spool"));

        Outcome resumed = Launch(program, OpenMpi, 3, "resume", "r");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(0, program.Run([.. Long, "--out", "alone"]).ExitCode);
        Assert.Equal(Hash(program, "alone"), Hash(program, "r"));
        Assert.Equal(File.ReadAllBytes(program.PathOf("alone/spikes.h5")), File.ReadAllBytes(program.PathOf("r/spikes.h5")));
    }

    [Fact]
    public void A_run_that_ranks_began_is_stopped_by_a_signal_and_finished_alone()
    {
        RequireLauncher(OpenMpi);
        using var program = new Program();
        using (Program.Running running = Start(program, OpenMpi, 2, [.. Long, "--out", "r"]))
        {
            running.Until(() => File.Exists(program.PathOf("r/checkpoint.bin")), "a checkpoint");
            Process.Start("kill", ["-INT", $"{RankProcess(program, 0)}"]).WaitForExit();
            Outcome stopped = running.Wait();
            Assert.Equal(1, stopped.ExitCode);
            Assert.Contains("the run can go on: shunt resume r", stopped.Error, StringComparison.Ordinal);
        }

        Outcome resumed = program.Run("resume", "r");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(0, program.Run([.. Long, "--out", "alone"]).ExitCode);
        Assert.Equal(Hash(program, "alone"), Hash(program, "r"));
    }

    [TheoryAttribute]
    [InlineData("", null)]
    [InlineData("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0", null)]
    [InlineData("SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 PMIX_RANK=0", null)]
    [InlineData("SLURM_NTASKS=8 SLURM_PROCID=0", null)]
    [InlineData("OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=3", "libmpi.so.40")]
    [InlineData("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2 PMIX_RANK=2", "libmpi.so.40")]
    [InlineData("SLURM_STEP_NUM_TASKS=4 PMI_SIZE=4 PMI_RANK=2", "libmpich.so.12 libmpi.so.12")]
    [InlineData("PMI_SIZE=4 PMI_RANK=2 SHUNT_MPI_LIBRARY=libmpi_cray.so", "libmpi_cray.so")]
    public void The_library_is_that_of_the_launcher_and_none_is_touched_without(string environment, string? library)
    {
        MpiLaunch? launch = MpiLaunch.Of(Variable(environment));
        Assert.Equal(library, launch is null ? null : string.Join(' ', launch.Library));
    }

    [Fact]
    public void A_library_that_is_not_there_is_named_once_with_what_to_do()
    {
        RequireLauncher(OpenMpi);
        using var program = new Program();
        Dictionary<string, string> environment = new(Environment) { [MpiLaunch.LibraryVariable] = "libnone.so" };
        using Program.Running running = program.Launch(environment, Command(OpenMpi, 2), Simulate);
        Outcome outcome = running.Wait();
        Assert.Equal(1, outcome.ExitCode);
        Assert.Single(outcome.ErrorLines, l => l.StartsWith("shunt: this is one of 2 processes, but libnone.so,", StringComparison.Ordinal));
    }

    [Fact]
    public void Threads_are_shared_by_those_on_the_same_cores()
    {
        var teams = Shunt.Tests.Simulation.ThreadRanks.Run(2, Team.Meet);
        Assert.All(teams, t => Assert.Null(t.Error));
        Assert.All(teams, t => Assert.Equal(2, t.Result!.OnThisMachine));
        Assert.All(teams, t => Assert.Equal(Math.Max(1, System.Environment.ProcessorCount / 2), t.Result!.Threads));
    }

    /// <summary>What mpirun needs: no terminal, and root allowed where tests run as root.</summary>
    internal static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["TERM"] = "dumb",
        ["OMPI_ALLOW_RUN_AS_ROOT"] = "1",
        ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1",
    };

    internal static void RequireLauncher(string launcher) => Assert.SkipWhen(
        !(System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, launcher))), $"{launcher} is not installed");

    private static Func<string, string?> Variable(string environment)
    {
        var values = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        return name => values.GetValueOrDefault(name);
    }

    private static string[] Command(string launcher, int ranks) =>
        launcher == OpenMpi ? [launcher, "--oversubscribe", "--mca", "mpi_yield_when_idle", "1", "-n", $"{ranks}"] : [launcher, "-n", $"{ranks}"];

    private static Program.Running Start(Program program, string launcher, int ranks, params string[] arguments) =>
        program.Launch(Environment, Command(launcher, ranks), arguments);

    private static Outcome Launch(Program program, string launcher, int ranks, params string[] arguments)
    {
        using Program.Running running = Start(program, launcher, ranks, arguments);
        return running.Wait();
    }

    private static string Hash(Program program, string folder) => (string)JsonNode.Parse(program.Read($"{folder}/summary.json"))!["simulation"]!["spikes_sha256"]!;

    private static int RankProcess(Program program, int rank)
    {
        foreach (string process in Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                string[] words = File.ReadAllText($"{process}/cmdline").Split('\0'), environment = File.ReadAllText($"{process}/environ").Split('\0');
                if (words[0] == "dotnet" && words[1] == Program.Assembly && new DirectoryInfo($"{process}/cwd").ResolveLinkTarget(true)?.FullName == program.Folder
                    && (environment.Contains($"OMPI_COMM_WORLD_RANK={rank}") || environment.Contains($"PMI_RANK={rank}")))
                    return int.Parse(Path.GetFileName(process), System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
            {
                // gone, or not ours
            }
        }

        throw new InvalidOperationException($"there is no rank {rank}");
    }
}
