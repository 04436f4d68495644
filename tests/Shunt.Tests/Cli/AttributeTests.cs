using System.Text.Json;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>The command <c>attribute</c>.</summary>
public sealed class AttributeTests
{
    [Fact]
    public void Json_has_every_step_with_rates_and_changes_of_every_population()
    {
        using var program = new Program();
        Outcome outcome = program.Run("attribute", "tiny.yaml", "--json", "--quiet", "--sweep", "input.rate=200,250 Hz");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(2, outcome.OutputLines.Length);
        JsonElement steps = JsonDocument.Parse(outcome.OutputLines[1]).RootElement.GetProperty("steps");
        Assert.Equal("siegert", steps[0].GetProperty("name").GetString());
        Assert.Equal("network", steps[steps.GetArrayLength() - 1].GetProperty("name").GetString());
        foreach (JsonElement step in steps.EnumerateArray())
        {
            foreach (string key in (string[])["rate_hz", "rate_hz_sem", "change_hz", "change_hz_sem"])
                Assert.Equal(JsonValueKind.Number, step.GetProperty("populations").GetProperty("I").GetProperty(key).ValueKind);
        }

        Assert.Equal(["tiny.yaml"], program.Files);
    }

    [Fact]
    public void A_folder_holds_the_table_the_figures_and_where_they_come_from()
    {
        using var program = new Program();
        Outcome outcome = program.Run("attribute", "tiny.yaml", "--out", "r");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("finite jumps", outcome.Output, StringComparison.Ordinal);
        foreach (string file in (string[])["attribution.csv", "experiment.yaml", "provenance.json", "figures/attribution-e.png", "figures/attribution-i.svg"])
            Assert.True(new FileInfo(program.PathOf($"r/{file}")).Length > 0, file);
        string[] table = program.Read("r/attribution.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("population,step,cause,rate_hz,rate_hz_sem,change_hz,change_hz_sem", table[0]);
        Assert.Equal(1 + 2 * 6, table.Length);
    }
}
