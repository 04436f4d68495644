using System.Globalization;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// Rare escape over the threshold: rate (12; C3 and C4 with a current), CV (16) and Gaussian membrane density (18), the limit of
/// <see cref="Siegert"/> and <see cref="Diffusion"/> for a threshold many sigma above mu. Defined for a membrane that rests below threshold only.
/// </summary>
public sealed class Kramers : TransferFunction
{
    /// <inheritdoc/>
    public override string Name => "kramers";

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents) =>
        LogPassageTime(neuron, InputMoments.Of(neuron, afferents));

    /// <inheritdoc/>
    public override bool TreatsCurrents => true;

    /// <summary>
    /// ln of the escape time T (s); NaN when V climbs to threshold by itself. For a leaky neuron T = tau sqrt(pi) e^{v_max^2}/v_max, which is Q/nu_X
    /// of Eq. 12 written with the input moments. With a current (C3, C4), over a smooth maximum theta* of H from its minimum mu*,
    /// T = 2 pi tau e^{Delta}/sqrt(H''(mu*) |H''(theta*)|), Delta = 2 (H(theta*) - H(mu*))/sigma^2; and where the threshold comes before any maximum
    /// T = tau sqrt(pi) sigma e^{Delta}/(H'(theta) sqrt(H''(mu*))).
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static double LogPassageTime(Neuron neuron, InputMoments input)
    {
        var drift = new MembraneDrift(neuron, input);
        if (double.IsNaN(drift.Barrier)) return double.NaN;
        if (input.Sigma == 0 || double.IsPositiveInfinity(drift.Barrier)) return double.PositiveInfinity;
        double curvature = drift.Curvature(drift.Rest);
        double prefactor = drift.IsSmooth
            ? 2 * Math.PI / Math.Sqrt(curvature * -drift.Curvature(drift.Barrier))
            : Math.Sqrt(Math.PI / curvature) * input.Sigma / -drift.At(drift.Barrier);
        return Exponent(drift, input) + Math.Log(input.Tau * prefactor);
    }

    // 2 (H(theta*) - H(mu*))/sigma^2, v_max^2 of a leaky neuron
    private static double Exponent(MembraneDrift drift, InputMoments input) => 2 * drift.Rise(drift.Rest, drift.Barrier) / (input.Sigma * input.Sigma);

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        double logTime = LogPassageTime(neuron, input);
        double cv = double.IsPositiveInfinity(logTime) ? double.NaN : 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime));
        (double rest, double sd) = AtRest(neuron, input);
        return new Response(LogRate(logTime, neuron.RefractoryPeriod), cv, rest, sd);
    }

    /// <summary>Gaussian density (Eq. 18) of mean mu, with a current mu*, and variance sigma^2/2, divided by H''(mu*); it integrates to 1 over all V.</summary>
    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        (double rest, double sd) = AtRest(neuron, input);
        if (!(sd > 0)) return null;
        input = input with { Mu = rest, FreeMembraneSd = sd };
        var density = new double[potentials.Length];
        for (int i = 0; i < density.Length; i++) density[i] = Siegert.FreeMembrane(input, potentials[i]);
        return density;
    }

    private static (double Potential, double Sd) AtRest(Neuron neuron, InputMoments input)
    {
        var drift = new MembraneDrift(neuron, input);
        return (drift.Rest, input.FreeMembraneSd / Math.Sqrt(drift.Curvature(drift.Rest)));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        var drift = new MembraneDrift(neuron, input);
        double vMax = double.IsNaN(drift.Barrier) ? double.NaN : Math.Sqrt(Exponent(drift, input));
        if (vMax >= 2) return [];
        string what = neuron.Current is null ? "v_max = (theta - mu)/sigma" : "sqrt(2 (H(theta*) - H(mu*)))/sigma", use = neuron.Current is null ? "siegert (Eq. 10)" : "diffusion";
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"kramers needs a threshold several sigma above mu, but {what} = {vMax:G3}; use {use}, which has no such limit"),
        ];
    }
}
