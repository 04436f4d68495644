using System.Globalization;
using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class EventEngineTests
{
    private const long Millisecond = 1_000_000; // spike times are whole nanoseconds
    private static readonly SimulationSettings Events = new() { Engine = Engine.Events, TimeStep = 1e-4, TracedNeurons = 0, Threads = 1 };

    /// <summary>
    /// Event-driven simulations of others: the table in section 9 of the digest of the paper (its errors are standard errors), and the reference table mc_sde_shot, whose CVs follow from
    /// 3e5 intervals, which gives them an error of 0.0005. Allowed are 4 combined standard errors: false alarm 6e-5 for each number, 5e-4 for all of them.
    /// </summary>
    [Theory]
    [InlineData(1000, 0.01, 1.8, 5, JumpConvention.Linear, 1.07, 0.02, double.NaN, 100, 15)]
    [InlineData(1000, 0.01, 1.8, 10, JumpConvention.Linear, 8.55, 0.06, double.NaN, 100, 10)]
    [InlineData(10_000, 0.00622, 1.8, 1, JumpConvention.Linear, 0.183, 0.010, double.NaN, 100, 20)]
    [InlineData(1000, 0.015, 0.6, 10, JumpConvention.Linear, 229.44092, 0.134, 0.319708, 200, 5)]
    [InlineData(1000, 0.015, 0.6, 10, JumpConvention.Exponential, 234.32404, 0.128, 0.298991, 200, 5)]
    public void A_single_neuron_fires_as_other_exact_simulations_say(
        int k, double a, double eta, double nu, JumpConvention jump, double rate, double error, double cv, int neurons, double duration)
    {
        SimulationRecord record = new EventSimulator(
            Networks.Single(neurons, k, a, 12, eta, nu, jump), Events with { WarmUp = 0.05, Duration = duration, SampleInterval = 1e-2 }).Run();
        PopulationObservables n = record.Observables["N"];
        Log($"{n.Rate.Value:F4} +- {n.Rate.StandardError:F4} Hz, CV {n.CvIsi.Value:F5} +- {n.CvIsi.StandardError:F5}; {record.Counters.NeuronUpdates / 1e6:F1} M arrivals");
        AssertWithin(rate, error, n.Rate);
        if (double.IsFinite(cv)) AssertWithin(cv, 0.0005, n.CvIsi);
    }

    /// <summary>
    /// Closed forms of the free membrane. Mean and SD within 4 standard errors (t of 19 degrees of freedom: false alarm 8e-4 each). The SD is that of each neuron in time, whose
    /// time average moves with it: that takes 2 tau / T of the variance.
    /// </summary>
    [Theory]
    [InlineData(SynapseModel.Conductance, JumpConvention.Linear)]
    [InlineData(SynapseModel.Conductance, JumpConvention.Exponential)]
    [InlineData(SynapseModel.Current, JumpConvention.Linear)]
    public void A_free_membrane_has_its_exact_mean_and_variance(SynapseModel kind, JumpConvention jump)
    {
        Neuron free = Neuron.Paper with { Threshold = double.PositiveInfinity };
        const double rateE = 10_000, rateI = 4_500, tauL = 0.020, duration = 1;
        bool isCurrent = kind == SynapseModel.Current;
        Synapse e = isCurrent ? Synapse.Current(0.1) : Synapse.Conductance(0.01, 0, jump), i = isCurrent ? Synapse.Current(-0.15) : Synapse.Conductance(0.12, -75, jump);
        NetworkModel model = new(
            "free", [new Population("N", 400, free)], [new ExternalInput("X", rateE / 100), new ExternalInput("Y", rateI / 100)],
            [Networks.Connect("X", "N", new InDegreeLaw.Fixed(100), e), Networks.Connect("Y", "N", new InDegreeLaw.Fixed(100), i)]);
        PopulationObservables n = new EventSimulator(model, Events with { WarmUp = isCurrent ? 0.3 : 0.05, Duration = duration }).Run().Observables["N"];
        double mean, variance, tau;
        if (isCurrent)
        {
            (mean, tau) = (-80 + (tauL * ((rateE * 0.1) - (rateI * 0.15))), tauL);
            variance = tauL / 2 * ((rateE * 0.01) + (rateI * 0.0225));
        }
        else
        {
            double be = e.JumpFraction, bi = i.JumpFraction;
            tau = 1 / ((1 / tauL) + (rateE * be) + (rateI * bi));
            mean = tau * ((-80 / tauL) + (rateI * bi * -75));
            variance = ((rateE * be * be * mean * mean) + (rateI * bi * bi * (-75 - mean) * (-75 - mean)))
                / ((2 / tauL) + (rateE * ((2 * be) - (be * be))) + (rateI * ((2 * bi) - (bi * bi))));
        }

        Log($"mean {n.MeanV.Value:F4} +- {n.MeanV.StandardError:F4}, {mean:F4}; SD {n.SdV.Value:F4} +- {n.SdV.StandardError:F4}, {Math.Sqrt(variance):F4}");
        AssertWithin(mean, 0, n.MeanV);
        AssertWithin(Math.Sqrt(variance * (1 - (2 * tau / duration))), 0, n.SdV);
        Assert.InRange(n.Tau.Value / tau, 1 - (4 * n.Tau.StandardError / tau) - 1e-12, 1 + (4 * n.Tau.StandardError / tau) + 1e-12);
    }

    /// <summary>A fires at every spike of its input that does not fall into its refractory period; B hears A. Everything after A can be said by hand.</summary>
    [Fact]
    public void A_spike_arrives_one_delay_later_and_refractory_neurons_do_not_hear_it()
    {
        const double rate = 300, delay = 1.2345e-3, deadA = 2e-3, deadB = 5.5e-3, duration = 20;
        NetworkModel model = new(
            "relay",
            [new Population("A", 1, Neuron.Paper with { RefractoryPeriod = deadA }), new Population("B", 1, Neuron.Paper with { RefractoryPeriod = deadB })],
            [new ExternalInput("X", rate)],
            [
                Networks.Connect("X", "A", new InDegreeLaw.Fixed(1), Synapse.Current(1000)),
                Networks.Connect("A", "B", new InDegreeLaw.Fixed(1), Synapse.Current(1000), new DelayLaw.Constant(delay)),
            ]);
        var spikes = new SpikeList();
        SimulationRecord record = new EventSimulator(model, Events with { WarmUp = 0, Duration = duration }).Run(spikes);
        long[] a = TimesOf(spikes, 0), b = TimesOf(spikes, 1);
        Assert.All(a.Zip(a.Skip(1)), p => Assert.True(p.Second - p.First >= deadA * 1e9 - 1));
        var heard = new List<long>();
        foreach (long t in a.Select(t => t + 1_234_500).Where(t => t <= duration * 1e9))
        {
            if (heard.Count == 0 || t - heard[^1] >= deadB * 1e9) heard.Add(t);
        }

        Assert.True(heard.Count > 1000);
        Assert.Equal(heard.Count, b.Length);
        Assert.All(heard.Zip(b), p => Assert.InRange(p.Second - p.First, -1, 1)); // both are rounded up

        // A is a Poisson process with a dead time: rate R / (1 + R t_ref), variance of the count n / (1 + R t_ref)^2; 4 standard deviations.
        double factor = 1 + (rate * deadA), expected = rate * duration / factor;
        Assert.InRange(a.Length, expected - (4 * Math.Sqrt(expected) / factor), expected + (4 * Math.Sqrt(expected) / factor));
        Assert.Equal(a.Length + b.Length, record.Spikes);
        // A refractory neuron's arrivals are arrivals all the same.
        Assert.Equal(record.Counters.InputEvents + a.Count(t => t + 1_234_500 <= duration * 1e9), record.Counters.NeuronUpdates);
    }

    [Fact]
    public void Spikes_do_not_depend_on_the_windows_of_the_calendar()
    {
        // Delays of nearly nothing to 3 ms: with windows of 1 ms most spikes arrive in the window that is open, with windows of 10 microseconds few.
        NetworkModel model = Networks.ModelA(200, 50, 40, 0.02, 15, 60, pool: true, delayE: 0.003);
        string[] hashes = [.. new[] { 1e-3, 1e-4, 1e-5 }.Select(dt =>
            new EventSimulator(model, Events with { TimeStep = dt, WarmUp = 0, Duration = 0.2 }).Run().SpikesSha256)];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(hashes[0], hashes[2]);
    }

    [Fact]
    public void Neurons_on_their_own_fire_as_the_same_neurons_in_one_order()
    {
        // A synapse without strength makes them a network.
        NetworkModel alone = Networks.Single(50, 1000, 0.015, 12, 0.6, 10);
        NetworkModel connected = new("connected", alone.Populations, alone.Inputs,
            [.. alone.Projections, Networks.Connect("N", "N", new InDegreeLaw.Fixed(5), Synapse.Conductance(0, 0), new DelayLaw.Uniform(0, 0.002))]);
        SimulationRecord[] runs = [.. new[] { alone, connected }.Select(m => new EventSimulator(m, Events with { WarmUp = 0.1, Duration = 0.3 }).Run())];
        Assert.True(runs[0].Spikes > 1000);
        Assert.Equal(runs[0].SpikesSha256, runs[1].SpikesSha256);
        // Arrivals without effect cut the decay into pieces, which are rounded each.
        Assert.Equal(runs[0].Observables["N"].SdV.Value, runs[1].Observables["N"].SdV.Value, 1e-9);
        Assert.Equal(runs[0].Counters.InputEvents, runs[1].Counters.InputEvents);
    }

    [Fact]
    public void Spikes_are_a_function_of_the_seed_and_come_in_order()
    {
        NetworkModel model = Networks.ModelA(200, 50, 40, 0.02, 15, 60);
        SimulationSettings settings = Events with { WarmUp = 0.05, Duration = 0.1 };
        var spikes = new SpikeList();
        string hash = new EventSimulator(model, settings).Run(spikes).SpikesSha256;
        Assert.Equal(hash, new EventSimulator(model, settings with { Threads = 2, ShardSize = 64, Precision = Precision.Double }).Run().SpikesSha256);
        Assert.NotEqual(hash, new EventSimulator(model, settings with { Seed = 2 }).Run().SpikesSha256);
        Assert.True(spikes.All.Count > 200);
        Assert.Equal(spikes.All.Order(), spikes.All);
        Assert.InRange(spikes.All[^1].Step, 140 * Millisecond, 150 * Millisecond);
    }

    [Fact]
    public void The_graph_is_that_of_the_grid()
    {
        InDegreeLaw[] laws = [new InDegreeLaw.Fixed(30), new InDegreeLaw.Gaussian(40, 0.2), new InDegreeLaw.Bernoulli(0.3)];
        foreach (InDegreeLaw law in laws)
        {
            NetworkModel model = new("graph", [new Population("N", 200, Neuron.Paper)], [],
                [Networks.Connect("N", "N", law, Synapse.Conductance(0.01, 0), new DelayLaw.Constant(1e-3))]);
            var network = new LoweredNetwork(model, new SimulationSettings { Seed = 7 });
            Route route = network.Populations[0].Routes[0];
            var events = new EventWiring(route, 200, 7, _ => { });
            var grid = new StoredWiring(route, 0, 200, 7, _ => { });
            Assert.Equal(grid.Synapses, events.Synapses);
            for (int source = 0; source < 200; source++) Assert.Equal(grid.Targets(source), events.Targets(source).ToArray());
        }
    }

    /// <summary>A fires once, every B when it hears A. The inputs of the two engines differ, the delays do not.</summary>
    [Fact]
    public void The_delays_are_those_of_the_grid_before_they_are_rounded_up()
    {
        Neuron once = Neuron.Paper with { RefractoryPeriod = 10 };
        NetworkModel model = new(
            "delays", [new Population("A", 1, once), new Population("B", 300, once)], [new ExternalInput("X", 100)],
            [
                Networks.Connect("X", "A", new InDegreeLaw.Fixed(1), Synapse.Current(1000)),
                Networks.Connect("A", "B", new InDegreeLaw.Fixed(1), Synapse.Current(1000), new DelayLaw.Uniform(0.5e-3, 4e-3)),
            ]);
        SimulationSettings settings = Events with { WarmUp = 0, Duration = 0.5 };
        double[] DelaysOf(SimulationSettings s)
        {
            var spikes = new SpikeList();
            ISimulator.Of(model, s).Run(spikes);
            Assert.Equal(301, spikes.All.Count);
            double a = spikes.All[0].Step;
            return [.. spikes.All.Skip(1).OrderBy(x => x.Neuron).Select(x => (x.Step - a) * s.SpikeResolution)];
        }

        double[] exact = DelaysOf(settings), grid = DelaysOf(settings with { Engine = Engine.Grid });
        Assert.All(exact.Zip(grid), d => Assert.InRange(d.Second - d.First, -2e-9, 1e-4 + 2e-9));
        Assert.InRange(exact.Min(), 0.5e-3, 0.6e-3); // 300 uniform delays: missing the first 0.1 ms has probability 2e-4
        Assert.InRange(exact.Max(), 3.9e-3, 4e-3 + 2e-9);
    }

    /// <summary>
    /// The error of the grid in the rate, between the grid and events, and the order at which it vanishes: slope of log error over log dt. Both runs of a pair have 4,000 (or 400) seconds
    /// of neuron time. With fewer arrivals than one in a step (dt below 0.087 ms) a crossing is missed when at least two fall into the same step: order 1. With many in a step (14 to 3
    /// here) V diffuses within it, and the step hides an excursion of the size of sigma sqrt(dt / tau): order 1/2 in the limit.
    /// </summary>
    [Theory]
    [InlineData(1000, 0.015, 0.6, 10, JumpConvention.Linear, 4000, new[] { 2e-4, 1e-4, 5e-5, 2.5e-5 }, 0.93, 0.08)]
    [InlineData(1000, 0.015, 0.6, 10, JumpConvention.Exponential, 4000, new[] { 2e-4, 1e-4, 5e-5, 2.5e-5 }, 0.93, 0.08)]
    [InlineData(10_000, 0.00622, 1.5, 5, JumpConvention.Linear, 400, new[] { 2e-4, 1e-4, 5e-5 }, 0.64, 0.12)]
    public void The_grid_converges_to_events(
        int k, double a, double eta, double nu, JumpConvention jump, int neurons, double[] steps, double order, double tolerance)
    {
        NetworkModel model = Networks.Single(neurons, k, a, 12, eta, nu, jump);
        SimulationSettings settings = Events with { WarmUp = 0.05, Duration = 1, SampleInterval = 1e-2 };
        Estimate RateOf(SimulationSettings s) => ISimulator.Of(model, s).Run().Observables["N"].Rate;
        Estimate exact = RateOf(settings);
        var points = new List<(double X, double Y, double Weight)>();
        foreach (double dt in steps)
        {
            Estimate grid = RateOf(settings with { Engine = Engine.Grid, TimeStep = dt });
            double missing = exact.Value - grid.Value, error = Math.Sqrt((exact.StandardError * exact.StandardError) + (grid.StandardError * grid.StandardError));
            Log($"dt {dt * 1e3} ms: {grid.Value:F3} +- {grid.StandardError:F3} Hz, {missing:F3} +- {error:F3} Hz ({missing / exact.Value * 100:F2} %) below {exact.Value:F3}");
            Assert.True(missing > 5 * error, "the error must be resolved");
            points.Add((Math.Log(dt), Math.Log(missing), missing * missing / (error * error)));
        }

        double sum = points.Sum(p => p.Weight), x = points.Sum(p => p.Weight * p.X) / sum, y = points.Sum(p => p.Weight * p.Y) / sum;
        double spread = points.Sum(p => p.Weight * (p.X - x) * (p.X - x)), slope = points.Sum(p => p.Weight * (p.X - x) * (p.Y - y)) / spread;
        Log($"order {slope:F3} +- {1 / Math.Sqrt(spread):F3}");
        Assert.InRange(slope, order - tolerance, order + tolerance);
    }

    /// <summary>
    /// The same graph with other input: 4 combined standard errors, and what the grid of 0.02 ms leaves. That is a fifth of what it leaves at 0.1 ms (5 % of the rate, 0.01 of the CV,
    /// 0.15 mV), where it can be measured. Eight comparisons, most of them of populations that go together: false alarm 5e-4.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_recurrent_network_fires_as_on_a_fine_grid(bool pool)
    {
        NetworkModel model = Networks.ModelA(400, 100, 60, 0.009, 20, 60, pool: pool, cv: 0.05, delayE: 0.003);
        SimulationSettings settings = Events with { WarmUp = 0.1, Duration = 3.5, SampleInterval = 1e-2 };
        Observables events = new EventSimulator(model, settings).Run().Observables;
        Observables grid = new Simulator(model, settings with { Engine = Engine.Grid, TimeStep = 2e-5 }).Run().Observables;
        foreach (string population in new[] { "E", "I" })
        {
            PopulationObservables e = events[population], g = grid[population];
            Log($"{population}: {e.Rate.Value:F3} +- {e.Rate.StandardError:F3} and {g.Rate.Value:F3} +- {g.Rate.StandardError:F3} Hz, CV {e.CvIsi.Value:F4} and {g.CvIsi.Value:F4}");
            AssertWithin(g.Rate.Value, g.Rate.StandardError, e.Rate, 0.01 * e.Rate.Value);
            AssertWithin(g.CvIsi.Value, g.CvIsi.StandardError, e.CvIsi, 0.002);
            AssertWithin(g.MeanV.Value, g.MeanV.StandardError, e.MeanV, 0.03);
            AssertWithin(g.Mu.Value, g.Mu.StandardError, e.Mu, 0.03);
        }
    }

    [Fact]
    public void What_cannot_be_solved_event_by_event_is_refused_with_place_value_and_what_is_allowed()
    {
        Population n = new("N", 10, Neuron.Paper);
        Projection recurrent = Networks.Connect("N", "N", new InDegreeLaw.Fixed(2), Synapse.Conductance(0.01, 0), new DelayLaw.Constant(1e-3));
        string Refused(Population population, Projection projection, SimulationSettings settings) => Assert.Throws<SimulationException>(
            () => new EventSimulator(new NetworkModel("refused", [population], [], [projection]), settings)).Message;
        Assert.Equal("projections[0].tau_syn: 5 ms; events need instantaneous synapses: set it to 0 ms, or use simulation.engine: grid",
            Refused(n, recurrent with { Synapse = Synapse.Conductance(0.01, 0) with { TimeConstant = 5e-3 } }, Events));
        Assert.Equal("populations.N.neuron: E_L + I_e is -50 mV; with events it must lie below V_th, -55 mV, so that a neuron fires only when a spike arrives: lower it, or use simulation.engine: grid",
            Refused(n with { Neuron = Neuron.Paper with { ConstantDrive = 30 } }, recurrent, Events));
        Assert.Equal("projections[0].delay: none, from 'N' to 'N'; with events a spike takes time from neuron to neuron: give a delay, of any length above zero, or use simulation.engine: grid",
            Refused(n, recurrent with { Delay = new DelayLaw.None() }, Events));
        Assert.Equal("simulation.wiring: procedural; events need stored wiring: set it to stored, or use simulation.engine: grid",
            Refused(n, recurrent, Events with { Wiring = WiringStorage.Procedural }));
        Assert.StartsWith("simulation.dt: the longest delay, 1000 ms, is ", Refused(n, recurrent with { Delay = new DelayLaw.Constant(1) }, Events with { TimeStep = 1e-8, WarmUp = 0, Duration = 1 }), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Simulator(new NetworkModel("grid", [n], [], [recurrent]), Events));
    }

    [Fact]
    public void Times_need_not_fit_the_step_and_reversal_potentials_may_lie_anywhere()
    {
        Neuron neuron = Neuron.Paper with { RefractoryPeriod = 1.2345e-3 };
        NetworkModel model = new(
            "odd", [new Population("N", 50, neuron)], [new ExternalInput("X", 200)],
            [
                Networks.Connect("X", "N", new InDegreeLaw.Fixed(50), Synapse.Conductance(0.02, -50)),
                Networks.Connect("N", "N", new InDegreeLaw.Fixed(5), Synapse.Conductance(0.9, -56), new DelayLaw.Uniform(0, 1e-5)),
            ]);
        SimulationRecord record = new EventSimulator(model, Events with { WarmUp = 0, Duration = 0.2 }).Run();
        Assert.True(record.Spikes > 100);
        Assert.True(record.Complete);
    }

    [Fact]
    public void A_potential_that_is_not_finite_stops_the_run_with_time_population_and_neuron()
    {
        NetworkModel model = new(
            "overflow", [new Population("N", 1, Neuron.Paper with { Threshold = double.PositiveInfinity })], [new ExternalInput("X", 1000)],
            [Networks.Connect("X", "N", new InDegreeLaw.Fixed(1), Synapse.Current(1e308))]);
        var e = Assert.Throws<SimulationException>(() => new EventSimulator(model, Events with { WarmUp = 0, Duration = 0.1 }).Run());
        Assert.Matches(@"^at 0\.0\d+ s the membrane potential of neuron 0 of population 'N' is not a finite number$", e.Message);
    }

    [Fact]
    public void A_stopped_run_keeps_what_it_measured_and_runs_once()
    {
        NetworkModel model = Networks.ModelA(100, 40, 30, 0.02, 15, 60);
        using var stop = new CancellationTokenSource();
        var simulator = new EventSimulator(model, Events with { WarmUp = 0.1, Duration = 1 });
        SimulationRecord record = simulator.Run(null, p => { if (p.StepsDone >= 5000) stop.Cancel(); }, stop.Token);
        Assert.False(record.Complete);
        Assert.InRange(record.Duration, 0.399, 0.426);
        Assert.True(record.Observables["E"].Rate.Value > 0);
        Assert.Throws<InvalidOperationException>(() => simulator.Run());
    }

    [Fact]
    public void An_event_allocates_nothing()
    {
        NetworkModel model = Networks.ModelA(400, 100, 60, 0.02, 15, 60);
        long half = 0, bytes = 0;
        SimulationRecord record = new EventSimulator(model, Events with { WarmUp = 0.2, Duration = 0.6, RasterNeurons = 0 }).Run(null, p =>
        {
            if (p.StepsDone <= 4000) half = GC.GetAllocatedBytesForCurrentThread();
            else bytes = GC.GetAllocatedBytesForCurrentThread() - half;
        });
        Log($"{bytes} bytes for {record.Counters.NeuronUpdates / 2} arrivals");
        Assert.True(bytes < record.Counters.NeuronUpdates / 200.0, $"{bytes} bytes"); // a list of spikes or arrivals may still grow once
    }

    [Fact]
    public void An_experiment_file_chooses_the_engine()
    {
        const string yaml =
            """
            neuron: {t_ref: 2.02 ms}
            populations: {E: {size: 100}, I: {size: 40}}
            coupling: {K: 30, gamma: 0.25, a: 0.02, g: 15}
            input: {rate: 60 Hz}
            delays: {E: 0..3 ms, I: 0.777 ms}
            simulation: {engine: events, dt: 0.1 ms, warmup: 0.1 s, duration: 0.2 s}
            """;
        Experiment experiment = ExperimentFile.Parse(yaml, "f.yaml").With([]).Bind();
        Assert.Equal((Engine.Events, 1e-9), (experiment.Simulation.Engine, experiment.Simulation.SpikeResolution));
        SimulationRecord record = PointRunner.Simulate(experiment, null, null, CancellationToken.None).Record;
        Assert.Equal(new EventSimulator(experiment.Model, experiment.Simulation).Run().SpikesSha256, record.SpikesSha256);
        Assert.Equal("uniform, continuous; constant", experiment.Conventions["delay_law"]);
        Assert.Equal("double", experiment.Conventions["precision"]);
        Experiment grid = ExperimentFile.Parse(yaml, "f.yaml").With(["simulation.engine=grid", "neuron.t_ref=2 ms", "delays.I=0.8 ms", "simulation.precision=double"]).Bind();
        Assert.Equal((Engine.Grid, Precision.Double), (grid.Simulation.Engine, grid.Simulation.Precision));
    }

    private static long[] TimesOf(SpikeList spikes, int neuron) => [.. spikes.All.Where(s => s.Neuron == neuron).Select(s => s.Step)];

    /// <summary>4 standard errors of the difference, and a known bias.</summary>
    private static void AssertWithin(double expected, double error, Estimate measured, double bias = 0) => Assert.InRange(
        Math.Abs(measured.Value - expected), 0, bias + (4 * Math.Sqrt((error * error) + (measured.StandardError * measured.StandardError))));

    private static void Log(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
