using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>
/// The limit of <see cref="MultiplicativeNoise"/> for small a (App. B). Below threshold rare escape: rate (B6), CV (B17), density (D13
/// corrected). Above it the path without noise: rate (B4), CV to first order in a (B9). Neither holds within about two sigma of threshold.
/// </summary>
/// <param name="reading">How the noise is read. Stratonovich multiplies the time of an escape with B(mu)/B(theta).</param>
public sealed class MultiplicativeSmallNoise(NoiseReading reading) : TransferFunction
{
    /// <summary>How the noise is read.</summary>
    public NoiseReading Reading { get; } = reading;

    /// <inheritdoc/>
    public override string Name => Reading == NoiseReading.Ito ? "multiplicative-ito-small-a" : "multiplicative-stratonovich-small-a";

    /// <summary>ln of T (s): (B6) below threshold, (B4) above; NaN when mu is at threshold.</summary>
    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents) =>
        LogPassageTime(neuron, MultiplicativeMoments.Of(neuron, afferents, Reading));

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        var moments = MultiplicativeMoments.Of(neuron, afferents, Reading);
        double logTime = LogPassageTime(neuron, moments), sd = Math.Sqrt(moments.Noise.Squared(moments.Mu) * moments.Tau / 2);
        if (double.IsPositiveInfinity(logTime)) return new Response(double.NegativeInfinity, double.NaN, moments.Mu, sd);
        double logRate = LogRate(logTime, neuron.RefractoryPeriod);
        if (moments.Mu > neuron.Threshold)
            return Siegert.Respond(neuron, Noiseless(moments)) with { Cv = Math.Exp(logRate) * Math.Sqrt(Variance(neuron, moments)) };
        return new Response(logRate, 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime)), moments.Mu, sd);
    }

    /// <summary>
    /// Below threshold P(V) = nu tau/(theta - mu) (B(theta)/B(V))^2 exp([F(v_max) - F(u)]/a), which is D13 with the denominator that its dimension asks
    /// for; above it the time spent at V on the way (B20). Null at rest without noise.
    /// </summary>
    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        var moments = MultiplicativeMoments.Of(neuron, afferents, Reading);
        if (moments.Mu > neuron.Threshold) return Siegert.Density(neuron, Noiseless(moments), potentials);
        double logTime = LogPassageTime(neuron, moments);
        if (!double.IsFinite(logTime)) return null;
        double distance = neuron.Threshold - moments.Mu, atThreshold = moments.Noise.Squared(neuron.Threshold);
        double log = LogRate(logTime, neuron.RefractoryPeriod) + Math.Log(moments.Tau / distance);
        double power = Reading == NoiseReading.Ito ? 1 : 0.5;
        var density = new double[potentials.Length];
        for (int i = 0; i < density.Length; i++)
        {
            double v = potentials[i], barrier = moments.Noise.Barrier(moments.Mu, v, neuron.Threshold) / moments.Tau;
            density[i] = v <= neuron.Threshold ? Math.Exp(log + power * Math.Log(atThreshold / moments.Noise.Squared(v)) + barrier) : 0;
        }

        return density;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        var moments = MultiplicativeMoments.Of(neuron, afferents, Reading);
        double sigma = Math.Sqrt(moments.Noise.Squared(neuron.Threshold) * moments.Tau), distance = Math.Abs(neuron.Threshold - moments.Mu) / sigma;
        List<string> warnings = [.. MultiplicativeNoise.ReadingWarnings(Reading, neuron, afferents)];
        if (distance < 2)
        {
            warnings.Add(
                Invariant($"{Name} needs mu and threshold several sigma apart, but |theta - mu|/sigma(theta) = {distance:G3}; ")
                + Invariant($"use {new MultiplicativeNoise(Reading).Name} (A13), which has no such limit"));
        }

        return warnings;
    }

    private double LogPassageTime(Neuron neuron, MultiplicativeMoments moments)
    {
        double distance = neuron.Threshold - moments.Mu;
        if (double.IsPositiveInfinity(distance)) return double.PositiveInfinity;
        if (distance < 0) return Math.Log(moments.Tau * double.LogP1((neuron.Threshold - neuron.Reset) / -distance));
        if (distance == 0) return double.NaN;

        VoltageNoise noise = moments.Noise;
        double atRest = Math.Sqrt(noise.Squared(moments.Mu)), atThreshold = Math.Sqrt(noise.Squared(neuron.Threshold));
        bool crosses = noise.Floor > 0 || noise.Slope == 0 || (moments.Mu - noise.Centre) * (neuron.Threshold - noise.Centre) > 0;
        if (!(atRest > 0) || !crosses) return double.PositiveInfinity; // the only noise vanishes on the way
        double prefactor = moments.Tau * Math.Sqrt(Math.PI * moments.Tau) * atThreshold / distance
            * (Reading == NoiseReading.Ito ? atThreshold / atRest : 1);
        return Math.Log(prefactor) + noise.Barrier(moments.Mu, moments.Mu, neuron.Threshold) / moments.Tau;
    }

    // B9: int B^2/A^3 dV along the path without noise
    private static double Variance(Neuron neuron, MultiplicativeMoments moments)
    {
        VoltageNoise noise = moments.Noise;
        double near = moments.Mu - neuron.Threshold, far = moments.Mu - neuron.Reset, climb = far - near;
        double square = noise.Squared(moments.Mu) * climb * (far + near) / (2 * near * near * far * far);
        double cross = -2 * noise.Slope * (moments.Mu - noise.Centre) * climb / (near * far);
        return moments.Tau * moments.Tau * moments.Tau * (square + cross + noise.Slope * double.LogP1(climb / near));
    }

    private static InputMoments Noiseless(MultiplicativeMoments moments) => new(moments.Tau, moments.Mu, 0, 0);
}
