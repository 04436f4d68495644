using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Shunt.Simulation;

/// <summary>
/// Arrivals on their way to one channel of a shard, in the step in which they are due: for every step to come a list of targets, two bytes each. Lists are written and read
/// front to back, so that however many arrivals are on their way, only the ends of the lists and the counts of one step need the cache. A list is a chain of blocks; a block
/// that was read serves again.
/// </summary>
internal sealed unsafe class DelayQueue
{
    // A block is aligned to its size, and its last eight bytes hold the address of the next one: the end is seen in the address.
    private const int LargeBlock = 2048, SmallBlock = 256, SlabBlocks = 64, ManySlots = 2048;
    private readonly int _blockBytes;
    private readonly AlignedBuffer<nint> _first;
    private readonly List<nint> _slabs = [];
    private readonly Stack<nint> _free = new();

    /// <param name="longestDelay">Longest delay (steps).</param>
    internal DelayQueue(int longestDelay)
    {
        Slots = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)longestDelay + 1);
        _blockBytes = Slots > ManySlots ? SmallBlock : LargeBlock;
        _first = new AlignedBuffer<nint>(Slots);
        End = new AlignedBuffer<nint>(Slots);
        for (int slot = 0; slot < Slots; slot++) _first.Pointer[slot] = End.Pointer[slot] = Block();
    }

    ~DelayQueue()
    {
        foreach (nint slab in _slabs) NativeMemory.AlignedFree((void*)slab);
    }

    /// <summary>Steps that can be written; a power of two above the longest delay.</summary>
    internal int Slots { get; }

    /// <summary>Where the next target of each slot goes.</summary>
    internal AlignedBuffer<nint> End { get; }

    /// <summary>Address bits that are equal to <see cref="BlockEnd"/> where a block is full.</summary>
    internal nint BlockMask => _blockBytes - 1;

    /// <inheritdoc cref="BlockMask"/>
    internal nint BlockEnd => _blockBytes - sizeof(nint);

    /// <summary>Bytes allocated.</summary>
    internal long Bytes => (long)_slabs.Count * SlabBlocks * _blockBytes;

    /// <summary>Appends a block to a slot's list that is full.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void Extend(int slot)
    {
        nint block = Block();
        *(nint*)End.Pointer[slot] = block;
        End.Pointer[slot] = block;
    }

    /// <summary>Adds the arrivals that are due in a step to the counts, and empties its list.</summary>
    internal void Flush(long step, ushort* counts)
    {
        int slot = (int)(step & (Slots - 1));
        nint block = _first.Pointer[slot], end = End.Pointer[slot];
        while (end < block || end > block + BlockEnd)
        {
            Count(block, block + BlockEnd, counts);
            nint next = *(nint*)(block + BlockEnd);
            if (block != _first.Pointer[slot]) _free.Push(block);
            block = next;
        }

        Count(block, end, counts);
        if (block != _first.Pointer[slot]) _free.Push(block);
        End.Pointer[slot] = _first.Pointer[slot];
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
