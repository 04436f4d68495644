using System.Text.Json;
using Shunt.Tests.Experiments;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>The command <c>fit</c>.</summary>
public sealed class FitTests
{
    private static readonly string Data = Repository.PathOf("experiments/fig05/psp.csv");

    public static TheoryData<string, string> Wrong => new()
    {
        { "d.csv: is empty", "" },
        { "d.csv: is empty", "# nothing" },
        { "d.csv(1,1): amplitude: no such column, nor 'y'; the header has 'kind', 'K', 'size'", "kind,K,size\nEPSP,1,2" },
        { "d.csv(3,2): K: 'many' is not a number; a positive number is needed", "kind,K,amplitude\nEPSP,1,2\nEPSP,many,2" },
        { "d.csv(3,2): K: 0; must be positive and finite", "# c\nkind,K,amplitude\nEPSP,0,2" },
        { "d.csv(2,3): amplitude: -1; must be positive and finite", "kind,K,amplitude\nEPSP,1,-1" },
        { "d.csv(2,3): amplitude: '' is not a number", "kind,K,amplitude\nEPSP,1" },
        { "d.csv(2,4): sd: 0; must be positive and finite", "kind,K,amplitude,sd\nEPSP,1,1,0" },
        { "d.csv(2,1): kind: 'PSP'; must end in EPSP or IPSP", "kind,K,amplitude\nPSP,1,2" },
        { "d.csv: kind: 2 points of IPSP; 3 or more are needed", "kind,K,amplitude\nEPSP,1,2\nEPSP,2,1\nEPSP,3,1\nIPSP,1,2\nIPSP,2,2" },
        { "d.csv: K: equal at all points of a kind", "kind,K,amplitude\nEPSP,1,2\nEPSP,1,1\nEPSP,1,1\nIPSP,2,2\nIPSP,2,2\nIPSP,2,2" },
    };

    public static TheoryData<string, string[]> WrongOptions => new()
    {
        { "nowhere.csv: there is no such file", ["nowhere.csv"] },
        { ".: is a folder; name the CSV file in it", ["."] },
        { "--resamples -1: must be a whole number from 0 to 100000", [Data, "--resamples", "-1"] },
        { "--seed x: must be a whole number from 0", [Data, "--seed", "x"] },
        { "--epsp-per-efficacy 0: must be a positive number of mV", [Data, "--epsp-per-efficacy", "0"] },
        { "fit: unknown option '--sed'; did you mean '--seed'?", [Data, "--sed", "1"] },
        { "results folder 'tiny.yaml': there is a file of this name", [Data, "--out", "tiny.yaml"] },
    };

    [Fact]
    public void The_answer_has_parameters_with_intervals_a_comparison_and_a_verdict()
    {
        using var program = new Program();
        Outcome outcome = program.Run("fit", Data, "--quiet", "--resamples", "100");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal("197 EPSPs and 89 IPSPs; least squares on ln(amplitude)", outcome.OutputLines[0]);
        Assert.Matches(@"\ncurrent +j0_mv +20\.41 +\d+\.\d+ to \d+\.\d+\n", outcome.Output);
        Assert.Contains("delta AICc", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("The data do not tell the conductance-based from the current-based law (AICc differs by 1.3, below 2).", outcome.OutputLines);
        Assert.Equal("", outcome.Error);
        Assert.Equal(["tiny.yaml"], program.Files);
    }

    [Fact]
    public void Json_is_one_object_with_units_in_its_names()
    {
        using var program = new Program();
        Outcome outcome = program.Run("fit", Data, "--json", "--quiet", "--resamples", "100", "--additive", "--epsp-per-efficacy", "50");
        Assert.Equal(0, outcome.ExitCode);
        JsonElement root = JsonDocument.Parse(Assert.Single(outcome.OutputLines)).RootElement;
        Assert.Equal("additive", root.GetProperty("scatter").GetString());
        Assert.Equal(50, root.GetProperty("epsp_per_efficacy_mv").GetDouble());
        Assert.Equal(197, root.GetProperty("epsp_points").GetInt32());
        foreach (string law in (string[])["conductance", "conductance-1", "current", "power"])
        {
            JsonElement fitted = root.GetProperty("laws").GetProperty(law);
            foreach (JsonProperty parameter in fitted.GetProperty("parameters").EnumerateObject())
            {
                Assert.InRange(
                    parameter.Value.GetProperty("estimate").GetDouble(),
                    parameter.Value.GetProperty("ci95_low").GetDouble(), parameter.Value.GetProperty("ci95_high").GetDouble());
            }

            foreach (string name in (string[])["rms_log", "rms_mv", "aic", "aicc", "bic", "delta_aicc", "akaike_weight"])
                Assert.Equal(JsonValueKind.Number, fitted.GetProperty(name).ValueKind);
        }
    }

    [Fact]
    public void A_folder_holds_parameters_curves_figure_and_where_they_come_from()
    {
        using var program = new Program();
        Outcome outcome = program.Run("fit", Data, "--resamples", "50", "--out", "r");
        Assert.Equal(0, outcome.ExitCode);
        foreach (string file in (string[])["fit.csv", "curves.csv", "provenance.json", "figures/psp-fit.png", "figures/psp-fit.svg", "figures/psp-fit.pdf"])
            Assert.True(new FileInfo(program.PathOf($"r/{file}")).Length > 0, file);
        Assert.StartsWith("law,quantity,estimate,ci95_low,ci95_high\nconductance,c,", program.Read("r/fit.csv"), StringComparison.Ordinal);
        string[] curves = program.Read("r/curves.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("law,kind,K,amplitude_mv,ci95_low_mv,ci95_high_mv", curves[0]);
        Assert.Equal(1 + (4 * 2 * 60), curves.Length);
    }

    [Fact]
    public void Columns_of_digitised_figures_are_understood_and_a_fit_without_resamples_has_no_intervals()
    {
        using var program = new Program();
        program.Write("d.csv", "\uFEFFy,series,x,note\n5,data_EPSP,10,a\n3,data_EPSP,20,b\n2,data_epsp,50,c\n6,data_IPSP,10,d\n4,data_IPSP,20,e\n3,data_IPSP,50,f");
        Outcome outcome = program.Run("fit", "d.csv", "--resamples", "0", "--out", "r");
        Assert.Equal(0, outcome.ExitCode);
        Assert.StartsWith("3 EPSPs and 3 IPSPs", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("– to –", outcome.Output, StringComparison.Ordinal);
    }

    [TheoryAttribute]
    [MemberData(nameof(Wrong))]
    public void Wrong_data_end_with_2_and_name_the_place(string message, string text)
    {
        using var program = new Program();
        program.Write("d.csv", text);
        Check(program, message, "d.csv");
    }

    [TheoryAttribute]
    [MemberData(nameof(WrongOptions))]
    public void Wrong_options_end_with_2(string message, string[] arguments)
    {
        using var program = new Program();
        Check(program, message, arguments);
    }

    private static void Check(Program program, string message, params string[] arguments)
    {
        string[] before = [.. program.Files];
        Outcome outcome = program.Run(["fit", .. arguments]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
        Assert.Equal(before, program.Files);
    }
}
