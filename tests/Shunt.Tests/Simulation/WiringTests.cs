using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class WiringTests
{
    private static Route Route(InDegreeLaw law, int sources, bool sameSource = false, int delays = 1, bool multapses = false, bool autapses = false) => new(
        4, 0, -1, sources, 0, 1, delays,
        new Projection
        {
            Source = sameSource ? "T" : "S",
            Target = "T",
            InDegree = law,
            Synapse = Synapse.Conductance(0.01, 0),
            AllowMultapses = multapses,
            AllowAutapses = autapses,
        });

    [Theory]
    [InlineData(100, 1000)]
    [InlineData(700, 1000)]
    [InlineData(999, 1000)]
    [InlineData(0, 1000)]
    public void Fixed_in_degree_draws_exactly_K_distinct_sources_and_never_the_neuron_itself(int k, int n)
    {
        var draw = new SourceDraw(Route(new InDegreeLaw.Fixed(k), n, sameSource: true), 1);
        for (int target = 0; target < 50; target++)
        {
            int[] row = draw.Of(target).ToArray();
            Assert.Equal(k, row.Length);
            Assert.Equal(k, row.Distinct().Count());
            Assert.DoesNotContain(target, row);
            Assert.All(row, s => Assert.InRange(s, 0, n - 1));
            Assert.Equal(row, draw.Of(target).ToArray());
        }
    }

    [Fact]
    public void Autapses_and_multapses_occur_when_allowed()
    {
        var draw = new SourceDraw(Route(new InDegreeLaw.Fixed(500), 200, sameSource: true, multapses: true, autapses: true), 1);
        int[] row = draw.Of(3).ToArray();
        Assert.Equal(500, row.Length);
        Assert.True(row.Distinct().Count() < 200 && row.Contains(3));
        var noAutapse = new SourceDraw(Route(new InDegreeLaw.Fixed(500), 200, sameSource: true, multapses: true), 1);
        Assert.DoesNotContain(3, noAutapse.Of(3).ToArray());
    }

    [Fact]
    public void Out_degrees_are_binomial_and_pairs_unbiased()
    {
        const int n = 1000, targets = 4000, k = 100;
        var draw = new SourceDraw(Route(new InDegreeLaw.Fixed(k), n), 3);
        double[] outDegree = new double[n];
        for (int t = 0; t < targets; t++)
        {
            foreach (int s in draw.Of(t)) outDegree[s]++;
        }

        double mean = outDegree.Average(), variance = outDegree.Sum(d => (d - mean) * (d - mean)) / (n - 1), p = (double)k / n;
        Assert.Equal(targets * p, mean, 9);
        // Variance of 1000 binomials: relative SD sqrt(2/999) = 4.5 %; five of them is a false alarm below 1e-6.
        Assert.InRange(variance / (targets * p * (1 - p)), 1 - 0.23, 1 + 0.23);
    }

    [Fact]
    public void Bernoulli_in_degrees_have_binomial_mean_and_variance()
    {
        const int n = 2000, targets = 3000;
        const double p = 0.05;
        var draw = new SourceDraw(Route(new InDegreeLaw.Bernoulli(p), n), 5);
        double[] degrees = new double[targets];
        double[] outDegree = new double[n];
        for (int t = 0; t < targets; t++)
        {
            ReadOnlySpan<int> row = draw.Of(t);
            degrees[t] = row.Length;
            foreach (int s in row) outDegree[s]++;
        }

        double mean = degrees.Average(), variance = degrees.Sum(d => (d - mean) * (d - mean)) / (targets - 1);
        Assert.InRange(mean, (n * p) - (5 * Math.Sqrt(n * p * (1 - p) / targets)), (n * p) + (5 * Math.Sqrt(n * p * (1 - p) / targets)));
        Assert.InRange(variance / (n * p * (1 - p)), 1 - (5 * Math.Sqrt(2.0 / targets)), 1 + (5 * Math.Sqrt(2.0 / targets)));
        Assert.All(outDegree, d => Assert.InRange(d, (targets * p) - 75, (targets * p) + 75)); // sd 11.9: 6.3 sigma over 2000 sources
    }

    [Fact]
    public void Gaussian_in_degrees_have_their_mean_and_spread()
    {
        var law = new InDegreeLaw.Gaussian(1000, 0.1);
        var stream = new RandomStream(9, RandomPurpose.InDegree, 0);
        double[] k = [.. Enumerable.Range(0, 20_000).Select(i => (double)InDegreeDraw.Of(law, stream, i))];
        double mean = k.Average(), sd = Math.Sqrt(k.Sum(x => (x - mean) * (x - mean)) / k.Length);
        Assert.InRange(mean, 1000 - 3.6, 1000 + 3.6); // 5 standard errors
        Assert.InRange(sd, 100 - 2.5, 100 + 2.5);
        Assert.Equal(0, Enumerable.Range(0, 1000).Min(i => InDegreeDraw.Of(new InDegreeLaw.Gaussian(10, 2), stream, i)));
    }

    [Fact]
    public void An_in_degree_beyond_the_source_is_an_error_that_names_the_neuron()
    {
        var draw = new SourceDraw(Route(new InDegreeLaw.Gaussian(95, 0.2), 100), 1);
        var e = Assert.Throws<SimulationException>(() =>
        {
            for (int t = 0; t < 1000; t++) draw.Of(t);
        });
        Assert.Contains("offers 100 sources", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Delays_are_equally_likely_on_every_step_of_the_range(bool dense)
    {
        Wiring wiring = new StoredWiring(Route(new InDegreeLaw.Fixed(200), 1000, delays: 20), 0, 500, 1, _ => { });
        var queue = new DelayQueue(21, 512, dense);
        for (int s = 0; s < 1000; s++) wiring.Send(s, 0, 0, 0, queue);
        double[] histogram = new double[32];
        for (int slot = 0; slot < 32; slot++) histogram[slot] = Flushed(queue, slot, 512).Sum(n => n);
        double expected = 200 * 500 / 20.0;
        Assert.Equal(0, histogram[0]);
        Assert.All(histogram[21..], h => Assert.Equal(0, h));
        Assert.All(histogram[1..21], h => Assert.InRange(h, expected - (5 * Math.Sqrt(expected)), expected + (5 * Math.Sqrt(expected))));
    }

    private static unsafe ushort[] Flushed(DelayQueue queue, long step, int targets)
    {
        ushort[] counts = new ushort[targets];
        fixed (ushort* pointer = counts) queue.Flush(step, pointer);
        return counts;
    }

    [Fact]
    public void Wiring_is_the_same_graph_in_any_sharding()
    {
        Route route = Route(new InDegreeLaw.Fixed(50), 300, sameSource: true);
        var whole = new StoredWiring(route, 0, 300, 11, _ => { });
        var first = new StoredWiring(route, 0, 160, 11, _ => { });
        var second = new StoredWiring(route, 160, 140, 11, _ => { });
        for (int s = 0; s < 300; s++)
            Assert.Equal([.. first.Targets(s), .. second.Targets(s).Select(t => t + 160)], whole.Targets(s));
        Assert.Equal(300 * 50, whole.Synapses);
    }
}
