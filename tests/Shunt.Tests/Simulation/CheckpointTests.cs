using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

/// <summary>A run that is saved, lost and continued is the run that was never interrupted.</summary>
public class CheckpointTests
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

    internal static readonly CheckpointIdentity Identity = new("test", "0123456789abcdef", "shunt test");

    [Theory]
    [InlineData(1, 64, 1, 0, 1)]
    [InlineData(1, 0, 2, 128, 500)]
    [InlineData(2, 96, 1, 64, 999)]
    [InlineData(2, 0, 3, 192, 1000)]
    [InlineData(3, 128, 2, 64, 1001)]
    [InlineData(2, 64, 1, 0, 2400)]
    [InlineData(1, 0, 2, 0, 2980)]
    public void A_run_goes_on_from_a_checkpoint_on_other_threads_and_shards(
        int threads, int shardSize, int otherThreads, int otherShardSize, long step)
    {
        foreach (NetworkModel model in Models())
        {
            foreach (Precision precision in Enum.GetValues<Precision>())
            {
                SimulationSettings settings = Settings with { Precision = precision };
                SimulationRecord whole = new Simulator(model, settings).Run();
                (byte[] saved, List<(long, int[])> past) = RunUntil(model, settings with { Threads = threads, ShardSize = shardSize }, step);
                SimulationRecord resumed = Resume(model, settings with { Threads = otherThreads, ShardSize = otherShardSize }, saved, past);
                Assert.True(whole.Spikes > 300);
                AssertSame(whole, resumed);
            }
        }
    }

    [Fact]
    public void A_run_may_be_interrupted_many_times()
    {
        NetworkModel model = Models().First();
        SimulationRecord whole = new Simulator(model, Settings).Run();
        (byte[] saved, List<(long, int[])> past) = RunUntil(model, Settings, 100);
        for (int step = 300, i = 1; step < 3000; step += 371, i++)
            (saved, past) = RunUntil(model, Settings with { Threads = 1 + (i % 2), ShardSize = 64 * (i % 4) }, step, saved, past);
        AssertSame(whole, Resume(model, Settings, saved, past));
    }

    [Fact]
    public void Saving_changes_nothing_and_the_state_does_not_depend_on_the_threads()
    {
        NetworkModel model = Models().First();
        SimulationRecord whole = new Simulator(model, Settings).Run();
        var often = new Keeper(_ => true);
        AssertSame(whole, new Simulator(model, Settings with { Threads = 2, ShardSize = 64 }) { Checkpoints = often }.Run());
        Assert.True(often.Saved > 100);
        (byte[] one, _) = RunUntil(model, Settings with { ShardSize = 128 }, 1500);
        (byte[] two, _) = RunUntil(model, Settings with { ShardSize = 128, Threads = 2 }, 1500);
        Assert.Equal(one, two);
    }

    [Fact]
    public void A_cancelled_run_saves_where_it_stops_and_a_complete_one_does_not()
    {
        NetworkModel model = Models().First();
        var never = new Keeper(_ => false);
        new Simulator(model, Settings) { Checkpoints = never }.Run();
        Assert.Equal(0, never.Saved);
        (byte[] saved, _) = RunUntil(model, Settings, 1234);
        Assert.InRange(Checkpoint.Open(new MemoryStream(saved), "c", Identity).Step, 1224, 1244);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_wherever_the_damage_is()
    {
        (byte[] saved, _) = RunUntil(Models().First(), Settings, 500);
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. saved];
            damaged[(int)((long)i * (saved.Length - 1) / 199)] ^= (byte)(1 << (i % 8));
            string message = Assert.Throws<SimulationException>(() => Checkpoint.Open(new MemoryStream(damaged), "c.bin", Identity)).Message;
            Assert.StartsWith("c.bin: ", message, StringComparison.Ordinal);
            byte[] cut = saved[..(int)((long)i * saved.Length / 200)];
            Assert.Throws<SimulationException>(() => Checkpoint.Open(new MemoryStream(cut), "c.bin", Identity));
        }

        Assert.Contains("is not a checkpoint", Refusal(new byte[100]), StringComparison.Ordinal);
        Assert.Contains("cut short or damaged", Refusal(saved[..^1]), StringComparison.Ordinal);
        Assert.Contains("cut short or damaged", Refusal([.. saved, 0]), StringComparison.Ordinal);

        static string Refusal(byte[] bytes) =>
            Assert.Throws<SimulationException>(() => Checkpoint.Open(new MemoryStream(bytes), "c.bin", Identity)).Message;
    }

    [Fact]
    public void A_checkpoint_of_another_experiment_program_or_network_is_refused()
    {
        NetworkModel model = Models().First();
        (byte[] saved, List<(long, int[])> past) = RunUntil(model, Settings, 500);
        CheckpointIdentity other = Identity with { Fingerprint = "fff", Experiment = "mine" };
        var e = Assert.Throws<SimulationException>(() => Checkpoint.Open(new MemoryStream(saved), "c", other));
        Assert.Equal("c: belongs to another experiment, 'test' (fingerprint 0123456789ab); this one is 'mine' (fff)", e.Message);
        e = Assert.Throws<SimulationException>(() => Checkpoint.Open(new MemoryStream(saved), "c", Identity with { Program = "shunt 9" }));
        Assert.StartsWith("c: was written by shunt test, and this is shunt 9", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<SimulationException>(() => Resume(model, Settings with { Duration = 0.3 }, saved, past));
        Assert.StartsWith("c: holds the state of another network: E of 700 neurons", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<SimulationException>(() => Resume(model, Settings, saved, past[..^1]));
        Assert.StartsWith("the recording of the spikes up to 0.049", e.Message, StringComparison.Ordinal);
        (long lastStep, int[] last) = past[^1];
        e = Assert.Throws<SimulationException>(() => Resume(model, Settings, saved, [.. past[..^1], (lastStep, [.. last[..^1], last[^1] + 1])]));
        Assert.Contains("is not the one that belongs to the checkpoint", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_saved_stops_the_run_and_reaches_the_caller()
    {
        foreach (int threads in (int[])[1, 2])
        {
            var simulator = new Simulator(Models().First(), Settings with { Threads = threads }) { Checkpoints = new FailingKeeper() };
            Assert.Equal("disk full", Assert.Throws<IOException>(() => simulator.Run()).Message);
        }
    }

    internal static void AssertSame(SimulationRecord expected, SimulationRecord actual)
    {
        Assert.Equal(expected.SpikesSha256, actual.SpikesSha256);
        Assert.True(actual.Complete);
        Assert.Equal(expected.Counters.Steps, actual.Counters.Steps);
        Assert.Equal(expected.Counters.SynapticEvents, actual.Counters.SynapticEvents);
        Assert.Equal(expected.Counters.InputEvents, actual.Counters.InputEvents);
        foreach ((PopulationObservables a, PopulationObservables b) in expected.Observables.Populations.Zip(actual.Observables.Populations))
        {
            Assert.Equal(a.Rate, b.Rate);
            foreach ((Estimate x, Estimate y) in (ReadOnlySpan<(Estimate, Estimate)>)
                     [
                         (a.CvIsi, b.CvIsi), (a.MeanV, b.MeanV), (a.SdV, b.SdV), (a.Tau, b.Tau), (a.Mu, b.Mu),
                         (a.QuiescentFraction, b.QuiescentFraction),
                     ])
            {
                Near(x.Value, y.Value);
                Near(x.StandardError, y.StandardError);
            }

            Assert.Equal(a.Density?.Voltage, b.Density?.Voltage);
            Assert.Equal(a.Density?.Value, b.Density?.Value);
        }

        foreach ((PopulationRecord a, PopulationRecord b) in expected.Populations.Zip(actual.Populations))
        {
            Assert.Equal(a.NeuronRates, b.NeuronRates);
            Assert.Equal(a.NeuronCvs, b.NeuronCvs);
            Assert.Equal(a.RateSeries, b.RateSeries);
            Assert.Equal(a.RasterTimes, b.RasterTimes);
            Assert.Equal(a.RasterNeurons, b.RasterNeurons);
            Near(a.VoltageSynchrony, b.VoltageSynchrony);
            Assert.Equal(a.Traces.Select(t => t.Neuron), b.Traces.Select(t => t.Neuron));
            Assert.Equal(a.Traces.SelectMany(t => t.Voltage), b.Traces.SelectMany(t => t.Voltage));
            Assert.Equal(a.Traces.SelectMany(t => t.Spikes), b.Traces.SelectMany(t => t.Spikes));
        }

        static void Near(double x, double y) => Assert.True(x.Equals(y) || Math.Abs(x - y) <= 1e-9 * Math.Max(1, Math.Abs(x)), $"{x:R} and {y:R}");
    }

    /// <summary>Runs from the beginning or from a checkpoint until a step, and returns what is left: the state and the spikes.</summary>
    internal static (byte[] State, List<(long Step, int[] Neurons)> Past) RunUntil(
        NetworkModel model, SimulationSettings settings, long step, byte[]? from = null, List<(long, int[])>? past = null)
    {
        using var stop = new CancellationTokenSource();
        var sink = new Recording(past ?? []);
        var keeper = new Keeper(_ => false);
        var simulator = new Simulator(model, settings) { Checkpoints = keeper };
        if (from is not null) simulator.Resume(Checkpoint.Open(new MemoryStream(from), "c", Identity), past!);
        // A request to stop takes effect an epoch later.
        simulator.Run(sink, p =>
        {
            if (p.StepsDone >= step - 10) stop.Cancel();
        }, stop.Token);
        return (keeper.Last!, sink.All);
    }

    internal static SimulationRecord Resume(NetworkModel model, SimulationSettings settings, byte[] saved, List<(long, int[])> past)
    {
        var simulator = new Simulator(model, settings);
        simulator.Resume(Checkpoint.Open(new MemoryStream(saved), "c", Identity), past);
        return simulator.Run();
    }

    /// <summary>Random delays and a pool with heterogeneous in-degrees; a constant delay with exponential synapses, so that an epoch has 15
    /// steps.</summary>
    internal static IEnumerable<NetworkModel> Models()
    {
        yield return Networks.ModelA(700, 300, 100, 0.009, 20, 60, pool: true, cv: 0.1);
        NetworkModel model = Networks.ModelA(500, 200, 100, 0.009, 20, 60, tauSyn: 2e-3);
        yield return new NetworkModel(model.Name, model.Populations, model.Inputs, [.. model.Projections.Select(p => p.Source switch
        {
            "E" => p with { Delay = new DelayLaw.Constant(1.5e-3) },
            "I" => p with { Delay = new DelayLaw.Uniform(2e-3, 7e-3) },
            _ => p,
        })]);
    }

    internal sealed class Keeper(Func<SimulationProgress, bool> isDue) : ICheckpointSink
    {
        internal byte[]? Last { get; private set; }

        internal int Saved { get; private set; }

        public bool IsDue(SimulationProgress progress) => isDue(progress);

        public void Save(SimulationState state)
        {
            using var stream = new MemoryStream();
            state.WriteTo(stream, Identity, recorded: 0);
            Last = stream.ToArray();
            Saved++;
        }
    }

    internal sealed class FailingKeeper : ICheckpointSink
    {
        public bool IsDue(SimulationProgress progress) => progress.StepsDone > 500;

        public void Save(SimulationState state) => throw new IOException("disk full");
    }

    private sealed class Recording(List<(long, int[])> past) : ISpikeSink
    {
        internal List<(long, int[])> All { get; } = [.. past];

        public void Record(long step, ReadOnlySpan<int> neurons) => All.Add((step, neurons.ToArray()));
    }
}
