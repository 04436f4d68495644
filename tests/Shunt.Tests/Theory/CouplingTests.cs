using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class CouplingTests
{
    [Fact]
    public void Every_row_of_the_scaling_table_obeys_the_law_of_equation_14()
    {
        foreach (var law in ReferenceTable.Rows("a_of_K").GroupBy(r => (r.Text("scaling"), r.Text("vbar2_or_dF"))))
        {
            ReferenceTable.Row first = law.First();
            bool hasReference = !double.IsNaN(first["a0"]);
            var scaling = new CouplingScaling.Escape(
                hasReference ? first["K0"] : first["K"], hasReference ? first["a0"] : first["a"], first["vbar2_or_dF"]);
            foreach (ReferenceTable.Row row in law) Near.Relative(row["a"], scaling.Efficacy(row["K"]), 1e-8, row.Where);
        }
    }

    [Theory]
    [InlineData("fig2A", 12, 1.8)]
    [InlineData("fig14", 12, 1.46)]
    public void Vbar_of_equation_13_and_the_scaling_of_a_single_neuron_equal_the_reference(string name, double g, double eta)
    {
        StrongCoupling coupling = Coupling(g, 1, eta);
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("a_of_K").Where(r => r.Text("scaling").StartsWith(name, StringComparison.Ordinal)))
        {
            Near.Relative(row["vbar2_or_dF"], coupling.VBar * coupling.VBar, 1e-12, row.Where + ", vbar^2");
            Near.Relative(row["a"], coupling.Scaling(row["K0"], row["a0"]).Efficacy(row["K"]), 1e-8, row.Where + ", a");
        }
    }

    [Fact]
    public void The_scaling_of_figure_3_keeps_rho_Q_at_2_and_equals_the_reference()
    {
        // the figure's own convention: rho = 1.0786, where rho Q = 2
        StrongCoupling At(double rho) => Coupling(30, 1 + rho, rho);
        double low = 1, high = 1.2;
        for (int i = 0; i < 100; i++)
        {
            double rho = (low + high) / 2;
            if (rho * Math.Exp(At(rho).LogQ(0.002, 200)) < 2) low = rho;
            else high = rho;
        }

        Near.Absolute(1.0786, low, 1e-4, "rho");
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("a_of_K").Where(r => r.Text("scaling").StartsWith("fig3A", StringComparison.Ordinal)))
        {
            Near.Relative(row["vbar2_or_dF"], Math.Pow(At(low).VBar, 2), 1e-10, row.Where + ", vbar^2");
            double a = At(low).Scaling(row["K0"], row["a0"]).Efficacy(row["K"]);
            Near.Relative(row["a"], a, 1e-8, row.Where + ", a");
            Near.Relative(2, low * Math.Exp(At(low).LogQ(a, row["K"])), 1e-11, row.Where + ", Q is the same at every K");
        }
    }

    [Fact]
    public void Every_gain_of_the_reference_is_found_and_every_gain_found_solves_its_equation()
    {
        int compared = 0;
        foreach (var point in ReferenceTable.Rows("gain_vs_g").Where(r => r.Text("kind") == "ETC(D2)").GroupBy(r => (r["a"], r["K"], r["g"])))
        {
            (double a, double k, double g) = point.Key;
            StrongCoupling coupling = Coupling(g, 1, 0);
            IReadOnlyList<double> gains = NetworkGain.Solve(coupling, a, k);
            Assert.True(gains.Count >= point.First()["n_roots"], $"{point.First().Where}: {gains.Count} gains");
            foreach (double rho in gains)
            {
                StrongCoupling at = coupling with { ExcitatoryRatio = 1 + rho, InhibitoryRatio = rho };
                Near.Absolute(0, Math.Log(rho) + at.LogQ(a, k), 1e-9, $"{point.First().Where}: ln rho Q at rho = {rho:R}");
            }

            foreach (ReferenceTable.Row row in point)
            {
                double nearest = gains.MinBy(rho => Math.Abs(rho - row["rho1"]));
                Near.Relative(row["rho1"], nearest, 1e-8, row.Where + ", rho");
                StrongCoupling at = coupling with { ExcitatoryRatio = 1 + nearest, InhibitoryRatio = nearest };
                Near.Relative(row["mu_mV"], at.MuBar, 1e-9, row.Where + ", mu");
                Near.Relative(row["gain_eq21"], coupling.ThresholdGain, 1e-12, row.Where + ", Eq. 21");
                compared++;
            }
        }

        Assert.Equal(102, compared);
    }

    [Fact]
    public void At_strong_coupling_the_moments_of_a_neuron_approach_equation_13_and_its_rate_equation_12()
    {
        const double a = 1e-3, k = 1e6, g = 12, eta = 1.8, nuX = 1000;
        StrongCoupling coupling = Coupling(g, 1, eta);
        Afferent[] afferents = Networks.Single(k, a, g, eta, nuX);
        InputMoments input = InputMoments.Of(Neuron.Paper, afferents);
        Near.Relative(coupling.TauBar, input.Tau * a * k * nuX, 1e-4, "taubar");
        Near.Relative(coupling.MuBar, input.Mu, 1e-4, "mubar");
        Near.Relative(coupling.SigmaBar, input.Sigma / Math.Sqrt(a), 1e-4, "sigmabar");
        Near.Absolute(coupling.LogQ(a, k) - Math.Log(nuX), new Kramers().LogPassageTime(Neuron.Paper, afferents), 2e-2, "ln Q/nu_X");
    }

    [Fact]
    public void A_network_with_a_falling_as_1_over_sqrt_K_approaches_the_gain_of_equation_21_as_fast_as_mu_nears_threshold()
    {
        // theta - mu ~ K^(-1/4), so 100 times the inputs leave sqrt(10) times less (and a logarithm more)
        // strong drive and no refractory period, so that leak and saturation stay out of it
        const double nuX = 5000;
        Neuron neuron = Neuron.Paper with { RefractoryPeriod = 0 };
        double limit = Coupling(30, 1, 0).ThresholdGain, previous = double.NaN;
        foreach (int k in new[] { 20_000, 2_000_000, 200_000_000 })
        {
            double a = CouplingScaling.InverseSquareRoot(200, 0.002).Efficacy(k);
            MeanFieldSolution solution = SelfConsistency.Solve(Networks.ModelA(k, a, 30, nuX, neuron: neuron), new Siegert());
            double left = solution.Observables["E"].Rate.Value / nuX / limit - 1;
            if (!double.IsNaN(previous)) Assert.InRange(previous / left, 2.5, 4.5);
            previous = left;
        }

        Assert.InRange(previous, 0, 0.05);
    }

    [Fact]
    public void Constant_and_power_laws_go_through_their_reference_point()
    {
        Assert.Equal(0.01, new CouplingScaling.Constant(0.01).Efficacy(12345));
        Near.Relative(0.001, CouplingScaling.InverseSquareRoot(1000, 0.01).Efficacy(100_000), 1e-14, "1/sqrt(K)");
        Near.Relative(0.0001, new CouplingScaling.Power(1000, 0.01, 1).Efficacy(100_000), 1e-14, "1/K");
        Near.Relative(0.01, new CouplingScaling.Escape(1000, 0.01, 0.034).Efficacy(1000), 1e-14, "Eq. 14");
    }

    [Fact]
    public void Equation_14_is_refused_when_the_membrane_would_sit_above_threshold()
    {
        var error = Assert.Throws<ModelException>(() => Coupling(1, 1, 1).Scaling(1000, 0.01));
        Assert.Contains("not below the threshold, -55 mV", error.Message, StringComparison.Ordinal);
        Assert.Empty(NetworkGain.Solve(Coupling(1, 1, 1), 0.01, 1000));
    }

    private static StrongCoupling Coupling(double g, double excitatory, double inhibitory) => new()
    {
        Threshold = -55,
        ExcitatoryReversal = 0,
        InhibitoryReversal = -75,
        G = g,
        Gamma = 0.25,
        ExcitatoryRatio = excitatory,
        InhibitoryRatio = inhibitory,
    };
}
