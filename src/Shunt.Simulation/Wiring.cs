using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Shunt.Simulation;

/// <summary>The synapses of one route that end in one shard, by source.</summary>
internal abstract unsafe class Wiring
{
    /// <summary>Marks an entry of a list of targets that is none.</summary>
    private protected const uint NoTarget = 1u << 31;

    private readonly uint[] _delayKeys;
    private readonly uint _firstTarget;

    private protected Wiring(Route route, int firstTarget, ulong seed)
    {
        Route = route;
        _firstTarget = (uint)firstTarget;
        _delayKeys = route.DelayValues == 1 ? [] : DelayKeys(route, seed);
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

    /// <summary>Puts one arrival for every target of a source whose delay lies in a group into a queue, each after its own delay.</summary>
    /// <param name="source">The neuron that fired.</param>
    /// <param name="group">Group of delays.</param>
    /// <param name="step">The step in which it fired.</param>
    /// <param name="earliest">Arrivals due before this step are left out: they have been delivered.</param>
    /// <param name="queue">Receives the arrivals.</param>
    internal abstract void Send(int source, int group, long step, long earliest, DelayQueue queue);

    /// <summary>Brings synapses that are about to be needed towards the processor: first where they are, a little later themselves.</summary>
    internal virtual void PrefetchIndex(int source, int group)
    {
    }

    /// <inheritdoc cref="PrefetchIndex"/>
    internal virtual void Prefetch(int source, int group)
    {
    }

    /// <summary>Keys of the delays of all sources.</summary>
    internal static uint[] DelayKeys(Route route, ulong seed)
    {
        var keys = new RandomStream(seed, RandomPurpose.Delay, (uint)route.Stream);
        uint[] drawn = new uint[route.SourceSize];
        for (int source = 0; source < drawn.Length; source++) drawn[source] = keys.Block(0, (ulong)source).X0;
        return drawn;
    }

    /// <summary>Key of a source's delays.</summary>
    private protected uint DelayKey(int source) => _delayKeys[source];

    private protected void PrefetchDelayKey(int source)
    {
        if (_delayKeys.Length > 0) Sse.Prefetch0(Unsafe.AsPointer(ref _delayKeys[source])); // only a hint: it does no harm if the array moves
    }

    /// <summary>
    /// Delay of a synapse beyond the shortest: equally likely values, a function of (seed, projection, source, target) alone. It is a hash of the target under a key that the source
    /// draws: a generator block per synapse would cost more than everything else about a spike. Two rounds of multiply and shift leave no structure that <c>WiringTests</c> can find.
    /// </summary>
    /// <param name="target">Target, within the shard.</param>
    /// <param name="key">Key of the source.</param>
    private protected uint Delay(uint target, uint key) =>
        (uint)(((ulong)DelayNumber(_firstTarget + target, key) * (uint)Route.DelayValues) >> 32);

    /// <summary>The hash.</summary>
    /// <param name="target">Target, within its population.</param>
    /// <param name="key">Key of the source.</param>
    internal static uint DelayNumber(uint target, uint key)
    {
        uint x = (target * 0x9E3779B1) ^ key;
        x ^= x >> 16;
        x *= 0x7FEB352D;
        x ^= x >> 15;
        x *= 0x846CA68B;
        return x ^ (x >> 16);
    }

    /// <summary>Puts targets into a queue, each after its own delay.</summary>
    /// <param name="targets">Targets, within the shard; those with the bit <see cref="NoTarget"/> are none. Room for whole vectors. Overwritten.</param>
    /// <param name="count">How many.</param>
    /// <param name="key">Key of the source's delays.</param>
    /// <param name="firstDue">Step in which the shortest delay ends.</param>
    /// <param name="queue">Receives them.</param>
    private protected void Append(uint* targets, int count, uint key, long firstDue, DelayQueue queue)
    {
        uint slotMask = (uint)queue.Slots - 1, first = (uint)firstDue & slotMask, stride = (uint)queue.Stride, nowhere = queue.Nowhere;
        if (Avx512F.IsSupported)
        {
            Vector512<uint> keys = Vector512.Create(key), values = Vector512.Create((uint)Route.DelayValues), firstTarget = Vector512.Create(_firstTarget);
            for (int i = 0; i < count; i += Vector512<uint>.Count)
            {
                var target = Vector512.Load(targets + i);
                Vector512<uint> x = ((target + firstTarget) * Vector512.Create(0x9E3779B1u)) ^ keys;
                x ^= x >>> 16;
                x *= Vector512.Create(0x7FEB352Du);
                x ^= x >>> 15;
                x *= Vector512.Create(0x846CA68Bu);
                x ^= x >>> 16;
                Vector512<uint> even = (Avx512F.Multiply(x, values) >>> 32).AsUInt32();
                Vector512<uint> odd = (Avx512F.Multiply((x.AsUInt64() >>> 32).AsUInt32(), values) & Vector512.Create(0xFFFFFFFF00000000)).AsUInt32();
                Vector512<uint> slot = ((even | odd) + Vector512.Create(first)) & Vector512.Create(slotMask);
                Vector512.ConditionalSelect(
                    Vector512.GreaterThanOrEqual(target, Vector512.Create(NoTarget)), Vector512.Create(nowhere), (slot * Vector512.Create(stride)) + target).Store(targets + i);
            }
        }
        else
        {
            Vector<uint> keys = Vector.Create(key), values = Vector.Create((uint)Route.DelayValues), firstTarget = Vector.Create(_firstTarget);
            for (int i = 0; i < count; i += Vector<uint>.Count)
            {
                Vector<uint> target = Vector.Load(targets + i);
                Vector<uint> x = ((target + firstTarget) * Vector.Create(0x9E3779B1u)) ^ keys;
                x ^= x >>> 16;
                x *= Vector.Create(0x7FEB352Du);
                x ^= x >>> 15;
                x *= Vector.Create(0x846CA68Bu);
                x ^= x >>> 16;

                // the upper half of x times values, by halves of x: values have 15 bits
                Vector<uint> delay = (((x >>> 16) * values) + (((x & Vector.Create(0xFFFFu)) * values) >>> 16)) >>> 16;
                Vector<uint> slot = (delay + Vector.Create(first)) & Vector.Create(slotMask);
                Vector.ConditionalSelect(
                    Vector.GreaterThanOrEqual(target, Vector.Create(NoTarget)), Vector.Create(nowhere), (slot * Vector.Create(stride)) + target).Store(targets + i);
            }
        }

        queue.Add(targets, count);
    }
}

/// <summary>
/// Synapses in memory: for each source (and group of delays) its targets in ascending order, as gaps of one byte. The byte 255 is a step of 255 without a synapse; where that would be common, because the
/// wiring is sparse, targets are stored as they are, in two bytes.
/// </summary>
internal sealed unsafe class StoredWiring : Wiring
{
    /// <summary>Mean gap above which two bytes a target are less than gaps with their escapes.</summary>
    internal const double SparseGap = 220;

