using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// The synapses of one route that end in one shard, grouped by source: targets (within the shard) and, when delays vary, the delay of each beyond the shortest.
/// </summary>
internal sealed unsafe class Wiring
{
    private readonly long[] _start;
    private readonly AlignedBuffer<ushort> _targets;
    private readonly AlignedBuffer<byte>? _byteDelays;
    private readonly AlignedBuffer<ushort>? _wideDelays;

    internal Wiring(Route route, int firstTarget, int targets, ulong seed, Action<int> targetsDone)
    {
        Route = route;
        var sources = new SourceDraw(route, seed);
        _start = new long[route.SourceSize + 1];
        for (int t = 0; t < targets; t++)
        {
            foreach (int source in sources.Of(firstTarget + t)) _start[source + 1]++;
            targetsDone(1);
        }

        for (int s = 0; s < route.SourceSize; s++) _start[s + 1] += _start[s];
        Synapses = _start[^1];
        _targets = new AlignedBuffer<ushort>(Synapses);
        if (route.DelayValues > 256) _wideDelays = new AlignedBuffer<ushort>(Synapses);
        else if (route.DelayValues > 1) _byteDelays = new AlignedBuffer<byte>(Synapses);

        // Filling advances each row's start to its end; shifting the array by one restores it.
        for (int t = 0; t < targets; t++)
        {
            ReadOnlySpan<int> row = sources.Of(firstTarget + t);
            ReadOnlySpan<uint> delays = route.DelayValues > 1 ? sources.DelayNumbers(firstTarget + t) : default;
            for (int k = 0; k < row.Length; k++)
            {
                long at = _start[row[k]]++;
                _targets.Pointer[at] = (ushort)t;
                if (delays.IsEmpty) continue;
                uint delay = (uint)(((ulong)delays[k] * (uint)route.DelayValues) >> 32);
                if (_byteDelays is not null) _byteDelays.Pointer[at] = (byte)delay;
                else _wideDelays!.Pointer[at] = (ushort)delay;
            }

            targetsDone(1);
        }

        Array.Copy(_start, 0, _start, 1, route.SourceSize);
        _start[0] = 0;
    }

    internal Route Route { get; }

    internal long Synapses { get; }

    internal long Bytes => ((long)_start.Length * sizeof(long)) + _targets.Bytes + (_byteDelays?.Bytes ?? 0) + (_wideDelays?.Bytes ?? 0);

    /// <summary>Synapses of one source in this shard.</summary>
    internal int OutDegree(int source) => (int)(_start[source + 1] - _start[source]);

    /// <summary>Targets (within the shard) of one source, ascending.</summary>
    internal ReadOnlySpan<ushort> Targets(int source) => new(_targets.Pointer + _start[source], OutDegree(source));

    /// <summary>
    /// Adds one arrival per synapse of a source that fired at the end of a step.
    /// </summary>
    /// <param name="source">The neuron or unit that fired.</param>
    /// <param name="step">The step in which it fired (a pool's spikes arrive in that step).</param>
    /// <param name="ring">Arrival counts, slot by slot.</param>
    /// <param name="slotMask">Number of slots minus one.</param>
    /// <param name="stride">Counts per slot.</param>
    internal void Deliver(int source, long step, ushort* ring, int slotMask, int stride)
    {
        long from = _start[source];
        int count = (int)(_start[source + 1] - from);
        ushort* target = _targets.Pointer + from;
        int first = (int)((step + Route.ShortestDelay) & slotMask);
        if (_byteDelays is not null)
        {
            byte* delay = _byteDelays.Pointer + from;
            for (int k = 0; k < count; k++) ring[(((first + delay[k]) & slotMask) * stride) + target[k]]++;
        }
        else if (_wideDelays is not null)
        {
            ushort* delay = _wideDelays.Pointer + from;
            for (int k = 0; k < count; k++) ring[(((first + delay[k]) & slotMask) * stride) + target[k]]++;
        }
        else
        {
            ushort* slot = ring + ((long)first * stride);
            for (int k = 0; k < count; k++) slot[target[k]]++;
        }
    }
}

/// <summary>
/// Draws the sources of one target neuron: exactly the in-degree of its law, distinct unless multapses are allowed, every admissible set equally likely.
/// A function of (seed, projection, target): asking twice gives the same sources.
/// </summary>
internal sealed class SourceDraw
{
    private readonly Route _route;
    private readonly RandomStream _degrees, _sources, _delays;
    private readonly ulong[] _taken;
    private readonly uint[] _numbers = new uint[256];
    private readonly uint _rejectBelow;
    private uint _counter;
    private int _next;
    private ulong _target;
    private int[] _row = [];
    private uint[] _delayNumbers = [];

    internal SourceDraw(Route route, ulong seed)
    {
        _route = route;
        uint stream = (uint)route.Stream;
        _degrees = new RandomStream(seed, RandomPurpose.InDegree, stream);
        _sources = new RandomStream(seed, RandomPurpose.Source, stream);
        _delays = new RandomStream(seed, RandomPurpose.Delay, stream);
        _taken = new ulong[(route.SourceSize + 63) / 64];
        _rejectBelow = (uint)((1ul << 32) % (uint)route.SourceSize);
    }

