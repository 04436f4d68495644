using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

/// <summary>Neurons whose membrane current depends on V (App. C) on the grid.</summary>
public class VoltageDependentTests
{
    private static readonly Neuron Eif = Neuron.Paper with { Threshold = 0, Current = new MembraneCurrent.SpikeInitiation(2, -55) };
    private static readonly Neuron Rectifier = Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(2, -90, 20) };
    private static readonly SimulationSettings Settings = new() { TimeStep = 1e-4, WarmUp = 0.1, Duration = 0.2, Threads = 1 };

    /// <summary>
    /// Without spikes V follows a smooth path, driven by a constant current and a conductance that decays; against Runge-Kutta steps of a microsecond. The exponential
    /// is followed until it is as steep as 2 per ms.
    /// </summary>
    [Theory]
    [InlineData("eif, at rest", 0, 22.0, 30e-3)]
    [InlineData("eif, upswing", 0, 30.0, 20e-3)]
    [InlineData("rectifier", 1, 20.0, 20e-3)]
    [InlineData("rectifier, from near its pole", 2, 20.0, 10e-3)]
    public void The_path_of_V_has_order_2(string what, int which, double drive, double duration)
    {
        Neuron neuron = which == 0 ? Eif : which == 1 ? Rectifier : Rectifier with { Current = new MembraneCurrent.InwardRectifier(2, -90, 11) };
        neuron = neuron with { ConstantDrive = drive };
        double start = which == 1 ? -55.5 : which == 2 ? -99 : -65;
        const double conductance = 50, tauSyn = 20e-3; // of 1 / tau_L, falling with tauSyn
        Synapse synapse = Synapse.Conductance(conductance * tauSyn, -60) with { TimeConstant = tauSyn };
        NetworkModel model = new(
            "path", [new Population("N", 1, neuron)], [new ExternalInput("X", 0)], [Networks.Connect("X", "N", new InDegreeLaw.Fixed(0), synapse)]);
        double[] steps = [2e-4, 1e-4, 5e-5, 2.5e-5], errors = new double[4];
        double exact = Accurate(neuron, start, duration, conductance, tauSyn, -60);
        for (int s = 0; s < steps.Length; s++)
        {
            Shard shard = MembraneTests.OneShard(model, steps[s]);
            shard.Membrane.SetPotential(0, start);
            shard.Membrane.State(1).Clear();
            // an arrival just before the first step: the reservoir then holds the conductance times what a step releases
            SetReservoir(shard, new Channel(synapse, steps[s]));
            for (int step = 0; step < (int)Math.Round(duration / steps[s]); step++) shard.Membrane.Step(step, new SpikeBuffer(1));
            errors[s] = Math.Abs(shard.Potential(0) - exact);
        }

        double order = Math.Log2(errors[0] / errors[3]) / 3;
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: V = {exact:F4} mV; order {order:F2}; errors {string.Join(", ", steps.Zip(errors).Select(x => $"{x.First * 1e3} ms: {x.Second:E2} mV"))}");
        Assert.InRange(order, 1.8, 2.6);
        Assert.True(errors[1] < 0.02, $"{errors[1]} mV at 0.1 ms");
    }

    private static void SetReservoir(Shard shard, Channel channel)
    {
        double held = (channel.Instant + channel.Carry) * channel.Release;
        BitConverter.TryWriteBytes(shard.Membrane.State(1), held);
    }

    private static double Accurate(Neuron neuron, double v, double duration, double conductance, double tauSyn, double reversal)
    {
        const double h = 1e-6;
        double tau = neuron.MembraneTimeConstant;
        double Slope(double x, double t) => (neuron.RestingPotential - x + (neuron.Current?.At(x) ?? 0)) / tau - conductance * Math.Exp(-t / tauSyn) * (x - reversal);
        for (int i = 0; i < (int)Math.Round(duration / h); i++)
        {
            double t = i * h, k1 = Slope(v, t), k2 = Slope(v + (h / 2 * k1), t + (h / 2)), k3 = Slope(v + (h / 2 * k2), t + (h / 2)), k4 = Slope(v + (h * k3), t + h);
            v += h / 6 * (k1 + (2 * k2) + (2 * k3) + k4);
        }

        return v;
    }

    /// <summary>T = int tau dV/(E - V + psi/g_L) from reset to cutoff, rounded up to the grid as every spike is.</summary>
    [Theory]
    [InlineData(2, 25, 1e-5)]
    [InlineData(2, 25, 1e-4)]
    [InlineData(0.5, 30, 1e-4)]
    [InlineData(3, 24, 5e-5)]
    [InlineData(1, 80, 5e-5)]
    public void A_constant_drive_fires_an_eif_at_the_period_of_the_quadrature(double sharpness, double drive, double dt)
    {
        Neuron neuron = Eif with { ConstantDrive = drive, Current = new MembraneCurrent.SpikeInitiation(sharpness, -55) };
        double time = 0;
        const int panels = 200_000; // midpoint rule: exact to 1e-8 here
        double width = (neuron.Threshold - neuron.Reset) / panels;
        for (int i = 0; i < panels; i++)
        {
            double v = neuron.Reset + ((i + 0.5) * width);
            time += width * neuron.MembraneTimeConstant / (neuron.RestingPotential - v + neuron.Current!.At(v));
        }

        var spikes = new SpikeList();
        NetworkModel model = new("drive", [new Population("N", 1, neuron)], [], []);
        new Simulator(model, Settings with { TimeStep = dt, WarmUp = 0, Duration = 0.5 }).Run(spikes);
        double[] intervals = [.. spikes.All.Skip(1).Zip(spikes.All, (next, last) => (double)(next.Step - last.Step))];
        Assert.True(intervals.Length >= 3);
        double steps = time / dt, measured = intervals.Average() - Math.Round(neuron.RefractoryPeriod / dt);
        TestContext.Current.TestOutputHelper?.WriteLine($"Delta_T {sharpness} mV, dt {dt * 1e3} ms: {measured:F3} steps, {steps:F3} exactly");
        Assert.InRange(measured - steps, -0.1, 1.1); // rounded up; a tenth of a step for the error of the path
    }

    /// <summary>
    /// An EIF fires a step later when V ends within some twenty Delta_T above the threshold: a chance of 1e-8 per spike, and there are some ten thousand.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2e-3)]
    public void A_vanishing_sharpness_is_a_leaky_neuron_spike_by_spike(double tauSyn)
    {
        NetworkModel leaky = Networks.ModelA(500, 200, 100, 0.009, 20, 60, tauSyn: tauSyn);
        NetworkModel sharp = With(leaky, Neuron.Paper with { Threshold = -40, Current = new MembraneCurrent.SpikeInitiation(1e-9, -55) });
        foreach (Precision precision in Enum.GetValues<Precision>())
        {
            SimulationRecord expected = new Simulator(leaky, Settings with { Precision = precision }).Run();
            Assert.True(expected.Spikes > 300);
            Assert.Equal(expected.SpikesSha256, new Simulator(sharp, Settings with { Precision = precision }).Run().SpikesSha256);
        }
    }

    [Fact]
    public void A_rectifier_without_range_is_a_stronger_leak()
    {
        const double g = 1.5, reversal = -90;
        Neuron rectifier = Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(g, reversal, double.PositiveInfinity) };
        Neuron leaky = Neuron.Paper with { MembraneTimeConstant = 0.020 / (1 + g), LeakReversal = (-80 + (g * reversal)) / (1 + g) };
        NetworkModel model = Networks.Single(64, 200, 0.01, 4, 0.1, 60);
        var settings = Settings with { Precision = Precision.Double, TracedNeurons = 64, TraceDuration = 0.2 };
        // the efficacy is the same jump of V in both
        SimulationRecord one = new Simulator(With(model, rectifier), settings).Run(), other = new Simulator(With(model, leaky), settings).Run();
        Assert.True(one.Spikes > 100);
        Assert.Equal(other.SpikesSha256, one.SpikesSha256);
        double largest = one.Populations[0].Traces.Zip(other.Populations[0].Traces).Max(t => t.First.Voltage.Zip(t.Second.Voltage).Max(v => Math.Abs(v.First - v.Second)));
        Assert.InRange(largest, 0, 1e-11);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 0)]
    [InlineData(3, 96)]
    public void Threads_and_shards_never_change_a_spike(int threads, int shardSize)
    {
        foreach (NetworkModel model in Models())
        {
            foreach (Precision precision in Enum.GetValues<Precision>())
            {
                SimulationRecord expected = new Simulator(model, Settings with { Precision = precision }).Run();
                Assert.True(expected.Spikes > 300, $"{model.Name}: {expected.Spikes} spikes");
                Assert.Equal(expected.SpikesSha256, new Simulator(model, Settings with { Precision = precision, Threads = threads, ShardSize = shardSize }).Run().SpikesSha256);
            }
        }
    }

    [Fact]
    public void A_run_goes_on_from_a_checkpoint()
    {
        foreach (NetworkModel model in Models())
        {
            SimulationRecord whole = new Simulator(model, Settings).Run();
            (byte[] saved, List<(long, int[])> past) = CheckpointTests.RunUntil(model, Settings with { Threads = 2, ShardSize = 64 }, 1234);
            CheckpointTests.AssertSame(whole, CheckpointTests.Resume(model, Settings, saved, past));
        }
    }

    [Fact]
    public void Single_precision_follows_an_eif_to_a_microvolt()
    {
        NetworkModel model = new("drive", [new Population("N", 1, Eif with { ConstantDrive = 22.5 })], [], []);
        SimulationSettings settings = Settings with { TimeStep = 1e-5, WarmUp = 0, Duration = 0.3, TracedNeurons = 1, TraceDuration = 0.3 };
        IReadOnlyList<VoltageTrace> single = new Simulator(model, settings).Run().Populations[0].Traces;
        IReadOnlyList<VoltageTrace> twice = new Simulator(model, settings with { Precision = Precision.Double }).Run().Populations[0].Traces;
        Assert.InRange(single[0].Voltage.Zip(twice[0].Voltage).Max(v => Math.Abs(v.First - v.Second)), 0, 5e-3);
    }

    [Fact]
    public void However_many_arrivals_there_are_V_is_finite_and_an_eif_that_is_carried_away_fires()
    {
        NetworkModel model = With(Networks.Single(1, 1000, 0.9, 1.1, 1, 0), Eif);
        Shard shard = MembraneTests.OneShard(model, 1e-4);
        var spikes = new SpikeBuffer(2);
        shard.Counts[0].Span[0] = 1000;
        shard.Membrane.Step(0, spikes);
        Assert.Equal(1, spikes.OfStep(0).Length);
        Assert.Equal(-65, shard.Potential(0));
        Shard closed = MembraneTests.OneShard(With(Networks.Single(1, 1000, 0.9, 1.1, 1, 0), Rectifier with { Threshold = 10 }), 1e-4);
        closed.Counts[0].Span[0] = 1000;
        closed.Membrane.Step(0, new SpikeBuffer(1));
        Assert.InRange(closed.Potential(0), -1, 0);
        closed.Counts[1].Span[0] = 1000;
        closed.Membrane.Step(1, new SpikeBuffer(1));
        Assert.InRange(closed.Potential(0), -75.1, -74);
    }

    [Fact]
    public void What_cannot_be_simulated_is_refused_with_what_to_do()
    {
        NetworkModel eif = With(Networks.Single(1, 100, 0.01, 4, 1, 10), Eif);
        var e = Assert.Throws<SimulationException>(() => new EventSimulator(eif, Settings with { Engine = Engine.Events }));
        Assert.StartsWith("populations.N.neuron.model: eif; events need the linear membrane of lif", e.Message, StringComparison.Ordinal);
        NetworkModel strong = With(eif, Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(40, -90, 20) });
        e = Assert.Throws<SimulationException>(() => new Simulator(strong, Settings));
        Assert.Equal("populations.N.neuron.g_rect: a step of dt = 0.1 ms does not resolve the inward rectifier; use dt below 0.05 ms", e.Message);
        NetworkModel close = With(eif, Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(10, -70.01, 10) });
        e = Assert.Throws<SimulationException>(() => new Simulator(close, Settings));
        Assert.Equal("populations.N.neuron.g_rect: a step of dt = 0.1 ms does not resolve the inward rectifier; use dt below 0.002 ms", e.Message);
    }

    private static NetworkModel With(NetworkModel model, Neuron neuron) =>
        new(model.Name, [.. model.Populations.Select(p => p with { Neuron = neuron })], model.Inputs, model.Projections);

    private static IEnumerable<NetworkModel> Models()
    {
        yield return With(Networks.ModelA(500, 200, 100, 0.009, 20, 60, pool: true, cv: 0.1), Eif);
        yield return With(Networks.ModelA(500, 200, 100, 0.009, 20, 60, tauSyn: 2e-3), Eif);
        yield return With(Networks.ModelA(500, 200, 100, 0.009, 20, 60), Rectifier);
    }
}