    private const byte Escape = 255;
    private const int Chunk = 512;
    private readonly AlignedBuffer<uint> _start;
    private readonly AlignedBuffer<byte> _codes;
    private readonly bool _isSparse;
    private readonly int _groups;

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
        _groups = route.Groups;
        int lists = checked(route.SourceSize * _groups);
        _start = new AlignedBuffer<uint>(lists + 1);
        var sources = new SourceDraw(route, seed);
        uint* at = _start.Pointer + 1;
        ushort[] last = new ushort[lists];
        for (int t = 0; t < targets; t++)
        {
            ReadOnlySpan<int> row = sources.Of(firstTarget + t);
            Synapses += row.Length;
            foreach (int source in row)
            {
                int list = List(source, t);
                at[list] += _isSparse ? sizeof(ushort) : 1 + (((uint)t - last[list]) / Escape);
                last[list] = (ushort)t;
            }

            targetsDone(1);
        }

        long bytes = 0;
        for (int list = 0; list < lists; list++)
        {
            uint size = at[list];
            at[list] = (uint)bytes;
            bytes += size;
        }

        if (bytes > uint.MaxValue)
            throw new SimulationException($"projections[{route.Stream}]: {bytes / 1e9:F1} GB of synapses end in one shard; use smaller shards");
        _codes = new AlignedBuffer<byte>(bytes + Vector256<byte>.Count); // what decodes reads whole vectors

