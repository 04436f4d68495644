using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Memory and disk that do not suffice.</summary>
public sealed class LimitTests
{
    private static readonly string[] Huge =
        ["tiny.yaml", "--set", "populations.E.size=3000000", "--set", "populations.I.size=750000", "--set", "coupling.K=10000"];

    [Fact]
    public void A_network_that_cannot_fit_is_refused_with_the_numbers_that_estimate_prints()
    {
        using var program = new Program();
        Outcome estimate = program.Run(["estimate", .. Huge]);
        Assert.Equal(0, estimate.ExitCode);
        string[] cells = estimate.OutputLines[1].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal("NO", cells[4]);

        Outcome refused = program.Run(["run", .. Huge]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(
            $"about {cells[3]} of memory would be needed ({cells[1]} synapses at {cells[2]} bytes)", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Error, StringComparison.Ordinal);
        Assert.Equal(["tiny.yaml"], program.Files);
    }

    /// <summary>Enough synapses that their bytes are measured as the growth of the process.</summary>
    [Fact]
    public void Memory_and_bytes_per_synapse_are_what_was_estimated()
    {
        using var program = new Program();
        string[] network =
        [
            "tiny.yaml", "--json", "--quiet", "--set", "populations.E.size=40000", "--set", "populations.I.size=10000", "--set", "coupling.K=5000",
            "--set", "coupling.a=0.0005", "--set", "simulation.warmup=0 s", "--set", "simulation.duration=2 ms",
        ];
        JsonElement estimate = JsonDocument.Parse(program.Run(["estimate", .. network]).Output).RootElement.GetProperty("estimate");
        JsonElement measured = JsonDocument.Parse(program.Run(["simulate", .. network]).Output).RootElement.GetProperty("simulation").GetProperty("performance");
        Assert.Equal(50_000L * 6250, measured.GetProperty("synapses").GetInt64());
        Assert.InRange(measured.GetProperty("peak_rss_mb").GetDouble() / estimate.GetProperty("memory_mb").GetDouble(), 0.9, 1.1);
        double bytes = measured.GetProperty("bytes_per_synapse").GetDouble();
        Assert.InRange(bytes, 1, 1.1);
        Assert.InRange(bytes / estimate.GetProperty("bytes_per_synapse").GetDouble(), 0.95, 1.05);
    }

    [Fact]
    public void Force_overrides_the_refusal()
    {
        // When no more memory is to be had than the estimate says, nothing is to spare, though the network fits.
        using var program = new Program();
        JsonElement estimate = JsonDocument.Parse(program.Run("estimate", "tiny.yaml", "--json").Output).RootElement.GetProperty("estimate");
        long limit = (long)(estimate.GetProperty("memory_mb").GetDouble() * 1e6);
        var small = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = limit.ToString("X", CultureInfo.InvariantCulture) };
        using Program.Running refused = program.Start(small, "simulate", "tiny.yaml", "--json");
        Assert.Equal(2, refused.Wait().ExitCode);
        using Program.Running forced = program.Start(small, "simulate", "tiny.yaml", "--json", "--force");
        Assert.Equal(0, forced.Wait().ExitCode);
    }

