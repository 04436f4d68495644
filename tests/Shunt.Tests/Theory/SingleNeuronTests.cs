using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class SingleNeuronTests
{
    [Fact]
    public void Figure_2_moments_rates_and_cvs_equal_the_reference_for_siegert_and_kramers()
    {
        var siegert = TransferFunctions.Named("siegert");
        var kramers = TransferFunctions.Named("kramers");
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("single_etc_fig2"))
        {
            Afferent[] afferents = Networks.Single(row["K"], row["a"], 12, 1.8, row["nuX_spk_s"]);
            InputMoments input = InputMoments.Of(Neuron.Paper, afferents);
            Near.Relative(row["tau_ms"], input.Tau * 1e3, 1e-12, row.Where + ", tau");
            Near.Relative(row["mu_mV"], input.Mu, 1e-12, row.Where + ", mu");
            Near.Relative(row["sigma_mV"], input.Sigma, 1e-12, row.Where + ", sigma");
            Response exact = siegert.Respond(Neuron.Paper, afferents), escape = kramers.Respond(Neuron.Paper, afferents);
            Near.Absolute(row["log10_nu"], exact.LogRate / Math.Log(10), 1e-10, row.Where + ", log10 nu");
            if (row["nu_spk_s"] > 1e-300) Near.Relative(row["nu_spk_s"], exact.Rate, 1e-9, row.Where + ", nu");
            Near.Relative(row["cv"], exact.Cv, 1e-9, row.Where + ", CV");
            if (row["nu_eq12_spk_s"] > 1e-300) Near.Relative(row["nu_eq12_spk_s"], escape.Rate, 1e-9, row.Where + ", nu of Eq. 12");
            // Eq. 16 in the table takes the rate of Eq. 10, kramers that of Eq. 12
            Near.Relative(row["cv_eq16"], 1 - 0.002 * exact.Rate, 1e-9, row.Where + ", CV of Eq. 16");
            Near.Relative(1 - 0.002 * escape.Rate, escape.Cv, 1e-12, row.Where + ", CV of kramers");
        }
    }

    [Fact]
    public void Figure_1_current_and_conductance_based_neurons_equal_the_reference()
    {
        var still = Neuron.Paper with { LeakReversal = 0, Threshold = 20, Reset = 10 };
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("fig1"))
        {
            double k = row["K"], j = row["J_mV_or_a"], nuX = row["nuX_spk_s"], eta = row["eta"];
            bool current = row.Text("panel")[0] == 'A';
            Neuron neuron = current ? still : Neuron.Paper;
            Afferent[] afferents = current
                ? [new(k * nuX, Synapse.Current(j)), new(k * eta * nuX, Synapse.Current(-j))]
                : Networks.Single(k, j, 1, eta, nuX, gamma: 1);
            InputMoments input = InputMoments.Of(neuron, afferents);
            Response response = new Siegert().Respond(neuron, afferents);
            Near.Relative(row["tau_ms"], input.Tau * 1e3, 1e-12, row.Where + ", tau");
            Near.Relative(row["mu_mV"], input.Mu, 1e-11, row.Where + ", mu");
            Near.Relative(row["sigma_mV"], input.Sigma, 1e-12, row.Where + ", sigma");
            Near.Relative(row["nu_spk_s"], response.Rate, 1e-9, row.Where + ", nu");
            Near.Relative(row["cv"], response.Cv, 1e-9, row.Where + ", CV");
        }
    }

    [Fact]
    public void A_constant_drive_acts_like_a_leak_reversal_moved_by_as_much()
    {
        Afferent[] afferents = Networks.Single(1000, 0.01, 12, 1.8, 20);
        Neuron driven = Neuron.Paper with { ConstantDrive = 7 }, moved = Neuron.Paper with { LeakReversal = Neuron.Paper.LeakReversal + 7 };
        Assert.Equal(new Siegert().Respond(moved, afferents), new Siegert().Respond(driven, afferents));
        Assert.NotEqual(new Siegert().Respond(Neuron.Paper, afferents), new Siegert().Respond(driven, afferents));
    }

    [Fact]
    public void Conductances_and_currents_mix_in_the_moments()
    {
        Afferent[] afferents = [new(5000, Synapse.Conductance(0.01, 0)), new(3000, Synapse.Current(-0.1)), new(0, Synapse.Current(50))];
        InputMoments input = InputMoments.Of(Neuron.Paper, afferents);
        const double tau = 1 / (50.0 + 50), mu = tau * (-80 * 50.0 + 0 - 300);
        Near.Relative(tau, input.Tau, 1e-15, "tau");
        Near.Relative(mu, input.Mu, 1e-15, "mu");
        Near.Relative(Math.Sqrt(tau * (5000 * 1e-4 * mu * mu + 3000 * 0.01)), input.Sigma, 1e-15, "sigma");
        Near.Relative(input.Sigma / Math.Sqrt(2), input.FreeMembraneSd, 1e-15, "free SD");
    }

    [Fact]
    public void The_exponential_jump_makes_mu_the_exact_mean_of_the_free_membrane_and_its_sd_right_to_order_b()
    {
        Synapse e = Synapse.Conductance(0.2, 0, JumpConvention.Exponential), i = Synapse.Conductance(0.3, -75, JumpConvention.Exponential);
        Afferent[] afferents = [new(200, e), new(400, i)];
        double be = -double.ExpM1(-0.2), bi = -double.ExpM1(-0.3);
        double mean = (-80 * 50 + 400 * bi * -75) / (50 + 200 * be + 400 * bi);
        double variance = (200 * be * be * mean * mean + 400 * bi * bi * (mean + 75) * (mean + 75))
            / (100 + 200 * (2 * be - be * be) + 400 * (2 * bi - bi * bi));
        InputMoments input = InputMoments.Of(Neuron.Paper, afferents);
        Near.Relative(mean, input.Mu, 1e-14, "mu");
        Near.Relative(Math.Sqrt(variance), input.FreeMembraneSd, 0.1, "free SD");
        Assert.True(input.FreeMembraneSd < Math.Sqrt(variance)); // the diffusion limit leaves out -b^2 in the denominator
    }

    [Fact]
    public void A_synaptic_time_constant_filters_the_free_membrane_and_is_warned_about()
    {
        Synapse slow = Synapse.Current(0.5) with { TimeConstant = 0.010 };
        InputMoments input = InputMoments.Of(Neuron.Paper, [new(1000, slow)]);
        Near.Relative(input.Sigma * input.Sigma / 2 * 0.020 / 0.030, input.FreeMembraneSd * input.FreeMembraneSd, 1e-14, "free variance");
        MeanFieldSolution solution = SelfConsistency.Solve(
            new NetworkModel("n", [new("E", 1, Neuron.Paper)], [new("X", 10)], [Networks.Fixed("X", "E", 100, slow)]), new Siegert());
        Assert.Contains(solution.Warnings, w => w.Contains("tau_S/tau = 10 ms/20 ms = 0.5", StringComparison.Ordinal));
    }

    [Fact]
    public void The_theories_are_found_by_name_and_an_unknown_name_lists_them()
    {
        Assert.Equal("siegert", TransferFunctions.Names[0]);
        Assert.All(TransferFunctions.Names, name => Assert.Equal(name, TransferFunctions.Named(name).Name));
        var error = Assert.Throws<ArgumentException>(() => TransferFunctions.Named("sigert"));
        Assert.Contains($"'sigert'; there are {string.Join(", ", TransferFunctions.Names)}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kramers_is_undefined_above_threshold_and_approaches_siegert_far_below()
    {
        Assert.True(double.IsNaN(new Kramers().LogPassageTime(Neuron.Paper, [new(1000, Synapse.Current(2))])));
        for (double v = 3; v < 40; v *= 2)
        {
            var input = new InputMoments(0.01, -55 - v, 1, 1 / Math.Sqrt(2));
            double difference = Siegert.LogPassageTime(Neuron.Paper, input) - Kramers.LogPassageTime(Neuron.Paper, input);
            Near.Relative(1 / (2 * v * v), difference, 2.5 / (v * v), $"v_max = {v}");
        }
    }
}