        // Filling moves each start, which is stored one place too far, to its end: that is the start of the next.
        Array.Clear(last);
        byte* codes = _codes.Pointer;
        for (int t = 0; t < targets; t++)
        {
            foreach (int source in sources.Of(firstTarget + t))
            {
                int list = List(source, t);
                if (_isSparse)
                {
                    *(ushort*)(codes + at[list]) = (ushort)t;
                    at[list] += sizeof(ushort);
                    continue;
                }

                uint gap = (uint)t - last[list];
                last[list] = (ushort)t;
                for (; gap >= Escape; gap -= Escape) codes[at[list]++] = Escape;
                codes[at[list]++] = (byte)gap;
            }

            targetsDone(1);
        }
    }

    /// <summary>Where a synapse belongs: the lists of a source follow one another by group of delays.</summary>
    private int List(int source, int target) =>
        _groups == 1 ? source : (source * _groups) + ((int)Delay((uint)target, DelayKey(source)) / Route.GroupDelays);

    internal override long Synapses { get; }

    internal override long Bytes => _start.Bytes + _codes.Bytes;

    /// <summary>Whether targets are stored as they are.</summary>
    internal static bool IsSparse(Route route) => route.Projection.InDegree.Mean(route.SourceSize) * SparseGap < (double)route.SourceSize * route.Groups;

    /// <summary>Bytes a synapse takes on average, without the index.</summary>
    internal static double BytesPerSynapse(Route route)
    {
        if (IsSparse(route)) return sizeof(ushort);
        double p = Math.Min(1, route.Projection.InDegree.Mean(route.SourceSize) / route.SourceSize / route.Groups), beyond = Math.Pow(1 - p, Escape);
        return 1 + (beyond / (1 - beyond)); // a gap is geometric
    }

    internal override int OutDegree(int source)
    {
        uint start = _start.Pointer[source * _groups], end = _start.Pointer[(source + 1) * _groups];
        ReadOnlySpan<byte> codes = new(_codes.Pointer + start, (int)(end - start));
        return _isSparse ? codes.Length / sizeof(ushort) : codes.Length - codes.Count(Escape);
    }

    internal override int[] Targets(int source)
    {
        var targets = new List<int>();
        for (int list = source * _groups; list < (source + 1) * _groups; list++)
        {
            byte* code = _codes.Pointer + _start.Pointer[list], end = _codes.Pointer + _start.Pointer[list + 1];
            for (int t = 0; code < end; code += _isSparse ? sizeof(ushort) : 1)
            {
                t = _isSparse ? *(ushort*)code : t + *code;
                if (_isSparse || *code != Escape) targets.Add(t);
            }
        }

        return [.. targets];
    }

