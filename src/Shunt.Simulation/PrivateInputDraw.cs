using System.Numerics;
using System.Runtime.CompilerServices;
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

    /// <summary>Neurons whose random numbers are made together: they stay in the first-level cache, and are read long after they were written.</summary>
    private const int Chunk = 16 * Batch;

    private readonly RandomStream _stream, _ties;
    private readonly int _first;
    private readonly PoissonTable[] _tables;
    private readonly ushort[]? _tableOf;
    private readonly AlignedBuffer<ulong> _columns; // of all tables
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

        _columns = new AlignedBuffer<ulong>(_tables.Length * PoissonTable.Columns);
        for (int t = 0; t < _tables.Length; t++) _tables[t].Table.CopyTo(_columns.Span[(t * PoissonTable.Columns)..]);

        _parts = _tables.Max(t => t.Parts);
    }

    internal int Channel { get; }

    /// <summary>Adds a step's input to the counts of a shard and returns its sum over the <paramref name="count"/> neurons that exist.</summary>
    [SkipLocalsInit]
    internal long AddTo(ushort* counts, int count, long step)
    {
        long sum = 0;
        ushort* numbers = stackalloc ushort[Chunk];
        for (int part = 0; part < _parts; part++)
        {
            ulong entity = (ulong)step | ((ulong)part << 32);
            for (int first = 0; first < count; first += Chunk)
            {
                int drawn = Math.Min(Chunk, count - first);
                Fill(numbers, drawn, (uint)((_first + first) / 8), entity);
                sum += _tableOf is null ? DrawAlike(numbers, drawn, counts + first, first, part, entity) : DrawEach(numbers, drawn, counts + first, first, part, entity);
            }
        }

        return sum;
    }

    private void Fill(ushort* numbers, int count, uint firstCounter, ulong entity)
    {
        for (int i = 0; i < count; i += Batch, firstCounter += 8)
        {
            for (int l = 0; l < 8; l += Vector<ulong>.Count)
            {
                _stream.Some(firstCounter + (uint)l, entity, out Vector<ushort> low, out Vector<ushort> high);
                low.Store(numbers + i + (4 * l));
                high.Store(numbers + i + (4 * l) + (Batch / 2));
            }
        }
    }

    private long DrawAlike(ushort* numbers, int count, ushort* counts, int first, int part, ulong entity)
    {
        PoissonTable table = _tables[0];
        long sum = 0;
        int i = 0;
        if (PoissonTable.IsWide)
        {
            Vector512<uint> sums = default;
            for (; i + Vector512<ushort>.Count <= count; i += Vector512<ushort>.Count)
            {
                Vector512<ushort> n = table.Draw(Vector512.Load(numbers + i), out ulong ties);
                (Vector512<uint> lower, Vector512<uint> upper) = Vector512.Widen(n);
                sums += lower + upper;
                (Vector512.Load(counts + i) + n).Store(counts + i);
                if (ties != 0) sum += Decide(ties, numbers + i, counts + i, first + i, entity);
            }

            sum += Vector512.Sum(sums);
        }
        else
        {
            Vector128<uint> sums = default;
            for (; i + (2 * Vector128<ushort>.Count) <= count; i += 2 * Vector128<ushort>.Count)
            {
                ushort* upper = counts + i + Vector128<ushort>.Count;
                (Vector128<ushort> n, Vector128<ushort> m) = table.Draw(Vector128.Load(numbers + i), Vector128.Load(numbers + i + Vector128<ushort>.Count), out ulong ties);
                sums += Vector128.WidenLower(n + m) + Vector128.WidenUpper(n + m);
                (Vector128.Load(counts + i) + n).Store(counts + i);
                (Vector128.Load(upper) + m).Store(upper);
                if (ties != 0) sum += Decide(ties, numbers + i, counts + i, first + i, entity);
            }

            sum += Vector128.Sum(sums);
        }

        return sum + DrawEach(numbers + i, count - i, counts + i, first + i, part, entity);
    }

    private long DrawEach(ushort* numbers, int count, ushort* counts, int first, int part, ulong entity)
    {
        long sum = 0;
        ulong* columns = _columns.Pointer;
        for (int i = 0; i < count; i++)
        {
            int table = _tableOf?[first + i] ?? 0;
            if (part > 0 && part >= _tables[table].Parts) continue;
            ulong column = columns[(table * PoissonTable.Columns) + PoissonTable.ColumnOf(numbers[i])];
            uint tie = PoissonTable.IsTie(column, numbers[i]) ? _ties.Block((uint)(_first + first + i), entity).X0 : 0;
            int n = PoissonTable.Draw(column, numbers[i], tie);
            counts[i] += (ushort)n;
            sum += n;
        }

        return sum;
    }

    /// <summary>Puts right what ties have added to the counts, and returns by how much.</summary>
    private long Decide(ulong ties, ushort* numbers, ushort* counts, int first, ulong entity)
    {
        PoissonTable table = _tables[0];
        long change = 0;
        for (; ties != 0; ties &= ties - 1)
        {
            int lane = BitOperations.TrailingZeroCount(ties), more = table.Draw(numbers[lane], _ties, (uint)(_first + first + lane), entity) - table.Alias(numbers[lane]);
            counts[lane] += (ushort)more;
            change += more;
        }

        return change;
    }
}
