using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// White noise of constant amplitude (effective-time-constant approximation, Eq. 6): rate (10), CV (15) and membrane density (17), exact for the
/// diffusion process whose moments are <see cref="InputMoments"/>.
/// </summary>
public sealed class Siegert : TransferFunction
{
    /// <inheritdoc/>
    public override string Name => "siegert";

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents) =>
        LogPassageTime(neuron, InputMoments.Of(neuron, afferents));

    /// <summary>ln of the mean time from reset to threshold (s), Eq. 10, from the input moments; deterministic when sigma is 0.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static double LogPassageTime(Neuron neuron, InputMoments input)
    {
        if (double.IsPositiveInfinity(neuron.Threshold)) return double.PositiveInfinity;
        if (input.Sigma > 0) return Math.Log(input.Tau) + DiffusionPassage.LogMean(input.Scaled(neuron.Reset), input.Scaled(neuron.Threshold));
        return input.Mu > neuron.Threshold
            ? Math.Log(input.Tau * double.LogP1((neuron.Threshold - neuron.Reset) / (input.Mu - neuron.Threshold)))
            : double.PositiveInfinity;
    }

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents) => Respond(neuron, InputMoments.Of(neuron, afferents));

    /// <summary>
    /// Rate, CV and membrane statistics from the input moments. The moments of V follow from Eq. 17 in closed form: with T the passage time in units
    /// of tau, the mean over non-refractory time of V - mu is -(theta - V_r)/T and that of (V - mu)^2 is
    /// sigma^2/2 - ((theta - mu)^2 - (V_r - mu)^2)/(2 T).
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static Response Respond(Neuron neuron, InputMoments input)
    {
        double logTime = LogPassageTime(neuron, input);
        if (double.IsPositiveInfinity(logTime)) return new Response(double.NegativeInfinity, double.NaN, input.Mu, input.FreeMembraneSd);

        double logRate = LogRate(logTime, neuron.RefractoryPeriod);
        double active = 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime)); // fraction of non-refractory time, 1 - nu tau_rp
        double cv = input.Sigma > 0 ? active * DiffusionPassage.Cv(input.Scaled(neuron.Reset), input.Scaled(neuron.Threshold)) : 0;

        double perTime = Math.Exp(Math.Log(input.Tau) - logTime); // 1/T in units of tau
        double climb = neuron.Threshold - neuron.Reset;
        double mean = -climb * perTime;
        double square = input.Sigma * input.Sigma / 2 - climb * (neuron.Threshold + neuron.Reset - 2 * input.Mu) * perTime / 2;
        return new Response(logRate, cv, input.Mu + mean, Math.Sqrt(Math.Max(square - mean * mean, 0)));
    }

    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials) =>
        Density(neuron, InputMoments.Of(neuron, afferents), potentials);

    /// <summary>Membrane density per mV (Eq. 17) from the input moments; it integrates to 1 - nu tau_rp.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    /// <param name="potentials">Where to evaluate it (mV).</param>
    public static double[]? Density(Neuron neuron, InputMoments input, ReadOnlySpan<double> potentials)
    {
        double logTime = LogPassageTime(neuron, input);
        if (input.Sigma == 0 && double.IsPositiveInfinity(logTime)) return null;
        var density = new double[potentials.Length];
        if (double.IsPositiveInfinity(logTime)) // never fires: the free membrane
        {
            for (int i = 0; i < density.Length; i++) density[i] = FreeMembrane(input, potentials[i]);
        }
        else if (input.Sigma == 0) // time spent at V on the way from reset to threshold
        {
            for (int i = 0; i < density.Length; i++)
            {
                density[i] = potentials[i] >= neuron.Reset && potentials[i] < neuron.Threshold
                    ? Math.Exp(LogRate(logTime, neuron.RefractoryPeriod)) * input.Tau / (input.Mu - potentials[i])
                    : 0;
            }
        }
        else
        {
            double logFlux = Math.Log(2 * input.Tau / input.Sigma) + LogRate(logTime, neuron.RefractoryPeriod);
            for (int i = 0; i < density.Length; i++) density[i] = input.Scaled(potentials[i]);
            DiffusionPassage.LogDensity(density, input.Scaled(neuron.Reset), input.Scaled(neuron.Threshold), density);
            for (int i = 0; i < density.Length; i++) density[i] = Math.Exp(logFlux + density[i]);
        }

        return density;
    }

    /// <summary>Gaussian density per mV of the free membrane (Eq. 18).</summary>
    internal static double FreeMembrane(InputMoments input, double potential)
    {
        double z = (potential - input.Mu) / input.FreeMembraneSd;
        return Math.Exp(-z * z / 2) / (input.FreeMembraneSd * Math.Sqrt(2 * Math.PI));
    }
}
