using System.Text.Json;
using Shunt.Experiments;
using Shunt.Tests.Experiments;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Runs that end well: what they print and what they leave.</summary>
public sealed class RunTests
{
    [Fact]
    public void A_run_leaves_a_folder_whose_experiment_gives_the_same_spikes_on_any_number_of_threads()
    {
        using var program = new Program();
        Outcome outcome = program.Run("run", "tiny.yaml", "--threads", "1", "--set", "input.rate=260 Hz");

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("firing rate", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("results: results/tiny (open report.html)", outcome.Error, StringComparison.Ordinal);
        string[] files = [.. program.Files];
        string[] expected =
            ["report.html", "summary.json", "experiment.yaml", "provenance.json", "spikes.h5", "tables/comparison.csv", "tables/neurons.csv"];
        foreach (string name in expected)
            Assert.Contains($"results/tiny/{name}", files);
        foreach (string ending in (string[])[".svg", ".png", ".pdf"])
            Assert.Contains(files,
                f => f.StartsWith("results/tiny/figures/", StringComparison.Ordinal) && f.EndsWith(ending, StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => f.EndsWith(".spool", StringComparison.Ordinal) || f.EndsWith(".partial", StringComparison.Ordinal));

        JsonElement provenance = JsonDocument.Parse(program.Read("results/tiny/provenance.json")).RootElement;
        Assert.Equal("shunt run tiny.yaml --threads 1 --set 'input.rate=260 Hz'", provenance.GetProperty("command").GetString());
        Assert.Equal("complete", provenance.GetProperty("outcome").GetString());

        Outcome again = program.Run("simulate", "results/tiny/experiment.yaml", "--threads", "2", "--json", "--quiet");
        Assert.Equal(Hash(program.Read("results/tiny/summary.json")), Hash(again.Output));
    }

    [Fact]
    public void A_sweep_prints_one_row_per_point_says_each_warning_once_and_keeps_a_folder_per_point()
    {
        using var program = new Program();
        Outcome outcome = program.Run(
            "simulate", "tiny.yaml", "--sweep", "input.rate=200:300:3 Hz", "--out", "r", "--set", "simulation.duration=0.01 s");

        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(2 + 3, outcome.OutputLines.Length);
        Assert.Matches(@"^input\.rate +E rate \(Hz\) +E CV +I rate \(Hz\) +I CV$", outcome.OutputLines[0]);
        Assert.Matches(@"^ +250 +[\d.]+", outcome.OutputLines[3]);
        string[] warnings = [.. outcome.ErrorLines.Where(l => l.Contains("interspike intervals", StringComparison.Ordinal))];
        Assert.Equal(2, warnings.Length);
        Assert.All(warnings, w => Assert.EndsWith("(at every point)", w, StringComparison.Ordinal));
        for (int i = 1; i <= 3; i++)
        {
            foreach (string name in (string[])["experiment.yaml", "spikes.h5", "tables/comparison.csv"])
                Assert.Contains($"r/points/000{i}/{name}", program.Files);
        }

        Assert.Equal(4, program.Read("r/tables/sweep.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Quiet_means_no_progress_and_no_notes_and_the_answer_is_the_same()
    {
        using var program = new Program();
        Outcome loud = program.Run("theory", "tiny.yaml"), quiet = program.Run("theory", "tiny.yaml", "--quiet");
        Assert.Contains(loud.ErrorLines, l => l.StartsWith("theory (siegert):", StringComparison.Ordinal));
        Assert.All(quiet.ErrorLines, l => Assert.StartsWith("warning: ", l, StringComparison.Ordinal));
        Assert.Equal(loud.Output, quiet.Output);
        Assert.Equal(["tiny.yaml"], program.Files);
    }

    [Fact]
    public void Each_theory_by_name_answers()
    {
        using var program = new Program();
        foreach (string method in Shunt.Theory.TransferFunctions.Names)
        {
            string tau = Shunt.Theory.TransferFunctions.Named(method).UsesSynapticTime ? "20 ms" : "0 ms";
            Outcome outcome = program.Run(
                "theory", "tiny.yaml", "--json", "--set", $"theory.method={method}", "--set", "input.rate=100 Hz", "--set", $"synapses.tau_syn={tau}");
            Assert.Equal(0, outcome.ExitCode);
            Assert.Equal(method, JsonDocument.Parse(outcome.Output).RootElement.GetProperty("theory").GetProperty("method").GetString());
        }
    }

    [Fact]
    public void Each_point_of_a_sweep_has_the_provenance_of_its_own()
    {
        using var program = new Program();
        Outcome outcome = program.Run(
            "simulate", "tiny.yaml", "--out", "r", "--sweep", "simulation.seed=5:6:2", "--set", "simulation.duration=0.01 s", "--quiet");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(
            ["5 complete", "6 complete", "varies (see points) complete"],
            ((string[])["r/points/0001", "r/points/0002", "r"]).Select(folder => SeedAndOutcome(program, folder)));
        JsonElement root = JsonDocument.Parse(program.Read("r/provenance.json")).RootElement;
        Assert.Equal("0.1 ms", root.GetProperty("conventions").GetProperty("dt").GetString());
    }

    [Fact]
    public void An_exception_nobody_expected_ends_a_sweep_and_keeps_the_points_before_it()
    {
        using var program = new Program();
        int calls = 0;
        var request = new Shunt.Cli.Request
        {
            File = program.PathOf("tiny.yaml"),
            Set = [],
            Sweep = ["input.rate=200:300:3"],
            Out = program.PathOf("r"),
            Quiet = true,
            CommandText = "shunt theory",
        };
        int exit = Shunt.Cli.Session.Execute(
            request, e => ++calls == 2 ? throw new InvalidOperationException("unforeseen") : PointRunner.Predict(e), simulation: false);

        Assert.Equal((1, 2), (exit, calls));
        Assert.Equal("1 complete", SeedAndOutcome(program, "r/points/0001"));
        Assert.StartsWith(
            "1 failed: input.rate=250 Hz: internal error, please report it: System.InvalidOperationException: unforeseen",
            SeedAndOutcome(program, "r"), StringComparison.Ordinal);
        Assert.Equal(3, program.Read("r/tables/sweep.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("r/report.html", program.Files);
    }

    [Fact]
    public void A_point_that_cannot_be_wired_is_wrong_input_and_the_points_before_it_are_kept()
    {
        using var program = new Program();
        Outcome outcome = program.Run(
            "simulate", "tiny.yaml", "--out", "r", "--quiet", "--set", "coupling.K=76", "--sweep", "coupling.in_degree_cv=0:0.3:2");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("shunt: coupling.K=76, coupling.in_degree_cv=0.3: projections[0]: neuron ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("1 complete", SeedAndOutcome(program, "r/points/0001"));
        Assert.DoesNotContain("r/points/0002", program.Files);
        Assert.Equal(2, program.Read("r/tables/sweep.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [TheoryAttribute]
    [InlineData(new string[0], "shunt: theory (siegert): no self-consistent state was found")]
    [InlineData(
        new[] { "--sweep", "input.rate=250:100000:2 Hz" },
        "shunt: input.rate=100000 Hz: theory (siegert): no self-consistent state was found")]
    public void A_theory_without_an_answer_ends_with_1(string[] sweep, string message)
    {
        using var program = new Program();
        Outcome outcome = program.Run(
            ["theory", "tiny.yaml", "--set", "coupling.g=0", "--set", "neuron.t_ref=0 ms", "--set", "input.rate=100 kHz", "--quiet", .. sweep]);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(outcome.ErrorLines, l => l.StartsWith(message, StringComparison.Ordinal));
    }

    private static string SeedAndOutcome(Program program, string folder)
    {
        JsonElement provenance = JsonDocument.Parse(program.Read($"{folder}/provenance.json")).RootElement;
        return $"{provenance.GetProperty("seed").GetString()} {provenance.GetProperty("outcome").GetString()}";
    }

    private static string Hash(string json) =>
        JsonDocument.Parse(json).RootElement.GetProperty("simulation").GetProperty("spikes_sha256").GetString()!;

    [Fact]
    public void A_theory_that_would_need_too_much_says_so_in_one_line()
    {
        using var program = new Program();
        Outcome outcome = program.Run("theory", Repository.PathOf("experiments/fig11/network.yaml"), "--set", "coupling.K=100000000", "--set", "theory.method=exact-jump");
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("shunt: theory.method: exact-jump would need a matrix of ", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }
}
