using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Runs that are killed or stopped, and go on.</summary>
public sealed class ResumeTests
{
    /// <summary>Some seconds of wall time.</summary>
    private const string Seconds = """
        name: seconds
        populations: {E: {size: 800}, I: {size: 200}}
        coupling: {K: 100, gamma: 0.25, a: 0.009, g: 20, in_degree_cv: 0.1}
        input: {rate: 60 Hz, wiring: pool, size: 800}
        delays: {E: 0..4 ms, I: 0..1 ms}
        simulation: {dt: 0.1 ms, warmup: 0.5 s, duration: 8 s}
        """;

    private static readonly string[] Endless = ["run", "tiny.yaml", "--out", "r", "--set", "simulation.duration=10000 s", "--checkpoint", "0.05"];

    [Fact]
    public void A_run_that_is_killed_at_any_moment_ends_with_the_same_spikes()
    {
        using var program = new Program();
        program.Write("seconds.yaml", Seconds);
        Outcome whole = program.Run("simulate", "seconds.yaml", "--out", "whole", "--threads", "2", "--json");
        JsonElement expected = Simulation(whole.Output);
        var random = new Random(1);
        int killed = 0, withCheckpoint = 0;
        for (int run = 0; run < 2; run++)
        {
            string folder = FormattableString.Invariant($"r{run}");
            string[] command = ["simulate", "seconds.yaml", "--out", folder, "--threads", "2"];
            for (int leg = 0; leg < 3; leg++)
            {
                using Program.Running running = program.Start([.. command, "--checkpoint", "0.1"]);
                bool hadCheckpoint = File.Exists(program.PathOf($"{folder}/checkpoint.bin"));
                running.Until(() => File.Exists(program.PathOf($"{folder}/spikes.spool")), "the recording");
                if (leg == 0) running.Until(() => File.Exists(program.PathOf($"{folder}/checkpoint.bin")), "a checkpoint");
                Thread.Sleep(random.Next(0, 500));
                running.Signal("KILL");
                if (running.Wait().ExitCode == 0) break;
                killed++;
                if (hadCheckpoint || File.Exists(program.PathOf($"{folder}/checkpoint.bin"))) withCheckpoint++;
                command = ["resume", folder, "--threads", (1 + (leg % 3)).ToString(CultureInfo.InvariantCulture)];
            }

            Outcome resumed = program.Run("resume", folder, "--threads", "3", "--json");
            Assert.Equal(0, resumed.ExitCode);
            if (resumed.Output.Length == 0) continue; // killed too late: it was complete
            AssertSame(expected, Simulation(resumed.Output));
            Assert.Equal(expected.GetProperty("spikes").GetInt64(), InterruptTests.SpikesIn(program.PathOf($"{folder}/spikes.h5")));
            Assert.Equal(program.Read("whole/tables/neurons.csv"), program.Read($"{folder}/tables/neurons.csv"));
            Assert.DoesNotContain(program.Files, f => f.StartsWith(folder, StringComparison.Ordinal)
                && (f.Contains("checkpoint", StringComparison.Ordinal) || f.Contains("spool", StringComparison.Ordinal)));
        }

        Assert.True(withCheckpoint >= 2, $"{killed} killed, {withCheckpoint} of them with a checkpoint");
    }

