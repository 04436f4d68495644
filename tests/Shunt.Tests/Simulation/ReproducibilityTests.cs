using System.Buffers.Binary;
using System.Security.Cryptography;
using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class ReproducibilityTests
{
    private static readonly SimulationSettings Settings = new() { TimeStep = 1e-4, WarmUp = 0.1, Duration = 0.2, Threads = 1 };

    private static NetworkModel Small(bool pool = true) => Networks.ModelA(700, 300, 100, 0.009, 20, 60, pool, cv: 0.1);

    [Theory]
    [InlineData(1, 32)]
    [InlineData(1, 64)]
    [InlineData(1, 320)]
    [InlineData(2, 0)]
    [InlineData(2, 96)]
    [InlineData(3, 0)]
    [InlineData(7, 128)]
    public void Threads_and_shards_never_change_a_spike(int threads, int shardSize)
    {
        foreach (bool pool in new[] { true, false })
        {
            SimulationRecord expected = new Simulator(Small(pool), Settings).Run();
            SimulationRecord actual = new Simulator(Small(pool), Settings with { Threads = threads, ShardSize = shardSize }).Run();
            Assert.True(expected.Spikes > 500);
            Assert.Equal(expected.SpikesSha256, actual.SpikesSha256);
            Assert.Equal(expected.Observables["E"].Rate, actual.Observables["E"].Rate);
            Assert.Equal(expected.Observables["E"].Tau.Value, actual.Observables["E"].Tau.Value, 1e-12);
            Assert.Equal(expected.Observables["I"].SdV.Value, actual.Observables["I"].SdV.Value, 1e-9);
            Assert.Equal(expected.Populations[0].RasterTimes, actual.Populations[0].RasterTimes);
            Assert.Equal(expected.Counters.SynapticEvents, actual.Counters.SynapticEvents);
            Assert.Equal(expected.Counters.InputEvents, actual.Counters.InputEvents);
        }
    }

    [Fact]
    public void A_long_shortest_delay_exchanges_rarely_and_changes_nothing()
    {
        NetworkModel model = Networks.ModelA(500, 200, 100, 0.009, 20, 60);
        NetworkModel delayed = new(
            model.Name, model.Populations, model.Inputs, [.. model.Projections.Select(p => p.Source == "X" ? p : p with { Delay = new DelayLaw.Constant(1.5e-3) })]);
        string one = new Simulator(delayed, Settings).Run().SpikesSha256;
        Assert.Equal(one, new Simulator(delayed, Settings with { Threads = 2, ShardSize = 64 }).Run().SpikesSha256);
    }

    [Fact]
    public void The_seed_decides_and_a_rerun_agrees()
    {
        string first = new Simulator(Small(), Settings).Run().SpikesSha256;
        Assert.Equal(first, new Simulator(Small(), Settings).Run().SpikesSha256);
        Assert.NotEqual(first, new Simulator(Small(), Settings with { Seed = 2 }).Run().SpikesSha256);
    }

    [Fact]
    public void The_hash_is_over_step_and_neuron_of_every_spike_in_order()
    {
        var spikes = new SpikeList();
        SimulationRecord record = new Simulator(Small(), Settings with { Threads = 2 }).Run(spikes);
        Assert.Equal(record.Spikes, spikes.All.Count);
        Assert.Equal(spikes.All.Order(), spikes.All);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] bytes = new byte[12];
        foreach ((long step, int neuron) in spikes.All)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, step);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), neuron);
            hash.AppendData(bytes);
        }

        Assert.Equal(Convert.ToHexStringLower(hash.GetHashAndReset()), record.SpikesSha256);
    }

    [Fact]
    public void Counters_agree_with_the_spikes_and_the_input()
    {
        var spikes = new SpikeList();
        NetworkModel model = Networks.ModelA(600, 200, 100, 0.009, 20, 60);
        SimulationRecord record = new Simulator(model, Settings).Run(spikes);
        Assert.Equal(800L * 125, record.Counters.Synapses);
        Assert.Equal(800L * 3000, record.Counters.NeuronUpdates);
        double expected = 800 * 100 * 60 * 0.3;
        Assert.InRange(record.Counters.InputEvents, expected - (5 * Math.Sqrt(expected)), expected + (5 * Math.Sqrt(expected)));
        // Every neuron has 100 or 25 outgoing synapses times (800 targets / 600 or 200 sources) on average.
        Assert.InRange((double)record.Counters.SynapticEvents / record.Spikes, 110, 150);
    }

    [Fact]
    public void A_stopped_run_returns_what_it_measured()
    {
        using var stop = new CancellationTokenSource();
        SimulationRecord record = new Simulator(Small(), Settings with { Threads = 2 }).Run(
            null, p =>
            {
                if (p.StepsDone >= 2000) stop.Cancel();
            }, stop.Token);
        Assert.False(record.Complete);
        Assert.InRange(record.Duration, 0.1, 0.11);
        Assert.True(record.Observables["E"].Rate.Value > 0);
        SimulationRecord whole = new Simulator(Small(), Settings).Run();
        Assert.Equal(whole.Populations[0].RateSeries.Take(100), record.Populations[0].RateSeries.Take(100));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_sink_that_fails_stops_the_run_and_reaches_the_caller(int threads)
    {
        var simulator = new Simulator(Small(), Settings with { Threads = threads });
        var e = Assert.Throws<IOException>(() => simulator.Run(new FailingSink()));
        Assert.Equal("disk full", e.Message);
    }

    [Fact]
    public void A_run_that_stops_in_the_warm_up_says_that_nothing_was_measured()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        SimulationRecord record = new Simulator(Small(), Settings).Run(null, null, stop.Token);
        Assert.False(record.Complete);
        Assert.False(record.Observables["E"].Rate.IsKnown);
        Assert.Contains(record.Warnings, w => w.Contains("before the end of the warm-up", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0.1, 1, "simulation.dt")]
    [InlineData(1e-4, 0.10005, 1, "simulation.warmup: 100.05 ms is not a whole number of time steps of 0.1 ms; the nearest are 100 ms and 100.1 ms")]
    [InlineData(1e-4, 0.1, 0, "simulation.duration: 0 ms; must be positive")]
    [InlineData(3e-4, 0.3, 0.6, "populations.E.neuron.t_ref: 2 ms is not a whole number")]
    [InlineData(2e-3, 0.2, 0.2, "projections[2].delay: 1 ms is shorter than dt, 2 ms")]
    public void Settings_that_do_not_fit_the_grid_are_refused(double dt, double warmUp, double duration, string message)
    {
        var e = Assert.Throws<SimulationException>(() => new Simulator(Small(), new SimulationSettings { TimeStep = dt, WarmUp = warmUp, Duration = duration }));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Delays_of_too_many_steps_are_refused()
    {
        var e = Assert.Throws<SimulationException>(() => new Simulator(
            Networks.ModelA(50, 20, 5, 0.01, 20, 10), new SimulationSettings { TimeStep = 1e-7, WarmUp = 0, Duration = 1e-3 }));
        Assert.Contains("delays of up to 100,000 steps of dt = 0.0001 ms; at most 32,767 steps can be queued", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_neuron_that_could_only_draw_itself_is_refused()
    {
        var e = Assert.Throws<ModelException>(() => new NetworkModel(
            "alone", [new Population("N", 1, Neuron.Paper)], [],
            [Networks.Connect("N", "N", new InDegreeLaw.Fixed(3), Synapse.Current(1)) with { AllowMultapses = true }]));
        Assert.Contains("no neuron besides the target itself", e.Message, StringComparison.Ordinal);
    }

    private sealed class FailingSink : ISpikeSink
    {
        public void Record(long step, ReadOnlySpan<int> neurons)
        {
            if (step > 1200) throw new IOException("disk full");
        }
    }
}
