using System.Globalization;
using System.Text.Json;
using Shunt.Experiments;
using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class ResultsFolderTests : IDisposable
{
    private readonly PassingFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_default_folder_is_named_after_the_file_and_never_reused()
    {
        string[] made = [.. Enumerable.Range(0, 3).Select(_ => ResultsFolder.Create(null, "some/My First Run.yaml", folder.Path).Path)];
        Assert.Equal(
            ["results/my-first-run", "results/my-first-run-2", "results/my-first-run-3"],
            made.Select(p => Path.GetRelativePath(folder.Path, p).Replace('\\', '/')));
    }

    [Fact]
    public void Runs_that_start_together_take_different_folders()
    {
        var made = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, 50, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            _ => made.Add(ResultsFolder.Create(null, "f.yaml", folder.Path).Path));
        Assert.Equal(50, made.Distinct().Count());
        Assert.Equal(made.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(folder.File("results")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_start_is_taken_back_with_everything_but_what_it_did_not_write()
    {
        ExperimentGrid grid = ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Expand([]);
        ResultsFolder alone = ResultsFolder.Create("alone", "f.yaml", folder.Path), kept = ResultsFolder.Create("kept", "f.yaml", folder.Path);
        foreach (ResultsFolder results in (ResultsFolder[])[alone, kept])
        {
            results.WriteStart(grid.Points[0]);
            results.Point(0).WriteStart(grid.Points[0]);
        }

        kept.WriteText("notes.txt", "mine");
        alone.Discard();
        kept.Discard();
        Assert.False(Directory.Exists(alone.Path));
        Assert.Equal(["notes.txt"], Files(kept));
    }

    [Fact]
    public void A_given_folder_must_be_absent_or_empty()
    {
        Assert.Equal(folder.File("new"), ResultsFolder.Create("new", "f.yaml", folder.Path).Path);
        Directory.CreateDirectory(folder.File("empty"));
        Assert.Equal(folder.File("empty"), ResultsFolder.Create("empty", "f.yaml", folder.Path).Path);
        File.WriteAllText(folder.File("new/result"), "");
        File.WriteAllText(folder.File("file"), "");

        ResultsException full = Assert.Throws<ResultsException>(() => ResultsFolder.Create("new", "f.yaml", folder.Path));
        Assert.Equal("results folder 'new': it is not empty; name a new or empty folder, so that no result is overwritten", full.Message);
        Assert.Equal(2, full.ExitCode);
        ResultsException file = Assert.Throws<ResultsException>(() => ResultsFolder.Create("file", "f.yaml", folder.Path));
        Assert.Equal("results folder 'file': there is a file of this name; name another folder", file.Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        File.WriteAllText(folder.File("file"), "");
        ResultsException error = Assert.Throws<ResultsException>(() => ResultsFolder.Create("file/below", "f.yaml", folder.Path));
        Assert.StartsWith("results folder 'file/below': cannot be written (", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.ExitCode);
    }

    [Fact]
    public void A_run_leaves_its_files_and_nothing_half_written()
    {
        ResultsFolder results = ResultsFolder.Create("out", "f.yaml", folder.Path);
        ExperimentGrid grid = ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Expand([]);
        results.WriteRun(Runs.Run(grid));
        results.WriteBytes("figures/raster.svg", new byte[] { 1, 2 });
        results.WriteReport(new byte[] { 3 });

        Assert.Equal(
            [
                "experiment.yaml", "figures/raster.svg", "provenance.json", "report.html", "summary.json", "tables/comparison.csv",
                "tables/membrane_density.csv", "tables/neurons.csv", "tables/population_rate.csv",
            ],
            Files(results));
        Assert.Equal([1, 2], File.ReadAllBytes(folder.File("out/figures/raster.svg")));
        Assert.Equal(grid.Points[0].ResolvedYaml, File.ReadAllText(folder.File("out/experiment.yaml")));
        Assert.Equal("population,neuron,rate_hz,cv_isi\nE,0,30,0.7\nE,1,35,\nI,0,30,0.7\nI,1,35,\n", Text("tables/neurons.csv"));
        Assert.Equal("population,time_s,rate_hz\nE,0,31\nE,0.001,34\nI,0,31\nI,0.001,34\n", Text("tables/population_rate.csv"));
        Assert.StartsWith(
            "population,source,v_mV,density_per_mV\nE,theory,-60,0.25\nE,theory,-59.5,0.125\nI,theory,-60,0.25\n",
            Text("tables/membrane_density.csv"),
            StringComparison.Ordinal);
        string[] comparison = Text("tables/comparison.csv").Split('\n');
        Assert.Equal("population,quantity,symbol,unit,theory,simulation,standard_error,difference_percent,difference_in_standard_errors",
            comparison[0]);
        Assert.StartsWith("E,firing rate,nu,Hz,33.5,32.5,0.25,-2.98507", comparison[1], StringComparison.Ordinal);
        Assert.Equal("E,effective time constant,tau,ms,1.25,,,,", comparison[3]);

        string Text(string name) => File.ReadAllText(folder.File($"out/{name}"));
    }

    [Fact]
    public void A_sweep_has_one_row_a_point_and_a_folder_for_each()
    {
        ResultsFolder results = ResultsFolder.Create("out", "f.yaml", folder.Path);
        results.WriteRun(Runs.Run(ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Expand(["input.rate=10:20:2", "coupling.g=5:15:2"])));

        string[] rows = File.ReadAllLines(folder.File("out/tables/sweep.csv"));
        Assert.StartsWith("input.rate [Hz],coupling.g,theory_status,theory_E_rate_hz,theory_E_rate_sd_hz,theory_E_cv_isi,", rows[0], StringComparison.Ordinal);
        Assert.Equal(
            ["10,5,not_converged", "10,15,not_converged", "20,5,not_converged", "20,15,not_converged"],
            rows[1..].Select(r => string.Join(',', r.Split(',')[..3])));
        Assert.All(rows, r => Assert.Equal(rows[0].Split(',').Length, r.Split(',').Length));
        Assert.StartsWith("input.rate,coupling.g,population,", File.ReadAllLines(folder.File("out/tables/comparison.csv"))[0],
            StringComparison.Ordinal);
        Assert.Contains("points/0004/experiment.yaml", Files(results));
        using var summary = JsonDocument.Parse(File.ReadAllText(folder.File("out/summary.json")));
        Assert.Equal(4, summary.RootElement.GetArrayLength());
        JsonElement set = summary.RootElement[3].GetProperty("set");
        Assert.Equal(["input.rate=20 Hz", "coupling.g=15"], set.EnumerateObject().Select(p => $"{p.Name}={p.Value}"));
    }

    [Fact]
    public void The_json_of_a_point_keeps_its_contract()
    {
        Experiment experiment = ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").With(["coupling.g=15"]).Bind();
        string json = PointJson.Write(Runs.Point(experiment, complete: false));
        Assert.DoesNotContain('\n', json);
        using var document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        Assert.Equal("15", root.GetProperty("set").GetProperty("coupling.g").GetString());
        JsonElement theory = root.GetProperty("theory");
        Assert.Equal(("siegert", "not_converged"), (theory.GetProperty("method").GetString(), theory.GetProperty("status").GetString()));
        Assert.Equal(
            """{"rate_hz":33.5,"rate_sd_hz":null,"cv_isi":null,"mean_v_mV":null,"sd_v_mV":null,"tau_ms":1.25,"mu_mV":-57.25,"sigma_mV":4.5,"""
            + "\"quiescent_fraction\":null}",
            theory.GetProperty("populations").GetProperty("E").GetRawText());
        Assert.Equal("""[{"rates_hz":{"E":33.5,"I":33.5},"stable":true,"leading_eigenvalue":-0.5,"residual":1E-12}]""",
            theory.GetProperty("fixed_points").GetRawText());
        JsonElement simulation = root.GetProperty("simulation");
        Assert.False(simulation.GetProperty("complete").GetBoolean());
        JsonElement e = simulation.GetProperty("populations").GetProperty("E");
        Assert.Equal((32.5, 0.25), (e.GetProperty("rate_hz").GetDouble(), e.GetProperty("rate_hz_sem").GetDouble()));
        Assert.Equal(JsonValueKind.Null, e.GetProperty("voltage_synchrony").ValueKind);
        Assert.Equal((123L, "abc"), (simulation.GetProperty("spikes").GetInt64(), simulation.GetProperty("spikes_sha256").GetString()));
        foreach (string name in (string[])
                 [
                     "build_s", "sim_s", "neuron_updates", "synaptic_events", "input_events", "synapses", "bytes_per_synapse", "peak_rss_mb",
                     "realtime_factor",
                 ])
        {
            Assert.Equal(JsonValueKind.Number, simulation.GetProperty("performance").GetProperty(name).ValueKind);
        }

        Assert.Equal("firing rate", root.GetProperty("comparison")[0].GetProperty("quantity").GetString());
    }

    [Fact]
    public void A_point_of_theory_alone_or_simulation_alone_has_no_other_half()
    {
        PointResult both = Runs.Point(ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Bind());
        Assert.DoesNotContain("\"simulation\":{", PointJson.Write(both with { Simulation = null, Performance = null }), StringComparison.Ordinal);
        Assert.DoesNotContain("\"theory\":{", PointJson.Write(both with { Theory = null }), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_written_alike_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "minus" } };
            Experiment e = ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Bind();
            Assert.Contains("  tau_m: 20 ms\n  E_L: -80 mV\n", e.ResolvedYaml, StringComparison.Ordinal);
            Assert.Contains("\n  a: 0.0016\n", e.ResolvedYaml, StringComparison.Ordinal);
            Assert.Contains("-57.25", PointJson.Write(Runs.Point(e)), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Provenance_names_program_machine_seed_and_every_convention()
    {
        ResultsFolder results = ResultsFolder.Create("out", "f.yaml", folder.Path);
        results.WriteRun(Runs.Run(ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Expand([])));
        using var document = JsonDocument.Parse(File.ReadAllText(folder.File("out/provenance.json")));
        JsonElement root = document.RootElement;
        Assert.Equal(("2026-01-02T03:04:05Z", "shunt run f.yaml", "1", "siegert"), (
            root.GetProperty("date_utc").GetString(), root.GetProperty("command").GetString(), root.GetProperty("seed").GetString(),
            root.GetProperty("theory_method").GetString()));
        foreach (string name in (string[])["version", "commit", "runtime", "os", "cpu", "cores"])
            Assert.NotEqual("", root.GetProperty(name).GetString());
        JsonElement conventions = root.GetProperty("conventions");
        Assert.Equal(
            [
                "jump", "engine", "arrivals_within_a_step", "delay_law", "input_wiring", "in_degree", "multapses", "autapses",
                "initial_potential", "warmup", "dt", "wiring", "precision", "noise", "theory",
            ],
            conventions.EnumerateObject().Select(p => p.Name));
        Assert.Equal("linear: V moves by a (E - V)", conventions.GetProperty("jump").GetString());
        Assert.Equal("uniform delays rounded up to the grid; constant", conventions.GetProperty("delay_law").GetString());
    }

    private static IEnumerable<string> Files(ResultsFolder results) =>
        Directory.EnumerateFiles(results.Path, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(results.Path, f).Replace('\\', '/')).Order(StringComparer.Ordinal);
}