    [Fact]
    public void A_stopped_run_goes_on_with_everything_that_belonged_to_it()
    {
        using var program = new Program();
        string[] what = ["run", "tiny.yaml", "--set", "simulation.duration=60 s", "--set", "coupling.g=9"];
        JsonElement whole = JsonDocument.Parse(program.Run([.. what, "--json"]).Output).RootElement;
        Assert.Equal(1, program.Interrupt("TERM", () => InterruptTests.HasSpikes(program), "spikes on the disk", [.. what, "--out", "r"]).ExitCode);

        Outcome resumed = program.Run("resume", "r", "--threads", "1", "--json");
        Assert.Equal(0, resumed.ExitCode);
        Assert.Contains("going on at ", resumed.Error, StringComparison.Ordinal);
        JsonElement point = JsonDocument.Parse(resumed.Output).RootElement;
        Assert.Equal(whole.GetProperty("set").GetRawText(), point.GetProperty("set").GetRawText());
        Assert.Equal(whole.GetProperty("theory").GetRawText(), point.GetProperty("theory").GetRawText());
        AssertSame(whole.GetProperty("simulation"), point.GetProperty("simulation"));
        JsonElement provenance = JsonDocument.Parse(program.Read("r/provenance.json")).RootElement;
        Assert.Equal("complete", provenance.GetProperty("outcome").GetString());
        Assert.StartsWith("shunt run tiny.yaml ", provenance.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Matches(@"^at [\d.]+ s, \d{4}-\d\d-\d\dT", provenance.GetProperty("resumed").GetString());

        Outcome again = program.Run("resume", "r");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("r: the run is complete; there is nothing to resume", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_was_killed_before_its_first_checkpoint_begins_again()
    {
        using var program = new Program();
        string whole = Simulation(program.Run("simulate", "tiny.yaml", "--json", "--set", "simulation.duration=60 s").Output)
            .GetProperty("spikes_sha256").GetString()!;
        program.Interrupt(
            "KILL", () => InterruptTests.HasSpikes(program), "spikes on the disk", "simulate", "tiny.yaml", "--out", "r", "--set", "simulation.duration=60 s");

        Outcome resumed = program.Run("resume", "r", "--json");
        Assert.Equal(0, resumed.ExitCode);
        Assert.Contains("there is no checkpoint: the run begins again", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(whole, Simulation(resumed.Output).GetProperty("spikes_sha256").GetString());
        Assert.False(JsonDocument.Parse(resumed.Output).RootElement.TryGetProperty("theory", out _));
    }

    [TheoryAttribute]
    [InlineData("0.01")]
    [InlineData("0")]
    public void A_run_that_was_killed_while_it_drew_its_figures_gets_them(string checkpoint)
    {
        using var program = new Program();
        program.Interrupt(
            "KILL", () => program.Files.Contains("r/summary.json"), "the first results", "run", "tiny.yaml", "--out", "r", "--checkpoint", checkpoint);

        Assert.SkipWhen(program.Files.Contains("r/report.html"), "the figures were drawn too fast");
        Assert.Equal(0, program.Run("resume", "r/").ExitCode);
        foreach (string name in (string[])["report.html", "figures/summary.png", "spikes.h5"]) Assert.Contains($"r/{name}", program.Files);
        Assert.DoesNotContain("r/spikes.spool", program.Files);
    }

    [Fact]
    public void What_cannot_be_continued_is_refused_with_the_reason_and_nothing_is_changed()
    {
        using var program = new Program();
        using (Program.Running running = program.Start(Endless))
        {
            running.Until(() => InterruptTests.HasSpikes(program), "spikes on the disk");
            DateTime then = DateTime.UtcNow;
            running.Until(() => File.GetLastWriteTimeUtc(program.PathOf("r/checkpoint.bin")) > then, "a checkpoint after them");
            Refused("is the run still going?", exitCode: 1);
            running.Signal("KILL");
            running.Wait();
        }

        byte[] checkpoint = File.ReadAllBytes(program.PathOf("r/checkpoint.bin")), spool = File.ReadAllBytes(program.PathOf("r/spikes.spool"));
        File.WriteAllBytes(program.PathOf("r/checkpoint.bin"), checkpoint[..^100]);
        Refused("checkpoint.bin: is cut short or damaged");
        byte[] flipped = [.. checkpoint];
        flipped[flipped.Length / 2] ^= 4;
        File.WriteAllBytes(program.PathOf("r/checkpoint.bin"), flipped);
        Refused("checkpoint.bin: is cut short or damaged");
        File.WriteAllText(program.PathOf("r/checkpoint.bin"), "something else altogether");
        Refused("checkpoint.bin: is not a checkpoint of shunt");
        File.WriteAllBytes(program.PathOf("r/checkpoint.bin"), checkpoint);
        Assert.Equal(spool, File.ReadAllBytes(program.PathOf("r/spikes.spool")));

        string experiment = program.Read("r/experiment.yaml");
        File.WriteAllText(program.PathOf("r/experiment.yaml"), experiment.Replace("seed: 1", "seed: 2", StringComparison.Ordinal));
        Refused("belongs to another experiment, 'tiny'");
        File.WriteAllText(program.PathOf("r/experiment.yaml"), experiment);

        File.WriteAllBytes(program.PathOf("r/spikes.spool"), spool[..100]);
        Refused("spikes.spool: has 100 bytes, and the checkpoint needs the first", exitCode: 1);
        File.Delete(program.PathOf("r/spikes.spool"));
        Refused("spikes.spool: is not there", exitCode: 1);
        spool[60] ^= 1;
        File.WriteAllBytes(program.PathOf("r/spikes.spool"), spool);
        Refused("is not the one that belongs to the checkpoint", exitCode: 1);
        Assert.Equal(checkpoint, File.ReadAllBytes(program.PathOf("r/checkpoint.bin")));

        program.Run("theory", "tiny.yaml", "--out", "t");
        Refused("t: was written by 'shunt theory tiny.yaml --out t', which simulates nothing", folder: "t");
        Refused("nowhere: there is no such folder", folder: "nowhere");
        Refused(".: has no experiment.yaml", folder: ".");

        void Refused(string reason, int exitCode = 2, string folder = "r")
        {
            Outcome outcome = program.Run("resume", folder, "--quiet");
            string message = Assert.Single(outcome.ErrorLines, l => l.StartsWith("shunt: ", StringComparison.Ordinal));
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.Equal(exitCode, outcome.ExitCode);
        }
    }

    [Fact]
    public void A_sweep_names_the_point_that_can_go_on_and_the_point_goes_on()
    {
        using var program = new Program();
        using (Program.Running running = program.Start("simulate", "tiny.yaml", "--out", "r", "--sweep", "simulation.duration=0.1:60:2 s"))
        {
            running.Until(() => InterruptTests.HasSpikes(program, "r/points/0002/spikes.spool"), "spikes of the second point");
            running.Signal("INT");
            running.Wait();
        }

        Outcome whole = program.Run("resume", "r");
        Assert.Equal(2, whole.ExitCode);
        Assert.Contains("r: is the folder of a sweep, which cannot be resumed as a whole; this point can go on alone: shunt resume r/points/0002",
            whole.Error, StringComparison.Ordinal);
        Outcome point = program.Run("resume", "r/points/0002", "--json");
        Assert.Equal(0, point.ExitCode);
        string expected = program.Run("simulate", "tiny.yaml", "--json", "--set", "simulation.duration=60 s").Output;
        AssertSame(Simulation(expected), Simulation(point.Output));
    }

    [Fact]
    public void Activity_that_runs_away_stops_the_run_and_leaves_no_checkpoint()
    {
        using var program = new Program();
        string[] runaway = ["simulate", "tiny.yaml", "--out", "r", "--set", "coupling.g=0", "--set", "coupling.a=0.2", "--checkpoint", "0.001"];
        Outcome stopped = program.Run(runaway);
        Assert.Equal(1, stopped.ExitCode);
        Assert.Contains("at 0.1 s activity has run away: population 'E' fired at", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("the fastest is neuron ", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("simulation.stop_above", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("r/spikes.h5", program.Files);
        Assert.DoesNotContain("r/checkpoint.bin", program.Files);
        Assert.Equal(0, program.Run(
            "simulate", "tiny.yaml", "--json", "--set", "coupling.g=0", "--set", "coupling.a=0.2", "--set", "simulation.stop_above=inf Hz").ExitCode);
        Outcome wrong = program.Run("simulate", "tiny.yaml", "--set", "simulation.stop_above=0 Hz");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("simulation.stop_above: 0 Hz; must be positive, or inf", wrong.Error, StringComparison.Ordinal);
    }

    private static JsonElement Simulation(string json) => JsonDocument.Parse(json).RootElement.GetProperty("simulation");

    private static void AssertSame(JsonElement expected, JsonElement actual)
    {
        Assert.Equal(expected.GetProperty("spikes_sha256").GetString(), actual.GetProperty("spikes_sha256").GetString());
        Assert.True(actual.GetProperty("complete").GetBoolean());
        foreach (JsonProperty population in expected.GetProperty("populations").EnumerateObject())
        {
            foreach (JsonProperty quantity in population.Value.EnumerateObject().Where(q => q.Value.ValueKind == JsonValueKind.Number))
            {
                JsonElement other = actual.GetProperty("populations").GetProperty(population.Name).GetProperty(quantity.Name);
                double x = quantity.Value.GetDouble(), y = other.GetDouble();
                Assert.True(Math.Abs(x - y) <= 1e-9 * Math.Max(1, Math.Abs(x)), $"{population.Name}.{quantity.Name}: {x:R} and {y:R}");
            }
        }
    }
}
