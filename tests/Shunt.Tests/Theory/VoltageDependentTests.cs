using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>Neurons whose membrane current depends on V (App. C): diffusion and kramers.</summary>
public class VoltageDependentTests
{
    private static readonly Neuron Rectifier = Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(1.5, -85, 15) };

    internal static Neuron Eif(double sharpness, double onset = -55, double peak = 0) =>
        Neuron.Paper with { Threshold = peak, Current = new MembraneCurrent.SpikeInitiation(sharpness, onset) };

    internal static InputMoments Moments(double tau, double mu, double sigma) => new(tau, mu, sigma, sigma / Math.Sqrt(2));

    [Fact]
    public void Rates_cvs_and_the_escape_rate_of_an_eif_equal_the_reference_table()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("eif"))
        {
            Neuron neuron = Eif(row["DeltaT_mV"], row["V_T_mV"]) with { MembraneTimeConstant = row["tauL_ms"] * 1e-3 };
            InputMoments input = Moments(row["tau_ms"] * 1e-3, row["mu_mV"], row["sigma_mV"]);
            Response response = Diffusion.Respond(neuron, input);

            // the sharpest exponential is the table's weakest row: J' = w' J + 1 in exponential steps of 1e-4 mV, extrapolated, gives the other rate
            bool sharp = row["DeltaT_mV"] < 0.3;
            Near.Relative(row["nu_exact_spk_s"], response.Rate, sharp ? 1e-7 : 1e-9, row.Where + ", nu");
            Near.Relative(row["cv"], response.Cv, sharp ? 1e-7 : 1e-9, row.Where + ", CV");
            if (sharp) Near.Relative(35.737077574, response.Rate, 1e-9, row.Where + ", nu in small steps");
            Near.Relative(row["nu_LIF_same_mu_sigma_spk_s"], Siegert.Respond(Neuron.Paper, input).Rate, 1e-9, row.Where + ", nu without the exponential");
            double escape = Math.Exp(TransferFunction.LogRate(Kramers.LogPassageTime(neuron, input), neuron.RefractoryPeriod));
            if (double.IsNaN(row["nu_Kramers_C4corrected_spk_s"])) Assert.True(double.IsNaN(escape));
            else Near.Relative(row["nu_Kramers_C4corrected_spk_s"], escape, 1e-9, row.Where + ", nu of kramers");
            var drift = new MembraneDrift(neuron, input);
            if (double.IsNaN(row["mu_star_mV"])) continue;
            Near.Relative(row["mu_star_mV"], drift.Rest, 1e-12, row.Where + ", mu*");
            Near.Relative(row["theta_star_mV"], drift.Barrier, 1e-12, row.Where + ", theta*");
        }
    }

    [Fact]
    public void Without_a_current_it_is_siegert()
    {
        Afferent[] afferents = Networks.Single(1000, 0.01, 12, 1.5, 20);
        Assert.Equal(new Siegert().Respond(Neuron.Paper, afferents), new Diffusion().Respond(Neuron.Paper, afferents));
        Neuron none = Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(0, -85, 15) };
        Response siegert = new Siegert().Respond(Neuron.Paper, afferents), open = new Diffusion().Respond(none, afferents);
        Near.Relative(siegert.Rate, open.Rate, 1e-9, "rate");
        Near.Relative(siegert.Cv, open.Cv, 1e-9, "CV");
        Near.Relative(siegert.SdV, open.SdV, 1e-8, "SD");
    }

    [Fact]
    public void P_of_V_integrates_to_the_non_refractory_time_and_has_the_stated_moments()
    {
        foreach (Neuron neuron in new[] { Eif(2), Rectifier })
        {
            InputMoments input = Moments(0.005, -57, 4);
            Response response = Diffusion.Respond(neuron, input);
            const int n = 60_000;
            double low = neuron.Current is MembraneCurrent.InwardRectifier ? -99.9 : -100, h = (neuron.Threshold - low) / n;
            double[] v = [.. Enumerable.Range(0, n).Select(i => low + (i + 0.5) * h)], density = Diffusion.Density(neuron, input, v)!;
            double mass = density.Sum() * h, mean = density.Zip(v, (p, x) => p * x).Sum() * h / mass;
            double square = density.Zip(v, (p, x) => p * (x - mean) * (x - mean)).Sum() * h / mass;
            Near.Relative(1 - response.Rate * neuron.RefractoryPeriod, mass, 1e-6, neuron.Current!.Model + ", integral");
            Near.Relative(mean, response.MeanV, 1e-6, neuron.Current.Model + ", mean");
            Near.Relative(Math.Sqrt(square), response.SdV, 1e-5, neuron.Current.Model + ", SD");
        }
    }

    [Fact]
    public void A_rectifier_with_constant_conductance_is_a_leaky_neuron_with_more_leak()
    {
        Neuron constant = Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(1.5, -85, double.PositiveInfinity) };
        InputMoments input = Moments(0.010, -55, 6); // the current takes a share 1.5 tau/tau_L of the leak
        const double more = 1 + 1.5 * 0.5;
        InputMoments leaky = Moments(0.010 / more, (-55 + 1.5 * 0.5 * -85) / more, 6 / Math.Sqrt(more));
        Response expected = Siegert.Respond(Neuron.Paper, leaky), response = Diffusion.Respond(constant, input);
        Near.Relative(expected.Rate, response.Rate, 1e-9, "rate");
        Near.Relative(expected.Cv, response.Cv, 1e-9, "CV");
    }

    [Fact]
    public void Theories_of_leaky_neurons_object_and_name_the_one_that_applies()
    {
        NetworkModel model = Networks.ModelA(100, 0.01, 8, 20, neuron: Eif(2));
        foreach (string name in new[] { "siegert", "multiplicative-ito", "exact-jump" })
            Assert.Contains("use kramers or diffusion", TransferFunctions.Named(name).Objection(model), StringComparison.Ordinal);
        Assert.Null(new Diffusion().Objection(model));
        MeanFieldSolution solution = SelfConsistency.Solve(model, new Diffusion());
        Assert.Equal(SolutionStatus.Converged, solution.Status);
    }
}