    internal override void PrefetchIndex(int source, int group)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch0(_start.Pointer + (source * _groups) + group);
        PrefetchDelayKey(source);
    }

    internal override void Prefetch(int source, int group)
    {
        if (!Sse.IsSupported) return;
        uint* start = _start.Pointer + (source * _groups) + group;
        byte* codes = _codes.Pointer + start[0], end = _codes.Pointer + start[1];
        if (codes >= end) return;
        Sse.Prefetch0(codes);
        if (codes + 64 < end) Sse.Prefetch0(codes + 64);
        if (codes + 128 < end) Sse.Prefetch0(codes + 128);
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

    [SkipLocalsInit] // the list of targets is written before it is read
    internal override void Send(int source, int group, long step, long earliest, DelayQueue queue)
    {
        long firstDue = step + Route.ShortestDelay;
        uint key = DelayKey(source);
        uint* targets = stackalloc uint[Chunk];
        int list = (source * _groups) + group;
        byte* code = _codes.Pointer + _start.Pointer[list], end = _codes.Pointer + _start.Pointer[list + 1];
        bool someAreDelivered = earliest > firstDue + ((long)group * Route.GroupDelays);
        for (uint last = 0; code < end;)
        {
            int count = (int)Math.Min(Chunk, (end - code) / (_isSparse ? sizeof(ushort) : 1));
            if (_isSparse) Widen((ushort*)code, count, targets);
            else last = Decode(code, count, last, targets);
            code += _isSparse ? count * sizeof(ushort) : count;
            for (int i = 0; someAreDelivered && i < count; i++)
            {
                if (targets[i] < NoTarget && firstDue + Delay(targets[i], key) < earliest) targets[i] = NoTarget;
            }

            Append(targets, count, key, firstDue, queue);
        }
    }

    /// <summary>Turns targets of two bytes into targets of four. Reads and writes whole vectors.</summary>
    private static void Widen(ushort* code, int count, uint* targets)
    {
        for (int i = 0; i < count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(code + i));
            low.Store(targets + i);
            high.Store(targets + i + Vector256<uint>.Count);
        }
    }

    /// <summary>Turns gaps into targets and returns the last one. Reads and writes whole vectors.</summary>
    private static uint Decode(byte* code, int count, uint last, uint* targets)
    {
        if (!Avx512F.IsSupported) return DecodeEights(code, count, last, targets);

        Vector512<uint> zero = default, before = Vector512.Create(last), lastLane = Vector512.Create(15u), escape = Vector512.Create((uint)Escape);
        for (int i = 0; i < count; i += Vector512<uint>.Count)
        {
            Vector512<uint> gap = Avx512F.ConvertToVector512UInt32(Vector128.Load(code + i)), sum = gap;
            sum += Avx512F.AlignRight32(sum, zero, 15);
            sum += Avx512F.AlignRight32(sum, zero, 14);
            sum += Avx512F.AlignRight32(sum, zero, 12);
            sum += Avx512F.AlignRight32(sum, zero, 8);
            sum += before;
            before = Avx512F.PermuteVar16x32(sum, lastLane);
            Vector512.ConditionalSelect(Vector512.Equals(gap, escape), Vector512.Create(NoTarget), sum).Store(targets + i);
        }

        return count % Vector512<uint>.Count == 0 ? before[0] : last; // a list that goes on fills its chunks
    }

    /// <summary>The same, eight at a time.</summary>
    private static uint DecodeEights(byte* code, int count, uint last, uint* targets)
    {
        Vector128<uint> before = Vector128.Create(last), mark = Vector128.Create(NoTarget);
        for (int i = 0; i < count; i += Vector128<ushort>.Count)
        {
            Vector128<ushort> gap = Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)(code + i)).AsByte()), sum = gap;
            sum += Vector128.Shuffle(sum, Vector128.Create((ushort)8, 0, 1, 2, 3, 4, 5, 6)); // an index out of range gives zero
            sum += Vector128.Shuffle(sum, Vector128.Create((ushort)8, 8, 0, 1, 2, 3, 4, 5));
            sum += Vector128.Shuffle(sum, Vector128.Create((ushort)8, 8, 8, 8, 0, 1, 2, 3));
            Vector128<short> none = Vector128.Equals(gap, Vector128.Create((ushort)Escape)).AsInt16();
            ((Vector128.WidenLower(sum) + before) | (Vector128.WidenLower(none).AsUInt32() & mark)).Store(targets + i);
            ((Vector128.WidenUpper(sum) + before) | (Vector128.WidenUpper(none).AsUInt32() & mark)).Store(targets + i + Vector128<uint>.Count);
            before += Vector128.Shuffle(sum, Vector128.Create((ushort)7, 8, 7, 8, 7, 8, 7, 8)).AsUInt32();
        }

        return before[0]; // where a list goes on, it has filled its chunk
    }

    /// <summary>Whether one of eight bytes is 255: the complement then has a zero byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasEscape(ulong eight) => ((~eight - 0x0101010101010101) & eight & 0x8080808080808080) != 0;
}
