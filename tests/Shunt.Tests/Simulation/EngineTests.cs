using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class EngineTests
{
    /// <summary>
    /// Buffers grow while activity finds its level, and sums are closed at twenty times; between them nothing is allocated, whatever the synapses, delays and inputs are.
    /// </summary>
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 2e-3)]
    public void A_step_allocates_nothing(bool pool, double tauSyn)
    {
        NetworkModel model = Networks.ModelA(1000, 500, 100, 0.009, 20, 60, pool, tauSyn: tauSyn);
        var settings = new SimulationSettings { TimeStep = 1e-4, WarmUp = 0.1, Duration = 2, RasterDuration = 0, TraceDuration = 0, Threads = 1 };
        var allocated = new List<long>(30);
        new Simulator(model, settings).Run(progress: p =>
        {
            if (p.StepsDone % 1000 is 100 or 900) allocated.Add(GC.GetAllocatedBytesForCurrentThread());
        });
        long[] windows = [.. allocated.Chunk(2).Where(w => w.Length == 2).Select(w => w[1] - w[0])];
        Assert.Equal(21, windows.Length);
        Assert.Equal(0, windows[10..].Min());
        Assert.True(windows[10..].Count(w => w == 0) >= 8, string.Join(' ', windows));
    }

    /// <summary>
    /// Runs in different precision part where the dynamics is chaotic (with instantaneous synapses it is not, and often every spike is the same): all that can be compared are
    /// observables. Differences in units of their combined errors; five of them in any of forty numbers is a false alarm of 2e-5. Standard errors are those of one wiring, which is
    /// the same here; they may be zero where not even the last bits differ.
    /// </summary>
    [Theory]
    [InlineData(0, 1e-4)]
    [InlineData(0, 1e-5)]
    [InlineData(2e-3, 1e-4)]
    public void Single_precision_changes_no_observable(double tauSyn, double dt)
    {
        NetworkModel model = Networks.ModelA(1600, 400, 200, 0.007, 20, 60, tauSyn: tauSyn);
        var settings = new SimulationSettings { TimeStep = dt, WarmUp = 0.2, Duration = dt < 5e-5 ? 1 : 4 };
        SimulationRecord single = new Simulator(model, settings).Run(), twice = new Simulator(model, settings with { Precision = Precision.Double }).Run();
        Assert.True(single.Observables["E"].Rate.Value > 5);
        foreach (string population in new[] { "E", "I" })
        {
            PopulationObservables a = single.Observables[population], b = twice.Observables[population];
            foreach ((Estimate x, Estimate y) in new[] { (a.Rate, b.Rate), (a.CvIsi, b.CvIsi), (a.MeanV, b.MeanV), (a.SdV, b.SdV), (a.Tau, b.Tau), (a.Mu, b.Mu) })
                Assert.InRange(Math.Abs(x.Value - y.Value), 0, 5 * Math.Sqrt((x.StandardError * x.StandardError) + (y.StandardError * y.StandardError)));
        }
    }

    /// <summary>One neuron, one deterministic drive: what single precision does to the membrane itself, without chaos.</summary>
    [Fact]
    public void Single_precision_keeps_the_membrane_to_a_microvolt()
    {
        Neuron neuron = Neuron.Paper with { ConstantDrive = 24.9 };
        NetworkModel model = new("drive", [new Population("N", 64, neuron)], [], []);
        var settings = new SimulationSettings { TimeStep = 1e-5, WarmUp = 0, Duration = 0.3, TracedNeurons = 64 };
        IReadOnlyList<VoltageTrace> single = new Simulator(model, settings).Run().Populations[0].Traces;
        IReadOnlyList<VoltageTrace> twice = new Simulator(model, settings with { Precision = Precision.Double }).Run().Populations[0].Traces;
        double largest = single.Zip(twice).Max(t => t.First.Voltage.Zip(t.Second.Voltage).Max(v => Math.Abs(v.First - v.Second)));
        Assert.InRange(largest, 0, 5e-3);
    }

    [Fact]
    public void Every_thread_gets_its_share_in_few_pieces()
    {
        NetworkModel model = Networks.ModelA(10_000, 2500, 100, 0.009, 20, 60);
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            IReadOnlyList<ShardPlan.Piece> plan = ShardPlan.Of(new LoweredNetwork(model, new SimulationSettings { TimeStep = 1e-4 }), threads);
            Assert.Equal(12_500, plan.Sum(p => p.Count));
            Assert.True(plan.Count <= threads + 1);
            // A piece costs as much as some hundred neurons: who has two of them has fewer neurons.
            foreach (IGrouping<int, ShardPlan.Piece> owner in plan.GroupBy(p => p.Owner)) Assert.InRange(owner.Sum(p => p.Count), (12_500 / threads) - 700, (12_500 / threads) + 700);
            Assert.Equal(threads, plan.Select(p => p.Owner).Distinct().Count());
            Assert.All(plan, p => Assert.Equal(0, p.First % Shard.Granule));
        }
    }
}
