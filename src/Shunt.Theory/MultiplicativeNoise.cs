using MathNet.Numerics;
using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>
/// White noise whose amplitude depends on V, as that of conductances does (App. A): rate (A13), CV (A14) and membrane density (A12), exact for the
/// diffusion process whose moments are <see cref="MultiplicativeMoments"/>; any number of conductances and currents. With currents alone it is
/// <see cref="Siegert"/>.
/// </summary>
/// <param name="reading">How the noise is read.</param>
public sealed class MultiplicativeNoise(NoiseReading reading) : TransferFunction
{
    // noise whose free SD is this part of the way from reset to threshold is taken as absent: ln T would be of order 1e18
    private const double Noiseless = 1e-9;

    /// <summary>How the noise is read.</summary>
    public NoiseReading Reading { get; } = reading;

    /// <inheritdoc/>
    public override string Name => Reading == NoiseReading.Ito ? "multiplicative-ito" : "multiplicative-stratonovich";

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        MultiplicativeMoments moments = MultiplicativeMoments.Of(neuron, afferents, Reading).Effective(Reading);
        if (IsAdditive(neuron, moments)) return Siegert.LogPassageTime(neuron, Additive(neuron, afferents, moments));
        return IsTrapped(neuron, moments) ? double.PositiveInfinity : Process(neuron, moments).LogMeanTime();
    }

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        MultiplicativeMoments moments = MultiplicativeMoments.Of(neuron, afferents, Reading).Effective(Reading);
        if (IsAdditive(neuron, moments)) return Siegert.Respond(neuron, Additive(neuron, afferents, moments));
        Passage passage = IsTrapped(neuron, moments)
            ? new Passage(double.PositiveInfinity, double.NaN, double.NaN, double.NaN)
            : Process(neuron, moments).Pass();
        if (double.IsPositiveInfinity(passage.LogMean))
            return new Response(double.NegativeInfinity, double.NaN, moments.Mu, Math.Sqrt(moments.FreeVariance));
        double active = 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-passage.LogMean)); // 1 - nu tau_rp
        return new Response(
            LogRate(passage.LogMean, neuron.RefractoryPeriod), active * passage.Cv, neuron.Threshold + passage.MeanV, passage.SdV);
    }

    /// <summary>Membrane density per mV (A12), which integrates to 1 - nu tau_rp; that of the free membrane for a neuron that never fires.</summary>
    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        MultiplicativeMoments moments = MultiplicativeMoments.Of(neuron, afferents, Reading).Effective(Reading);
        if (IsAdditive(neuron, moments)) return Siegert.Density(neuron, Additive(neuron, afferents, moments), potentials);
        double logTime = IsTrapped(neuron, moments) ? double.PositiveInfinity : Process(neuron, moments).LogMeanTime();
        if (double.IsPositiveInfinity(logTime)) return FreeMembrane(moments, potentials);

        double[] shifted = potentials.ToArray();
        for (int i = 0; i < shifted.Length; i++) shifted[i] -= neuron.Threshold;
        double[] density = Process(neuron, moments).LogOccupation(shifted);
        double logRate = LogRate(logTime, neuron.RefractoryPeriod);
        for (int i = 0; i < density.Length; i++) density[i] = Math.Exp(density[i] + logRate);
        return density;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents) => ReadingWarnings(Reading, neuron, afferents);

    internal static IReadOnlyList<string> ReadingWarnings(NoiseReading reading, Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        if (reading == NoiseReading.Ito) return [];
        Afferent[] linear =
        [
            .. afferents.ToArray().Where(a =>
                a.Rate > 0 && a.Synapse is { Model: SynapseModel.Conductance, IsInstantaneous: true, Jump: JumpConvention.Linear, Efficacy: > 0 }),
        ];
        if (linear.Length == 0) return [];
        VoltageNoise noise = MultiplicativeMoments.Of(neuron, linear, NoiseReading.Ito).Noise;
        InputMoments input = InputMoments.Of(neuron, afferents);
        double shift = input.Tau * noise.Slope * (input.Mu - noise.Centre) / 2;
        return
        [
            Invariant($"read as Stratonovich, the noise adds a drift that jumps a (E - V) of the linear convention do not have ")
            + Invariant($"(it moves mu by {shift:+0.000;-0.000} mV); multiplicative-ito is their diffusion limit"),
        ];
    }

    // nothing in the noise depends on V, or there is none to speak of
    private static bool IsAdditive(Neuron neuron, MultiplicativeMoments moments)
    {
        if (moments.Noise.Slope == 0) return true;
        double reach = Noiseless * (neuron.Threshold - neuron.Reset);
        double largest = Math.Max(moments.Noise.Squared(Math.Min(moments.Mu, neuron.Threshold)), moments.Noise.Squared(neuron.Reset));
        return double.IsFinite(neuron.Threshold) && largest * moments.Tau < reach * reach && moments.Tau > 0;
    }

    private static InputMoments Additive(Neuron neuron, ReadOnlySpan<Afferent> afferents, MultiplicativeMoments moments) =>
        moments.Noise.Slope == 0 ? InputMoments.Of(neuron, afferents) : new InputMoments(moments.Tau, moments.Mu, 0, 0);

    // without currents and with one reversal potential only, V can cross that potential in the direction of the drift, but not return
    private static bool IsTrapped(Neuron neuron, MultiplicativeMoments moments)
    {
        if (double.IsPositiveInfinity(neuron.Threshold)) return true;
        if (moments.Noise.Floor > 1e-28 * moments.Noise.Squared(neuron.Reset)) return false;
        return moments.Noise.Centre <= neuron.Threshold && moments.Mu <= moments.Noise.Centre;
    }

    // in potentials from threshold, so that V is resolved where it matters
    private static DiffusionProcess Process(Neuron neuron, MultiplicativeMoments moments)
    {
        double leak = 1 / moments.Tau, pull = (moments.Mu - neuron.Threshold) * leak, slope = moments.Noise.Slope, floor = moments.Noise.Floor;
        double centre = moments.Noise.Centre - neuron.Threshold;
        return new DiffusionProcess(
            (v, drift, squaredNoise) =>
            {
                for (int i = 0; i < v.Length; i++)
                {
                    drift[i] = pull - v[i] * leak;
                    squaredNoise[i] = slope * (v[i] - centre) * (v[i] - centre) + floor;
                }
            },
            neuron.Reset - neuron.Threshold,
            0);
    }

    // without threshold; in x = tan(phi) the density is cos^p(phi) e^{p alpha phi}, p = 2/(slope tau)
    private static double[]? FreeMembrane(MultiplicativeMoments m, ReadOnlySpan<double> potentials)
    {
        if (!(m.Tau > 0)) return null;
        double p = 2 / (m.Noise.Slope * m.Tau), scale = Math.Sqrt(m.Noise.Floor / m.Noise.Slope);
        var density = new double[potentials.Length];
        if (m.Noise.Floor <= 1e-28 * m.Noise.Squared(m.Mu)) // one reversal potential: V stays on the side of mu, and 1/|V - E| has a gamma density
        {
            double q = p * Math.Abs(m.Mu - m.Noise.Centre);
            if (q == 0) return null;
            for (int i = 0; i < density.Length; i++)
            {
                double y = (potentials[i] - m.Noise.Centre) * Math.Sign(m.Mu - m.Noise.Centre);
                density[i] = y > 0 ? Math.Exp((1 + p) * Math.Log(q) - SpecialFunctions.GammaLn(1 + p) - (2 + p) * Math.Log(y) - q / y) : 0;
            }

            return density;
        }

        double alpha = (m.Mu - m.Noise.Centre) / scale, peak = Math.Atan(alpha), reach = 12 / Math.Sqrt(p);
        double Log(double phi) => p * (Math.Log(Math.Cos(phi) / Math.Cos(peak)) + alpha * (phi - peak));
        double norm = Quadrature.Fine.Integrate(
            phi => Math.Exp(Log(phi)), Math.Max(peak - reach, -Math.PI / 2), Math.Min(peak + reach, Math.PI / 2), 200);
        for (int i = 0; i < density.Length; i++)
        {
            double x = (potentials[i] - m.Noise.Centre) / scale;
            density[i] = Math.Exp(Log(Math.Atan(x))) / (norm * scale * (1 + x * x)); // dphi/dV
        }

        return density;
    }
}