    /// <summary>The sources of a target (index within its population). The span is valid until the next call.</summary>
    internal ReadOnlySpan<int> Of(int target)
    {
        _target = (ulong)target;
        _counter = 0;
        _next = _numbers.Length;
        if (_route.Projection.InDegree is InDegreeLaw.Bernoulli(var probability)) return BernoulliRow(probability, Autapse(target));
        int k = InDegreeDraw.Of(_route.Projection.InDegree, _degrees, target);
        Reserve(k);
        if (_route.Projection.AllowMultapses)
        {
            int autapse = Autapse(target);
            for (int i = 0; i < k;)
            {
                int source = NextSource();
                if (source != autapse) _row[i++] = source;
            }

            return _row.AsSpan(0, k);
        }

        return DistinctRow(k, Autapse(target));
    }

    /// <summary>One uniform number per synapse of the target last drawn.</summary>
    internal ReadOnlySpan<uint> DelayNumbers(int target)
    {
        int padded = (_row.Length + Philox.NumbersPerVector - 1) / Philox.NumbersPerVector * Philox.NumbersPerVector;
        if (_delayNumbers.Length < padded) _delayNumbers = new uint[padded];
        _delays.Fill(_delayNumbers.AsSpan(0, padded), 0, (ulong)target);
        return _delayNumbers;
    }

    private int Autapse(int target) =>
        _route.SourcePopulation >= 0 && _route.Projection.Source == _route.Projection.Target && !_route.Projection.AllowAutapses ? target : -1;

    private ReadOnlySpan<int> DistinctRow(int k, int excluded)
    {
        int available = _route.SourceSize - (excluded >= 0 ? 1 : 0);
        if (k > available)
        {
            throw new SimulationException(
                $"projections[{_route.Stream}]: neuron {_target} of '{_route.Projection.Target}' drew an in-degree of {k}, but '{_route.Projection.Source}' offers {available} sources; lower the mean or the CV of the in-degree");
        }

        // Drawing the smaller of the set and its complement keeps rejections below one per draw on average.
        bool complement = k > available / 2;
        int draws = complement ? available - k : k;
        if (excluded >= 0) Take(excluded);
        int taken = 0;
        while (taken < draws)
        {
            int source = NextSource();
            if (IsTaken(source)) continue;
            Take(source);
            if (!complement) _row[taken] = source;
            taken++;
        }

        if (!complement)
        {
            for (int i = 0; i < k; i++) _taken[_row[i] >> 6] = 0;
            if (excluded >= 0) _taken[excluded >> 6] = 0;
            return _row.AsSpan(0, k);
        }

        for (int source = 0, i = 0; source < _route.SourceSize; source++)
        {
            if (!IsTaken(source)) _row[i++] = source;
        }

        Array.Clear(_taken);
        return _row.AsSpan(0, k);
    }

    /// <summary>Every source with the same probability: gaps between connected sources are geometric.</summary>
    private ReadOnlySpan<int> BernoulliRow(double probability, int excluded)
    {
        if (probability <= 0) return [];
        double scale = probability < 1 ? 1 / double.LogP1(-probability) : 0;
        int count = 0;
        for (long source = -1; ;)
        {
            double u = (NextNumber() + 0.5) / 4294967296.0;
            source += 1 + (long)(Math.Log(u) * scale);
            if (source >= _route.SourceSize) return _row.AsSpan(0, count);
            if (source == excluded) continue;
            Reserve(count + 1);
            _row[count++] = (int)source;
        }
    }

    private void Reserve(int k)
    {
        if (_row.Length < k) Array.Resize(ref _row, Math.Max(k, 2 * _row.Length));
    }

    private bool IsTaken(int source) => (_taken[source >> 6] >> (source & 63) & 1) != 0;

    private void Take(int source) => _taken[source >> 6] |= 1ul << (source & 63);

    /// <summary>A source, each equally likely: multiply-shift with rejection of the few numbers that would favour some (Lemire 2019).</summary>
    private int NextSource()
    {
        while (true)
        {
            ulong product = (ulong)NextNumber() * (uint)_route.SourceSize;
            if ((uint)product >= _rejectBelow) return (int)(product >> 32);
        }
    }

    private uint NextNumber()
    {
        if (_next == _numbers.Length)
        {
            _sources.Fill(_numbers, _counter, _target);
            _counter += (uint)_numbers.Length / 4;
            _next = 0;
        }

        return _numbers[_next++];
    }
}

/// <summary>Draws a neuron's in-degree.</summary>
internal static class InDegreeDraw
{
    /// <summary>In-degree of a target by a fixed or Gaussian law (rounded, truncated at 0).</summary>
    internal static int Of(InDegreeLaw law, RandomStream stream, int target)
    {
        if (law is InDegreeLaw.Fixed(var fixedK)) return fixedK;
        var (k, cv) = (InDegreeLaw.Gaussian)law;
        Philox.Block block = stream.Block(0, (ulong)target);
        double radius = Math.Sqrt(-2 * Math.Log((block.X0 + 0.5) / 4294967296.0));
        double z = radius * Math.Cos(2 * Math.PI * (block.X1 + 0.5) / 4294967296.0);
        return (int)Math.Max(0, Math.Round(k * (1 + (cv * z))));
    }
}
