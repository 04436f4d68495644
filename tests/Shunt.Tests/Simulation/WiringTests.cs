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

    /// <summary>Groups of delays only reorder what is stored: the arrivals of each step are the same, whether they are counted or listed.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void Groups_of_delays_and_kinds_of_queues_deliver_the_same_arrivals(int group)
    {
        Route route = Route(new InDegreeLaw.Fixed(60), 300, delays: 20);
        Wiring whole = new StoredWiring(route, 64, 500, 5, _ => { }), grouped = new StoredWiring(route with { GroupDelays = group }, 64, 500, 5, _ => { });
        DelayQueue dense = new(20, 512, isDense: true), lists = new(20, 512, isDense: false), groups = new(group, 512, isDense: true);
        for (int s = 0; s < 300; s += 3)
        {
            whole.Send(s, 0, 100, 0, dense);
            whole.Send(s, 0, 100, 0, lists);
        }

        long arrivals = 0;
        for (long step = 101; step <= 120; step++)
        {
            for (int g = 0; g < grouped.Route.Groups; g++)
            {
                if (step != 101 + (g * group)) continue;
                for (int s = 0; s < 300; s += 3) grouped.Send(s, g, 100, 0, groups);
            }

            ushort[] counts = Flushed(dense, step, 512);
            arrivals += counts.Sum(n => n);
            Assert.Equal(counts, Flushed(lists, step, 512));
            Assert.Equal(counts, Flushed(groups, step, 512));
        }

        Assert.Equal(Enumerable.Range(0, 100).Sum(i => whole.OutDegree(3 * i)), arrivals);
        Assert.All(Enumerable.Range(0, 300), s => Assert.Equal(whole.Targets(s), grouped.Targets(s).Order()));
    }

    [Fact]
    public void Arrivals_that_were_delivered_are_not_queued_again()
    {
        Wiring wiring = new StoredWiring(Route(new InDegreeLaw.Fixed(60), 300, delays: 20), 0, 500, 5, _ => { });
        DelayQueue all = new(20, 512, isDense: true), rest = new(20, 512, isDense: false);
        for (int s = 0; s < 300; s++)
        {
            wiring.Send(s, 0, 0, 0, all);
            wiring.Send(s, 0, 0, 9, rest);
        }

        for (long step = 1; step <= 20; step++)
        {
            ushort[] expected = Flushed(all, step, 512), actual = Flushed(rest, step, 512);
            Assert.Equal(step < 9 ? new ushort[512] : expected, actual);
            Assert.True(expected.Sum(n => n) > 0);
        }
    }

    /// <summary>A delay shows no trace of source and target: pairs of delays of neighbours, and of every second and fourth difference around a rectangle, are uniform.</summary>
    [Fact]
    public void Delays_of_neighbouring_synapses_are_independent()
    {
        const int n = 400, values = 8;
        Wiring wiring = new StoredWiring(Route(new InDegreeLaw.Fixed(n), n, delays: values, autapses: true), 0, n, 17, _ => { });
        int[,] delay = new int[n, n];
        for (int s = 0; s < n; s++)
        {
            var queue = new DelayQueue(values, 448, isDense: true);
            wiring.Send(s, 0, 0, 0, queue);
            for (int d = 0; d < values; d++)
            {
                ushort[] due = Flushed(queue, d + 1, 448);
                for (int t = 0; t < n; t++)
                {
                    if (due[t] > 0) delay[s, t] = d;
                }
            }
        }

        double[] targets = new double[values * values], sources = new double[values * values], around = new double[values];
        for (int s = 0; s + 1 < n; s++)
        {
            for (int t = 0; t + 1 < n; t++)
            {
                targets[(delay[s, t] * values) + delay[s, t + 1]]++;
                sources[(delay[s, t] * values) + delay[s + 1, t]]++;
                around[(delay[s, t] + delay[s + 1, t + 1] - delay[s, t + 1] - delay[s + 1, t] + (2 * values)) % values]++;
            }
        }

        // Chi-square with 63, 63 and 7 degrees of freedom; overlapping pairs and rectangles share synapses, which changes its spread little: six sigma, below 1e-6.
        foreach (double[] cells in new[] { targets, sources, around })
        {
            double expected = cells.Sum() / cells.Length, chi2 = cells.Sum(c => (c - expected) * (c - expected) / expected);
            Assert.InRange(chi2, 0, cells.Length - 1 + (6 * Math.Sqrt(2 * (cells.Length - 1))));
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.004)]
    public void A_synapse_takes_the_bytes_that_were_promised(double p)
    {
        const int sources = 20_000, targets = 3000;
        Route route = Route(new InDegreeLaw.Fixed((int)(p * sources)), sources);
        var wiring = new StoredWiring(route, 0, targets, 1, _ => { });
        Assert.Equal(p < 1 / StoredWiring.SparseGap, StoredWiring.IsSparse(route));
        Assert.Equal(StoredWiring.BytesPerSynapse(route) + (4.0 * sources / wiring.Synapses), (double)wiring.Bytes / wiring.Synapses, 0.01 + (200.0 / wiring.Synapses));
        Assert.Equal(wiring.Synapses, Enumerable.Range(0, sources).Sum(s => (long)wiring.OutDegree(s)));
    }

    /// <summary>Sparse wiring stores targets, dense wiring gaps: the same graph either way.</summary>
    [Fact]
    public void Sparse_wiring_delivers_to_its_targets()
    {
        Route route = Route(new InDegreeLaw.Fixed(3), 4000, delays: 5);
        var wiring = new StoredWiring(route, 0, 500, 1, _ => { });
        Assert.True(StoredWiring.IsSparse(route));
        var draw = new SourceDraw(route, 1);
        var expected = new List<(int Source, int Target)>();
        for (int t = 0; t < 500; t++)
        {
            foreach (int s in draw.Of(t)) expected.Add((s, t));
        }

        Assert.Equal(expected.Order(), Enumerable.Range(0, 4000).SelectMany(s => wiring.Targets(s).Select(t => (s, t))));
        var queue = new DelayQueue(5, 512, isDense: false);
        for (int s = 0; s < 4000; s++) wiring.Send(s, 0, 0, 0, queue);
        Assert.Equal(1500, Enumerable.Range(1, 5).Sum(step => Flushed(queue, step, 512).Sum(n => n)));
        ushort[] counts = new ushort[512];
        unsafe
        {
            fixed (ushort* pointer = counts)
            {
                for (int s = 0; s < 4000; s++) wiring.Deliver(s, pointer);
            }
        }

        Assert.All(counts[..500], n => Assert.Equal(3, n));
    }
}
