using System.Runtime.Intrinsics;

namespace Shunt.Simulation;

/// <summary>
/// Turns uniform 32-bit numbers into Poisson counts by inversion: the count is the number of thresholds 2^32 CDF(k) not above the number.
/// Probabilities are exact to 2^-33; the tail beyond 2^-33 is cut.
/// </summary>
internal sealed class PoissonTable
{
    private const int GuideBits = 8;
    private const int MostVectorThresholds = 24;
    private const uint SignBit = 1u << 31;
    private readonly uint[] _thresholds;
    private readonly int[] _signedThresholds;
    private readonly ushort[] _guide;
    private readonly ushort _lowest;

    /// <param name="mean">Mean count; zero or more, at most 30,000.</param>
    internal PoissonTable(double mean)
    {
        if (!(mean is >= 0 and <= 30_000))
        {
            throw new SimulationException(
                $"an input delivers {mean:G4} spikes per step to a neuron; at most 30,000 can be counted: use a smaller dt");
        }

        Mean = mean;
        (int lowest, double[] probabilities) = Probabilities(mean);
        _lowest = (ushort)lowest;
        var thresholds = new List<uint>();
        double cumulative = 0;
        foreach (double p in probabilities)
        {
            cumulative += p;
            double scaled = Math.Round(cumulative * 4294967296.0);
            if (scaled > uint.MaxValue) break;
            thresholds.Add((uint)scaled);
        }

        _thresholds = [.. thresholds];
        _signedThresholds = [.. thresholds.Select(t => (int)(t ^ SignBit))];
        _guide = new ushort[1 << GuideBits];
        for (int prefix = 0, k = 0; prefix < _guide.Length; prefix++)
        {
            while (k < _thresholds.Length && _thresholds[k] <= (uint)prefix << (32 - GuideBits)) k++;
            _guide[prefix] = (ushort)k;
        }
    }

    internal double Mean { get; }

    /// <summary>Largest count the table can return.</summary>
    internal int Largest => _lowest + _thresholds.Length;

    internal int Draw(uint number)
    {
        int k = _guide[number >> (32 - GuideBits)];
        while (k < _thresholds.Length && number >= _thresholds[k]) k++;
        return _lowest + k;
    }

    /// <summary>Adds one draw to every count. The spans have equal lengths, a multiple of 32.</summary>
    internal void AddDraws(ReadOnlySpan<uint> numbers, Span<ushort> counts)
    {
        if (_thresholds.Length > MostVectorThresholds)
        {
            for (int i = 0; i < numbers.Length; i++) counts[i] += (ushort)Draw(numbers[i]);
            return;
        }

        // The count is all thresholds but those above the number; flipping the top bit lets a signed comparison order unsigned numbers.
        var all = Vector512.Create(Largest);
        var sign = Vector512.Create(SignBit);
        for (int i = 0; i < numbers.Length; i += 32)
        {
            Vector512<int> a = (Vector512.Create(numbers.Slice(i, 16)) ^ sign).AsInt32(), b = (Vector512.Create(numbers.Slice(i + 16, 16)) ^ sign).AsInt32();
            Vector512<int> countA = all, countB = all;
            foreach (int threshold in _signedThresholds)
            {
                var t = Vector512.Create(threshold);
                countA += Vector512.GreaterThan(t, a); // a true lane is all ones, that is -1
                countB += Vector512.GreaterThan(t, b);
            }

            Span<ushort> target = counts.Slice(i, 32);
            (Vector512.Create((ReadOnlySpan<ushort>)target) + Vector512.Narrow(countA, countB).AsUInt16()).CopyTo(target);
        }
    }

    /// <summary>Probabilities above 1e-16 of the largest, from the lowest count on: ratios from the mode outwards, so nothing overflows at any mean.</summary>
    private static (int Lowest, double[] Probabilities) Probabilities(double mean)
    {
        int mode = (int)mean;
        var up = new List<double> { 1 };
        for (int k = mode + 1; up[^1] > 1e-16; k++) up.Add(up[^1] * mean / k);
        var down = new List<double>();
        double p = 1;
        for (int k = mode; k > 0 && p > 1e-16; k--) down.Add(p *= k / mean);
        down.Reverse();
        double[] all = [.. down, .. up];
        double sum = all.Sum();
        return (mode - down.Count, [.. all.Select(x => x / sum)]);
    }
}
