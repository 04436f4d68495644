using System.Numerics;
using MathNet.Numerics.IntegralTransforms;

namespace Shunt.Experiments;

/// <summary>
/// Power spectrum of a measured population rate (Welch's method): segments that overlap by half, each under a Hann window and without the mean of the
/// whole series, averaged.
/// </summary>
/// <param name="Frequency">Frequencies (Hz), from one over the length of a segment up to half of one over the bin.</param>
/// <param name="Value">Two-sided power spectrum (spk/s); N independent Poisson neurons of rate nu have nu/N.</param>
/// <param name="StandardError">Standard error of each value (spk/s), from the number of segments.</param>
public sealed record RateSpectrum(IReadOnlyList<double> Frequency, IReadOnlyList<double> Value, IReadOnlyList<double> StandardError)
{
    /// <summary>Estimates the spectrum of a series of rates.</summary>
    /// <param name="rates">Population rate in each bin (Hz).</param>
    /// <param name="bin">Width of a bin (s).</param>
    /// <param name="segment">Length of a segment (s), one over the resolution in Hz (two of which a Hann window mixes).</param>
    /// <returns>The estimate, or null when the series does not hold four segments.</returns>
    public static RateSpectrum? Of(IReadOnlyList<double> rates, double bin, double segment = 0.25)
    {
        int length = (int)Math.Round(segment / bin), hop = length / 2;
        int segments = length < 8 || rates.Count < length ? 0 : 1 + ((rates.Count - length) / hop);
        if (segments < 4) return null;
        double mean = rates.Average();
        double[] window = [.. Enumerable.Range(0, length).Select(i => Math.Pow(Math.Sin(Math.PI * (i + 0.5) / length), 2))];
        double norm = bin / window.Sum(w => w * w);
        var power = new double[length / 2];
        var data = new Complex[length];
        for (int s = 0; s < segments; s++)
        {
            for (int i = 0; i < length; i++) data[i] = window[i] * (rates[(s * hop) + i] - mean);
            Fourier.Forward(data, FourierOptions.NoScaling);
            for (int k = 0; k < power.Length; k++)
            {
                Complex z = data[k + 1];
                power[k] += norm * ((z.Real * z.Real) + (z.Imaginary * z.Imaginary)) / segments;
            }
        }

        // neighbours share half of their data, which under this window correlates their powers by 1/36
        double error = Math.Sqrt((1 + (2.0 / 36)) / segments);
        return new RateSpectrum(
            [.. Enumerable.Range(1, power.Length).Select(k => k / (length * bin))], power, [.. power.Select(p => p * error)]);
    }
}
