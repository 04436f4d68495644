using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// Lets one process take the part of one rank of many: the others are pretended. Their spikes are drawn, independent of each other and at given rates, and
/// arrive as those of real ranks would; the clock stands still while they are drawn.
/// </summary>
public sealed class PretendedRanks : IRanks
{
    private readonly Func<double> _clock;
    private readonly (int Size, double LogOfNone)[][] _slices;
    private readonly NumberCode[] _drawn;
    private ulong _random = 1;
    private bool _hasDrawn;

    /// <param name="model">The network.</param>
    /// <param name="settings">How it is simulated.</param>
    /// <param name="rate">Rate of the stand-ins (Hz) by population.</param>
    /// <param name="rank">The rank that is real.</param>
    /// <param name="count">Ranks.</param>
    /// <param name="clock">Wall-clock time (s).</param>
    public PretendedRanks(NetworkModel model, SimulationSettings settings, Func<string, double> rate, int rank, int count, Func<double> clock)
    {
        Rank = rank;
        Count = count;
        _clock = clock;
        var network = new LoweredNetwork(model, settings);
        ShardPlan.Slice[][] plan = ShardPlan.OfRanks(network, count);
        ExpectedRate = plan[rank].Sum(s => s.Count * rate(s.Population.Source.Name)) / plan[rank].Sum(s => s.Count);
        _slices =
        [
            .. plan.Select((slices, r) => r == rank
                ? []
                : slices.Select(s => (s.Count, Math.Log(1 - Math.Min(0.5, rate(s.Population.Source.Name) * network.Grid.TimeStep)))).ToArray()),
        ];
        _drawn = [.. _slices.Select(_ => new NumberCode())];
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Mean rate (Hz) that the neurons of the real rank have if they fire like their stand-ins.</summary>
    public double ExpectedRate { get; }

    /// <summary>Time that drawing has taken (s), which a real rank would not have needed.</summary>
    public double DrawSeconds { get; private set; }

    /// <inheritdoc/>
    public double Seconds => _clock() - DrawSeconds;

    /// <inheritdoc/>
    public void Allgather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        all.Clear();
        own.CopyTo(all[(Rank * own.Length)..]);
        if (!_hasDrawn) return;
        // a number of bytes and no signals
        for (int r = 0; r < Count; r++)
        {
            if (r != Rank) BitConverter.TryWriteBytes(all[(r * own.Length)..], _drawn[r].Length);
        }
    }

    /// <inheritdoc/>
    public void Allgather(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        _hasDrawn = false;
        for (int r = 0, at = 0; r < Count; at += lengths[r], r++) (r == Rank ? own : _drawn[r].Bytes).CopyTo(all[at..]);
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes)
    {
        if (Rank != 0) bytes.Clear();
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> bytes, int to) => throw new NotSupportedException("stand-ins have no state");

    /// <inheritdoc/>
    public void Receive(Span<byte> bytes, int from) => throw new NotSupportedException("stand-ins have no state");

    /// <summary>Draws what the others send for the next exchange.</summary>
    internal void Draw(int steps)
    {
        double start = _clock();
        for (int r = 0; r < Count; r++)
        {
            _drawn[r].Clear();
            foreach ((int size, double logOfNone) in _slices[r]) Draw(_drawn[r], steps, size, logOfNone);
        }

        _hasDrawn = true;
        DrawSeconds += _clock() - start;
    }

    // From spike to spike through all neurons of all steps; those of a step are counted before they are written.
    private void Draw(NumberCode code, int steps, int size, double logOfNone)
    {
        Span<int> fired = stackalloc int[256];
        double at = Gap(logOfNone);
        for (int step = 0; step < steps; step++)
        {
            int count = 0;
            for (; at < size; at += 1 + Gap(logOfNone))
            {
                if (count == fired.Length) fired = Larger(fired);
                fired[count++] = (int)at;
            }

            at -= size;
            code.Append(count);
            for (int i = 0; i < count; i++) code.Append(fired[i] - (i > 0 ? fired[i - 1] : 0));
        }
    }

    private static Span<int> Larger(Span<int> numbers)
    {
        int[] larger = new int[2 * numbers.Length];
        numbers.CopyTo(larger);
        return larger;
    }

    // neurons that do not fire before the next that does; SplitMix64
    private double Gap(double logOfNone)
    {
        if (logOfNone == 0) return double.PositiveInfinity;
        ulong z = _random += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return Math.Floor(Math.Log(((z >> 11) + 0.5) * (1.0 / (1ul << 53))) / logOfNone);
    }
}
