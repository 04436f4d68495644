using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

/// <summary>A network on several ranks is the network on one; the ranks are threads here, with MPI in <c>MpiTests</c>.</summary>
public class RankTests
{
    private static readonly SimulationSettings Settings = new()
    {
        TimeStep = 1e-4,
        WarmUp = 0.1,
        Duration = 0.2,
        Threads = 1,
        RasterDuration = 0.15,
        TraceDuration = 0.15,
    };

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 1)]
    public void Ranks_never_change_a_spike_nor_anything_measured(int count, int threads)
    {
        foreach (NetworkModel model in CheckpointTests.Models())
        {
            SimulationSettings settings = Settings with { Precision = count == 2 ? Precision.Double : Precision.Single };
            SimulationRecord expected = new Simulator(model, settings).Run();
            var sinks = new Recording[count];
            SimulationRecord actual = Simulate(count, ranks =>
            {
                var simulator = new Simulator(model, settings with { Threads = 1 + (ranks.Rank % threads) }, ranks: ranks);
                return Run(simulator, ranks, sinks[ranks.Rank] = new Recording());
            });
            CheckpointTests.AssertSame(expected, actual);
            Assert.Equal(expected.Counters.Synapses, actual.Counters.Synapses);
            Assert.Equal(expected.Spikes, sinks.Sum(s => s.Spikes.Count));
            Assert.Equal(count, actual.Counters.Exchange!.Ranks);
            foreach ((Recording sink, int rank) in sinks.Select((s, r) => (s, r)))
            {
                Assert.All(sink.Spikes, s => Assert.Equal(rank, RankOf(model, settings, count, s.Neuron)));
                Assert.True(count > 3 || sink.Spikes.Count > 50);
            }
        }
    }

    [Fact]
    public void Procedural_wiring_and_ranks_without_a_neuron_change_nothing()
    {
        NetworkModel drawn = Networks.ModelA(5000, 100, 100, 0.009, 20, 60);
        NetworkModel model = new(
            drawn.Name, drawn.Populations, drawn.Inputs, [.. drawn.Projections.Select(p => p with { AllowMultapses = true, AllowAutapses = true })]);
        SimulationSettings settings = Settings with { Wiring = WiringStorage.Procedural, Duration = 0.05, TraceDuration = 0.05, RasterDuration = 0.05 };
        SimulationRecord expected = new Simulator(model, settings).Run();
        Assert.True(expected.Spikes > 300);
        Assert.Contains(ShardPlan.OfRanks(new LoweredNetwork(model, settings), 7), s => s.Length == 0);
        CheckpointTests.AssertSame(expected, Simulate(7, ranks => Run(new Simulator(model, settings, ranks: ranks), ranks)));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    [InlineData(2, 4)]
    public void A_run_goes_on_from_a_checkpoint_on_other_ranks(int before, int after)
    {
        foreach (NetworkModel model in CheckpointTests.Models())
        {
            SimulationRecord whole = new Simulator(model, Settings).Run();
            (byte[] alone, List<(long Step, int[] Neurons)> past) = CheckpointTests.RunUntil(model, Settings, 1300);
            byte[] saved = before == 1 ? alone : Saved(model, before, 1300);
            using var compared = new MemoryStream(saved);
            Assert.Equal(
                Checkpoint.Open(new MemoryStream(alone), "alone", CheckpointTests.Identity).SpikesSha256,
                Checkpoint.Open(compared, "ranks", CheckpointTests.Identity).SpikesSha256);
            CheckpointTests.AssertSame(whole, after == 1 ? CheckpointTests.Resume(model, Settings, saved, past) : Simulate(after, ranks =>
            {
                var simulator = new Simulator(model, Settings, ranks: ranks);
                if (ranks.Rank == 0) simulator.Resume(Checkpoint.Open(new MemoryStream(saved), "c", CheckpointTests.Identity), past);
                else simulator.ResumeWithOthers();
                return Run(simulator, ranks);
            }));
        }
    }

    [Fact]
    public void Saving_often_changes_nothing()
    {
        NetworkModel model = CheckpointTests.Models().First();
        var keeper = new CheckpointTests.Keeper(_ => true);
        SimulationRecord record = Simulate(3, ranks => Run(new Simulator(model, Settings, ranks: ranks) { Checkpoints = ranks.Rank == 0 ? keeper : null }, ranks));
        CheckpointTests.AssertSame(new Simulator(model, Settings).Run(), record);
        Assert.True(keeper.Saved > 100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void What_goes_wrong_on_one_rank_is_thrown_on_all(int failing)
    {
        NetworkModel model = CheckpointTests.Models().First();
        var outcomes = ThreadRanks.Run<SimulationRecord>(3, ranks => Run(
            new Simulator(model, Settings, ranks: ranks) { Checkpoints = new CheckpointTests.Keeper(_ => true) }, ranks,
            ranks.Rank == failing ? new FailingSink() : null));
        Assert.All(outcomes, o => Assert.EndsWith("full", o.Error!.Message.Split('\n')[0], StringComparison.Ordinal));
        Assert.IsType<IOException>(outcomes[failing].Error);
        Assert.Contains($"rank {failing}: ", outcomes[1].Error!.Message, StringComparison.Ordinal);

        outcomes = ThreadRanks.Run<SimulationRecord>(3, ranks =>
        {
            var simulator = new Simulator(model, Settings, ranks: ranks);
            if (ranks.Rank == failing) simulator.Shards[0].Membrane.SetPotential(17, double.NaN);
            return Run(simulator, ranks);
        });
        string[] messages = [.. outcomes.Select(o => Assert.IsType<SimulationException>(o.Error).Message).Distinct()];
        Assert.Contains("is not a finite number", Assert.Single(messages), StringComparison.Ordinal);

        outcomes = ThreadRanks.Run<SimulationRecord>(3, ranks => Run(new Simulator(model, Settings, ranks: ranks)
        {
            Checkpoints = ranks.Rank == failing ? new CheckpointTests.FailingKeeper() : new CheckpointTests.Keeper(_ => false),
        }, ranks));
        if (failing == 0) Assert.All(outcomes, o => Assert.EndsWith("disk full", o.Error!.Message.Split('\n')[0], StringComparison.Ordinal));
        else Assert.All(outcomes, o => Assert.Null(o.Error));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Any_rank_may_stop_the_run(int stopping)
    {
        NetworkModel model = CheckpointTests.Models().First();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        SimulationRecord record = Simulate(2, ranks => Run(new Simulator(model, Settings, ranks: ranks), ranks, null, ranks.Rank == stopping ? stop.Token : default));
        Assert.False(record.Complete);
        Assert.InRange(record.Counters.Steps, 1, 200);

        var outcomes = ThreadRanks.Run(2, ranks => new Simulator(model, Settings, ranks: ranks, cancellation: ranks.Rank == stopping ? stop.Token : default));
        Assert.All(outcomes, o => Assert.IsAssignableFrom<OperationCanceledException>(o.Error));
    }

    [Fact]
    public void Ranks_have_equal_numbers_of_consecutive_neurons()
    {
        foreach (int count in (int[])[1, 2, 3, 8, 100])
        {
            ShardPlan.Slice[][] slices = ShardPlan.OfRanks(new LoweredNetwork(Networks.ModelA(100_000, 25_000, 100, 0.009, 20, 60), Settings), count);
            int next = 0;
            foreach (ShardPlan.Slice slice in slices.SelectMany(s => s))
            {
                Assert.Equal(next, slice.Population.FirstNeuron + slice.First);
                next += slice.Count;
            }

            Assert.Equal(125_000, next);
            Assert.All(slices, s => Assert.InRange(s.Sum(x => x.Count), (125_000 / count) - 64, (125_000 / count) + 64));
        }
    }

    private static int RankOf(NetworkModel model, SimulationSettings settings, int count, int neuron)
    {
        ShardPlan.Slice[][] slices = ShardPlan.OfRanks(new LoweredNetwork(model, settings), count);
        return Array.FindIndex(slices, s => s.Any(x => neuron >= x.Population.FirstNeuron + x.First && neuron < x.Population.FirstNeuron + x.End));
    }

    private static byte[] Saved(NetworkModel model, int count, long step)
    {
        var keeper = new CheckpointTests.Keeper(_ => false);
        Simulate(count, ranks =>
        {
            using var stop = new CancellationTokenSource();
            var simulator = new Simulator(model, Settings, ranks: ranks) { Checkpoints = ranks.Rank == 0 ? keeper : null };
            if (ranks.Rank == 0)
            {
                return simulator.Run(null, p =>
                {
                    if (p.StepsDone >= step - 10) stop.Cancel();
                }, stop.Token);
            }

            simulator.RunWithOthers();
            return null;
        });
        return keeper.Last!;
    }

    private static SimulationRecord Simulate(int count, Func<IRanks, SimulationRecord?> work)
    {
        (SimulationRecord? Record, Exception? Error)[] outcomes = ThreadRanks.Run<SimulationRecord>(count, work);
        Assert.All(outcomes, o => Assert.Null(o.Error));
        return outcomes[0].Record!;
    }

    private static SimulationRecord? Run(Simulator simulator, IRanks ranks, ISpikeSink? sink = null, CancellationToken cancellation = default)
    {
        if (ranks.Rank == 0) return simulator.Run(sink, null, cancellation);
        simulator.RunWithOthers(sink, cancellation);
        return null;
    }

    private sealed class FailingSink : ISpikeSink
    {
        public void Record(long step, ReadOnlySpan<int> neurons)
        {
            if (step > 700) throw new IOException("the disk is full");
        }
    }

    private sealed class Recording : ISpikeSink
    {
        internal List<(long Step, int Neuron)> Spikes { get; } = [];

        public void Record(long step, ReadOnlySpan<int> neurons)
        {
            foreach (int neuron in neurons) Spikes.Add((step, neuron));
        }
    }
}
