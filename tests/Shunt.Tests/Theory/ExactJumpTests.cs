using System.Numerics;
using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class ExactJumpTests
{
    private static readonly ExactJump Theory = new();

    /// <summary>
    /// The table of section 9 of the digest of the paper (K, a, nu_X), whose solver claims 1 %. The rates here were converged to the digits shown
    /// with polynomials of degree 8 and 10 on 90 to 170 elements; at the default resolution they hold to 1e-4.
    /// </summary>
    [Theory]
    [InlineData(1e3, 0.01, 5, 1.07, 1.07315107, 0.9951962)]
    [InlineData(1e3, 0.01, 10, 8.54, 8.5158426, 0.9694301)]
    [InlineData(1e4, 0.00622, 1, 0.187, 0.18490137, 0.9990530)]
    [InlineData(1e5, 0.00447, 5, 37.6, 37.4091, 0.920010)]
    public void Rates_of_the_paper_s_neuron_are_those_of_other_solvers(double k, double a, double nuX, double others, double rate, double cv)
    {
        Response response = Theory.Respond(Neuron.Paper, Networks.Single(k, a, 12, 1.8, nuX));
        Near.Relative(rate, response.Rate, 1e-4, "rate");
        Near.Relative(cv, response.Cv, 1e-4, "CV");
        Near.Relative(others, rate, 0.0125, "rate of the other solver"); // 1 % and three digits
    }

    /// <summary>
    /// Event-driven simulations of others: rates with their standard errors; CVs of 3e5 intervals have one of about CV/sqrt(3e5). 4 standard errors:
    /// false alarm 6e-5 for each of 14 numbers.
    /// </summary>
    [Fact]
    public void Both_conventions_of_the_jump_agree_with_event_driven_simulations_of_others()
    {
        int compared = 0;
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("mc_sde_shot").Where(r => r.Text("case").StartsWith("shot", StringComparison.Ordinal)))
        {
            JumpConvention jump = row.Text("case").Contains("e^-a", StringComparison.Ordinal) ? JumpConvention.Exponential : JumpConvention.Linear;
            Response response = Theory.Respond(Neuron.Paper, Single(row["K"], row["a"], 12, row["eta"], row["nuX_spk_s"], jump));
            Near.Absolute(row["nu_MC"], response.Rate, 4 * row["se_MC"], row.Where + ", rate");
            Near.Absolute(row["cv_MC"], response.Cv, 4 * row["cv_MC"] / Math.Sqrt(3e5), row.Where + ", CV");
            compared++;
        }

        Assert.Equal(7, compared);
    }

    /// <summary>
    /// A monotone scheme in V: upwind drift, linear interpolation between the targets of jumps, and a sparse solution by sweeps. It is of first order,
    /// so two grids and extrapolation.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Passage_times_equal_those_of_a_monotone_discretisation(bool current)
    {
        Afferent[] afferents = current
            ? [new(3000, Synapse.Current(0.7)), new(1000, Synapse.Current(-1.1))]
            : [new(600, Synapse.Conductance(0.05, 0)), new(200, Synapse.Conductance(0.25, -75))];
        double coarse = Upwind(afferents, 500), fine = Upwind(afferents, 1000);
        double passage = Math.Exp(Theory.LogPassageTime(Neuron.Paper, afferents));
        Near.Relative(passage, 2 * fine - coarse, 1e-2, "T"); // what two grids of this size are good for: jumps end between grid points
        Assert.InRange(Math.Abs(fine / passage - 1) / Math.Abs(coarse / passage - 1), 0.2, 0.7); // its error falls, towards this T
    }

    /// <summary>Without leak, T is the time of n arrivals: a Gamma distribution.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(15)]
    public void Without_leak_the_interval_is_the_time_of_n_arrivals(int n)
    {
        const double rate = 800, dead = 0.002;
        Neuron integrator = Neuron.Paper with { MembraneTimeConstant = 1e7 };
        Afferent[] afferents = [new(rate, Synapse.Current(10 / (n - 0.5)))];
        Response response = Theory.Respond(integrator, afferents);
        Near.Relative(1 / (n / rate + dead), response.Rate, 1e-6, "rate");
        Near.Relative(Math.Sqrt(n) / rate * response.Rate, response.Cv, 1e-6, "CV");
        Complex s = new(20, 1500), expected = Complex.Pow(rate / (rate + s), n) * Complex.Exp(-s * dead);
        Assert.InRange((ExactJump.IntervalTransform(integrator, afferents, s) - expected).Magnitude, 0, 1e-6);
    }

    [Fact]
    public void A_synapse_that_always_fires_the_neuron_makes_it_a_Poisson_process_with_dead_time()
    {
        Afferent[] afferents = [new(50, Synapse.Conductance(40, 0, JumpConvention.Exponential)), new(1000, Synapse.Conductance(0.1, -75))];
        Response response = Theory.Respond(Neuron.Paper, afferents);
        Near.Relative(1 / (0.02 + 0.002), response.Rate, 1e-9, "rate");
        Near.Relative(0.02 * response.Rate, response.Cv, 1e-9, "CV");
    }

    /// <summary>
    /// Inhibition takes V back to the reset at once and there is no leak: threshold is reached by n excitatory arrivals in a row, which takes
    /// T = ((1 + R_I/R_E)^n - 1)/R_I. Without a leak the solutions are steps, the hardest case; what is not right says so.
    /// </summary>
    [Theory]
    [InlineData(6, 2)]
    [InlineData(6, 100)]
    [InlineData(15, 1e4)]
    [InlineData(20, 1e20)]
    public void An_escape_that_cannot_be_resolved_is_reported_not_guessed(int n, double ratio)
    {
        const double rate = 1000;
        Neuron neuron = Neuron.Paper with { MembraneTimeConstant = 1e12, LeakReversal = -65 };
        Afferent[] afferents =
        [
            new(rate, Synapse.Current(10 / (n - 0.5))),
            new(rate * ratio, Synapse.Conductance(60, -65, JumpConvention.Exponential)),
        ];
        double expected = n * Math.Log(1 + ratio) - Math.Log(rate * ratio), logTime = Theory.LogPassageTime(neuron, afferents);
        if (expected < 50) expected = Math.Log(double.ExpM1(n * Math.Log(1 + ratio)) / (rate * ratio));
        bool isRight = Math.Abs(logTime - expected) < ExactJump.TargetError;
        Assert.True(isRight || double.IsNaN(logTime) || Theory.Warnings(neuron, afferents).Count == 1, $"ln T {logTime} instead of {expected}, unsaid");
    }

    [Fact]
    public void Rare_escapes_have_the_exponent_of_the_action()
    {
        // at strong coupling the action is S/a, so ln T(a/2) - 2 ln T(a) leaves prefactors only: of order ln 1/a, while ln T goes to 500
        foreach (double a in new[] { 0.008, 0.004, 0.002, 0.001 })
        {
            Afferent[] afferents = Networks.Single(10_000, a, 12, 1.8, 20 * 0.008 / a);
            double action = new EscapeAction(Neuron.Paper, afferents).To(-55), logTime = Theory.LogPassageTime(Neuron.Paper, afferents);
            Assert.InRange(logTime - action, -10, 0);
            Assert.InRange(action, 0.5 / a * 0.008, 500);
        }
    }

    [Fact]
    public void Small_jumps_become_the_diffusion_at_first_order_in_their_size()
    {
        // mean and variance of a current are kept; excitation and inhibition of one size
        double previous = double.NaN;
        foreach (double j in new[] { 0.1, 0.05, 0.025, 0.0125 })
        {
            double variance = 20 / 0.02, drift = 18 / 0.02; // sum J^2 R (mV^2/s), sum J R (mV/s)
            Afferent[] afferents =
            [
                new((variance / j + drift) / (2 * j), Synapse.Current(j)), new((variance / j - drift) / (2 * j), Synapse.Current(-j)),
            ];
            double difference = Theory.LogPassageTime(Neuron.Paper, afferents) - new Siegert().LogPassageTime(Neuron.Paper, afferents);
            if (!double.IsNaN(previous)) Assert.InRange(previous / difference, 1.6, 2.1);
            previous = difference;
        }

        Assert.InRange(Math.Abs(previous), 1e-4, 2e-2);
    }

    [Theory]
    [InlineData(1000, 0.01, 12, 1.8, 10)]
    [InlineData(1000, 0.015, 12, 0.6, 10)]
    [InlineData(50, 0.2, 3, 1, 20)]
    [InlineData(100000, 0.00447, 12, 1.8, 5)]
    public void P_of_V_integrates_to_the_non_refractory_time_and_has_the_stated_mean_and_sd(double k, double a, double g, double eta, double nuX)
    {
        Afferent[] afferents = Networks.Single(k, a, g, eta, nuX);
        Response response = Theory.Respond(Neuron.Paper, afferents);
        const int n = 40_000;
        const double low = -80, h = 25.0 / n;
        double[] v = [.. Enumerable.Range(0, n).Select(i => low + (i + 0.5) * h)];
        double[] density = Theory.Density(Neuron.Paper, afferents, v)!;
        double mass = density.Sum() * h, mean = density.Zip(v, (p, x) => p * x).Sum() * h / mass;
        double square = density.Zip(v, (p, x) => p * (x - mean) * (x - mean)).Sum() * h / mass;
        Near.Relative(1 - response.Rate * 0.002, mass, 1e-4, "integral");
        Near.Absolute(mean, response.MeanV, 2e-3, "mean");
        Near.Relative(Math.Sqrt(square), response.SdV, 2e-3, "SD");
        Assert.True(density.Min() > -1e-3 * density.Max());
        Assert.Equal([0.0, 0.0], Theory.Density(Neuron.Paper, afferents, [-55, -90])!);
    }

    [Fact]
    public void T_falls_with_excitation_and_rises_with_inhibition()
    {
        double previous = double.PositiveInfinity;
        for (double nu = 0.5; nu < 400; nu *= 1.05)
        {
            double logTime = Theory.LogPassageTime(Neuron.Paper, [new(1000 * nu, Synapse.Conductance(0.01, 0)), new(4500, Synapse.Conductance(0.12, -75))]);
            Assert.True(logTime < previous, $"at {nu} Hz");
            previous = logTime;
        }

        previous = double.NegativeInfinity;
        for (double rate = 0; rate < 20_000; rate = rate * 1.05 + 10)
        {
            double logTime = Theory.LogPassageTime(Neuron.Paper, [new(10_000, Synapse.Conductance(0.01, 0)), new(rate, Synapse.Conductance(0.12, -75))]);
            Assert.True(logTime > previous, $"at {rate} Hz");
            previous = logTime;
        }
    }

    /// <summary>
    /// Random neurons: any rest, reset and time constant, conductances and currents of 0.05 % to 30 % and 0.02 to 5 mV, one or two kinds of
    /// excitation, with and without inhibition, mu from -72 to -50 mV. The solution to compare with is converged to 4e-5 or better.
    /// </summary>
    [Fact]
    public void The_reported_error_bounds_the_true_error_and_is_small()
    {
        var problems = RandomProblems(60);
        int over = 0;
        foreach ((Neuron neuron, Afferent[] afferents) in problems)
        {
            using var exact = new JumpPassage(new JumpProcess(neuron, afferents), neuron.Reset, neuron.Threshold, new JumpResolution(7, 1.2, 0.6, 0.01, 70));
            double error = Math.Abs(Theory.LogPassageTime(neuron, afferents) - exact.LogMean(out _));
            Assert.InRange(error, 0, ExactJump.TargetError);
            if (error > ExactJump.RelativeError(neuron, afferents) + 1e-6) over++;
        }

        Assert.InRange(over, 0, 3);
    }

    [Fact]
    public void A_drift_across_the_threshold_fires_without_and_with_input()
    {
        Neuron driven = Neuron.Paper with { ConstantDrive = 40 };
        double expected = Math.Log(0.020 * Math.Log(25.0 / 15));
        Near.Absolute(expected, Theory.LogPassageTime(driven, []), 1e-13, "alone");
        Assert.Equal(0, Theory.Respond(driven, []).Cv);
        double weak = Theory.LogPassageTime(driven, [new(100, Synapse.Current(1e-3)), new(100, Synapse.Current(-1e-3))]);
        Near.Absolute(expected, weak, 1e-6, "with weak input");
        double before = Theory.LogPassageTime(Neuron.Paper with { ConstantDrive = 25 - 1e-7 }, [new(2000, Synapse.Current(0.5))]);
        double after = Theory.LogPassageTime(Neuron.Paper with { ConstantDrive = 25 + 1e-7 }, [new(2000, Synapse.Current(0.5))]);
        Near.Absolute(before, after, 1e-4, "rest at threshold");
    }

    [Fact]
    public void A_neuron_that_nothing_lifts_over_the_threshold_is_silent()
    {
        Afferent[] inhibited = [new(1000, Synapse.Conductance(0.1, -75)), new(0, Synapse.Conductance(0.5, 0))];
        Response response = Theory.Respond(Neuron.Paper, inhibited);
        Assert.Equal(double.PositiveInfinity, Theory.LogPassageTime(Neuron.Paper, inhibited));
        Assert.Equal((0, true), (response.Rate, double.IsNaN(response.Cv)));
        Near.Relative((-80 * 50 + 1000 * 0.1 * -75) / 150, response.MeanV, 1e-14, "mean");

        Neuron free = Neuron.Paper with { Threshold = double.PositiveInfinity };
        Afferent[] afferents = Networks.Single(1000, 0.01, 12, 1.8, 20);
        Response still = Theory.Respond(free, afferents);
        double[] v = [.. Enumerable.Range(0, 50_000).Select(i => -79.9995 + 0.001 * i)], density = Theory.Density(free, afferents, v)!;
        Near.Relative(1, density.Sum() * 0.001, 1e-5, "integral");
        Near.Absolute(still.MeanV, density.Zip(v, (p, x) => p * x).Sum() * 0.001, 1e-3, "mean");
        Near.Relative(still.SdV * still.SdV, density.Zip(v, (p, x) => p * (x - still.MeanV) * (x - still.MeanV)).Sum() * 0.001, 1e-4, "variance");
    }

    [Fact]
    public void The_spectrum_ends_at_nu_and_begins_at_nu_times_CV_squared()
    {
        Afferent[] afferents = Networks.Single(1000, 0.01, 12, 1.5, 20);
        Response response = Theory.Respond(Neuron.Paper, afferents);
        Near.Relative(response.Rate * response.Cv * response.Cv, Theory.PowerSpectrum(Neuron.Paper, afferents, 0.01), 1e-3, "low");
        Near.Relative(response.Rate, Theory.PowerSpectrum(Neuron.Paper, afferents, 20_000), 1e-2, "high");
        Complex slow = ExactJump.IntervalTransform(Neuron.Paper, afferents, 1e-3);
        Near.Relative(1e-3 / response.Rate, 1 - slow.Real, 1e-3, "1 - rho");
    }

    [Fact]
    public void The_response_to_slow_modulation_is_the_derivative_of_the_rate()
    {
        Afferent[] afferents = Networks.Single(1000, 0.01, 12, 1.8, 10);
        for (int i = 0; i < 2; i++)
        {
            double Rate(double factor)
            {
                Afferent[] shifted = [.. afferents];
                shifted[i] = shifted[i] with { Rate = shifted[i].Rate * factor };
                return Theory.Rate(Neuron.Paper, shifted);
            }

            double slope = (Rate(1.02) - Rate(0.98)) / 0.04;
            Complex response = Theory.RateResponse(Neuron.Paper, afferents, i, 0.01);
            Near.Relative(slope, response.Real, 5e-3, $"input {i}");
            Assert.True(Theory.RateResponse(Neuron.Paper, afferents, i, 300).Magnitude < 0.5 * Math.Abs(slope));
        }
    }

    [Fact]
    public void Synapses_with_a_time_constant_are_refused()
    {
        NetworkModel model = Networks.ModelA(100, 0.01, 8, 20);
        Assert.Null(Theory.Objection(model));
        NetworkModel slow = new(
            "slow", model.Populations, model.Inputs, [.. model.Projections.Select(p => p with { Synapse = p.Synapse with { TimeConstant = 0.005 } })]);
        var error = Assert.Throws<ModelException>(() => SelfConsistency.Solve(slow, Theory));
        Assert.Contains("exact-jump, population E: it needs instantaneous synapses", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The network of Fig. 4: 33.7 spk/s by the solver of section 9 of the digest, which claims 1 %.</summary>
    [Fact]
    public void The_network_of_figure_4_fires_at_33_point_5_spikes_per_second()
    {
        MeanFieldSolution solution = SelfConsistency.Solve(Networks.ModelA(1000, 0.0016, 20, 25), Theory);
        Assert.Equal("one state, stable", solution.Message);
        Near.Relative(33.7, solution.Observables["E"].Rate.Value, 0.01, "rate");
        Near.Relative(33.524, solution.Observables["E"].Rate.Value, 1e-4, "rate");
        Assert.DoesNotContain(solution.Warnings, w => w.Contains("single inputs", StringComparison.Ordinal));
    }

    private static Afferent[] Single(double k, double a, double g, double eta, double nuX, JumpConvention jump) =>
        [new(k * nuX, Synapse.Conductance(a, 0, jump)), new(0.25 * k * eta * nuX, Synapse.Conductance(g * a, -75, jump))];

    private static List<(Neuron Neuron, Afferent[] Afferents)> RandomProblems(int count)
    {
        var random = new Random(1);
        double Uniform(double a, double b) => a + (b - a) * random.NextDouble();
        double Log(double a, double b) => Math.Exp(Uniform(Math.Log(a), Math.Log(b)));
        var problems = new List<(Neuron, Afferent[])>();
        while (problems.Count < count)
        {
            Neuron neuron = Neuron.Paper with
            {
                LeakReversal = Uniform(-85, -60),
                Reset = Uniform(-85, -57),
                MembraneTimeConstant = Log(0.005, 0.05),
                ConstantDrive = random.Next(3) == 0 ? Uniform(0, 20) : 0,
            };
            int kind = random.Next(5);
            double mu = Uniform(-72, -50), leak = 1 / neuron.MembraneTimeConstant;
            var inputs = new List<Afferent>();
            if (kind < 3)
            {
                double be = Log(5e-4, 0.3), bi = Math.Min(0.9, be * Log(0.5, 20));
                inputs.Add(new(Log(0.05, 5) * leak / bi * Log(0.1, 5), Synapse.Conductance(bi, Uniform(-90, -65))));
                if (kind == 2) inputs.Add(new(Log(0.003, 0.3) * leak / be, Synapse.Conductance(Math.Min(0.9, be * Uniform(1.5, 4)), 0)));
                double drive = leak * (mu - neuron.RestingPotential) + inputs.Sum(i => i.Rate * i.Synapse.Efficacy * (mu - i.Synapse.Reversal));
                inputs.Add(new(drive / (be * -mu), Synapse.Conductance(be, 0)));
            }
            else
            {
                double je = Log(0.02, 5), ji = je * Log(0.5, 5), rate = kind == 4 ? Log(10, 5000) : 0;
                inputs.Add(new(rate, Synapse.Current(-ji)));
                inputs.Add(new((leak * (mu - neuron.RestingPotential) + rate * ji) / je, Synapse.Current(je)));
            }

            bool usable = inputs[^1].Rate > 0 && inputs.Sum(i => i.Rate) < 3e6;
            if (usable && (mu >= -55 || new EscapeAction(neuron, [.. inputs]).To(-55) < 150)) problems.Add((neuron, [.. inputs]));
        }

        return problems;
    }

    private static double Upwind(Afferent[] afferents, int n)
    {
        const double low = -95;
        double h = (-55 - low) / n;
        var t = new double[n]; // at low + i h
        for (int sweep = 0; sweep < 100_000; sweep++)
        {
            double change = 0;
            for (int s = 0; s < n; s++)
            {
                int i = sweep % 2 == 0 ? s : n - 1 - s;
                double v = low + i * h, drift = (-80 - v) / 0.020, gain = 1, loss = Math.Abs(drift) / h;
                gain += loss * At(drift > 0 ? i + 1 : i - 1);
                foreach ((double rate, Synapse synapse) in afferents)
                {
                    double target = (v + InputMoments.Amplitude(synapse, v) - low) / h;
                    int below = (int)Math.Floor(target);
                    gain += rate * (target >= n ? 0 : (below + 1 - target) * At(below) + (target - below) * Inside(below + 1));
                    loss += rate;
                }

                double next = gain / loss;
                change = Math.Max(change, Math.Abs(next - t[i]) / next);
                t[i] = next;
            }

            if (change < 1e-9) break;
        }

        double reset = (-65 - low) / h;
        int r = (int)Math.Floor(reset);
        return (r + 1 - reset) * t[r] + (reset - r) * t[r + 1];

        double At(int i) => i >= n ? 0 : t[Math.Max(i, 0)];

        // just below threshold T does not go to zero: continue the last value
        double Inside(int i) => t[Math.Clamp(i, 0, n - 1)];
    }
}
