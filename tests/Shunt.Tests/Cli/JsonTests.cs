using System.Text.Json;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>The contract of --json: one object per point on standard output, with every promised key, and nothing else there.</summary>
public sealed class JsonTests
{
    private static readonly string[] TheoryKeys = ["rate_hz", "cv_isi", "tau_ms", "mu_mV", "sigma_mV", "sd_v_mV"];
    private static readonly string[] SimulationKeys =
        ["rate_hz", "rate_hz_sem", "rate_sd_hz", "cv_isi", "mean_v_mV", "sd_v_mV", "tau_ms", "mu_mV", "quiescent_fraction"];
    private static readonly string[] PerformanceKeys =
        ["build_s", "sim_s", "neuron_updates", "synaptic_events", "input_events", "synapses", "bytes_per_synapse", "peak_rss_mb", "realtime_factor"];

    [Fact]
    public void Every_promised_key_is_there_and_every_line_is_an_object()
    {
        using var program = new Program();
        Outcome outcome = program.Run("run", "tiny.yaml", "--json", "--sweep", "input.rate=200:300:2 Hz", "--sweep", "coupling.K=8:16:2:log");

        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(4, outcome.OutputLines.Length);
        string[] rates = ["200 Hz", "200 Hz", "300 Hz", "300 Hz"], degrees = ["8", "16", "8", "16"];
        for (int i = 0; i < 4; i++)
        {
            JsonElement point = Parse(outcome.OutputLines[i]);
            Assert.Equal(rates[i], point.GetProperty("set").GetProperty("input.rate").GetString());
            Assert.Equal(degrees[i], point.GetProperty("set").GetProperty("coupling.K").GetString());
            JsonElement theory = point.GetProperty("theory"), simulation = point.GetProperty("simulation");
            Assert.Equal("siegert", theory.GetProperty("method").GetString());
            Assert.Equal("converged", theory.GetProperty("status").GetString());
            Assert.True(theory.GetProperty("fixed_points").GetArrayLength() >= 1);
            foreach (string population in (string[])["E", "I"])
            {
                foreach (string key in TheoryKeys)
                    Assert.Equal(JsonValueKind.Number, theory.GetProperty("populations").GetProperty(population).GetProperty(key).ValueKind);
                foreach (string key in SimulationKeys)
                    Assert.True(simulation.GetProperty("populations").GetProperty(population).TryGetProperty(key, out _), key);
            }

            Assert.True(simulation.GetProperty("spikes").GetInt64() > 0);
            Assert.Matches("^[0-9a-f]{64}$", simulation.GetProperty("spikes_sha256").GetString());
            foreach (string key in PerformanceKeys)
                Assert.Equal(JsonValueKind.Number, simulation.GetProperty("performance").GetProperty(key).ValueKind);
        }

        Assert.Equal(["tiny.yaml"], program.Files);
    }

    [Fact]
    public void Theory_alone_has_no_simulation_and_simulation_alone_no_theory()
    {
        using var program = new Program();
        Outcome theory = program.Run("theory", "tiny.yaml", "--json", "--quiet");
        Outcome simulation = program.Run("simulate", "tiny.yaml", "--json", "--quiet");
        Assert.False(Parse(Assert.Single(theory.OutputLines)).TryGetProperty("simulation", out _));
        Assert.False(Parse(Assert.Single(simulation.OutputLines)).TryGetProperty("theory", out _));
    }

    [Fact]
    public void Spikes_depend_on_the_seed_and_not_on_the_threads()
    {
        using var program = new Program();
        string Hash(params string[] more) => Parse(program.Run(["simulate", "tiny.yaml", "--json", "--quiet", .. more]).Output)
            .GetProperty("simulation").GetProperty("spikes_sha256").GetString()!;
        string one = Hash("--threads", "1");
        Assert.Equal(one, Hash("--threads", "2"));
        Assert.Equal(one, Hash("--seed", "1"));
        Assert.NotEqual(one, Hash("--seed", "2"));
    }

    [Fact]
    public void An_estimate_has_the_numbers_of_the_table()
    {
        using var program = new Program();
        JsonElement estimate = Parse(Assert.Single(program.Run("estimate", "tiny.yaml", "--json").OutputLines)).GetProperty("estimate");
        Assert.Equal(100 * 20, estimate.GetProperty("synapses").GetDouble());
        Assert.True(estimate.GetProperty("fits").GetBoolean());
        foreach (string key in
            (string[])["bytes_per_synapse", "memory_mb", "available_mb", "build_s", "sim_s", "neuron_updates", "synaptic_events", "input_events"])
            Assert.True(estimate.GetProperty(key).GetDouble() > 0, key);
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
