using System.Runtime.CompilerServices;

namespace Shunt.Simulation;

/// <summary>A spike that reaches a neuron.</summary>
/// <param name="Time">When (s).</param>
/// <param name="Target">Which neuron, within its population.</param>
/// <param name="Channel">What it acts on, numbered through all populations.</param>
internal readonly record struct Arrival(double Time, int Target, int Channel) : IComparable<Arrival>
{
    public int CompareTo(Arrival other) => IsBefore(other) ? -1 : other.IsBefore(this) ? 1 : 0;

    /// <summary>The order of arrivals. Equal times, which only constant delays make likely, go by channel and neuron.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsBefore(in Arrival other) =>
        Time < other.Time || (Time == other.Time && (Channel < other.Channel || (Channel == other.Channel && Target < other.Target)));
}

/// <summary>
/// Arrivals on their way, handed out in order of time. A calendar: one unsorted list per window of time; a list is put in order when its window is opened, and an arrival that falls
/// into the open window joins a heap beside it. The windows do not change the order. Lists are chains of blocks that serve again, so that a run soon stops allocating.
/// </summary>
internal sealed class ArrivalQueue
{
    private const int BlockBits = 8, BlockSize = 1 << BlockBits, SmallBin = 16;
    private const long MostWindows = 1 << 24;
    private readonly double _perSecond;
    private readonly int[] _firstBlock, _lastBlock, _count;
    private readonly int _slotMask;
    private Arrival[][] _blocks = [];
    private int[] _nextBlock = [];
    private int _usedBlocks, _freeBlock = -1;
    private Arrival[] _unsorted = new Arrival[BlockSize], _sorted = new Arrival[BlockSize], _late = new Arrival[BlockSize];
    private int[] _bins = new int[BlockSize + 1];
    private int _open, _next, _lateCount;
    private long _window = -1;

