using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class MembraneTests
{
    private static readonly Neuron Free = Neuron.Paper with { Threshold = double.PositiveInfinity };

    [Theory]
    [InlineData(JumpConvention.Linear, 0.9)]
    [InlineData(JumpConvention.Exponential, 0.90483741803595957)]
    public void Jumps_compose_multiplicatively(JumpConvention jump, double kept)
    {
        Neuron still = Free with { MembraneTimeConstant = 1e12 };
        NetworkModel model = new(
            "jumps", [new Population("N", 1, still)], [new ExternalInput("X", 0)],
            [Networks.Connect("X", "N", new InDegreeLaw.Fixed(0), Synapse.Conductance(0.1, 0, jump))]);
        for (ushort n = 0; n <= 30; n++)
        {
            Shard shard = OneShard(model, 1e-4);
            double before = shard.Potential(0);
            shard.Counts[0].Span[0] = n;
            shard.Membrane.Step(0, new SpikeBuffer(1));
            Assert.Equal(before * Math.Pow(kept, n), shard.Potential(0), 1e-11);
        }
    }

    [Fact]
    public void Excitation_and_inhibition_in_one_step_stay_between_their_reversal_potentials()
    {
        NetworkModel model = Networks.Single(1, 1000, 0.9, 1.1, 1, 0, neuron: Free);
        Shard shard = OneShard(model, 1e-4);
        shard.Counts[0].Span[0] = 1000;
        shard.Counts[1].Span[0] = 1000;
        shard.Membrane.Step(0, new SpikeBuffer(1));
        Assert.InRange(shard.Potential(0), -75, 0);
    }

    [Fact]
    public void A_constant_current_fires_at_the_closed_form_period()
    {
        Neuron neuron = Neuron.Paper with { ConstantDrive = 40 };
        NetworkModel model = new("drive", [new Population("N", 40, neuron)], [], []);
        const double dt = 1e-5;
        SimulationRecord record = new Simulator(model, new SimulationSettings { TimeStep = dt, WarmUp = 0.1, Duration = 1, Threads = 1 }).Run();
        // tau ln((mu - V_r)/(mu - theta)), rounded up to the grid, plus the refractory period (B4).
        double steps = Math.Ceiling(0.020 * Math.Log((-40.0 + 65) / (-40.0 + 55)) / dt) + Math.Round(0.002 / dt);
        PopulationObservables n = record.Observables["N"];
        Assert.Equal(0, n.CvIsi.Value, 1e-9);
        double rate = 1 / (steps * dt);
        Assert.InRange(n.Rate.Value, rate - 1, rate + 1); // whole spikes in one second
        Assert.Equal(-40, n.Mu.Value, 1e-9);
        Assert.Equal(0.020, n.Tau.Value, 1e-12);
    }

    [Theory]
    [InlineData(1.5e-3, 0)]
    [InlineData(1.5e-3, 1)]
    public void A_spike_arrives_exactly_one_delay_later(double delay, int seed)
    {
        Neuron driver = Neuron.Paper with { ConstantDrive = 30 };
        NetworkModel model = new(
            "relay", [new Population("A", 1, driver), new Population("B", 1, Neuron.Paper)], [],
            [Networks.Connect("A", "B", new InDegreeLaw.Fixed(1), Synapse.Current(1000), new DelayLaw.Constant(delay))]);
        var spikes = new SpikeList();
        new Simulator(model, new SimulationSettings { TimeStep = 1e-4, WarmUp = 0, Duration = 1, Seed = (ulong)seed }).Run(spikes);
        long[] a = [.. spikes.All.Where(s => s.Neuron == 0).Select(s => s.Step)], b = [.. spikes.All.Where(s => s.Neuron == 1).Select(s => s.Step)];
        Assert.True(a.Length > 10);
        Assert.Equal(a.Select(s => s + 15).Where(s => s <= 10_000), b);
    }

    /// <summary>
    /// Exact moments of the scheme itself (its one-step map averaged over the Poisson counts) against the exact moments of the membrane: the error of the mean and of
    /// the variance at a finite step, and the order at which it vanishes.
    /// </summary>
    [Fact]
    public void Free_membrane_moments_converge_at_first_order_with_a_small_error()
    {
        var p = new ShotNoise(K: 1000, A: 0.01, G: 12, Eta: 1.8, Nu: 10);
        (double mean, double variance) = p.ExactMoments();
        double[] steps = [2e-4, 1e-4, 5e-5, 2.5e-5];
        double[] meanErrors = [.. steps.Select(dt => Math.Abs(p.GridMoments(dt).Mean - mean))];
        double[] varianceErrors = [.. steps.Select(dt => Math.Abs((p.GridMoments(dt).Variance / variance) - 1))];
        double meanOrder = Math.Log2(meanErrors[0] / meanErrors[3]) / 3, varianceOrder = Math.Log2(varianceErrors[0] / varianceErrors[3]) / 3;
        TestContext.Current.TestOutputHelper?.WriteLine($"order of the mean {meanOrder:F2}, of the variance {varianceOrder:F2}; at 0.05 ms {meanErrors[2]:E2} mV, {varianceErrors[2]:E2}");
        Assert.True(meanErrors[2] < 0.02 && varianceErrors[2] < 0.01, $"{meanErrors[2]} mV, {varianceErrors[2]}");
        Assert.True(meanOrder > 0.9 && varianceOrder > 0.9, $"orders {meanOrder}, {varianceOrder}");
    }

    [Fact]
    public void Free_membrane_simulation_has_the_moments_of_its_scheme_and_nearly_those_of_the_membrane()
    {
        var p = new ShotNoise(1000, 0.01, 12, 1.8, 10);
        const double dt = 2.5e-5;
        NetworkModel model = Networks.Single(500, p.K, p.A, p.G, p.Eta, p.Nu, neuron: Free);
        PopulationObservables n = new Simulator(model, new SimulationSettings { TimeStep = dt, WarmUp = 0.05, Duration = 0.5 }).Run().Observables["N"];
        (double mean, double variance) = p.GridMoments(dt);
        (double exactMean, double exactVariance) = p.ExactMoments();
        Assert.InRange(n.MeanV.Value - mean, -5 * n.MeanV.StandardError, 5 * n.MeanV.StandardError);
        // 500 neurons for about 500 correlation times: relative error of the variance near sqrt(2/250,000) = 0.3 %.
        Assert.InRange(n.SdV.Value * n.SdV.Value / variance, 1 - 0.015, 1 + 0.015);
        Assert.InRange(n.MeanV.Value - exactMean, -0.03, 0.03);
        Assert.InRange(n.SdV.Value * n.SdV.Value / exactVariance, 1 - 0.02, 1 + 0.02);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2e-3)]
    [InlineData(1e-2)]
    public void Current_synapses_give_the_closed_form_mean_and_variance(double tauSyn)
    {
        const double j = 0.2, rate = 4000, tau = 0.020, dt = 1e-4;
        NetworkModel model = new(
            "currents", [new Population("N", 400, Free)], [new ExternalInput("X", rate / 100)],
            [Networks.Connect("X", "N", new InDegreeLaw.Fixed(100), Synapse.Current(j) with { TimeConstant = tauSyn })]);
        PopulationObservables n = new Simulator(model, new SimulationSettings { TimeStep = dt, WarmUp = 0.2, Duration = 2 }).Run().Observables["N"];
        Assert.InRange(n.MeanV.Value - (-80 + (j * rate * tau)), -5 * n.MeanV.StandardError - 1e-3, (5 * n.MeanV.StandardError) + 1e-3);
        // Shot noise through two exponentials: R J^2 tau^2 / (2 (tau + tau_S)). 400 neurons for 50 to 100 correlation times; the time average of each removes tau_corr/T.
        double variance = rate * j * j * tau * tau / (2 * (tau + tauSyn));
        Assert.InRange(n.SdV.Value * n.SdV.Value / variance, 0.96, 1.02);
        Assert.Equal(-80 + (j * rate * tau), n.Mu.Value, 0.05);
    }

    /// <summary>
    /// The path of V under exponential conductances and arrivals at given times, against an integration with steps of 0.2 microseconds (classical Runge-Kutta, restarted at every
    /// arrival, so its error is far below). The grid knows only the step of an arrival, so the path has order 1; its time average knows more and is better.
    /// </summary>
    [Theory]
    [InlineData(1e-3)]
    [InlineData(5e-3)]
    public void Exponential_synapses_converge_to_an_accurate_integration_at_first_order(double tauSyn)
    {
        const double duration = 0.2, rate = 4000, a = 0.01, g = 8, tau = 0.020, rest = -80;
        Synapse e = Synapse.Conductance(a, 0) with { TimeConstant = tauSyn }, i = Synapse.Conductance(g * a, -75) with { TimeConstant = tauSyn };
        NetworkModel model = new(
            "path", [new Population("N", 1, Free)], [new ExternalInput("X", 0), new ExternalInput("Y", 0)],
            [Networks.Connect("X", "N", new InDegreeLaw.Fixed(0), e), Networks.Connect("Y", "N", new InDegreeLaw.Fixed(0), i)]);
        var random = new Random(3);
        (double Time, int Channel)[] arrivals = [.. Enumerable.Range(0, (int)(rate * duration)).Select(k => (random.NextDouble() * duration, k % 4 == 0 ? 1 : 0)).Order()];

        double[] steps = [2e-4, 1e-4, 5e-5, 2.5e-5], errors = new double[4], meanErrors = new double[4];
        double[] exact = Accurate();
        for (int s = 0; s < steps.Length; s++)
        {
            double dt = steps[s];
            Shard shard = OneShard(model, dt);
            shard.Membrane.SetPotential(0, -65);
            int every = (int)Math.Round(2e-4 / dt), next = 0;
            double squares = 0, sum = 0;
            for (int step = 0; step < (int)Math.Round(duration / dt); step++)
            {
                for (; next < arrivals.Length && arrivals[next].Time < (step + 1) * dt; next++) shard.Counts[arrivals[next].Channel].Span[0]++;
                shard.Membrane.Step(step, new SpikeBuffer(1));
                if ((step + 1) % every != 0) continue;
                double error = shard.Potential(0) - exact[((step + 1) / every) - 1];
                squares += error * error;
                sum += error;
            }

            errors[s] = Math.Sqrt(squares / exact.Length);
            meanErrors[s] = Math.Abs(sum) / exact.Length;
        }

        double order = Math.Log2(errors[0] / errors[3]) / 3;
        TestContext.Current.TestOutputHelper?.WriteLine($"order {order:F2}; {string.Join(", ", steps.Zip(errors, meanErrors).Select(x => $"{x.First * 1e3} ms: {x.Second:E2} mV, mean {x.Third:E2}"))}");
        Assert.InRange(order, 0.9, 1.7);
        Assert.True(errors[2] < 0.02 && meanErrors[2] < 1e-3, $"{errors[2]} mV, mean {meanErrors[2]} mV");

        double[] Accurate()
        {
            double v = -65, ge = 0, gi = 0, t = 0;
            var samples = new List<double>();
            int next = 0;
            for (int k = 1; k <= (int)Math.Round(duration / 2e-4); k++)
            {
                while (t < k * 2e-4)
                {
                    double end = Math.Min(k * 2e-4, next < arrivals.Length ? arrivals[next].Time : double.PositiveInfinity);
                    int parts = (int)Math.Ceiling((end - t) / 2e-7);
                    for (int p = 0; p < parts; p++) Advance((end - t) / parts);
                    t = end;
                    if (next < arrivals.Length && arrivals[next].Time <= t)
                    {
                        if (arrivals[next++].Channel == 0) ge += a / tauSyn;
                        else gi += g * a / tauSyn;
                    }
                }

                samples.Add(v);
            }

            return [.. samples];

            void Advance(double h)
            {
                double Slope(double x, double s) => ((rest - x) / tau) - (ge * Math.Exp(-s / tauSyn) * x) - (gi * Math.Exp(-s / tauSyn) * (x + 75));
                double k1 = Slope(v, 0), k2 = Slope(v + (h / 2 * k1), h / 2), k3 = Slope(v + (h / 2 * k2), h / 2), k4 = Slope(v + (h * k3), h);
                v += h / 6 * (k1 + (2 * k2) + (2 * k3) + k4);
                ge *= Math.Exp(-h / tauSyn);
                gi *= Math.Exp(-h / tauSyn);
            }
        }
    }

    [Fact]
    public void An_exponential_conductance_releases_its_whole_efficacy()
    {
        Synapse synapse = Synapse.Conductance(0.5, 0) with { TimeConstant = 3e-3 };
        var channel = new Channel(synapse, 1e-4);
        double released = channel.Instant, reservoir = channel.Carry;
        for (int step = 0; step < 2000; step++)
        {
            released += reservoir * channel.Release;
            reservoir *= channel.Decay;
        }

        Assert.Equal(0.5, released, 1e-12);
        Assert.Equal(0.5, channel.Instant + channel.Carry, 1e-15);
    }

    [Fact]
    public void A_vanishing_synaptic_time_constant_is_the_exponential_jump()
    {
        var slow = new Channel(Synapse.Conductance(0.3, 0) with { TimeConstant = 1e-12 }, 1e-4);
        var instant = new Channel(Synapse.Conductance(0.3, 0, JumpConvention.Exponential), 1e-4);
        Assert.Equal(instant.Instant, slow.Instant, 1e-8);
    }

    internal static Shard OneShard(NetworkModel model, double dt)
    {
        var network = new LoweredNetwork(model, new SimulationSettings { TimeStep = dt, WarmUp = 0, Duration = 1, Precision = Precision.Double });
        return new Shard(network, network.Populations[0], 0, network.Populations[0].Source.Size);
    }

    /// <summary>A membrane without threshold under instantaneous excitatory (E = 0) and inhibitory (E = -75 mV) conductances.</summary>
    private sealed record ShotNoise(int K, double A, double G, double Eta, double Nu)
    {
        private const double Tau = 0.020, Rest = -80, Inhibitory = -75;

        private double Excitation => K * Nu;

        private double Inhibition => K / 4 * Eta * Nu;

        internal (double Mean, double Variance) ExactMoments()
        {
            double e = A, i = G * A, re = Excitation, ri = Inhibition;
            double mean = ((Rest / Tau) + (ri * i * Inhibitory)) / ((1 / Tau) + (re * e) + (ri * i));
            double variance = ((re * e * e * mean * mean) + (ri * i * i * (Inhibitory - mean) * (Inhibitory - mean)))
                / ((2 / Tau) + (re * ((2 * e) - (e * e))) + (ri * ((2 * i) - (i * i))));
            return (mean, variance);
        }

        /// <summary>Stationary moments of V := f V + (1 - f) N/Gamma with Poisson counts, by summing over them.</summary>
        internal (double Mean, double Variance) GridMoments(double dt)
        {
            double le = -double.LogP1(-A), li = -double.LogP1(-G * A);
            double[] pe = Poisson(Excitation * dt), pi = Poisson(Inhibition * dt);
            double f1 = 0, f2 = 0, c1 = 0, c2 = 0, fc = 0;
            for (int e = 0; e < pe.Length; e++)
            {
                for (int i = 0; i < pi.Length; i++)
                {
                    double p = pe[e] * pi[i], gamma = (dt / Tau) + (e * le) + (i * li), f = Math.Exp(-gamma);
                    double c = (1 - f) * ((dt / Tau * Rest) + (i * li * Inhibitory)) / gamma;
                    f1 += p * f;
                    f2 += p * f * f;
                    c1 += p * c;
                    c2 += p * c * c;
                    fc += p * f * c;
                }
            }

            double mean = c1 / (1 - f1), square = ((2 * fc * mean) + c2) / (1 - f2);
            return (mean, square - (mean * mean));
        }

        private static double[] Poisson(double mean)
        {
            var p = new List<double> { Math.Exp(-mean) };
            while (p.Count < mean || p[^1] > 1e-18) p.Add(p[^1] * mean / p.Count);
            return [.. p];
        }
    }
}

/// <summary>Keeps every spike.</summary>
internal sealed class SpikeList : ISpikeSink
{
    internal List<(long Step, int Neuron)> All { get; } = [];

    public void Record(long step, ReadOnlySpan<int> neurons)
    {
        foreach (int neuron in neurons) All.Add((step, neuron));
    }
}
