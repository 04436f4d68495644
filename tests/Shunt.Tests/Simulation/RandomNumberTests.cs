using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class RandomNumberTests
{
    /// <summary>Known answers published with the generator (Random123, kat_vectors).</summary>
    [Theory]
    [InlineData(0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void Philox_gives_its_published_answers(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x0, uint x1, uint x2, uint x3)
    {
        Assert.Equal(new Philox.Block(x0, x1, x2, x3), Philox.Round10(c0, c1, c2, c3, k0, k1));
    }

    [Fact]
    public void Vector_generator_equals_the_scalar_one()
    {
        var stream = new RandomStream(0x0123456789abcdef, RandomPurpose.PoissonInput, 3);
        uint[] numbers = new uint[96];
        stream.Fill(numbers, 4_000_000_000, 0x1_0000_0007);
        for (int i = 0; i < numbers.Length; i++)
        {
            uint counter = unchecked(4_000_000_000 + (uint)((i / 32 * 8) + (i % 8)));
            Assert.Equal(stream.Block(counter, 0x1_0000_0007)[i % 32 / 8], numbers[i]);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1e-4)]
    [InlineData(0.3)]
    [InlineData(1.25)]
    [InlineData(12.5)]
    [InlineData(60)]
    [InlineData(700)]
    public void Poisson_counts_have_the_right_distribution(double mean)
    {
        var table = new PoissonTable(mean);
        const int draws = 1 << 20;
        uint[] numbers = new uint[draws];
        new RandomStream(7, RandomPurpose.PoissonInput, 0).Fill(numbers, 0, 1);
        ushort[] counts = new ushort[draws];
        counts.AsSpan().Fill(5);
        table.AddDraws(numbers, counts);
        double[] histogram = new double[table.Largest + 1];
        for (int i = 0; i < draws; i++)
        {
            Assert.Equal(table.Draw(numbers[i]), counts[i] - 5);
            histogram[counts[i] - 5]++;
        }

        // Pearson's chi-square over counts with at least 20 expected; the normal approximation of its tail at 5 sigma is a false alarm of about 1e-6.
        double chi2 = 0, logP = -mean;
        int cells = 0;
        for (int k = 0; k < histogram.Length; k++)
        {
            double expected = draws * Math.Exp(logP);
            if (expected >= 20)
            {
                chi2 += (histogram[k] - expected) * (histogram[k] - expected) / expected;
                cells++;
            }

            logP += Math.Log(mean) - Math.Log(k + 1);
        }

        Assert.True(cells > 0);
        Assert.InRange(chi2, 0, cells + (5 * Math.Sqrt(2 * cells)) + 5);
    }

    [Fact]
    public void Poisson_mean_is_exact_where_counts_are_rare()
    {
        // Every number that yields a count of one or more, found by bisection on the table itself.
        var table = new PoissonTable(1e-5);
        uint low = 0, high = uint.MaxValue;
        while (high - low > 1)
        {
            uint middle = low + ((high - low) / 2);
            if (table.Draw(middle) > 0) high = middle;
            else low = middle;
        }

        Assert.Equal(-double.ExpM1(-1e-5), (4294967296.0 - high) / 4294967296.0, 2.4e-10);
    }

    [Fact]
    public void Too_many_arrivals_per_step_are_refused()
    {
        var e = Assert.Throws<SimulationException>(() => new PoissonTable(40_000));
        Assert.Contains("use a smaller dt", e.Message, StringComparison.Ordinal);
    }
}
