using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Shunt.Simulation;

/// <summary>
/// Arrivals on their way to one channel of a shard, by the step in which they are due. While all of it fits the cache it is dense: a count per step and neuron. Beyond, it is
/// a list of targets per step, two bytes each: lists are written and read front to back, so that however many arrivals are on their way, only the ends of the lists need the
/// cache. A list is a chain of blocks; a block that was read serves again.
/// </summary>
internal sealed unsafe class DelayQueue
{
    // A block is aligned to its size, and its last eight bytes hold the address of the next one: the end is seen in the address.
    private const int LargeBlock = 2048, SmallBlock = 256, SlabBlocks = 64, ManySlots = 2048;
    private readonly int _blockBytes;
    private readonly int _targets;
    private readonly AlignedBuffer<ushort>? _counts;
    private readonly AlignedBuffer<nint>? _first, _end;
    private readonly List<nint> _slabs = [];
    private readonly Stack<nint> _free = new();

    /// <param name="steps">Steps, from the one at hand on, in which an arrival can be due.</param>
    /// <param name="targets">Neurons of the shard, padding included.</param>
    /// <param name="isDense">Counts or lists.</param>
    internal DelayQueue(int steps, int targets, bool isDense)
    {
        Slots = SlotsFor(steps);
        _targets = targets;
        if (isDense)
        {
            Stride = targets;
            _counts = new AlignedBuffer<ushort>(((long)Slots * targets) + 1);
            return;
        }

        Stride = 1 << 16;
        _blockBytes = Slots > ManySlots ? SmallBlock : LargeBlock;
        _first = new AlignedBuffer<nint>(Slots + 1);
        _end = new AlignedBuffer<nint>(Slots + 1);
        for (int slot = 0; slot <= Slots; slot++) _first.Pointer[slot] = _end.Pointer[slot] = Block();
    }

    ~DelayQueue()
    {
        foreach (nint slab in _slabs) NativeMemory.AlignedFree((void*)slab);
    }

    /// <summary>Steps that can be written; a power of two.</summary>
    internal int Slots { get; }

    /// <summary>An arrival at a target in a slot is the number slot x stride + target.</summary>
    internal int Stride { get; }

    /// <summary>The number of an arrival that is none.</summary>
    internal uint Nowhere => (uint)(Slots * Stride);

    /// <summary>Slots of a queue.</summary>
    internal static int SlotsFor(int steps) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)steps);

    /// <summary>Takes arrivals by their numbers.</summary>
    internal void Add(uint* arrivals, int count)
    {
        if (_counts is not null)
        {
            ushort* counts = _counts.Pointer;
            for (int i = 0; i < count; i++) counts[arrivals[i]]++;
            return;
        }

        nint* ends = _end!.Pointer;
        nint mask = _blockBytes - 1, full = _blockBytes - sizeof(nint);
        for (int i = 0; i < count; i++)
        {
            uint arrival = arrivals[i], slot = arrival >> 16;
            nint end = ends[slot];
            *(ushort*)end = (ushort)arrival;
            end += sizeof(ushort);
            ends[slot] = end;
            if ((end & mask) == full) Extend((int)slot);
        }
    }

    /// <summary>Adds the arrivals that are due in a step to the counts, and forgets them.</summary>
    internal void Flush(long step, ushort* counts)
    {
        int slot = (int)(step & (Slots - 1));
        if (_counts is not null)
        {
            Lanes.Move(_counts.Pointer + ((long)slot * _targets), counts, _targets);
            return;
        }

        nint start = _first!.Pointer[slot], block = start, end = _end!.Pointer[slot], blockEnd = _blockBytes - sizeof(nint);
        while (end < block || end > block + blockEnd)
        {
            Count(block, block + blockEnd, counts);
            nint next = *(nint*)(block + blockEnd);
            if (block != start) _free.Push(block);
            block = next;
        }

        Count(block, end, counts);
        if (block != start) _free.Push(block);
        _end.Pointer[slot] = start;
    }

    /// <summary>Appends a block to a slot's list that is full; the slot that is never read begins anew.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Extend(int slot)
    {
        nint* end = _end!.Pointer + slot;
        if (slot == Slots)
        {
            *end = _first!.Pointer[slot];
            return;
        }

        nint block = Block();
        *(nint*)*end = block;
        *end = block;
    }

    private static void Count(nint from, nint to, ushort* counts)
    {
        ushort* target = (ushort*)from, end = (ushort*)to, quads = target + ((end - target) & ~3);
        for (; target < quads; target += 4)
        {
            ulong four = *(ulong*)target;
            counts[(ushort)four]++;
            counts[(ushort)(four >> 16)]++;
            counts[(ushort)(four >> 32)]++;
            counts[four >> 48]++;
        }

        for (; target < end; target++) counts[*target]++;
    }

    private nint Block()
    {
        if (_free.TryPop(out nint block)) return block;
        nint slab = (nint)NativeMemory.AlignedAlloc((nuint)(SlabBlocks * _blockBytes), (nuint)_blockBytes);
        _slabs.Add(slab);
        for (int i = SlabBlocks - 1; i > 0; i--) _free.Push(slab + ((nint)i * _blockBytes));
        return slab;
    }
}