    [Fact]
    public void A_disk_that_fills_up_ends_with_1_one_message_and_the_spikes_until_then()
    {
        using var program = new Program();
        string disk = Directory.CreateDirectory(program.PathOf("disk")).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Mount("-t", "tmpfs", "-o", "size=300k", "tmpfs", disk),
            "a small disk can only be mounted on Linux, as root");
        try
        {
            Outcome full = program.Run("run", "tiny.yaml", "--out", "disk/r", "--set", "simulation.duration=100 s");
            Assert.Equal(1, full.ExitCode);
            string message = Assert.Single(full.ErrorLines, l => l.StartsWith("shunt: ", StringComparison.Ordinal));
            Assert.Contains("disk/r/spikes.spool: recording spikes failed", message, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", full.Error, StringComparison.Ordinal);
            Assert.Contains("firing rate", full.Output, StringComparison.Ordinal);

            Outcome stillFull = program.Run("recover", "disk/r");
            Assert.Equal(1, stillFull.ExitCode);
            Assert.Contains("spikes.h5: cannot be written", Assert.Single(stillFull.ErrorLines), StringComparison.Ordinal);

            Assert.True(Mount("-o", "remount,size=10m", disk));
            Outcome recovered = program.Run("recover", "disk/r");
            Assert.Equal(0, recovered.ExitCode);
            // 300 kB hold about 12 + 4 n bytes for each step with n spikes.
            Assert.InRange(InterruptTests.SpikesIn(program.PathOf("disk/r/spikes.h5")), 300_000 / 17 / 2, 300_000 / 4);
        }
        finally
        {
            using Process unmount = Process.Start("umount", [disk]);
            unmount.WaitForExit();
        }
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_ends_the_run_and_leaves_the_one_before()
    {
        // The folder of the checkpoint's passing name is in the way: what fails is the checkpoint, not the recording.
        using var program = new Program();
        string[] endless = ["simulate", "tiny.yaml", "--out", "r", "--set", "simulation.duration=10000 s", "--checkpoint", "0.1"];
        using Program.Running running = program.Start(endless);
        running.Until(() => program.Files.Contains("r/checkpoint.bin"), "a checkpoint");
        while (!Directory.Exists(program.PathOf("r/checkpoint.bin.partial")))
        {
            try
            {
                Directory.CreateDirectory(program.PathOf("r/checkpoint.bin.partial"));
            }
            catch (IOException)
            {
                // A checkpoint is just being written; between two there is room.
            }
        }

        Outcome failed = running.Wait();
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("r/checkpoint.bin: cannot be written", failed.Error, StringComparison.Ordinal);
        Assert.Contains("the run can go on: shunt resume r", failed.Error, StringComparison.Ordinal);
        Assert.Contains("r/spikes.spool", program.Files);
        JsonElement simulation = JsonDocument.Parse(program.Read("r/summary.json")).RootElement.GetProperty("simulation");
        Assert.False(simulation.GetProperty("complete").GetBoolean());

        Directory.Delete(program.PathOf("r/checkpoint.bin.partial"));
        DateTime before = File.GetLastWriteTimeUtc(program.PathOf("r/checkpoint.bin"));
        using Program.Running resumed = program.Start("resume", "r", "--checkpoint", "0.1");
        resumed.Until(() => File.GetLastWriteTimeUtc(program.PathOf("r/checkpoint.bin")) > before, "the next checkpoint");
        resumed.Signal("INT");
        Assert.Contains("the run can go on", resumed.Wait().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_full_when_a_checkpoint_is_due_keeps_the_one_before_and_the_run_goes_on_when_there_is_room()
    {
        using var program = new Program();
        // A short series makes a small checkpoint: what fills the disk is the recording.
        string[] what =
        [
            "simulate", "tiny.yaml", "--set", "simulation.duration=20 s", "--set", "record.rate_bin=10 ms",
            "--set", "record.sample_interval=10 ms",
        ];
        string whole = Hash(program.Run([.. what, "--json"]).Output);
        string disk = Directory.CreateDirectory(program.PathOf("disk")).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Mount("-t", "tmpfs", "-o", "size=300k", "tmpfs", disk),
            "a small disk can only be mounted on Linux, as root");
        try
        {
            Outcome full = program.Run([.. what, "--out", "disk/r", "--checkpoint", "0.001"]);
            Assert.Equal(1, full.ExitCode);
            Assert.Contains("No space left", Assert.Single(full.ErrorLines, l => l.StartsWith("shunt: ", StringComparison.Ordinal)),
                StringComparison.Ordinal);
            Assert.Contains("disk/r/checkpoint.bin", program.Files);
            Outcome stillFull = program.Run("resume", "disk/r");
            Assert.Equal(1, stillFull.ExitCode);
            Assert.Contains("disk/r/checkpoint.bin", program.Files);

            Assert.True(Mount("-o", "remount,size=20m", disk));
            Outcome resumed = program.Run("resume", "disk/r", "--json");
            Assert.Equal(0, resumed.ExitCode);
            Assert.Equal(whole, Hash(resumed.Output));
        }
        finally
        {
            using Process unmount = Process.Start("umount", [disk]);
            unmount.WaitForExit();
        }

        static string Hash(string json) =>
            JsonDocument.Parse(json).RootElement.GetProperty("simulation").GetProperty("spikes_sha256").GetString()!;
    }

    [Fact]
    public void An_answer_that_cannot_be_written_ends_with_1_and_the_results_are_kept()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        using var program = new Program();
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"dotnet '{Program.Assembly}' run tiny.yaml --quiet > /dev/full"])
        {
            WorkingDirectory = program.Folder,
            RedirectStandardError = true,
        })!;
        string error = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(1, shell.ExitCode);
        Assert.Contains("shunt: standard output cannot be written", error, StringComparison.Ordinal);
        Assert.Contains("results/tiny/report.html", program.Files);
    }

    private static bool Mount(params string[] arguments)
    {
        using Process mount = Process.Start(new ProcessStartInfo("mount", arguments) { RedirectStandardError = true })!;
        mount.StandardError.ReadToEnd();
        mount.WaitForExit();
        return mount.ExitCode == 0;
    }
}
