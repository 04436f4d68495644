using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class MultiplicativeNoiseTests
{
    private static readonly MultiplicativeNoise Ito = new(NoiseReading.Ito), Stratonovich = new(NoiseReading.Stratonovich);

    [Fact]
    public void Single_neurons_of_figures_8_and_10_equal_the_reference()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("mult_single_fig8_fig10"))
        {
            Afferent[] afferents = Networks.Single(row["K"], row["a"], 12, row["eta"], row["nuX_spk_s"]);
            Compare(Ito, "ito");
            Compare(Stratonovich, "strat");
            Near.Absolute(row["log10_nu_ito"], Ito.LogRate(Neuron.Paper, afferents) / Math.Log(10), 1e-10, row.Where + ", log10 nu");

            void Compare(TransferFunction transfer, string name)
            {
                Response response = transfer.Respond(Neuron.Paper, afferents);
                double expected = row[$"nu_{name}_spk_s"];
                if (expected > 1e-300) Near.Relative(expected, response.Rate, 1e-10, $"{row.Where}, nu {name}");
                Near.Relative(row[$"cv_{name}"], response.Cv, 1e-8, $"{row.Where}, CV {name}");
            }
        }
    }

    [Fact]
    public void The_cv_of_figures_8_and_10_hardly_exceeds_1()
    {
        double most = ReferenceTable.Rows("mult_single_fig8_fig10")
            .Max(row => Ito.Respond(Neuron.Paper, Networks.Single(row["K"], row["a"], 12, row["eta"], row["nuX_spk_s"])).Cv);
        Assert.InRange(most, 1, 1.003);
    }

    [Fact]
    public void Passage_times_equal_30_digit_arithmetic()
    {
        int compared = 0;
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("mp_crosscheck").Where(r => r.Text("quantity").StartsWith("A13 log", StringComparison.Ordinal)))
        {
            double[] p = [.. row.Text("point").Split(' ').Select(t => double.Parse(t.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture))];
            TransferFunction transfer = row.Text("quantity").EndsWith("Ito", StringComparison.Ordinal) ? Ito : Stratonovich;
            Near.Absolute(row["mpmath"], transfer.LogPassageTime(Neuron.Paper, Networks.Single(p[1], p[0], 12, p[3], p[2])), 1e-13 * 10, row.Where);
            compared++;
        }

        Assert.Equal(6, compared);
    }

    [Fact]
    public void Networks_of_figures_11_and_13_equal_the_reference()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("network_mult_fig11_fig13"))
        {
            Compare(Ito, "ito");
            Compare(Stratonovich, "strat");

            void Compare(TransferFunction transfer, string name)
            {
                string where = $"{row.Where}, {name}";
                MeanFieldSolution solution = SelfConsistency.Solve(Networks.ModelA((int)row["K"], row["a"], 20, row["nuX_spk_s"]), transfer);
                PopulationObservables e = solution.Observables["E"];
                double rate = e.Rate.Value;
                if (row[$"n_roots_{name}"] == 0)
                {
                    // the reference looked for rates above 1e-9 Hz only and lists, where there is none, what the network would fire at if it fired at 1e-9 Hz
                    Assert.Equal(SolutionStatus.Silent, solution.Status);
                    Near.Relative(rate, transfer.Rate(Neuron.Paper, ModelAInput(row, rate)), 1e-8, where + ", self-consistency");
                    rate = transfer.Rate(Neuron.Paper, ModelAInput(row, 1e-9));
                }

                Near.Relative(row[$"nu_{name}_spk_s"], rate, 1e-8, where + ", nu");
                Near.Relative(row[$"cv_{name}"], e.CvIsi.Value, 1e-7, where + ", CV");
                Near.Relative(row[$"mu_{name}_mV"], e.Mu.Value, 1e-9, where + ", mu");
                Near.Relative(row[$"tau_{name}_ms"], e.Tau.Value * 1e3, 1e-8, where + ", tau");
            }
        }
    }

    [Fact]
    public void Membrane_densities_of_figures_11_and_13_equal_the_reference()
    {
        foreach (var curve in ReferenceTable.Rows("pv_mult_fig11D_fig13").GroupBy(r => (r["K"], r["nuX_spk_s"])))
        {
            ReferenceTable.Row first = curve.First();
            Afferent[] afferents = ModelAInput(first, first["nu_spk_s"]);
            double[] density = Ito.Density(Neuron.Paper, afferents, [.. curve.Select(r => r["V_mV"])])!;
            foreach ((ReferenceTable.Row row, double p) in curve.Zip(density)) Near.Relative(row["P_A12_ito_per_mV"], p, 1e-8, row.Where);
        }
    }

    // what a neuron of Model A, g = 20, receives when the network fires at a rate
    private static Afferent[] ModelAInput(ReferenceTable.Row row, double rate) =>
    [
        new(row["K"] * (row["nuX_spk_s"] + rate), Synapse.Conductance(row["a"], Networks.Excitation)),
        new(row["K"] / 4 * rate, Synapse.Conductance(20 * row["a"], Networks.Inhibition)),
    ];
}
