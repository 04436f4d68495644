using System.Text.Json;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>What <c>shunt theory</c> says about Table I.</summary>
public class RegimeTests
{
    [Fact]
    public void Theory_says_in_which_row_of_Table_I_a_network_lies_and_how_far_that_reaches()
    {
        using var program = new Program();
        string[] slow = ["theory", "tiny.yaml", "--set", "synapses.tau_syn=2 ms", "--set", "coupling.g=20", "--set", "input.rate=100 Hz", "--quiet"];
        string[] told = program.Run(slow).Output.Split('\n');
        Assert.Contains(told, l => l.StartsWith("population  Table I", StringComparison.Ordinal));
        Assert.Contains(told, l => l.StartsWith("E           between rows 3 and 4", StringComparison.Ordinal) && l.Contains(" Hz", StringComparison.Ordinal));
        JsonElement regime = JsonDocument.Parse(program.Run([.. slow, "--json"]).Output).RootElement
            .GetProperty("theory").GetProperty("regimes").GetProperty("I");
        Assert.Equal("crossover", regime.GetProperty("table_row").GetString());
        Assert.InRange(regime.GetProperty("tau_syn_over_tau").GetDouble(), 0.1, 1);
        Assert.InRange(regime.GetProperty("input_limit_factor").GetDouble(), 1, 10);
        Assert.InRange(regime.GetProperty("critical_in_degree_cv").GetDouble(), 0.01, 1);

        // along a sweep the row is told, without what takes long
        JsonElement point = JsonDocument.Parse(program.Run([.. slow, "--json", "--sweep", "input.rate=100,110 Hz"]).Output.Split('\n')[0]).RootElement
            .GetProperty("theory").GetProperty("regimes").GetProperty("E");
        Assert.Equal(JsonValueKind.Null, point.GetProperty("critical_in_degree_cv").ValueKind);
    }

    [Fact]
    public void The_spread_of_rates_is_predicted_and_measured()
    {
        using var program = new Program();
        Outcome outcome = program.Run(
            "run", "tiny.yaml", "--json", "--set", "coupling.in_degree_cv=0.3", "--set", "simulation.duration=2 s", "--quiet");
        JsonElement row = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("comparison").EnumerateArray()
            .First(r => r.GetProperty("symbol").GetString() == "Delta nu");
        double theory = row.GetProperty("theory").GetDouble(), simulation = row.GetProperty("simulation").GetDouble();
        Assert.InRange(simulation / theory, 0.5, 2);
        Assert.InRange(row.GetProperty("standard_error").GetDouble(), 0.001 * simulation, 0.5 * simulation);
    }
}