    /// <param name="width">Width of a window (s).</param>
    /// <param name="longestDelay">Longest delay (s).</param>
    internal ArrivalQueue(double width, double longestDelay)
    {
        _perSecond = 1 / width;
        double windows = Math.Ceiling(longestDelay * _perSecond) + 2;
        if (windows > MostWindows)
            throw new SimulationException($"simulation.dt: the longest delay, {longestDelay * 1e3:G6} ms, is {windows:N0} windows of dt = {width * 1e3:G6} ms; at most {MostWindows:N0} can be queued: use a larger dt, which does not change the spikes");
        int slots = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)windows);
        _slotMask = slots - 1;
        _firstBlock = new int[slots];
        _lastBlock = new int[slots];
        _count = new int[slots];
    }

    /// <summary>The window a time lies in: window w begins after w widths and holds its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long WindowOf(double time) => (long)Math.Ceiling(time * _perSecond) - 1;

    /// <summary>Adds an arrival, not before the last one that was handed out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(in Arrival arrival)
    {
        long window = WindowOf(arrival.Time);
        if (window <= _window) AddLate(arrival);
        else Append((int)window & _slotMask, arrival);
    }

    /// <summary>Opens the next window. Until <see cref="Sort"/>, <see cref="AddNow"/> adds to it.</summary>
    internal void Open(long window)
    {
        _window = window;
        int slot = (int)window & _slotMask, count = _count[slot];
        _open = 0;
        if (count > _unsorted.Length) Array.Resize(ref _unsorted, Math.Max(count, 2 * _unsorted.Length));
        for (int block = _firstBlock[slot]; _open < count;)
        {
            int part = Math.Min(BlockSize, count - _open), next = _nextBlock[block];
            _blocks[block].AsSpan(0, part).CopyTo(_unsorted.AsSpan(_open));
            _open += part;
            _nextBlock[block] = _freeBlock;
            _freeBlock = block;
            block = next;
        }

        _count[slot] = 0;
    }

    /// <summary>Adds an arrival to the window that was opened and is not sorted yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddNow(in Arrival arrival)
    {
        if (_open == _unsorted.Length) Array.Resize(ref _unsorted, 2 * _open);
        _unsorted[_open++] = arrival;
    }

    /// <summary>Puts the open window in order: into as many bins of equal width as there are arrivals, then each bin on its own.</summary>
    internal void Sort()
    {
        int n = _open;
        _next = 0;
        if (_sorted.Length < n) _sorted = new Arrival[_unsorted.Length];
        if (_bins.Length < n + 1) _bins = new int[_unsorted.Length + 1];
        Array.Clear(_bins, 0, n + 1);
        double scale = n * _perSecond, start = (double)_window * n;
        foreach (ref readonly Arrival a in _unsorted.AsSpan(0, n)) _bins[BinOf(a.Time, scale, start, n)]++;
        int sum = 0;
        for (int b = 0; b < n; b++)
        {
            int size = _bins[b];
            _bins[b] = sum;
            sum += size;
        }

        foreach (ref readonly Arrival a in _unsorted.AsSpan(0, n)) _sorted[_bins[BinOf(a.Time, scale, start, n)]++] = a;

        // Each start has moved to the end of its bin, which is the start of the next.
        for (int b = 0, from = 0; b < n; b++)
        {
            int to = _bins[b];
            if (to - from > SmallBin) _sorted.AsSpan(from, to - from).Sort();
            else if (to - from > 1) Insertion(_sorted.AsSpan(from, to - from));
            from = to;
        }
    }

    /// <summary>Hands out the next arrival of the open window; false when there is none left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryNext(out Arrival arrival)
    {
        if (_lateCount > 0 && (_next == _open || _late[0].IsBefore(_sorted[_next])))
        {
            arrival = TakeLate();
            return true;
        }

        if (_next == _open)
        {
            arrival = default;
            return false;
        }

        arrival = _sorted[_next++];
        return true;
    }

    private static int BinOf(double time, double scale, double start, int bins) => Math.Clamp((int)((time * scale) - start), 0, bins - 1);

    private static void Insertion(Span<Arrival> bin)
    {
        for (int i = 1; i < bin.Length; i++)
        {
            Arrival a = bin[i];
            int at = i;
            for (; at > 0 && a.IsBefore(bin[at - 1]); at--) bin[at] = bin[at - 1];
            bin[at] = a;
        }
    }

    private void Append(int slot, in Arrival arrival)
    {
        int within = _count[slot]++ & (BlockSize - 1);
        if (within == 0)
        {
            int block = TakeBlock();
            if (_count[slot] == 1) _firstBlock[slot] = block;
            else _nextBlock[_lastBlock[slot]] = block;
            _lastBlock[slot] = block;
        }

        _blocks[_lastBlock[slot]][within] = arrival;
    }

    private int TakeBlock()
    {
        if (_freeBlock >= 0)
        {
            int block = _freeBlock;
            _freeBlock = _nextBlock[block];
            return block;
        }

        if (_usedBlocks == _blocks.Length)
        {
            Array.Resize(ref _blocks, Math.Max(64, 2 * _usedBlocks));
            Array.Resize(ref _nextBlock, _blocks.Length);
        }

        _blocks[_usedBlocks] = new Arrival[BlockSize];
        return _usedBlocks++;
    }

    private void AddLate(in Arrival arrival)
    {
        if (_lateCount == _late.Length) Array.Resize(ref _late, 2 * _lateCount);
        int at = _lateCount++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!arrival.IsBefore(_late[parent])) break;
            _late[at] = _late[parent];
            at = parent;
        }

        _late[at] = arrival;
    }

    private Arrival TakeLate()
    {
        Arrival first = _late[0], last = _late[--_lateCount];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _lateCount) break;
            if (child + 1 < _lateCount && _late[child + 1].IsBefore(_late[child])) child++;
            if (!_late[child].IsBefore(last)) break;
            _late[at] = _late[child];
            at = child;
        }

        _late[at] = last;
        return first;
    }
}
