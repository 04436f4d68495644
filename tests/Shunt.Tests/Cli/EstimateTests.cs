using System.Text.Json;
using Xunit;

namespace Shunt.Tests.Cli;

public sealed class EstimateTests
{
    // sparse, so that what one rank does hardly reaches itself
    private static readonly string[] Sparse =
    [
        "tiny.yaml", "--set", "populations.E.size=16000", "--set", "populations.I.size=4000", "--set", "coupling={K: 100, gamma: 0.25, a: 0.01, g: 20}",
        "--set", "input.rate=25 Hz", "--set", "input.wiring=independent", "--set", "delays={E: 1..10 ms, I: 1..10 ms}", "--threads", "1",
    ];

    [Fact]
    public void Ranks_share_one_network()
    {
        using var program = new Program();
        JsonElement alone = Estimate(program).GetProperty("estimate"), shared = Estimate(program, "--ranks", "4").GetProperty("estimate");
        Assert.False(alone.TryGetProperty("exchange", out _));
        foreach (string all in (string[])["synapses", "neuron_updates", "synaptic_events", "input_events"])
            Assert.Equal(1, shared.GetProperty(all).GetDouble() / alone.GetProperty(all).GetDouble(), 1e-9);
        Assert.Equal(0.25, shared.GetProperty("build_s").GetDouble() / alone.GetProperty("build_s").GetDouble(), 0.03);
        JsonElement exchange = shared.GetProperty("exchange");
        Assert.Equal(4, exchange.GetProperty("ranks").GetInt32());
        Assert.Equal(228, exchange.GetProperty("exchanges").GetDouble()); // 2500 steps; what fires in one arrives at the earliest in the 11th after it
        Assert.InRange(exchange.GetProperty("bytes_received").GetDouble() / exchange.GetProperty("bytes_sent").GetDouble(), 1.4, 3.1); // 3 others; one of the 4 has neurons of both
    }

    [Fact]
    public void A_pretended_rank_receives_and_does_what_the_estimate_says()
    {
        using var program = new Program();
        JsonElement answer = Estimate(program, "--ranks", "20", "--pretend", "7"), estimate = answer.GetProperty("estimate"), measured = answer.GetProperty("measured");
        Assert.Equal(estimate.GetProperty("exchange").GetProperty("exchanges").GetDouble(), measured.GetProperty("exchange").GetProperty("exchanges").GetDouble());
        Assert.Equal(20, measured.GetProperty("exchange").GetProperty("ranks").GetInt32());
        Assert.InRange(Ratio("bytes_received"), 0.95, 1.02);
        Assert.InRange(measured.GetProperty("synapses").GetDouble() / estimate.GetProperty("synapses").GetDouble(), 0.048, 0.052); // its twentieth, in blocks of 64 neurons
        Assert.InRange(measured.GetProperty("rate_hz").GetDouble() / measured.GetProperty("expected_rate_hz").GetDouble(), 0.6, 1.6);
        foreach (string time in (string[])["build_s", "sim_s", "memory_mb"]) Assert.True(measured.GetProperty(time).GetDouble() > 0, time);

        double Ratio(string key) => measured.GetProperty("exchange").GetProperty(key).GetDouble() / estimate.GetProperty("exchange").GetProperty(key).GetDouble();
    }

    [Fact]
    public void The_table_sets_estimate_beside_measurement()
    {
        using var program = new Program();
        Outcome outcome = program.Run(["estimate", .. Sparse, "--ranks", "20", "--pretend", "0"]);
        Assert.Equal(0, outcome.ExitCode);
        foreach (string row in (string[])["rank 0 of 20", "rate of its neurons (Hz)", "memory", "build", "received in each exchange"])
            Assert.Contains(row, outcome.Output, StringComparison.Ordinal);
    }

    private static JsonElement Estimate(Program program, params string[] options) =>
        JsonDocument.Parse(Assert.Single(program.Run(["estimate", .. Sparse, .. options, "--json"]).OutputLines)).RootElement;
}
