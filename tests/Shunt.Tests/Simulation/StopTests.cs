using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

/// <summary>What stops a run, and what does not.</summary>
public class StopTests
{
    private static readonly SimulationSettings Settings = new() { TimeStep = 1e-4, WarmUp = 0.05, Duration = 0.35, Threads = 1 };
    private static readonly Synapse Excitation = Synapse.Conductance(0.015, 0), Inhibition = Synapse.Conductance(0.02, -75);

    [Fact]
    public void A_population_that_excites_itself_is_stopped_with_time_population_and_fastest_neuron()
    {
        string expected = Assert.Throws<SimulationException>(() => new Simulator(Driven(("P", "P", Excitation)), Settings).Run()).Message;
        Assert.Matches(
            @"^at 0\.1 s activity has run away: population 'P' fired at 4\d\d\.?\d* Hz during the last 100 ms "
            + @"\(90 % of the most that t_ref and dt allow, 476\.2 Hz, is 428\.6 Hz\); the fastest is neuron \d+, at 4\d0 Hz",
            expected);
        SimulationSettings other = Settings with { Threads = 2, ShardSize = 64 };
        Assert.Equal(expected, Assert.Throws<SimulationException>(() => new Simulator(Driven(("P", "P", Excitation)), other).Run()).Message);
        var e = Assert.Throws<SimulationException>(() => new Simulator(Driven(("P", "Q", Excitation), ("Q", "P", Excitation)), Settings).Run());
        Assert.Contains("population 'P'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Neurons_that_others_drive_or_inhibit_may_fire_as_fast_as_they_can()
    {
        NetworkModel[] models = [Driven(), Driven(("P", "Q", Excitation)), Driven(("P", "Q", Excitation), ("Q", "P", Inhibition))];
        foreach (NetworkModel model in models)
        {
            SimulationRecord record = new Simulator(model, Settings).Run();
            Assert.True(record.Observables["P"].Rate.Value > 429, $"{record.Observables["P"].Rate.Value}");
        }
    }

    [Fact]
    public void The_limit_can_be_set_and_lifted()
    {
        Assert.True(new Simulator(Driven(("P", "P", Excitation)), Settings with { StopAbove = double.PositiveInfinity }).Run().Complete);
        var e = Assert.Throws<SimulationException>(() => new Simulator(Driven(), Settings with { StopAbove = 50 }).Run());
        Assert.Contains("(simulation.stop_above is 50 Hz)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_does_not_move_the_moment_of_stopping()
    {
        NetworkModel model = Driven(("P", "P", Excitation));
        SimulationSettings calm = Settings with { StopAbove = 470 };
        string expected = Assert.Throws<SimulationException>(() => new Simulator(model, Settings).Run()).Message;
        (byte[] state, List<(long, int[])> past) = CheckpointTests.RunUntil(model, Settings, 700);
        SimulationSettings other = Settings with { Threads = 2 };
        Assert.Equal(expected, Assert.Throws<SimulationException>(() => CheckpointTests.Resume(model, other, state, past)).Message);
        Assert.True(new Simulator(model, calm).Run().Complete);
    }

    [Theory]
    [InlineData(200, "at 0.05 s")]
    [InlineData(3900, "at 0.4 s")]
    public void A_potential_that_is_not_a_number_is_found_with_time_population_and_neuron(long step, string time)
    {
        // Samples are rarer than the run is long: the last look is at its end.
        SimulationSettings settings = Settings with { SampleInterval = 1, WarmUp = step < 500 ? 0.05 : 0, Duration = step < 500 ? 0.35 : 0.4 };
        NetworkModel calm = Driven();
        calm = new NetworkModel(calm.Name, calm.Populations, [new ExternalInput("X", 3)], calm.Projections);
        var simulator = new Simulator(calm, settings);
        var e = Assert.Throws<SimulationException>(() => simulator.Run(null, p =>
        {
            if (p.StepsDone >= step) simulator.Shards[0].Membrane.SetPotential(17, double.NaN);
        }));
        Assert.StartsWith(time, e.Message, StringComparison.Ordinal);
        Assert.EndsWith("the membrane potential of neuron 17 of population 'P' is not a finite number", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bound_of_a_Poisson_number_is_not_passed_and_not_far()
    {
        foreach (double mean in (double[])[1e-3, 0.1, 1, 10, 100, 1e4])
        {
            double bound = ArrivalBound.Poisson(mean);
            Assert.True(LogTail(bound + 1) < Math.Log(1e-25), $"mean {mean}: {bound}");
            Assert.True(LogTail(mean + (0.8 * (bound - mean))) > Math.Log(1e-25) || bound < 20, $"mean {mean}: {bound}");

            // The largest term of the tail; the others add less than its double here.
            double LogTail(double n)
            {
                double log = -mean;
                for (int k = 1; k <= n; k++) log += Math.Log(mean / k);
                return log;
            }
        }

        Assert.Equal(0, ArrivalBound.Poisson(0));
        Assert.Equal(1000, ArrivalBound.InDegree(new InDegreeLaw.Fixed(1000), 5000));
        Assert.Equal(1677, ArrivalBound.InDegree(new InDegreeLaw.Gaussian(1000, 0.1), 5000));
        Assert.Equal(50, ArrivalBound.InDegree(new InDegreeLaw.Bernoulli(0.5), 50));
    }

    [Fact]
    public void What_16_bits_cannot_count_is_refused_before_the_run()
    {
        Population p = new("P", 10, Neuron.Paper);
        NetworkModel Network(Projection projection, double rate, int poolSize) =>
            new("n", [p], [new ExternalInput("X", rate, InputWiring.Pool, poolSize)], [projection]);
        Projection many = Networks.Connect("X", "P", new InDegreeLaw.Fixed(30_000), Excitation) with { AllowMultapses = true };
        // One unit with 30,000 synapses: three spikes in a step are too many.
        var e = Assert.Throws<SimulationException>(() => new Simulator(Network(many, 100, 1), Settings));
        Assert.Contains("at most 65,535 can be counted", e.Message, StringComparison.Ordinal);
        // The same synapses from many units are no danger.
        NetworkModel apart = Network(many with { Synapse = Synapse.Current(1e-3) }, 1, 30_000);
        Assert.True(new Simulator(apart, Settings with { Duration = 1e-3, WarmUp = 0 }).Run().Complete);
        e = Assert.Throws<SimulationException>(() => new Simulator(
            new NetworkModel("n", [new Population("P", 2_000_000, Neuron.Paper with { RefractoryPeriod = 0 })], [], []),
            Settings with { RateBin = 0.2 }));
        Assert.Contains("record.rate_bin: population P could fire more than 2,147,483,647 spikes in a bin of 200 ms", e.Message,
            StringComparison.Ordinal);
    }

    /// <summary>Neurons whose input drives them to their ceiling, with projections between them.</summary>
    private static NetworkModel Driven(params (string From, string To, Synapse Synapse)[] projections) => new(
        "driven",
        [new Population("P", 200, Neuron.Paper), new Population("Q", 200, Neuron.Paper)],
        [new ExternalInput("X", 200)],
        [
            Networks.Connect("X", "P", new InDegreeLaw.Fixed(200), Synapse.Conductance(0.02, 0)),
            Networks.Connect("X", "Q", new InDegreeLaw.Fixed(200), Synapse.Conductance(0.02, 0)),
            .. projections.Select(p => Networks.Connect(p.From, p.To, new InDegreeLaw.Fixed(20), p.Synapse, new DelayLaw.Uniform(0, 4e-3))),
        ]);
}
