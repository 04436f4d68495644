using System.Numerics;
using System.Runtime.CompilerServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// Synapses that are computed whenever a spike needs them. The n targets of a block have n K inputs in all; each draws its source independently, so the out-degrees of the sources are
/// multinomial. They are drawn first, and kept: source s owns the stretch [start_s, start_s+1) of the numbers 0 to n K - 1. A keyed permutation of the pairs (a, b), a below n and b below
/// K, then takes the number a K + b to its place: the b-th input of target a. Every target has exactly K inputs, since every pair is hit once, and the permutation can be
/// followed in both directions. Sources are drawn with replacement: a neuron may be drawn twice, or be its own source.
/// </summary>
internal sealed unsafe class ProceduralWiring : Wiring
{
    private const int MostInBlock = 32_768, BlocksOfSmall = 4, LeastInBlock = 2048, Chunk = 512;
    private readonly AlignedBuffer<uint> _start;
    private readonly Mixing _mixing;

    /// <param name="route">The route; its in-degree is fixed.</param>
    /// <param name="firstTarget">First target of the shard, which is a block, within its population.</param>
    /// <param name="targets">Targets in the block.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="targetsDone">Told how many targets more are done; every target twice.</param>
    internal ProceduralWiring(Route route, int firstTarget, int targets, ulong seed, Action<int> targetsDone)
        : base(route, firstTarget, seed)
    {
        int k = ((InDegreeLaw.Fixed)route.Projection.InDegree).K;
        Synapses = (long)targets * k;
        if (Synapses > uint.MaxValue) throw new SimulationException($"projections[{route.Stream}]: in-degree {k:N0}; procedural wiring numbers at most {uint.MaxValue / targets:N0} inputs of a neuron");
        _mixing = new Mixing((uint)targets, (uint)k, new RandomStream(seed, RandomPurpose.Wiring, (uint)route.Stream), (ulong)firstTarget);
        _start = new AlignedBuffer<uint>(route.SourceSize + 1);
        DrawOutDegrees(new RandomStream(seed, RandomPurpose.OutDegree, (uint)route.Stream), (ulong)firstTarget);
        targetsDone(2 * targets);
    }

    internal override long Synapses { get; }

    internal override long Bytes => _start.Bytes;

    /// <summary>Neurons in a block, a function of the size of the population alone: the wiring must not depend on who owns it.</summary>
    internal static int BlockSize(int population)
    {
        int blocks = Math.Max((population + MostInBlock - 1) / MostInBlock, Math.Min(BlocksOfSmall, (population + LeastInBlock - 1) / LeastInBlock));
        int size = (population + blocks - 1) / blocks;
        return (size + Shard.Granule - 1) / Shard.Granule * Shard.Granule;
    }

    internal override int OutDegree(int source) => (int)(_start.Pointer[source + 1] - _start.Pointer[source]);

    internal override int[] Targets(int source)
    {
        int[] targets = new int[OutDegree(source)];
        for (int i = 0; i < targets.Length; i++) targets[i] = (int)_mixing.Forwards(_start.Pointer[source] + (uint)i).A;
        return targets;
    }

    /// <summary>Sources of a target, input by input: the permutation followed backwards.</summary>
    internal int[] Sources(int target)
    {
        int[] sources = new int[_mixing.Inputs];
        ReadOnlySpan<uint> start = _start.Span;
        for (uint b = 0; b < _mixing.Inputs; b++)
        {
            int at = start.BinarySearch(_mixing.Backwards((uint)target, b));
            at = at < 0 ? ~at - 1 : at;
            while (start[at + 1] == start[at]) at++; // sources without targets share a start
            sources[b] = at;
        }

        return sources;
    }

    [SkipLocalsInit] // the list of targets is written before it is read
    internal override void Deliver(int source, ushort* counts)
    {
        uint* targets = stackalloc uint[Chunk];
        uint end = _start.Pointer[source + 1];
        for (uint number = _start.Pointer[source]; number < end; number += Chunk)
        {
            int count = (int)Math.Min(Chunk, end - number);
            _mixing.Targets(number, count, targets);
            for (int i = 0; i < count; i++) counts[targets[i]]++;
        }
    }

    [SkipLocalsInit]
    internal override void Send(int source, int group, long step, long earliest, DelayQueue queue)
    {
        uint* targets = stackalloc uint[Chunk];
        long firstDue = step + Route.ShortestDelay;
        uint key = DelayKey(source), end = _start.Pointer[source + 1];
        for (uint number = _start.Pointer[source]; number < end; number += Chunk)
        {
            int count = (int)Math.Min(Chunk, end - number);
            _mixing.Targets(number, count, targets);
            if (earliest > firstDue)
            {
                int kept = 0;
                for (int i = 0; i < count; i++)
                {
                    if (firstDue + Delay(targets[i], key) >= earliest) targets[kept++] = targets[i];
                }

                count = kept;
            }

            Append(targets, count, key, firstDue, queue);
        }
    }

