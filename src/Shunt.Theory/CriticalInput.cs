using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// The input at which synapses stop being fast: tau_S/tau = 1 (Sec. 7). Below it the membrane is slower than its synapses, above it faster.
/// In the paper's notation this is nu_X of the order of 1/(a K tau_S).
/// </summary>
public static class CriticalInput
{
    /// <summary>
    /// The factor by which all input rates of one neuron must change so that tau = tau_S: (1/tau_S - 1/tau_L)/sum a R over conductances.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives, at the rates that count as 1.</param>
    /// <param name="synapticTimeConstant">tau_S (s).</param>
    /// <returns>The factor; 0 or less when tau_S is not below tau_L already without input; infinite or NaN when no conductance changes tau.</returns>
    public static double Factor(Neuron neuron, ReadOnlySpan<Afferent> afferents, double synapticTimeConstant)
    {
        double leak = 1 / neuron.MembraneTimeConstant;
        return (1 / synapticTimeConstant - leak) / (1 / InputMoments.Of(neuron, afferents).Tau - leak);
    }

    /// <summary>
    /// The factor by which the rates of all external inputs of a network must change so that tau = tau_S in one population, where the rates of the
    /// network itself follow self-consistently (stable state with the highest rates).
    /// </summary>
    /// <param name="model">The network, at the input that counts as 1.</param>
    /// <param name="transfer">The theory of one neuron.</param>
    /// <param name="population">The population whose tau is meant.</param>
    /// <param name="synapticTimeConstant">tau_S (s).</param>
    /// <returns>The factor, to 1e-9; NaN when tau does not pass tau_S between 1e-6 and 1e6 times the input, or there is no input.</returns>
    /// <exception cref="ModelException">The theory cannot treat this network.</exception>
    public static double Factor(NetworkModel model, TransferFunction transfer, string population, double synapticTimeConstant)
    {
        if (!model.Inputs.Any(i => i.Rate > 0 && model.Projections.Any(p => p.Source == i.Name))) return double.NaN;

        double LogRatio(double logFactor)
        {
            double factor = Math.Exp(logFactor);
            var scaled = new NetworkModel(
                model.Name, model.Populations, [.. model.Inputs.Select(i => i with { Rate = i.Rate * factor })], model.Projections);
            return Math.Log(synapticTimeConstant / SelfConsistency.Solve(scaled, transfer).Observables[population].Tau.Value);
        }

        // tau falls as the input grows: widen from the given input until tau_S lies between
        double limit = Math.Log(1e6), low = 0, high = 0, atLow = LogRatio(0), atHigh = atLow;
        if (!double.IsFinite(atLow)) return double.NaN;
        for (double step = 0.5; atLow > 0; step *= 2)
        {
            if (low <= -limit) return double.NaN;
            (high, atHigh) = (low, atLow);
            low = Math.Max(low - step, -limit);
            atLow = LogRatio(low);
        }

        for (double step = 0.5; atHigh < 0; step *= 2)
        {
            if (high >= limit) return double.NaN;
            (low, atLow) = (high, atHigh);
            high = Math.Min(high + step, limit);
            atHigh = LogRatio(high);
        }

        if (atLow == 0) return Math.Exp(low);
        while (high - low > 1e-9)
        {
            // secant step kept away from the ends, then whichever side holds the change of sign
            double secant = low - atLow * (high - low) / (atHigh - atLow), margin = 0.02 * (high - low);
            double middle = Math.Clamp(secant, low + margin, high - margin), value = LogRatio(middle);
            if (value == 0) return Math.Exp(middle);
            if (value < 0) (low, atLow) = (middle, value);
            else (high, atHigh) = (middle, value);
            if (Math.Abs(value) < 1e-10) return Math.Exp(middle);
        }

        return Math.Exp(0.5 * (low + high));
    }
}
