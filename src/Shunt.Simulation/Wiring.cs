using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Shunt.Simulation;

/// <summary>The synapses of one route that end in one shard, by source.</summary>
internal abstract unsafe class Wiring
{
    private readonly RandomStream _delays;
    private readonly uint _firstTarget;

    private protected Wiring(Route route, int firstTarget, ulong seed)
    {
        Route = route;
        _firstTarget = (uint)firstTarget;
        _delays = new RandomStream(seed, RandomPurpose.Delay, (uint)route.Stream);
    }

    internal Route Route { get; }

    /// <summary>Synapses, stored or not.</summary>
    internal abstract long Synapses { get; }

    /// <summary>Bytes allocated.</summary>
    internal abstract long Bytes { get; }

    /// <summary>Synapses of a source in this shard.</summary>
    internal abstract int OutDegree(int source);

    /// <summary>Targets (within the shard) of a source, in the order of <see cref="Deliver"/>.</summary>
    internal abstract int[] Targets(int source);

    /// <summary>Adds one arrival to the counts of every target of a source.</summary>
    internal abstract void Deliver(int source, ushort* counts);

    /// <summary>Puts one arrival for every target of a source into a queue, each after its own delay.</summary>
    /// <param name="source">The neuron that fired.</param>
    /// <param name="step">The step in which it fired.</param>
    /// <param name="earliest">Arrivals due before this step are left out: they have been delivered.</param>
    /// <param name="queue">Receives the arrivals.</param>
    internal abstract void Send(int source, long step, long earliest, DelayQueue queue);

    /// <summary>Brings the synapses of a source that is about to fire towards the processor.</summary>
    internal virtual void Prefetch(int source)
    {
    }

    /// <summary>Delays of a source's synapses beyond the shortest, by target; equally likely, and a function of (seed, projection, source, target) alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected DelayDraw DelaysOf(int source) => new(_delays.Block(0, (ulong)source).X0, _firstTarget, (uint)Route.DelayValues);

    /// <summary>
    /// Delays by a hash of the target under a key that a source draws. A generator block per synapse would cost more than everything else about a spike; two rounds of
    /// multiply and shift leave no structure that <c>WiringTests</c> can find.
    /// </summary>
    private protected readonly struct DelayDraw(uint key, uint firstTarget, uint values)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal uint Of(uint target)
        {
            uint x = ((firstTarget + target) * 0x9E3779B1) ^ key;
            x ^= x >> 16;
            x *= 0x7FEB352D;
            x ^= x >> 15;
            x *= 0x846CA68B;
            x ^= x >> 16;
            return (uint)(((ulong)x * values) >> 32);
        }
    }

    /// <summary>The end of a queue's lists, in registers.</summary>
    private protected readonly ref struct QueueWriter(DelayQueue queue, long firstDue)
    {
        private readonly DelayQueue _queue = queue;
        private readonly nint* _end = queue.End.Pointer;
        private readonly nint _blockMask = queue.BlockMask, _blockEnd = queue.BlockEnd;
        private readonly int _slotMask = queue.Slots - 1;
        private readonly int _first = (int)(firstDue & (queue.Slots - 1));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Append(uint target, uint delay)
        {
            int slot = (_first + (int)delay) & _slotMask;
            nint end = _end[slot];
            *(ushort*)end = (ushort)target;
            end += sizeof(ushort);
            _end[slot] = end;
            if ((end & _blockMask) == _blockEnd) _queue.Extend(slot);
        }
    }
}

/// <summary>
/// Synapses in memory: for each source its targets in ascending order, as gaps of one byte. The byte 255 is a step of 255 without a synapse; where that would be common, because the
/// wiring is sparse, targets are stored as they are, in two bytes.
/// </summary>
internal sealed unsafe class StoredWiring : Wiring
{
    /// <summary>Mean gap above which two bytes a target are less than gaps with their escapes.</summary>
    internal const double SparseGap = 220;

    private const byte Escape = 255;
    private readonly AlignedBuffer<uint> _start;
    private readonly AlignedBuffer<byte> _codes;
    private readonly bool _isSparse;

