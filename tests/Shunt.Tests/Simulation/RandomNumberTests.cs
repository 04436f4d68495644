using System.Numerics;
using System.Runtime.Intrinsics;
using Shunt.Model;
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

    [Fact]
    public void Blocks_side_by_side_give_numbers_of_16_bits()
    {
        var stream = new RandomStream(0x0123456789abcdef, RandomPurpose.PoissonInput, 3);
        stream.Some(77, 0x1_0000_0007, out Vector<ushort> low, out Vector<ushort> high);
        for (int i = 0; i < 2 * Vector<ushort>.Count; i++)
        {
            int element = i % Vector<ushort>.Count;
            uint word = stream.Block(77 + ((uint)element / 4), 0x1_0000_0007)[(i / Vector<ushort>.Count * 2) + (i % 4 / 2)];
            Assert.Equal((ushort)(word >> (i % 2 * 16)), (i == element ? low : high)[element]);
        }
    }

    /// <summary>Every one of the 65,536 numbers, with ties counted by their share: the probabilities of the table itself.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(1e-5)]
    [InlineData(0.3)]
    [InlineData(1.25)]
    [InlineData(12.5)]
    [InlineData(16)]
    public void Poisson_tables_hold_the_probabilities_of_Poisson(double mean)
    {
        var table = new PoissonTable(mean);
        Assert.Equal(1, table.Parts);
        double[] p = new double[64];
        for (int number = 0; number < 65_536; number++)
        {
            // A tie is asked of a stream: an own share of the tie is what the smallest and the largest answer leave open.
            int below = table.Draw((ushort)number, 0), above = table.Draw((ushort)number, uint.MaxValue);
            double own = below == above ? 1 : table.TieShare((ushort)number);
            p[below] += own / 65_536;
            p[above] += (1 - own) / 65_536;
        }

        double expected = Math.Exp(-mean);
        for (int k = 0; k < 64; expected *= mean / ++k) Assert.Equal(expected, p[k], 64 * 2.3e-13);
    }

    /// <summary>Every one of the 65,536 numbers, 16 and, where the machine can, 32 at a time.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(12.5)]
    public void Draws_of_many_are_the_draws_of_one(double mean)
    {
        var table = new PoissonTable(mean);
        for (int first = 0; first < 65_536; first += 16)
        {
            Vector128<ushort> low = Vector128<ushort>.Indices + Vector128.Create((ushort)first), high = low + Vector128.Create((ushort)8);
            (Vector128<ushort> lowCounts, Vector128<ushort> highCounts) = table.Draw(low, high, out ulong ties);
            for (int i = 0; i < 16; i++) Check((ushort)(first + i), i < 8 ? lowCounts[i] : highCounts[i - 8], ((ties >> i) & 1) != 0);
        }

        for (int first = 0; PoissonTable.IsWide && first < 65_536; first += 32)
        {
            Vector512<ushort> counts = table.Draw(Vector512<ushort>.Indices + Vector512.Create((ushort)first), out ulong ties);
            for (int i = 0; i < 32; i++) Check((ushort)(first + i), counts[i], ((ties >> i) & 1) != 0);
        }

        // an open tie has been given to the alias; elsewhere further bits change nothing
        void Check(ushort number, int count, bool isTie)
        {
            Assert.Equal(isTie, table.IsTie(number));
            Assert.Equal(isTie ? table.Alias(number) : table.Draw(number, 0), count);
            if (!isTie) Assert.Equal(table.Draw(number, uint.MaxValue), count);
        }
    }

    /// <summary>Drawn as a shard draws them: mean and variance of the sum over many neurons and steps, in one part and in several.</summary>
    [Theory]
    [InlineData(0.3)]
    [InlineData(12.5)]
    [InlineData(60)]
    [InlineData(700)]
    public unsafe void Private_input_has_the_mean_and_variance_of_Poisson(double mean)
    {
        NetworkModel model = new(
            "input", [new Population("N", 1000, Neuron.Paper)], [new ExternalInput("X", mean * 100)],
            [Networks.Connect("X", "N", new InDegreeLaw.Fixed(100), Synapse.Conductance(1e-6, 0))]);
        Shard shard = MembraneTests.OneShard(model, 1e-4);
        var input = new PrivateInputDraw(shard.Population.Inputs[0], shard);
        const int steps = 400;
        double sum = 0, squares = 0;
        long reported = 0;
        for (int step = 0; step < steps; step++)
        {
            shard.Counts[0].Span.Clear();
            reported += input.AddTo(shard.Counts[0].Pointer, shard.Count, step);
            foreach (ushort n in shard.Counts[0].Span[..shard.Count])
            {
                sum += n;
                squares += (double)n * n;
            }
        }

        double draws = steps * 1000, average = sum / draws, variance = (squares / draws) - (average * average);
        Assert.Equal(sum, reported);
        Assert.InRange(average, mean - (5 * Math.Sqrt(mean / draws)), mean + (5 * Math.Sqrt(mean / draws)));
        // Variance of the sample variance of a Poisson number: (2 mean^2 + mean) / n.
        double error = 5 * Math.Sqrt(((2 * mean * mean) + mean) / draws);
        Assert.InRange(variance, mean - error, mean + error);
    }

    [Fact]
    public void Too_many_arrivals_per_step_are_refused()
    {
        var e = Assert.Throws<SimulationException>(() => new PoissonTable(40_000));
        Assert.Contains("use a smaller dt", e.Message, StringComparison.Ordinal);
    }
}