    internal override void PrefetchIndex(int source, int group)
    {
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) System.Runtime.Intrinsics.X86.Sse.Prefetch0(_start.Pointer + source);
    }

    /// <summary>
    /// Out-degrees of all sources: multinomial. Independent Poisson numbers, given their sum, are multinomial; their mean is chosen so that the sum hardly ever exceeds the number of
    /// synapses, and each of those that are missing then draws its source.
    /// </summary>
    private void DrawOutDegrees(RandomStream stream, ulong block)
    {
        uint* degree = _start.Pointer + 1;
        int sources = Route.SourceSize;
        long missing = -1;
        uint counter = 0;
        var table = new PoissonTable(Math.Max(0, Synapses - (6 * Math.Sqrt(Synapses))) / sources);
        while (missing < 0)
        {
            missing = Synapses;
            for (int s = 0; s < sources; s++)
            {
                uint n = 0;
                for (int part = 0; part < table.Parts; part += 4)
                {
                    Philox.Block numbers = stream.Block(counter++, block);
                    for (int i = part; i < Math.Min(part + 4, table.Parts); i++) n += (uint)table.Draw((ushort)(numbers[i - part] >> 16), numbers[i - part] << 16);
                }

                degree[s] = n;
                missing -= n;
            }
        }

        for (; missing > 0; missing--) degree[(uint)(((ulong)stream.Block(counter++, block | (1ul << 63)).X0 * (uint)sources) >> 32)]++;
        for (int s = 1; s < sources; s++) degree[s] += degree[s - 1];
    }

    /// <summary>
    /// The keyed permutation: a Feistel network on the pairs (a, b), in turn a := a + F(b) mod n and b := b + F(a) mod K, three times and twice. Each turn can be undone whatever F is, and
    /// n and K need not be powers of two.
    /// </summary>
    private readonly struct Mixing
    {
        private readonly uint _targets, _inputs, _k0, _k1, _k2, _k3, _k4;

        internal Mixing(uint targets, uint inputs, RandomStream keys, ulong block)
        {
            (_targets, _inputs) = (targets, inputs);
            (_k0, _k1, _k2, _k3) = (keys.Block(0, block).X0, keys.Block(0, block).X1, keys.Block(0, block).X2, keys.Block(0, block).X3);
            _k4 = keys.Block(1, block).X0;
        }

        internal uint Inputs => _inputs;

        /// <summary>The input that a number stands for: target A, its input B.</summary>
        internal (uint A, uint B) Forwards(uint number)
        {
            uint a = number / _inputs, b = number % _inputs;
            a = Add(a, Random(b, _k0, _targets), _targets);
            b = Add(b, Random(a, _k1, _inputs), _inputs);
            a = Add(a, Random(b, _k2, _targets), _targets);
            b = Add(b, Random(a, _k3, _inputs), _inputs);
            return (Add(a, Random(b, _k4, _targets), _targets), b);
        }

        /// <summary>The number that stands for an input.</summary>
        internal uint Backwards(uint a, uint b)
        {
            a = Subtract(a, Random(b, _k4, _targets), _targets);
            b = Subtract(b, Random(a, _k3, _inputs), _inputs);
            a = Subtract(a, Random(b, _k2, _targets), _targets);
            b = Subtract(b, Random(a, _k1, _inputs), _inputs);
            return (Subtract(a, Random(b, _k0, _targets), _targets) * _inputs) + b;
        }

        /// <summary>Targets of consecutive numbers; writes whole vectors.</summary>
        internal void Targets(uint number, int count, uint* into)
        {
            Vector<uint> targets = Vector.Create(_targets), inputs = Vector.Create(_inputs), one = Vector<uint>.One;
            Vector<uint> a = Vector.Create(number / _inputs), b = Vector.Create(number % _inputs) + Vector<uint>.Indices;
            Vector<uint> k0 = Vector.Create(_k0), k1 = Vector.Create(_k1), k2 = Vector.Create(_k2), k3 = Vector.Create(_k3), k4 = Vector.Create(_k4);
            for (int i = 0; i < count; i += Vector<uint>.Count)
            {
                Vector<uint> beyond;
                while ((beyond = Vector.GreaterThanOrEqual(b, inputs)) != Vector<uint>.Zero)
                {
                    b -= inputs & beyond;
                    a += one & beyond;
                }

                Vector<uint> x = Add(a, Random(b, k0, targets), targets), y = Add(b, Random(x, k1, inputs), inputs);
                x = Add(x, Random(y, k2, targets), targets);
                y = Add(y, Random(x, k3, inputs), inputs);
                Add(x, Random(y, k4, targets), targets).Store(into + i);
                b += Vector.Create((uint)Vector<uint>.Count);
            }
        }

        /// <summary>A number below n, at random; n is at most 65,536.</summary>
        private static uint Random(uint x, uint key, uint n)
        {
            x = (x + key) * 0x9E3779B1;
            x ^= x >> 15;
            x *= 0x85EBCA77;
            return ((x >> 16) * n) >> 16;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<uint> Random(Vector<uint> x, Vector<uint> key, Vector<uint> n)
        {
            x = (x + key) * Vector.Create(0x9E3779B1u);
            x ^= x >>> 15;
            x *= Vector.Create(0x85EBCA77u);
            return ((x >>> 16) * n) >>> 16;
        }

        private static uint Add(uint x, uint y, uint n) => Math.Min(x + y, x + y - n);

        /// <summary>x + y mod n: where nothing was to subtract, subtracting wraps around to something large.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<uint> Add(Vector<uint> x, Vector<uint> y, Vector<uint> n)
        {
            Vector<uint> sum = x + y;
            return Vector.Min(sum, sum - n);
        }

        private static uint Subtract(uint x, uint y, uint n) => Math.Min(x - y, x - y + n);
    }
}
