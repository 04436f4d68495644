using Shunt.Model;

namespace Shunt.Simulation;

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
