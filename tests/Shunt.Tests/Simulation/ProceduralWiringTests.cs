using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class ProceduralWiringTests
{
    private static ProceduralWiring Wire(int k, int sources, int targets, ulong seed = 3, int delays = 1, int first = 0) => new(
        new Route(
            2, 0, -1, sources, 0, 1, delays,
            new Projection { Source = "S", Target = "T", InDegree = new InDegreeLaw.Fixed(k), Synapse = Synapse.Conductance(0.01, 0), AllowMultapses = true, AllowAutapses = true }),
        first, targets, seed, _ => { });

    [Theory]
    [InlineData(100, 1000, 640)]
    [InlineData(1, 10, 37)]
    [InlineData(7, 3, 5)]
    [InlineData(1000, 20_000, 2560)]
    public void Every_target_has_exactly_K_inputs(int k, int sources, int targets)
    {
        ProceduralWiring wiring = Wire(k, sources, targets);
        int[] inDegree = new int[targets];
        long synapses = 0;
        for (int s = 0; s < sources; s++)
        {
            int[] of = wiring.Targets(s);
            Assert.Equal(wiring.OutDegree(s), of.Length);
            synapses += of.Length;
            foreach (int t in of) inDegree[t]++;
        }

        Assert.All(inDegree, n => Assert.Equal(k, n));
        Assert.Equal((long)k * targets, synapses);
        Assert.Equal(synapses, wiring.Synapses);
    }

    [Fact]
    public void Wiring_can_be_read_from_either_end()
    {
        ProceduralWiring wiring = Wire(50, 700, 320);
        var forwards = Enumerable.Range(0, 700).SelectMany(s => wiring.Targets(s).Select(t => (s, t))).Order();
        var backwards = Enumerable.Range(0, 320).SelectMany(t => wiring.Sources(t).Select(s => (s, t))).Order();
        Assert.Equal(forwards, backwards);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public unsafe void A_spike_reaches_its_targets_with_and_without_delays(int delays)
    {
        ProceduralWiring wiring = Wire(90, 200, 1000, delays: delays);
        ushort[] counts = new ushort[1024];
        var queue = new DelayQueue(delays, 1024, isDense: false);
        for (int s = 0; s < 200; s += 7)
        {
            ushort[] expected = new ushort[1024];
            foreach (int t in wiring.Targets(s)) expected[t]++;
            Array.Clear(counts);
            fixed (ushort* pointer = counts)
            {
                wiring.Deliver(s, pointer);
                Assert.Equal(expected, counts);
                if (delays == 1) continue;
                Array.Clear(counts);
                wiring.Send(s, 0, 10, 0, queue);
                for (int step = 11; step < 11 + delays; step++) queue.Flush(step, pointer);
                Assert.Equal(expected, counts);
            }
        }
    }

    [Fact]
    public void Out_degrees_are_those_of_independent_draws()
    {
        const int sources = 4000, targets = 8192, k = 200;
        ProceduralWiring wiring = Wire(k, sources, targets);
        double[] degrees = [.. Enumerable.Range(0, sources).Select(s => (double)wiring.OutDegree(s))];
        double mean = degrees.Average(), variance = degrees.Sum(d => (d - mean) * (d - mean)) / (sources - 1), expected = (double)targets * k / sources;
        Assert.Equal(expected, mean, 9);
        // Multinomial: variance mean (1 - 1/sources); the sample variance has relative SD sqrt(2/3999) = 2.2 %; five of them is a false alarm below 1e-6.
        Assert.InRange(variance / expected, 1 - 0.112, 1 + 0.112);
    }

    /// <summary>
    /// How often a pair occurs, how many targets two sources share and how many sources two targets share, against independent draws: what structure of the permutation would show.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void No_pair_is_favoured(ulong seed)
    {
        const int n = 600, k = 60;
        ProceduralWiring wiring = Wire(k, n, n, seed);
        double[,] w = new double[n, n];
        for (int s = 0; s < n; s++)
        {
            foreach (int t in wiring.Targets(s)) w[s, t]++;
        }

        // Multiplicities of the n^2 pairs: Binomial(K, 1/n) each.
        double p = 1.0 / n, zero = Math.Pow(1 - p, k), one = k * p * Math.Pow(1 - p, k - 1);
        double[] observed = new double[3];
        foreach (double m in w) observed[Math.Min(2, (int)m)]++;
        double[] expected = [n * n * zero, n * n * one, n * n * (1 - zero - one)];
        double chi2 = observed.Zip(expected, (o, e) => (o - e) * (o - e) / e).Sum();
        Assert.InRange(chi2, 0, 28); // two degrees of freedom: a false alarm of exp(-14), 1e-6

        // Inner products of rows (targets two sources share, with multiplicity) and of columns.
        (double Mean, double Variance) sources = Products((a, i) => w[a, i]), targets = Products((a, i) => w[i, a]);
        double share = (double)k * k / n, shareOfSources = (double)k * (k - 1) / n; // two inputs of one target are two draws
        Assert.InRange(targets.Mean / share, 0.99, 1.01);
        Assert.InRange(sources.Mean / shareOfSources, 0.999, 1.001);
        // Nearly Poisson: variance over mean 1 for columns (in-degrees are fixed, sharing is hypergeometric-like, 1 - 2K/n .. 1), and a little more for rows.
        Assert.InRange(targets.Variance / share, 0.85, 1.15);
        Assert.InRange(sources.Variance / share, 0.9, 1.4);

        (double Mean, double Variance) Products(Func<int, int, double> at)
        {
            double sum = 0, squares = 0, pairs = 0;
            for (int a = 0; a < n; a++)
            {
                for (int b = 0; b < a; b++)
                {
                    double product = 0;
                    for (int i = 0; i < n; i++) product += at(a, i) * at(b, i);
                    sum += product;
                    squares += product * product;
                    pairs++;
                }
            }

            double mean = sum / pairs;
            return (mean, (squares / pairs) - (mean * mean));
        }
    }

    [Fact]
    public void A_procedural_network_fires_as_a_stored_one_and_the_same_on_any_threads()
    {
        NetworkModel network = Networks.ModelA(3000, 1500, 200, 0.0045, 20, 40);
        NetworkModel model = new(
            network.Name, network.Populations, network.Inputs,
            [.. network.Projections.Select(p => p.Source == "X" ? p : p with { AllowMultapses = true, AllowAutapses = true })]);
        var settings = new SimulationSettings { TimeStep = 1e-4, WarmUp = 0.2, Duration = 1, Threads = 1 };
        SimulationRecord stored = new Simulator(model, settings).Run();
        SimulationRecord procedural = new Simulator(model, settings with { Wiring = WiringStorage.Procedural }).Run();
        Assert.Equal(procedural.SpikesSha256, new Simulator(model, settings with { Wiring = WiringStorage.Procedural, Threads = 3 }).Run().SpikesSha256);
        Estimate a = stored.Observables["E"].Rate, b = procedural.Observables["E"].Rate;
        // Two networks of the same statistics: 4 combined errors, and 2 % for the wiring itself, which the errors of one run do not contain.
        Assert.InRange(a.Value - b.Value, -(4 * (a.StandardError + b.StandardError)) - (0.02 * a.Value), (4 * (a.StandardError + b.StandardError)) + (0.02 * a.Value));
        Assert.InRange(stored.Observables["E"].CvIsi.Value / procedural.Observables["E"].CvIsi.Value, 0.97, 1.03);
        Assert.True(procedural.Counters.BytesPerSynapse < 0.2);
        Assert.Equal(stored.Counters.Synapses, procedural.Counters.Synapses);
    }

    [Fact]
    public void What_procedural_wiring_cannot_do_is_refused()
    {
        var settings = new SimulationSettings { TimeStep = 1e-4, WarmUp = 0, Duration = 0.1, Wiring = WiringStorage.Procedural };
        var e = Assert.Throws<SimulationException>(() => new Simulator(Networks.ModelA(300, 100, 20, 0.01, 20, 10), settings));
        Assert.Contains("set multapses: true and autapses: true", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<SimulationException>(() => new Simulator(Networks.ModelA(300, 100, 20, 0.01, 20, 10, cv: 0.1), settings));
        Assert.Contains("procedural wiring gives every neuron exactly K inputs", e.Message, StringComparison.Ordinal);
    }
}
