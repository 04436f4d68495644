using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>Synapses with a time constant (Eq. 24, App. G): the numerical solution, its limits, the critical input.</summary>
public class ColouredNoiseTests
{
    private static readonly ColouredNoise Theory = new();

    internal static InputMoments Moments(double tau, double mu, double sigma, double ratio) => new(tau, mu, sigma, sigma / Math.Sqrt(2 * (1 + ratio)));

    private static Afferent[] Filtered(Afferent[] afferents, double tauS) =>
        [.. afferents.Select(a => a with { Synapse = a.Synapse with { TimeConstant = tauS } })];

    private static double Rate(FilteredNoise theory, Neuron neuron, InputMoments input) =>
        Math.Exp(TransferFunction.LogRate(theory.LogPassageTime(neuron, input), neuron.RefractoryPeriod));

    [Fact]
    public void The_limits_equal_the_reference_table_of_figure_14()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("tauS_single_fig14"))
        {
            InputMoments input = Moments(row["tau_ms"] * 1e-3, row["mu_mV"], row["sigma_mV"], row["tauS_over_tau"]);
            Near.Relative(row["nu_G9_corrected(+1.0327)"], Rate(new FourcaudBrunel(), Neuron.Paper, input), 1e-8, row.Where + ", G9");
            Near.Relative(row["nu_G10"], Math.Exp(Rice.LogCrossingRate(Neuron.Paper, input)), 1e-9, row.Where + ", G10");
            if (row["nu_G11"] > 1e-300) Near.Relative(row["nu_G11"], Rate(new Adiabatic(), Neuron.Paper, input), 1e-7, row.Where + ", G11");
            if (row["nu_G12_half"] is > 1e-300 and < double.PositiveInfinity)
                Near.Relative(row["nu_G12_half"], Math.Exp(AdiabaticStrong.LogStrongRate(Neuron.Paper, input)), 1e-9, row.Where + ", G12");
        }
    }

    [Fact]
    public void The_limits_equal_the_reference_table_of_figure_6A()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("single_fig6A"))
        {
            foreach (string tauS in new[] { "0.1", "1", "10" })
            {
                Afferent[] afferents = Filtered(Networks.Single(1000, 0.01, 8, 1.5, row["nuX_spk_s"]), double.Parse(tauS, System.Globalization.CultureInfo.InvariantCulture) * 1e-3);
                InputMoments input = InputMoments.Of(Neuron.Paper, afferents);
                string where = $"{row.Where}, {tauS} ms";
                if (row[$"nu_G9corr_tauS{tauS}ms"] > 1e-300)
                    Near.Relative(row[$"nu_G9corr_tauS{tauS}ms"], Rate(new FourcaudBrunel(), Neuron.Paper, input), 1e-8, where + ", G9");
                Near.Relative(row[$"nu_G10_tauS{tauS}ms"], Math.Exp(Rice.LogCrossingRate(Neuron.Paper, input)), 1e-9, where + ", G10");
                if (row[$"nu_G11_tauS{tauS}ms"] > 1e-300)
                    Near.Relative(row[$"nu_G11_tauS{tauS}ms"], Rate(new Adiabatic(), Neuron.Paper, input), 1e-7, where + ", G11");
                Near.Relative(row[$"sigmaV_nospike_mV_tauS{tauS}ms"], input.FreeMembraneSd, 1e-10, where + ", SD");
            }
        }
    }

    [Fact]
    public void Networks_with_slow_synapses_equal_the_reference_table_of_figure_15()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("network_tauS_fig15_fig6BC"))
        {
            NetworkModel model = Slow(Networks.ModelA(1000, 0.0016, 20, row["nuX_spk_s"]), 0.001);
            MeanFieldSolution solution = SelfConsistency.Solve(model, new Adiabatic());
            Near.Relative(row["nu_G11_tauS1ms"], solution.Observables["E"].Rate.Value, 1e-6, row.Where + ", G11");
            Near.Relative(row["mu_G11_mV_tauS1ms"], solution.Observables["E"].Mu.Value, 1e-7, row.Where + ", mu");
            Near.Relative(row["nu_G9corr_tauS1ms"], SelfConsistency.Solve(model, new FourcaudBrunel()).Observables["E"].Rate.Value, 1e-7, row.Where + ", G9");
        }
    }

    // Monte-Carlo simulation of (G8) by others; |z| < 4 fails by chance once in 1e4
    [Fact]
    public void The_solution_agrees_with_simulations_of_others()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("mc_G8"))
        {
            Neuron neuron = Neuron.Paper with { RefractoryPeriod = row["tau_rp_ms"] * 1e-3 };
            double rate = Rate(Theory, neuron, Moments(row["tau_ms"] * 1e-3, row["mu_mV"], row["sigma_mV"], row["tauS_over_tau"]));
            Assert.InRange((rate - row["nu_MC"]) / row["se_MC"], -4, 4);
        }
    }

    // (G8) with exact steps of the Ornstein-Uhlenbeck pair; the error is that of the number of intervals, and of crossings within a step (1e-3 tau_S)
    [Theory]
    [InlineData(0.1, -58)]
    [InlineData(1, -58)]
    [InlineData(1, -50)]
    [InlineData(10, -56)]
    public void Rate_and_CV_agree_with_a_simulation_in_small_steps(double ratio, double mu)
    {
        const double tau = 0.01, sigma = 5;
        InputMoments input = Moments(tau, mu, sigma, ratio);
        var random = new Random(7);
        double tauS = ratio * tau, h = 2e-3 * Math.Min(tau, tauS), keep = Math.Exp(-h / tauS), kick = Math.Sqrt((1 - keep * keep) / 2);
        double z = 0, v = -65, wait = 0, clock = 0, last = 0, duration = 60 * Math.Max(1, ratio / 3), sum = 0, square = 0;
        var rates = new List<double>();
        int spikes = 0;
        while (clock < duration)
        {
            double before = z;
            z = z * keep + kick * Normal(random);
            clock += h;
            if ((wait -= h) > 0) continue;
            double drive = mu + sigma * Math.Sqrt(1 / ratio) * 0.5 * (before + z);
            v = drive + (v - drive) * Math.Exp(-h / tau);
            if (v < -55) continue;
            (v, wait) = (-65, 0.002);
            double interval = clock - last;
            last = clock;
            spikes++;
            sum += interval;
            square += interval * interval;
        }

        double mean = sum / spikes, cv = Math.Sqrt(square / spikes / (mean * mean) - 1);
        Afferent[] afferents = Equivalent(input);
        Response response = Theory.Respond(Neuron.Paper, afferents);

        // intervals are correlated over tau_S: the error of the rate is taken as twice that of independent ones
        double error = 2 * cv / Math.Sqrt(spikes) * Math.Max(1, Math.Sqrt(tauS * response.Rate));
        Assert.InRange(Math.Log(response.Rate * mean), -3 * error - 0.01, 3 * error + 0.01);
        Assert.InRange(response.Cv / cv, 0.93, 1.07);
    }

    [Theory]
    [InlineData(-65)]
    [InlineData(-58)]
    [InlineData(-50)]
    public void Short_and_long_time_constants_lead_to_the_limits(double mu)
    {
        double Log(double ratio) => Theory.LogPassageTime(Neuron.Paper, Moments(0.01, mu, 5, ratio));
        double white = Siegert.LogPassageTime(Neuron.Paper, Moments(0.01, mu, 5, 0));
        Near.Absolute(white, Log(1e-6), 1e-2, "white noise");
        double previous = double.NaN;
        foreach (double ratio in new[] { 1e-2, 1e-3, 1e-4 })
        {
            // the first correction has the shift of G9, with the z that is left after the refractory period
            double off = Math.Abs(Log(ratio) - FourcaudBrunel.LogTimeAfterWait(Neuron.Paper, Moments(0.01, mu, 5, ratio)));
            if (!double.IsNaN(previous)) Assert.InRange(off, 0, 0.35 * previous + 2e-3);
            previous = off;
        }

        if (mu == -65) return; // beyond e^25 tau at 100
        double slow = new Adiabatic().LogPassageTime(Neuron.Paper, Moments(0.01, mu, 5, mu == -50 ? 100 : 10));
        Near.Absolute(slow, Log(mu == -50 ? 100 : 10), mu == -50 ? 1e-3 : 0.2, "adiabatic");
    }

    [Fact]
    public void P_of_V_integrates_to_the_non_refractory_time_and_has_the_stated_moments()
    {
        foreach ((double ratio, double mu) in new[] { (0.03, -58.0), (1, -50), (20, -57) })
        {
            Afferent[] afferents = Equivalent(Moments(0.01, mu, 5, ratio));
            Response response = Theory.Respond(Neuron.Paper, afferents);
            const int n = 40_000;
            const double low = -100, h = 45.0 / n;
            double[] v = [.. Enumerable.Range(0, n).Select(i => low + (i + 0.5) * h)], density = Theory.Density(Neuron.Paper, afferents, v)!;
            double mass = density.Sum() * h, mean = density.Zip(v, (p, x) => p * x).Sum() * h / mass;
            double second = density.Zip(v, (p, x) => p * (x - mean) * (x - mean)).Sum() * h / mass;
            Near.Relative(1 - response.Rate * 0.002, mass, 1e-3, $"{ratio}, integral");
            Near.Absolute(mean, response.MeanV, 5e-3, $"{ratio}, mean");
            Near.Relative(Math.Sqrt(second), response.SdV, 5e-3, $"{ratio}, SD");
        }
    }

    [Fact]
    public void T_falls_as_mu_rises_through_threshold_and_far_below_it()
    {
        foreach (double ratio in new[] { 0.02, 1, 30 })
        {
            double previous = double.PositiveInfinity;
            for (double mu = -75; mu < -45; mu += 2.5)
            {
                double logTime = Theory.LogPassageTime(Neuron.Paper, Moments(0.01, mu, 5, ratio));
                Assert.True(logTime < previous, $"{ratio}, {mu} mV");
                previous = logTime;
            }
        }
    }

    [Fact]
    public void The_reported_error_is_below_a_percent_everywhere()
    {
        foreach (double ratio in new[] { 0.01, 0.1, 1, 10, 100 })
        {
            foreach (double mu in new[] { -65.0, -58, -50 })
                Assert.InRange(ColouredNoise.ErrorEstimate(Neuron.Paper, Equivalent(Moments(0.01, mu, 5, ratio))), 0, 0.01);
        }
    }

    [Fact]
    public void The_network_response_to_slow_synapses_holds_mu_at_threshold()
    {
        // Eq. 21: gain 55/45 of g gamma = 5
        double gain = 0, distance = 0;
        foreach (int k in new[] { 10_000, 1_000_000 })
        {
            NetworkModel model = Slow(Networks.ModelA(k, 1.6e-3, 20, 100), 0.01);
            PopulationObservables e = SelfConsistency.Solve(model, new Adiabatic()).Observables["E"];
            double nowAt = -55 - e.Mu.Value;
            Assert.True(k == 10_000 || nowAt < 0.2 * distance);
            (gain, distance) = (e.Rate.Value / 100, nowAt);
        }

        Near.Relative(55.0 / 45, gain, 0.01, "gain");
    }

    [Fact]
    public void At_the_critical_input_tau_is_tau_S()
    {
        Afferent[] single = Filtered(Networks.Single(1000, 0.01, 8, 1.5, 1), 0.001);
        double factor = CriticalInput.Factor(Neuron.Paper, single, 0.001);
        Near.Relative((1000 - 50) / (1000 * 0.01 + 250 * 1.5 * 0.08), factor, 1e-12, "closed form");
        NetworkModel model = Slow(Networks.ModelA(1000, 0.0016, 20, 10), 0.001);
        double network = CriticalInput.Factor(model, new Siegert(), "E", 0.001);
        NetworkModel there = Slow(Networks.ModelA(1000, 0.0016, 20, 10 * network), 0.001);
        Near.Relative(0.001, SelfConsistency.Solve(there, new Siegert()).Observables["E"].Tau.Value, 1e-7, "network");
    }

    [Fact]
    public void Instantaneous_synapses_are_refused_and_different_ones_reported()
    {
        NetworkModel model = Networks.ModelA(1000, 0.0016, 20, 25);
        Assert.Contains("siegert treats those", Theory.Objection(model), StringComparison.Ordinal);
        Afferent[] mixed = Networks.Single(1000, 0.01, 8, 1.5, 5);
        mixed = [mixed[0] with { Synapse = mixed[0].Synapse with { TimeConstant = 0.002 } }, mixed[1] with { Synapse = mixed[1].Synapse with { TimeConstant = 0.005 } }];
        Assert.Contains(Theory.Warnings(Neuron.Paper, mixed), w => w.Contains("knows one tau_S", StringComparison.Ordinal));
    }

    // currents that have given moments
    private static Afferent[] Equivalent(InputMoments input)
    {
        const double jump = 0.01;
        double tau = input.Tau, tauS = input.SynapticRatio * tau;
        Neuron neuron = Neuron.Paper;

        // a conductance so fine that it has no noise makes tau; currents make mu and sigma
        double extra = 1 / tau - 1 / neuron.MembraneTimeConstant;
        double drive = (input.Mu - (neuron.RestingPotential / neuron.MembraneTimeConstant + extra * -70) * tau) / tau; // sum J R
        double power = input.Sigma * input.Sigma / tau; // sum J^2 R
        Synapse Current(double j) => Synapse.Current(j) with { TimeConstant = tauS };
        return
        [
            new(extra / 1e-9, Synapse.Conductance(1e-9, -70) with { TimeConstant = tauS }),
            new((power / jump + drive) / (2 * jump), Current(jump)),
            new((power / jump - drive) / (2 * jump), Current(-jump)),
        ];
    }

    private static NetworkModel Slow(NetworkModel model, double tauS) => new(
        model.Name, model.Populations, model.Inputs, [.. model.Projections.Select(p => p with { Synapse = p.Synapse with { TimeConstant = tauS } })]);

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
