using System.Globalization;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// Rare escape over the threshold: rate (12), CV (16) and Gaussian membrane density (18), the limit of <see cref="Siegert"/> for a threshold many
/// sigma above mu. Defined for mu below threshold only.
/// </summary>
public sealed class Kramers : TransferFunction
{
    /// <inheritdoc/>
    public override string Name => "kramers";

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents) =>
        LogPassageTime(neuron, InputMoments.Of(neuron, afferents));

    /// <summary>
    /// ln of T = tau sqrt(pi) e^{v_max^2}/v_max (s), which is Q/nu_X of Eq. 12 written with the input moments; NaN when mu is not below threshold.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static double LogPassageTime(Neuron neuron, InputMoments input)
    {
        if (input.Mu >= neuron.Threshold) return double.NaN;
        double vMax = input.Scaled(neuron.Threshold);
        return double.IsPositiveInfinity(vMax) ? vMax : vMax * vMax + Math.Log(input.Tau * Math.Sqrt(Math.PI) / vMax);
    }

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        double logTime = LogPassageTime(neuron, input);
        double cv = double.IsPositiveInfinity(logTime) ? double.NaN : 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime));
        return new Response(LogRate(logTime, neuron.RefractoryPeriod), cv, input.Mu, input.FreeMembraneSd);
    }

    /// <summary>Gaussian density of mean mu and variance sigma^2/2 (Eq. 18), which integrates to 1 over all V.</summary>
    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        if (input.FreeMembraneSd == 0) return null;
        var density = new double[potentials.Length];
        for (int i = 0; i < density.Length; i++) density[i] = Siegert.FreeMembrane(input, potentials[i]);
        return density;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        double vMax = InputMoments.Of(neuron, afferents).Scaled(neuron.Threshold);
        if (vMax >= 2) return [];
        return
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"kramers needs a threshold several sigma above mu, but v_max = (theta - mu)/sigma = {vMax:G3}; ")
                + "use siegert (Eq. 10), which has no such limit",
        ];
    }
}
