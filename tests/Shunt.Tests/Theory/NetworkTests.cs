using System.Globalization;
using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class NetworkTests
{
    private static readonly TransferFunction Siegert = new Siegert();

    [Fact]
    public void Fixed_points_and_their_observables_equal_the_reference_table()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("network_etc_fig3_fig6_fig15"))
        {
            MeanFieldSolution solution = SelfConsistency.Solve(
                Networks.ModelA((int)row["K"], row["a"], row["g"], row["nuX_spk_s"]), Siegert);
            PopulationObservables e = solution.Observables["E"];
            double nu = row["nu_spk_s"];
            FixedPoint only = Assert.Single(solution.FixedPoints);
            Assert.True(only.IsStable, row.Where);
            Assert.True(only.Residual < 1e-9, row.Where);
            Assert.Equal(row["n_roots"] == 0 || nu < 1e-3 ? SolutionStatus.Silent : SolutionStatus.Converged, solution.Status);
            if (nu > 1e-300) Near.Relative(nu, e.Rate.Value, 1e-8, row.Where + ", nu");
            else Assert.True(e.Rate.Value < 1e-300, row.Where);
            Near.Relative(row["tau_ms"], e.Tau.Value * 1e3, 1e-8, row.Where + ", tau");
            Near.Relative(row["mu_mV"], e.Mu.Value, 1e-8, row.Where + ", mu");
            Near.Relative(row["sigma_mV"], e.Sigma.Value, 1e-8, row.Where + ", sigma");
            Near.Relative(row["cv"], e.CvIsi.Value, 1e-7, row.Where + ", CV");
            Assert.Equal(e with { Population = "I" }, solution.Observables["I"]);
        }
    }

    [Fact]
    public void A_network_without_recurrence_is_simply_evaluated()
    {
        var model = new NetworkModel(
            "single neuron",
            [new("E", 1, Neuron.Paper)],
            [new("X", 20), new("Y", 36)],
            [
                Networks.Fixed("X", "E", 1000, Synapse.Conductance(0.01, 0)),
                Networks.Fixed("Y", "E", 250, Synapse.Conductance(0.12, -75)),
            ]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        Assert.Equal(Siegert.Rate(Neuron.Paper, Networks.Single(1000, 0.01, 12, 1.8, 20)), solution.Observables["E"].Rate.Value, 1e-10);
        Assert.Equal(-1, Assert.Single(solution.FixedPoints).LeadingEigenvalue);
    }

    [Fact]
    public void The_current_based_network_of_Brunel_2000_fires_at_the_rate_found_by_bisection()
    {
        // sqrt(C)-coupled network of that paper: J = 0.1 mV, C_E = 1000, g = 5, external rate twice the one that reaches threshold
        Neuron neuron = new() { MembraneTimeConstant = 0.020, LeakReversal = 0, Threshold = 20, Reset = 10, RefractoryPeriod = 0.002 };
        Synapse e = Synapse.Current(0.1), i = Synapse.Current(-0.5);
        var model = new NetworkModel(
            "Brunel 2000",
            [new("E", 10000, neuron), new("I", 2500, neuron)],
            [new("X", 20)],
            [
                .. new[] { "E", "I" }.SelectMany(t => new[]
                {
                    Networks.Fixed("X", t, 1000, e), Networks.Fixed("E", t, 1000, e), Networks.Fixed("I", t, 250, i),
                }),
            ]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        double nu = solution.Observables["E"].Rate.Value;
        double low = 0, high = 400;
        for (int step = 0; step < 100; step++)
        {
            double middle = (low + high) / 2;
            double mu = 0.020 * (0.1 * 1000 * (20 + middle) - 0.5 * 250 * middle);
            double sigma = Math.Sqrt(0.020 * (0.01 * 1000 * (20 + middle) + 0.25 * 250 * middle));
            if (PrintedRate(mu, sigma) > middle) low = middle;
            else high = middle;
        }

        Near.Relative(low, nu, 1e-6, "rate");
        Assert.InRange(nu, 35, 42);
        Assert.InRange(solution.Observables["E"].CvIsi.Value, 0.3, 1);

        // Eq. 10 as printed, by Simpson's rule
        static double PrintedRate(double mu, double sigma)
        {
            double from = (10 - mu) / sigma, to = (20 - mu) / sigma, sum = 0;
            const int n = 2000;
            for (int k = 0; k <= n; k++)
            {
                double x = from + (to - from) * k / n;
                sum += (k is 0 or n ? 1 : k % 2 == 1 ? 4 : 2) * Math.Exp(x * x) * MathNet.Numerics.SpecialFunctions.Erfc(-x);
            }

            return 1 / (0.002 + 0.020 * Math.Sqrt(Math.PI) * sum * (to - from) / (3 * n));
        }
    }

    [Fact]
    public void Recurrent_excitation_gives_three_states_of_which_the_middle_one_is_unstable()
    {
        NetworkModel model = Excitatory(nuX: 13);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        Assert.Equal([true, false, true], solution.FixedPoints.Select(p => p.IsStable));
        Assert.Equal(SolutionStatus.Converged, solution.Status);
        Assert.Equal(solution.FixedPoints[2].Rates[0], solution.Observables["E"].Rate.Value);
        Assert.Contains("2 stable states among 3", solution.Message, StringComparison.Ordinal);

        // time itself agrees: from either side of the unstable state the rate runs to the stable ones
        double unstable = solution.FixedPoints[1].Rates[0];
        Near.Relative(solution.FixedPoints[0].Rates[0], Relax(unstable * 0.99)[0], 1e-6, "lower state");
        Near.Relative(solution.FixedPoints[2].Rates[0], Relax(unstable * 1.01)[0], 1e-6, "upper state");

        double[] Relax(double start) => Relaxation(model, [start]);
    }

    [Fact]
    public void The_leading_eigenvalue_is_the_slope_of_the_transfer_function_minus_one()
    {
        NetworkModel model = Excitatory(nuX: 13);
        foreach (FixedPoint point in SelfConsistency.Solve(model, Siegert).FixedPoints)
        {
            double nu = point.Rates[0], h = 1e-4 * nu;
            double F(double rate) => Siegert.Rate(Neuron.Paper, [new(500 * (13 + rate), Synapse.Conductance(0.0016, 0))]);
            Near.Absolute((F(nu + h) - F(nu - h)) / (2 * h) - 1, point.LeadingEigenvalue, 1e-5 * (1 + Math.Abs(point.LeadingEigenvalue)), $"at {nu}");
        }
    }

    [Fact]
    public void Two_populations_that_differ_immeasurably_reproduce_the_lumped_network()
    {
        foreach (double nuX in new[] { 5.0, 12, 25, 60 })
        {
            MeanFieldSolution lumped = SelfConsistency.Solve(Networks.ModelA(1000, 0.0016, 20, nuX), Siegert);
            Neuron almost = Neuron.Paper with { RefractoryPeriod = 0.002 * (1 + 1e-13) };
            NetworkModel apart = WithNeurons(Networks.ModelA(1000, 0.0016, 20, nuX), Neuron.Paper, almost);
            MeanFieldSolution two = SelfConsistency.Solve(apart, Siegert);
            FixedPoint point = Assert.Single(two.FixedPoints);
            Near.Relative(lumped.FixedPoints[0].Rates[0], point.Rates[0], 1e-9, $"nu_E at {nuX}");
            Near.Relative(lumped.FixedPoints[0].Rates[0], point.Rates[1], 1e-9, $"nu_I at {nuX}");
            Near.Relative(lumped.FixedPoints[0].LeadingEigenvalue, point.LeadingEigenvalue, 1e-5, $"eigenvalue at {nuX}");
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(60)]
    public void Model_B_settles_where_its_rate_dynamics_do(double nuX)
    {
        NetworkModel model = ModelB(nuX);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        foreach (double[] start in new double[][] { [0, 0], [1, 1], [400, 10], [10, 400] })
        {
            double[] relaxed = Relaxation(model, start);
            FixedPoint stable = Assert.Single(solution.FixedPoints, p => p.IsStable && Math.Abs(p.Rates[0] / relaxed[0] - 1) < 1e-8);
            Near.Relative(relaxed[1], stable.Rates[1], 1e-8, "nu_I");
            Assert.NotEqual(stable.Rates[0], stable.Rates[1], 1e-3 * stable.Rates[0]);
        }
    }

    [Fact]
    public void Mutually_inhibiting_populations_break_their_symmetry()
    {
        MeanFieldSolution solution = SelfConsistency.Solve(Rivals(), Siegert);
        Assert.Equal([true, false, true], solution.FixedPoints.Select(p => p.IsStable));
        FixedPoint left = solution.FixedPoints[0], middle = solution.FixedPoints[1], right = solution.FixedPoints[2];
        Near.Relative(middle.Rates[0], middle.Rates[1], 1e-9, "symmetric state");
        Near.Relative(left.Rates[0], right.Rates[1], 1e-9, "mirror images");
        Near.Relative(left.Rates[1], right.Rates[0], 1e-9, "mirror images");
        Assert.True(left.Rates[0] < left.Rates[1] / 2);
        Near.Relative(left.Rates[1], Relaxation(Rivals(), [middle.Rates[0] * 0.9, middle.Rates[1]])[1], 1e-7, "time agrees");
    }

    // an expensive transfer function is searched on an interpolant: the states must be those of the search without
    [Fact]
    public void Two_populations_have_the_same_states_when_their_transfer_function_is_expensive()
    {
        NetworkModel excitatory = Excitatory(nuX: 13);
        NetworkModel[] models =
        [
            ModelB(5), ModelB(20), ModelB(60), Rivals(), Networks.ModelA(1000, 0.0016, 20, 0),
            .. new[] { 11.0, 12, 25, 300 }.Select(nuX =>
                WithNeurons(Networks.ModelA(1000, 0.0016, 20, nuX), Neuron.Paper with { LeakReversal = -79.79 }, Neuron.Paper)),
            new NetworkModel(
                "two excitatory",
                [new("E", 5000, Neuron.Paper), new("F", 5000, Neuron.Paper with { LeakReversal = -79 })],
                excitatory.Inputs,
                [.. new[] { "E", "F" }.SelectMany(to => new[] { ("X", 500), ("E", 250), ("F", 250) }.Select(p =>
                    Networks.Fixed(p.Item1, to, p.Item2, Synapse.Conductance(0.0016, 0))))]),
        ];
        foreach (NetworkModel model in models)
        {
            var expensive = new Expensive();
            IReadOnlyList<FixedPoint> expected = SelfConsistency.Solve(model, Siegert).FixedPoints, found = SelfConsistency.Solve(model, expensive).FixedPoints;
            Assert.Equal(expected.Count, found.Count);
            for (int k = 0; k < found.Count; k++)
            {
                for (int p = 0; p < 2; p++) Near.Relative(expected[k].Rates[p], found[k].Rates[p], 1e-9, $"{model.Name}, state {k}, population {p}");
            }

            Assert.InRange(expensive.Calls, 1, 3000);
        }
    }

    [Fact]
    public void Three_different_populations_settle_where_their_rate_dynamics_do_and_the_message_says_how_they_were_searched()
    {
        NetworkModel b = ModelB(20);
        Synapse e = Synapse.Conductance(0.0016, 0), i = Synapse.Conductance(0.032, -75);
        var model = new NetworkModel(
            "three",
            [.. b.Populations, new("S", 4000, Neuron.Paper with { MembraneTimeConstant = 0.015 })],
            b.Inputs,
            [
                .. b.Projections,
                Networks.Fixed("X", "S", 800, e), Networks.Fixed("E", "S", 800, e), Networks.Fixed("I", "S", 150, i), Networks.Fixed("S", "E", 50, i),
            ]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        FixedPoint stable = Assert.Single(solution.FixedPoints, p => p.IsStable);
        double[] relaxed = Relaxation(model, [1, 1, 1]);
        for (int p = 0; p < 3; p++) Near.Relative(relaxed[p], stable.Rates[p], 1e-8, $"population {p}");
        Assert.Contains("not exhaustive", solution.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_population_downstream_is_evaluated_for_every_state_upstream()
    {
        NetworkModel excitatory = Excitatory(nuX: 13);
        var model = new NetworkModel(
            "chain",
            [new("D", 100, Neuron.Paper), .. excitatory.Populations],
            excitatory.Inputs,
            [.. excitatory.Projections, Networks.Fixed("E", "D", 500, Synapse.Conductance(0.005, 0))]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        Assert.Equal(3, solution.FixedPoints.Count);
        foreach (FixedPoint point in solution.FixedPoints)
            Near.Relative(Siegert.Rate(Neuron.Paper, [new(500 * point.Rates[1], Synapse.Conductance(0.005, 0))]), point.Rates[0], 1e-9, "downstream");
    }

    [Fact]
    public void Kramers_is_solved_by_the_same_search_and_says_when_it_does_not_apply()
    {
        MeanFieldSolution far = SelfConsistency.Solve(Networks.ModelA(1000, 0.0016, 20, 11), new Kramers());
        Assert.Equal("kramers", far.Method);
        FixedPoint point = Assert.Single(far.FixedPoints, p => p.IsStable);
        Near.Relative(SelfConsistency.Solve(Networks.ModelA(1000, 0.0016, 20, 11), Siegert).FixedPoints[0].Rates[0], point.Rates[0], 0.05, "rate");

        // above threshold at any rate
        var strong = new NetworkModel(
            "n", [new("E", 1, Neuron.Paper)], [new("X", 100)], [Networks.Fixed("X", "E", 1000, Synapse.Conductance(0.01, 0))]);
        MeanFieldSolution none = SelfConsistency.Solve(strong, new Kramers());
        Assert.Equal(SolutionStatus.NotConverged, none.Status);
        Assert.Contains("try siegert", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_without_any_drive_is_silent_with_rate_zero()
    {
        MeanFieldSolution solution = SelfConsistency.Solve(Networks.ModelA(1000, 0.0016, 20, 0), Siegert);
        Assert.Equal(SolutionStatus.Silent, solution.Status);
        Assert.Equal(0, solution.Observables["E"].Rate.Value);
        Assert.Equal(1, solution.Observables["E"].QuiescentFraction.Value);
        Assert.False(solution.Observables["E"].CvIsi.IsKnown);
    }

    [Fact]
    public void A_network_that_cannot_fire_is_silent_and_still_has_its_free_membrane()
    {
        NetworkModel free = Networks.ModelA(1000, 0.0016, 20, 25, neuron: Neuron.Paper with { Threshold = double.PositiveInfinity });
        NetworkModel mixed = WithNeurons(Networks.ModelA(1000, 0.0016, 20, 25), Neuron.Paper, free.Populations[0].Neuron);
        PopulationObservables e = SelfConsistency.Solve(free, Siegert).Observables["E"];
        InputMoments input = InputMoments.Of(Neuron.Paper, [new(25_000, Synapse.Conductance(0.0016, 0))]);
        Assert.Equal((0.0, input.Mu, input.FreeMembraneSd), (e.Rate.Value, e.MeanV.Value, e.SdV.Value));
        Assert.Equal(0, SelfConsistency.Solve(mixed, Siegert).Observables["I"].Rate.Value);
        Assert.True(SelfConsistency.Solve(mixed, Siegert).Observables["E"].Rate.Value > 100);
    }

    [Fact]
    public void Excitation_that_reverses_below_threshold_is_an_ordinary_case()
    {
        var model = new NetworkModel(
            "weak", [new("E", 1, Neuron.Paper)], [new("X", 50)], [Networks.Fixed("X", "E", 1000, Synapse.Conductance(0.01, -58))]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        Assert.Equal(SolutionStatus.Silent, solution.Status);
    }

    [Fact]
    public void Runaway_excitation_without_a_refractory_period_is_reported()
    {
        Neuron free = Neuron.Paper with { RefractoryPeriod = 0, LeakReversal = 0, Threshold = 20, Reset = 10 };
        var model = new NetworkModel(
            "runaway", [new("E", 2000, free)], [new("X", 20)],
            [Networks.Fixed("X", "E", 1000, Synapse.Current(0.2)), Networks.Fixed("E", "E", 1000, Synapse.Current(0.2))]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        Assert.Equal(SolutionStatus.NotConverged, solution.Status);
        Assert.Contains("no refractory period bounds it", solution.Message, StringComparison.Ordinal);
        Assert.False(solution.Observables["E"].Rate.IsKnown);
    }

    [Fact]
    public void Left_assumptions_are_named_with_their_numbers()
    {
        NetworkModel clean = Networks.ModelA(1000, 0.0016, 20, 25);
        Synapse e = Synapse.Conductance(0.0016, 0);
        var model = new NetworkModel(
            "spread",
            clean.Populations,
            [new("X", 25, InputWiring.Pool, 10_000)],
            [.. clean.Projections.Select(p => p.Source == "E" ? p with { InDegree = new InDegreeLaw.Gaussian(1000, 0.05) } : p)]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, Siegert);
        IReadOnlyList<string> warnings = solution.Warnings;
        Assert.Contains("in-degrees vary, so rates are means over neurons", solution.Message, StringComparison.Ordinal);
        Assert.Contains(warnings, w => w.StartsWith("X: two neurons share 10.0", StringComparison.Ordinal));
        Assert.DoesNotContain(
            SelfConsistency.Solve(clean, Siegert).Warnings,
            w => w.Contains("vary", StringComparison.Ordinal) || w.Contains("share", StringComparison.Ordinal));
    }

    [Theory] // paper.md section 9: event-driven simulation against Eq. 10, at fixed input
    [InlineData(1000, 0.01, 5, 1.07 / 0.160)]
    [InlineData(1000, 0.01, 10, 8.55 / 3.29)]
    [InlineData(10000, 0.00622, 1, 0.183 / 0.0098)]
    public void The_warning_about_finite_jumps_foretells_the_discrepancy_with_exact_simulation(int k, double a, double nuX, double ratio)
    {
        var model = new NetworkModel(
            "single",
            [new("E", 1, Neuron.Paper)],
            [new("X", nuX), new("Y", 1.8 * nuX)],
            [
                Networks.Fixed("X", "E", k, Synapse.Conductance(a, 0)),
                Networks.Fixed("Y", "E", k / 4, Synapse.Conductance(12 * a, -75)),
            ]);
        string warning = Assert.Single(SelfConsistency.Solve(model, Siegert).Warnings, w => w.Contains("finite jumps", StringComparison.Ordinal));
        string number = warning[(warning.IndexOf("about ", StringComparison.Ordinal) + 6)..].Split(' ')[0];
        // the exponent alone: the prefactor's share of ln(rate) is left, which matters where v_max is small
        Assert.InRange(double.Parse(number, CultureInfo.InvariantCulture) / Math.Log(ratio), 0.5, 2);
    }

    private static NetworkModel Excitatory(double nuX) => new(
        "excitatory",
        [new("E", 5000, Neuron.Paper)],
        [new("X", nuX)],
        [Networks.Fixed("X", "E", 500, Synapse.Conductance(0.0016, 0)), Networks.Fixed("E", "E", 500, Synapse.Conductance(0.0016, 0))]);

    private static NetworkModel ModelB(double nuX)
    {
        Synapse ee = Synapse.Conductance(0.0016, 0), ei = Synapse.Conductance(0.032, -75);
        Synapse ie = Synapse.Conductance(0.002, 0), ii = Synapse.Conductance(0.036, -75);
        return new NetworkModel(
            "model B",
            [new("E", 10000, Neuron.Paper), new("I", 2500, Neuron.Paper with { MembraneTimeConstant = 0.010 })],
            [new("X", nuX)],
            [
                Networks.Fixed("X", "E", 1000, ee), Networks.Fixed("E", "E", 1000, ee), Networks.Fixed("I", "E", 250, ei),
                Networks.Fixed("X", "I", 900, ie), Networks.Fixed("E", "I", 900, ie), Networks.Fixed("I", "I", 225, ii),
            ]);
    }

    private static NetworkModel Rivals()
    {
        Synapse e = Synapse.Conductance(0.005, 0), i = Synapse.Conductance(0.05, -75);
        return new NetworkModel(
            "rivals",
            [new("P", 1000, Neuron.Paper), new("Q", 1000, Neuron.Paper)],
            [new("X", 10)],
            [
                Networks.Fixed("X", "P", 1000, e), Networks.Fixed("X", "Q", 1000, e),
                Networks.Fixed("P", "Q", 100, i), Networks.Fixed("Q", "P", 100, i),
            ]);
    }

    private static NetworkModel WithNeurons(NetworkModel model, Neuron e, Neuron i) => new(
        model.Name, [model.Populations[0] with { Neuron = e }, model.Populations[1] with { Neuron = i }], model.Inputs, model.Projections);

    // dnu/dt = F(nu) - nu from the model itself, without the solver's bookkeeping
    private static double[] Relaxation(NetworkModel model, double[] start)
    {
        double[] rates = [.. start];
        List<string> names = [.. model.Populations.Select(p => p.Name)];
        for (int step = 0; step < 20000; step++)
        {
            double[] next = [.. rates];
            for (int p = 0; p < rates.Length; p++)
            {
                Afferent[] afferents =
                [
                    .. model.Onto(model.Populations[p].Name).Select(q => new Afferent(
                        model.MeanInDegree(q) * (model.FindInput(q.Source)?.Rate ?? rates[names.IndexOf(q.Source)]),
                        q.Synapse)),
                ];
                next[p] += 0.02 * (Siegert.Rate(model.Populations[p].Neuron, afferents) - rates[p]);
            }

            if (next.Zip(rates).All(z => Math.Abs(z.First - z.Second) < 1e-12 * z.First)) return next;
            rates = next;
        }

        return rates;
    }

    private sealed class Expensive : TransferFunction
    {
        internal int Calls { get; private set; }

        public override string Name => Siegert.Name;

        public override double Precision => 1e-3;

        public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents)
        {
            Calls++;
            return Siegert.LogPassageTime(neuron, afferents);
        }

        public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents) => Siegert.Respond(neuron, afferents);

        public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials) =>
            Siegert.Density(neuron, afferents, potentials);
    }
}