    /// <summary>Draws the synapses.</summary>
    /// <param name="route">The route.</param>
    /// <param name="firstTarget">First target of the shard within its population.</param>
    /// <param name="targets">Targets in the shard.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="targetsDone">Told how many targets more are done; every target twice.</param>
    internal StoredWiring(Route route, int firstTarget, int targets, ulong seed, Action<int> targetsDone)
        : base(route, firstTarget, seed)
    {
        _isSparse = IsSparse(route);
        var sources = new SourceDraw(route, seed);
        _start = new AlignedBuffer<uint>(route.SourceSize + 1);
        uint* at = _start.Pointer + 1;
        ushort[] last = new ushort[route.SourceSize];
        for (int t = 0; t < targets; t++)
        {
            ReadOnlySpan<int> row = sources.Of(firstTarget + t);
            Synapses += row.Length;
            foreach (int source in row)
            {
                at[source] += _isSparse ? sizeof(ushort) : 1 + (((uint)t - last[source]) / Escape);
                last[source] = (ushort)t;
            }

            targetsDone(1);
        }

        long bytes = 0;
        for (int s = 0; s < route.SourceSize; s++)
        {
            uint size = at[s];
            at[s] = (uint)bytes;
            bytes += size;
        }

        if (bytes > uint.MaxValue)
            throw new SimulationException($"projections[{route.Stream}]: {bytes / 1e9:F1} GB of synapses end in one shard; use smaller shards");
        _codes = new AlignedBuffer<byte>(bytes + sizeof(ulong)); // the delivery looks at eight bytes at a time

        // Filling moves each start, which is stored one place too far, to its end: that is the start of the next.
        Array.Clear(last);
        byte* codes = _codes.Pointer;
        for (int t = 0; t < targets; t++)
        {
            foreach (int source in sources.Of(firstTarget + t))
            {
                if (_isSparse)
                {
                    *(ushort*)(codes + at[source]) = (ushort)t;
                    at[source] += sizeof(ushort);
                    continue;
                }

                uint gap = (uint)t - last[source];
                last[source] = (ushort)t;
                for (; gap >= Escape; gap -= Escape) codes[at[source]++] = Escape;
                codes[at[source]++] = (byte)gap;
            }

            targetsDone(1);
        }
    }

    internal override long Synapses { get; }

    internal override long Bytes => _start.Bytes + _codes.Bytes;

    /// <summary>Whether targets are stored as they are.</summary>
    internal static bool IsSparse(Route route) => route.Projection.InDegree.Mean(route.SourceSize) * SparseGap < route.SourceSize;

    /// <summary>Bytes a synapse takes on average, without the index.</summary>
    internal static double BytesPerSynapse(Route route)
    {
        if (IsSparse(route)) return sizeof(ushort);
        double p = Math.Min(1, route.Projection.InDegree.Mean(route.SourceSize) / route.SourceSize), beyond = Math.Pow(1 - p, Escape);
        return 1 + (beyond / (1 - beyond)); // a gap is geometric
    }

    internal override int OutDegree(int source)
    {
        ReadOnlySpan<byte> codes = new(_codes.Pointer + _start.Pointer[source], (int)(_start.Pointer[source + 1] - _start.Pointer[source]));
        return _isSparse ? codes.Length / sizeof(ushort) : codes.Length - codes.Count(Escape);
    }

    internal override int[] Targets(int source)
    {
        var targets = new List<int>();
        byte* code = _codes.Pointer + _start.Pointer[source], end = _codes.Pointer + _start.Pointer[source + 1];
        for (int t = 0; code < end; code += _isSparse ? sizeof(ushort) : 1)
        {
            t = _isSparse ? *(ushort*)code : t + *code;
            if (_isSparse || *code != Escape) targets.Add(t);
        }

        return [.. targets];
    }

    internal override void Prefetch(int source)
    {
        if (!Sse.IsSupported) return;
        byte* codes = _codes.Pointer + _start.Pointer[source];
        Sse.Prefetch0(codes);
        Sse.Prefetch0(codes + 64);
        Sse.Prefetch0(codes + 128);
    }

    internal override void Deliver(int source, ushort* counts)
    {
        byte* code = _codes.Pointer + _start.Pointer[source], end = _codes.Pointer + _start.Pointer[source + 1];
        if (_isSparse)
        {
            for (; code < end; code += sizeof(ushort)) counts[*(ushort*)code]++;
            return;
        }

        ushort* target = counts;
        for (; code + sizeof(ulong) <= end; code += sizeof(ulong))
        {
            ulong eight = *(ulong*)code;
            if (HasEscape(eight))
            {
                for (int k = 0; k < sizeof(ulong); k++)
                {
                    uint gap = code[k];
                    target += gap;
                    *target += (ushort)(1 - ((gap + 1) >> 8));
                }

                continue;
            }

            (*(target += code[0]))++;
            (*(target += code[1]))++;
            (*(target += code[2]))++;
            (*(target += code[3]))++;
            (*(target += code[4]))++;
            (*(target += code[5]))++;
            (*(target += code[6]))++;
            (*(target += code[7]))++;
        }

        for (; code < end; code++)
        {
            uint gap = *code;
            target += gap;
            *target += (ushort)(1 - ((gap + 1) >> 8));
        }
    }

    internal override void Send(int source, long step, long earliest, DelayQueue queue)
    {
        byte* code = _codes.Pointer + _start.Pointer[source], end = _codes.Pointer + _start.Pointer[source + 1];
        long firstDue = step + Route.ShortestDelay;
        DelayDraw delays = DelaysOf(source);
        var writer = new QueueWriter(queue, firstDue);
        uint target = 0;
        if (earliest > firstDue || _isSparse)
        {
            foreach (int t in Targets(source))
            {
                uint delay = delays.Of((uint)t);
                if (firstDue + delay >= earliest) writer.Append((uint)t, delay);
            }

            return;
        }

        for (; code < end; code++)
        {
            uint gap = *code;
            target += gap;
            if (gap != Escape) writer.Append(target, delays.Of(target));
        }
    }

    /// <summary>Whether one of eight bytes is 255: the complement then has a zero byte.</summary>
    private static bool HasEscape(ulong eight) => ((~eight - 0x0101010101010101) & eight & 0x8080808080808080) != 0;
}
