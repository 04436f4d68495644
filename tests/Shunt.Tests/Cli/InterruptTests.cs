using System.Text.Json;
using PureHDF;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Runs that are stopped: what was recorded stays readable, and the results say that they are not complete.</summary>
public sealed class InterruptTests
{
    private const string Spool = "r/spikes.spool";
    private static readonly string[] Endless = ["run", "tiny.yaml", "--out", "r", "--set", "simulation.duration=10000 s"];

    [Fact]
    public void Ctrl_C_while_simulating_writes_everything_measured_until_then()
    {
        using var program = new Program();
        using Program.Running running = program.Start(Endless);
        running.Until(() => running.Error.Contains("tiny: simulating, ", StringComparison.Ordinal), "a line of progress");
        running.Until(() => HasSpikes(program), "spikes on the disk");
        running.Signal("INT");
        Outcome outcome = running.Wait();

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("shunt: stopped before the end", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("firing rate", outcome.Output, StringComparison.Ordinal);
        JsonElement simulation = JsonDocument.Parse(program.Read("r/summary.json")).RootElement.GetProperty("simulation");
        Assert.False(simulation.GetProperty("complete").GetBoolean());
        Assert.InRange(simulation.GetProperty("duration_s").GetDouble(), 1e-4, 9999);
        Assert.Equal(simulation.GetProperty("spikes").GetInt64(), SpikesIn(program.PathOf("r/spikes.h5")));
        Assert.Equal("stopped", Outcome(program));
        foreach (string name in (string[])["report.html", "tables/comparison.csv", "experiment.yaml"]) Assert.Contains($"r/{name}", program.Files);

        // What it takes to go on stays, also after the recording was converted once more.
        Assert.Contains("the run can go on: shunt resume r", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, program.Run("recover", "r").ExitCode);
        foreach (string name in (string[])["checkpoint.bin", "spikes.spool"]) Assert.Contains($"r/{name}", program.Files);
    }

    [Fact]
    public void Without_checkpoints_a_stopped_run_leaves_only_results()
    {
        using var program = new Program();
        using Program.Running running = program.Start([.. Endless, "--checkpoint", "0"]);
        running.Until(() => HasSpikes(program), "spikes on the disk");
        running.Signal("INT");
        Assert.Equal(1, running.Wait().ExitCode);
        Assert.DoesNotContain("r/checkpoint.bin", program.Files);
        Assert.DoesNotContain(Spool, program.Files);
    }

    [Fact]
    public void Ctrl_C_while_drawing_changes_nothing()
    {
        using var program = new Program();
        using Program.Running running = program.Start("run", "tiny.yaml", "--out", "r");
        running.Until(() => program.Files.Contains("r/summary.json"), "the first results");
        running.Signal("INT");
        Outcome outcome = running.Wait();

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("everything had been measured: the results are complete", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("r/report.html", program.Files);
        Assert.Equal("complete", Outcome(program));
    }

    [Fact]
    public void Termination_while_wiring_leaves_the_prediction_and_an_empty_recording()
    {
        using var program = new Program();
        string[] large =
        [
            "--set", "populations.E.size=20000", "--set", "populations.I.size=5000", "--set", "coupling.K=2000", "--set", "coupling.a=0.001",
            "--threads", "1",
        ];
        using Program.Running running = program.Start([.. Endless, .. large]);
        running.Until(() => File.Exists(program.PathOf(Spool)), "the recording");
        running.Signal("TERM");
        Outcome outcome = running.Wait();

        Assert.Equal(1, outcome.ExitCode);
        JsonElement point = JsonDocument.Parse(program.Read("r/summary.json")).RootElement;
        Assert.True(point.TryGetProperty("theory", out _));
        Assert.False(point.TryGetProperty("simulation", out _));
        Assert.Equal(0, SpikesIn(program.PathOf("r/spikes.h5")));
        Assert.Contains("r/report.html", program.Files);
        Assert.Equal("stopped", Outcome(program));
    }

    [TheoryAttribute]
    [InlineData("KILL")]
    [InlineData("INT INT")]
    public void What_a_killed_run_has_recorded_can_be_recovered(string signals)
    {
        using var program = new Program();
        using Program.Running running = program.Start(Endless);
        running.Until(() => HasSpikes(program), "spikes on the disk");
        Outcome tooEarly = program.Run("recover", "r");
        Assert.Equal(1, tooEarly.ExitCode);
        Assert.Contains("is the run still going?", tooEarly.Error, StringComparison.Ordinal);
        foreach (string signal in signals.Split(' ')) running.Signal(signal);
        Assert.NotEqual(0, running.Wait().ExitCode);

        if (signals == "KILL")
        {
            Assert.Contains(Spool, program.Files);
            Assert.Contains("r/experiment.yaml", program.Files);
            Outcome outcome = program.Run("recover", "r");
            Assert.Equal(0, outcome.ExitCode);
            Assert.Equal($"r/spikes.h5: {SpikesIn(program.PathOf("r/spikes.h5")):N0} spikes, up to ",
                outcome.Output[..(outcome.Output.IndexOf("up to ", StringComparison.Ordinal) + 6)]);
            Assert.DoesNotContain(Spool, program.Files);
            Assert.Equal(2, program.Run("recover", "r").ExitCode);
        }
        else if (program.Files.Contains(Spool))
        {
            Assert.Equal(0, program.Run("recover", "r").ExitCode);
        }

        Assert.True(SpikesIn(program.PathOf("r/spikes.h5")) > 0);
    }

    [Fact]
    public void A_sweep_that_is_stopped_keeps_the_points_that_were_done()
    {
        using var program = new Program();
        using Program.Running running = program.Start("simulate", "tiny.yaml", "--out", "r", "--sweep", "simulation.duration=0.1:10000:2 s");
        running.Until(
            () => program.Files.Contains("r/points/0001/tables/comparison.csv") && program.Files.Contains("r/points/0002/spikes.spool"),
            "the second point");
        running.Signal("INT");
        Assert.Equal(1, running.Wait().ExitCode);
        Assert.True(SpikesIn(program.PathOf("r/points/0001/spikes.h5")) > 0);
        JsonElement[] points = [.. JsonDocument.Parse(program.Read("r/summary.json")).RootElement.EnumerateArray()];
        Assert.True(points[0].GetProperty("simulation").GetProperty("complete").GetBoolean());
        Assert.Contains("r/report.html", program.Files);
    }

    /// <summary>More than the warm-up fires.</summary>
    internal static bool HasSpikes(Program program, string spool = Spool) =>
        File.Exists(program.PathOf(spool)) && new FileInfo(program.PathOf(spool)).Length > 50_000;

    private static string? Outcome(Program program) =>
        JsonDocument.Parse(program.Read("r/provenance.json")).RootElement.GetProperty("outcome").GetString();

    internal static long SpikesIn(string path)
    {
        using var file = H5File.OpenRead(path);
        return file.Group("spikes").Children().Sum(p => (long)((IH5Group)p).Dataset("timestamps").Space.Dimensions[0]);
    }
}
