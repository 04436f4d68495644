using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Parquet;
using Parquet.Schema;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary><c>shunt sweep</c> and <c>shunt plot</c>: one table of many points, whatever happens on the way.</summary>
public sealed class SweepTests
{
    private static readonly string[] Axes = ["--sweep", "input.rate=240:260:2 Hz", "--sweep", "coupling.g=9,10"];

    [Fact]
    public void Every_point_is_a_row_with_what_theory_and_simulation_say()
    {
        using var program = new Program();
        Outcome outcome = program.Run(["sweep", "tiny.yaml", .. Axes, "--repeat", "2", "--out", "s"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal("8 points: 8 done, 0 failed", Assert.Single(outcome.OutputLines));
        List<Dictionary<string, string>> rows = Rows(program, "s");
        Assert.Equal(8, rows.Count);
        Assert.Equal(["1 240 9 1", "2 240 9 2", "3 240 10 1", "4 240 10 2", "5 260 9 1", "6 260 9 2", "7 260 10 1", "8 260 10 2"],
            rows.Select(r => $"{r["point"]} {r["input.rate [Hz]"]} {r["coupling.g"]} {r["repetition"]}"));
        Assert.All(rows, r => Assert.Equal("done converged", $"{r["status"]} {r["theory_status"]}"));
        Assert.Equal(8, rows.Select(r => r["sim_spikes_sha256"]).Distinct().Count());

        // a row is what the point gives on its own
        JsonElement alone = JsonDocument.Parse(program.Run(
            "run", "tiny.yaml", "--json", "--set", "input.rate=260 Hz", "--set", "coupling.g=9", "--seed", "2").Output).RootElement;
        JsonElement simulated = alone.GetProperty("simulation");
        Assert.Equal(simulated.GetProperty("spikes_sha256").GetString(), rows[5]["sim_spikes_sha256"]);
        Assert.Equal(simulated.GetProperty("populations").GetProperty("I").GetProperty("rate_hz").GetDouble(), Number(rows[5]["sim_I_rate_hz"]));
        Assert.Equal(simulated.GetProperty("populations").GetProperty("E").GetProperty("mean_v_mV_sem").GetDouble(), Number(rows[5]["sim_E_mean_v_mV_sem"]));
        Assert.Equal(
            alone.GetProperty("theory").GetProperty("populations").GetProperty("E").GetProperty("cv_isi").GetDouble(), Number(rows[5]["theory_E_cv_isi"]));
    }

    [Fact]
    public async Task The_Parquet_table_has_the_same_cells()
    {
        using var program = new Program();
        program.Run(["sweep", "tiny.yaml", .. Axes, "--out", "s"]);
        List<Dictionary<string, string>> rows = Rows(program, "s");
        await using ParquetReader reader = await ParquetReader.CreateAsync(
            program.PathOf("s/table.parquet"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, reader.RowGroupCount);
        using ParquetRowGroupReader group = reader.OpenRowGroupReader(0);
        Assert.Equal(rows.Count, group.RowCount);
        foreach (DataField field in reader.Schema.GetDataFields())
        {
            string[] expected = [.. rows.Select(r => r[field.Name])];
            if (field.ClrType == typeof(double))
            {
                var values = new double?[rows.Count];
                await group.ReadAsync(field, values.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
                Assert.Equal(expected.Select(e => e.Length == 0 ? (double?)null : Number(e)), values);
            }
            else
            {
                var words = new string?[rows.Count];
                await group.ReadAsync(field, words.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
                Assert.Equal(expected, words.Select(w => w ?? ""));
            }
        }
    }

    [Fact]
    public void Killed_again_and_again_it_loses_no_point_and_repeats_none()
    {
        using var program = new Program();
        string[] command = ["sweep", "tiny.yaml", "--sweep", "coupling.g=8:12:8", "--repeat", "4", "--set", "simulation.duration=3 s", "--out", "s"];
        string journal = program.PathOf("s/journal/local.jsonl");
        int Lines() => File.Exists(journal) ? File.ReadAllText(journal).Count(c => c == '\n') : 0;
        foreach (string signal in (string[])["KILL", "INT", "KILL"])
        {
            int before = Lines();
            Outcome stopped = program.Interrupt(signal, () => Lines() >= before + 4, "some points are done", command);
            Assert.NotEqual(0, stopped.ExitCode);
            if (before > 0) Assert.Equal($"{before} of 32 points are there already", stopped.ErrorLines[0]);
            if (signal == "INT") Assert.Contains("stopped; the same command goes on where it was", stopped.Error, StringComparison.Ordinal);
            File.AppendAllText(journal, "{\"Key\":\"cut off"); // as a power failure would leave it
        }

        Assert.InRange(Lines(), 12, 31);
        Outcome outcome = program.Run(command);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(32, Lines());
        Assert.Equal(32, File.ReadLines(journal).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("Key").GetString()).Distinct().Count());

        // the same table as without interruptions, but for times
        program.Run([.. command[..^1], "whole"]);
        Assert.Equal(Cells("whole"), Cells("s"));
        IEnumerable<string> Cells(string folder) => Rows(program, folder).Select(r => string.Join(' ', r.Where(c => c.Key != "seconds").Select(c => c.Value)));
    }

    [Fact]
    public void More_values_are_added_and_a_changed_experiment_is_noticed()
    {
        using var program = new Program();
        string[] command = ["sweep", "tiny.yaml", "--only", "theory", "--out", "s", "--sweep"];
        Assert.Equal(0, program.Run([.. command, "coupling.g=9,10"]).ExitCode);
        Outcome more = program.Run([.. command, "coupling.g=9,10,11"]);
        Assert.Equal("2 of 3 points are there already", more.ErrorLines[0]);
        Assert.Equal("3 points: 3 done, 0 failed", Assert.Single(more.OutputLines));
        Assert.DoesNotContain("sim_", program.Read("s/table.csv"), StringComparison.Ordinal);

        program.Write("tiny.yaml", Program.Tiny.Replace("a: 0.01", "a: 0.011", StringComparison.Ordinal));
        string table = program.Read("s/table.csv");
        Outcome refused = program.Run([.. command, "coupling.g=9,10,11"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("shunt: 3 finished points in ", refused.Error, StringComparison.Ordinal);
        Assert.Contains("  was a: 0.01\n  is  a: 0.011\n", refused.Error, StringComparison.Ordinal);
        Assert.Equal(table, program.Read("s/table.csv"));

        Outcome updated = program.Run([.. command, "coupling.g=9,10,11", "--update"]);
        Assert.True(updated.ExitCode == 0, updated.Error);
        Assert.NotEqual(table, program.Read("s/table.csv"));

        // what was computed before the change is still there
        program.Write("tiny.yaml", Program.Tiny);
        Outcome back = program.Run([.. command, "coupling.g=9,10,11", "--update"]);
        Assert.Contains("3 of 3 points are there already", back.ErrorLines);
        Assert.Equal(table, program.Read("s/table.csv"));
    }

    [Fact]
    public void A_point_that_fails_is_written_down_and_the_others_go_on()
    {
        using var program = new Program();
        Outcome outcome = program.Run("sweep", "tiny.yaml", "--sweep", "populations.E.size=80,500000000", "--sweep", "coupling.g=9,10", "--out", "s");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("4 points: 2 done, 2 failed", Assert.Single(outcome.OutputLines));
        Assert.Contains("warning: 2 points need more memory than there is", outcome.Error, StringComparison.Ordinal);
        List<Dictionary<string, string>> rows = Rows(program, "s");
        Assert.Equal(["done", "done", "failed", "failed"], rows.Select(r => r["status"]));
        Assert.Matches(@"^needs [\d.]+ GB of memory, [\d.]+ GB are available$", rows[2]["error"]);
        Assert.Equal("", rows[3]["sim_spikes"]);
        Assert.Contains("populations.E.size=500000000, coupling.g=9: needs ", outcome.Error, StringComparison.Ordinal);

        // it is tried again, what is done is not
        Outcome again = program.Run("sweep", "tiny.yaml", "--sweep", "populations.E.size=80,500000000", "--sweep", "coupling.g=9,10", "--out", "s");
        Assert.Equal("2 of 4 points are there already", again.ErrorLines[0]);
        Assert.Equal("4 points: 2 done, 2 failed", Assert.Single(again.OutputLines));
    }

    [Fact]
    public void Random_axes_vary_together_and_follow_their_seed()
    {
        using var program = new Program();
        string[][] Drawn(int n, string seed, string folder)
        {
            Outcome outcome = program.Run("sweep", "tiny.yaml", "--only", "theory", "--sweep", $"input.rate=200:300:{n}:random Hz",
                "--sweep", $"coupling.a=0.005:0.02:{n}:log:random", "--sweep", "coupling.g=9,10", "--draw-seed", seed, "--out", folder);
            Assert.True(outcome.ExitCode == 0, outcome.Error);
            return [.. Rows(program, folder).Where(r => r["coupling.g"] == "9").Select(r => new[] { r["input.rate [Hz]"], r["coupling.a"] })];
        }

        string[][] five = Drawn(5, "1", "five"), seven = Drawn(7, "1", "seven"), other = Drawn(5, "2", "other");
        Assert.Equal(five, seven[..5]);
        Assert.Empty(five.Select(v => v[0]).Intersect(other.Select(v => v[0])));
        Assert.Equal(10, File.ReadLines(program.PathOf("five/table.csv")).Count() - 1);
        Assert.All(seven, v =>
        {
            Assert.InRange(Number(v[0]), 200, 300);
            Assert.InRange(Number(v[1]), 0.005, 0.02);
        });
    }

    [Fact]
    public void Two_processes_do_not_write_the_same_journal()
    {
        using var program = new Program();
        string[] command = ["sweep", "tiny.yaml", "--sweep", "coupling.g=9:10:2", "--set", "simulation.duration=10000 s", "--out", "s"];
        using Program.Running running = program.Start(command);
        running.Until(() => File.Exists(program.PathOf("s/journal/local.jsonl")), "the journal is open");
        Outcome second = program.Run(command);
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("is the sweep still going?", second.Error, StringComparison.Ordinal);
        running.Signal("INT");
        Assert.Equal(1, running.Wait().ExitCode);
    }

    public static TheoryData<string, string[]> Wrong => new()
    {
        { "coupling.a: has 4 random values and input.rate has 3; random axes vary together, so they need the same number",
            ["--sweep", "input.rate=1:2:3:random Hz", "--sweep", "coupling.a=0.01:0.02:4:random"] },
        { "simulation.seed: is swept and repeated; --repeat counts the seed up itself", ["--sweep", "simulation.seed=1,2", "--repeat", "2"] },
        { "'lgo' is not a choice; allowed: log, random", ["--sweep", "coupling.a=0.01:0.02:4:lgo"] },
        { "--repeat 0: must be a whole number from 1 to 1000000", ["--repeat", "0"] },
        { "coupling.K: 80 inputs per neuron, but 'E' offers 79 sources", ["--sweep", "coupling.K=16,80"] },
        { "1E+10 points; at most 1000000", ["--sweep", "coupling.a=0.01:0.02:100000", "--sweep", "coupling.g=9:10:100000"] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_sweep_is_refused_before_anything_is_written(string message, string[] options)
    {
        using var program = new Program();
        Outcome outcome = program.Run(["sweep", "tiny.yaml", "--out", "s", .. options]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(program.PathOf("s")));
    }

    [Fact]
    public void A_table_is_drawn_with_theory_and_the_mean_of_repetitions()
    {
        using var program = new Program();
        program.Run(["sweep", "tiny.yaml", .. Axes, "--repeat", "2", "--out", "s"]);
        Outcome all = program.Run("plot", "s", "--y", "rate_hz,cv_isi");
        Assert.True(all.ExitCode == 0, all.Error);
        Assert.Equal("s/figures/rate_hz-cv_isi-against-input-rate.png", Assert.Single(all.OutputLines));
        foreach (string form in (string[])["png", "pdf", "svg"]) Assert.True(File.Exists(program.PathOf($"s/figures/rate_hz-cv_isi-against-input-rate.{form}")));
        Assert.Equal(0, program.Run("plot", "s/table.csv", "--x", "coupling.g", "--where", "input.rate=240", "--population", "I", "--log-y", "--out", "one.svg").ExitCode);
        Assert.Contains("<title>rate_hz-against-coupling-g</title>", program.Read("one.svg"), StringComparison.Ordinal);
        program.Write("any.csv", "t,u\n1,2\n2,5");
        Assert.Equal(0, program.Run("plot", "any.csv", "--x", "t", "--y", "u", "--out", "any.pdf").ExitCode);
    }

    public static TheoryData<string, string[]> WrongPlots => new()
    {
        { "s/table.csv: there is no column 'rate'; ", ["s", "--y", "rate"] },
        { "there is no column 'sim_E_rat_hz'; did you mean 'sim_E_rate_hz'?", ["s", "--y", "sim_E_rat_hz"] },
        { "--where input.rate=7: no row; 'input.rate [Hz]' has 240, 260", ["s", "--where", "input.rate=7"] },
        { "--population X: there are E, I", ["s", "--population", "X"] },
        { "--out a.gif: must end in .png, .pdf or .svg", ["s", "--out", "a.gif"] },
        { "row 1 of 'status' has 'done', which is not a number", ["s", "--y", "status"] },
        { "nowhere: there is no such file", ["nowhere"] },
        { "any.csv: is no table of a sweep; say with --x which column to draw against", ["any.csv"] },
    };

    [Fact]
    public void A_wrong_plot_says_what_there_is()
    {
        using var program = new Program();
        program.Run(["sweep", "tiny.yaml", .. Axes, "--only", "theory", "--out", "s"]);
        program.Write("s/table.csv", program.Read("s/table.csv").Replace("theory_E_rate_hz", "sim_E_rate_hz", StringComparison.Ordinal).TrimEnd());
        program.Write("any.csv", "t,u\n1,2\n2,5");
        foreach (TheoryDataRow<string, string[]> row in WrongPlots)
        {
            Outcome outcome = program.Run(["plot", .. row.Data.Item2]);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains(row.Data.Item1, outcome.Error, StringComparison.Ordinal);
        }
    }

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    internal static List<Dictionary<string, string>> Rows(Program program, string folder)
    {
        using var csv = new CsvReader(new StreamReader(program.PathOf($"{folder}/table.csv")), CultureInfo.InvariantCulture);
        csv.Read();
        csv.ReadHeader();
        var rows = new List<Dictionary<string, string>>();
        while (csv.Read()) rows.Add(csv.HeaderRecord!.ToDictionary(n => n, n => csv.GetField(n)!));
        return rows;
    }
}
