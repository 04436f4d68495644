using System.Runtime.Intrinsics;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// The private input of a shard's neurons: one Poisson count per neuron and step, from a table per distinct in-degree. Neuron i of a population takes 16 bits of the block with
/// counter i / 8, so that one call of the generator serves eight neurons.
/// </summary>
internal sealed unsafe class PrivateInputDraw
{
    /// <summary>Neurons served by eight blocks side by side.</summary>
    internal const int Batch = 64;

    private readonly RandomStream _stream, _ties;
    private readonly int _first;
    private readonly PoissonTable[] _tables;
    private readonly ushort[]? _tableOf;
    private readonly int _parts;

    internal PrivateInputDraw(PrivateInput input, Shard shard)
    {
        Channel = input.Channel;
        _first = shard.First;
        ulong seed = shard.Network.Settings.Seed;
        _stream = new RandomStream(seed, RandomPurpose.PoissonInput, (uint)input.Stream);
        _ties = new RandomStream(seed, RandomPurpose.PoissonTie, (uint)input.Stream);
        if (input.InDegree is InDegreeLaw.Fixed(var k))
        {
            _tables = [new PoissonTable(k * input.MeanPerUnit)];
        }
        else
        {
            var degrees = new RandomStream(seed, RandomPurpose.InDegree, (uint)input.Stream);
            int[] inDegrees = [.. Enumerable.Range(shard.First, shard.Padded).Select(i => InDegreeDraw.Of(input.InDegree, degrees, i))];
            int[] distinct = [.. inDegrees.Distinct().Order()];
            _tables = [.. distinct.Select(d => new PoissonTable(d * input.MeanPerUnit))];
            _tableOf = [.. inDegrees.Select(d => (ushort)Array.BinarySearch(distinct, d))];
        }

        _parts = _tables.Max(t => t.Parts);
    }

    internal int Channel { get; }

    /// <summary>Adds a step's input to the counts of a shard and returns its sum over the <paramref name="count"/> neurons that exist.</summary>
    internal long AddTo(ushort* counts, int count, long step)
    {
        Vector512<uint> sum = default;
        long scalarSum = 0;
        Span<ushort> numbers = stackalloc ushort[Batch];
        for (int part = 0; part < _parts; part++)
        {
            ulong entity = (ulong)step | ((ulong)part << 32);
            for (int i = 0; i < count; i += Batch)
            {
                _stream.Eight((uint)((_first + i) / 8), entity, out Vector512<ushort> low, out Vector512<ushort> high);
                if (_tableOf is null && PoissonTable.IsVectorised)
                {
                    Vector512<ushort> a = _tables[0].Draw(low, out ulong tiesLow), b = _tables[0].Draw(high, out ulong tiesHigh);
                    if ((tiesLow | tiesHigh) != 0)
                    {
                        a = Decide(a, low, tiesLow, i, entity);
                        b = Decide(b, high, tiesHigh, i + 32, entity);
                    }

                    if (i + Batch > count)
                    {
                        a &= Vector512.LessThan(Vector512<ushort>.Indices, Vector512.Create((ushort)(count - i)));
                        b &= Vector512.LessThan(Vector512<ushort>.Indices + Vector512.Create((ushort)32), Vector512.Create((ushort)(count - i)));
                    }

                    (Vector512<uint> even, Vector512<uint> odd) = Vector512.Widen(a + b);
                    sum += even + odd;
                    (Vector512.Load(counts + i) + a).Store(counts + i);
                    (Vector512.Load(counts + i + 32) + b).Store(counts + i + 32);
                    continue;
                }

                low.CopyTo(numbers);
                high.CopyTo(numbers[32..]);
                for (int j = 0; j < Batch && i + j < count; j++)
                {
                    PoissonTable table = _tables[_tableOf?[i + j] ?? 0];
                    if (part >= table.Parts) continue;
                    int n = Draw(table, numbers[j], i + j, entity);
                    counts[i + j] += (ushort)n;
                    scalarSum += n;
                }
            }
        }

        return scalarSum + Vector512.Sum(sum);
    }

    private Vector512<ushort> Decide(Vector512<ushort> counts, Vector512<ushort> numbers, ulong ties, int first, ulong entity)
    {
        for (; ties != 0; ties &= ties - 1)
        {
            int lane = System.Numerics.BitOperations.TrailingZeroCount(ties);
            counts = counts.WithElement(lane, (ushort)Draw(_tables[0], numbers[lane], first + lane, entity));
        }

        return counts;
    }

    private int Draw(PoissonTable table, ushort number, int neuron, ulong entity) => table.Draw(number, _ties, (uint)(_first + neuron), entity);
}
