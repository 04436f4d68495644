using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>
/// What theories of synapses with a time constant share (Eq. 24): tau dV/dt = -(V - mu) + sigma sqrt(tau/tau_S) z,
/// tau_S dz/dt = -z + sqrt(tau_S) zeta. They need one tau_S; where projections differ, the one that gives the free membrane the same variance
/// (<see cref="InputMoments.SynapticRatio"/>) stands for all, and a warning says so.
/// </summary>
public abstract class FilteredNoise : TransferFunction
{
    /// <inheritdoc/>
    public override bool UsesSynapticTime => true;

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents) => LogPassageTime(neuron, InputMoments.Of(neuron, afferents));

    /// <summary>ln of the mean time from reset to threshold (s) from the input moments, see <see cref="TransferFunction.LogPassageTime"/>.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public double LogPassageTime(Neuron neuron, InputMoments input)
    {
        if (double.IsPositiveInfinity(neuron.Threshold)) return double.PositiveInfinity;
        return input.Sigma == 0 || input.SynapticRatio <= 0 ? Siegert.LogPassageTime(neuron, input) : LogFilteredTime(neuron, input);
    }

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        double logTime = LogPassageTime(neuron, input);
        if (double.IsPositiveInfinity(logTime)) return new Response(double.NegativeInfinity, double.NaN, input.Mu, input.FreeMembraneSd);
        return input.Sigma == 0 || input.SynapticRatio <= 0 ? Siegert.Respond(neuron, input) : Respond(neuron, input, logTime);
    }

    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        if (input.Sigma == 0 || input.SynapticRatio <= 0) return Siegert.Density(neuron, input, potentials);
        if (input.Mu >= neuron.Threshold) return null;
        var density = new double[potentials.Length];
        for (int i = 0; i < density.Length; i++) density[i] = Siegert.FreeMembrane(input, potentials[i]);
        return density;
    }

    /// <inheritdoc/>
    public override string? Objection(Neuron neuron, IReadOnlyCollection<Synapse> synapses) =>
        synapses.Count == 0 || synapses.Any(s => !s.IsInstantaneous)
            ? null
            : "it is about synapses with a time constant, and every synapse here is instantaneous (tau_syn: 0 ms); siegert treats those";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        if (input.Sigma == 0 || double.IsPositiveInfinity(neuron.Threshold)) return [];
        var warnings = new List<string>();
        double shortest = double.PositiveInfinity, longest = 0;
        foreach ((double rate, Synapse synapse) in afferents)
        {
            if (rate * InputMoments.Amplitude(synapse, input.Mu) == 0) continue;
            (shortest, longest) = (Math.Min(shortest, synapse.TimeConstant), Math.Max(longest, synapse.TimeConstant));
        }

        if (longest > 1.0001 * shortest)
        {
            warnings.Add(Invariant($"{Name} knows one tau_S, but synapses here have {shortest * 1e3:G3} to {longest * 1e3:G3} ms; taken is ")
                + Invariant($"{input.SynapticRatio * input.Tau * 1e3:G3} ms, which gives the free membrane the same variance"));
        }

        if (input.SynapticRatio > 0 && OutsideRange(neuron, input) is { } reason)
        {
            warnings.Add(Invariant($"{Name} {reason}; here tau_S/tau = {input.SynapticRatio:G3}, ")
                + Invariant($"v_max = (theta - mu)/sigma = {input.Scaled(neuron.Threshold):G3}"));
        }

        return warnings;
    }

    /// <summary>ln of the mean time from reset to threshold (s) for sigma and tau_S above 0.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    protected abstract double LogFilteredTime(Neuron neuron, InputMoments input);

    /// <summary>
    /// Rate, CV and membrane statistics; by default those of a free membrane, which says nothing where mu lies above threshold, with a CV of
    /// <see cref="IntervalCv"/>.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    /// <param name="logTime">ln of the mean time from reset to threshold (s).</param>
    protected virtual Response Respond(Neuron neuron, InputMoments input, double logTime)
    {
        (double mean, double sd) = input.Mu < neuron.Threshold ? (input.Mu, input.FreeMembraneSd) : (double.NaN, double.NaN);
        return new Response(LogRate(logTime, neuron.RefractoryPeriod), IntervalCv(neuron, input, logTime), mean, sd);
    }

    /// <summary>CV of the interspike intervals; NaN, the default, where the theory does not say.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    /// <param name="logTime">ln of the mean time from reset to threshold (s).</param>
    protected virtual double IntervalCv(Neuron neuron, InputMoments input, double logTime) => double.NaN;

    /// <summary>What the theory needs, when this input is not it; null when it holds.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    protected virtual string? OutsideRange(Neuron neuron, InputMoments input) => null;

    /// <summary>ln T from ln of a rate that counts no refractory period of its own, T = 1/nu - tau_rp; NaN at rates above 1/tau_rp.</summary>
    /// <param name="logRate">ln nu (Hz).</param>
    /// <param name="refractoryPeriod">tau_rp (s).</param>
    protected static double LogTimeAtRate(double logRate, double refractoryPeriod)
    {
        double busy = refractoryPeriod * Math.Exp(logRate);
        return busy < 1 ? double.LogP1(-busy) - logRate : double.NaN;
    }

    /// <summary>CV of rare, independent spikes with a dead time (16): 1 - nu tau_rp.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="logTime">ln of the mean time from reset to threshold (s).</param>
    protected static double RareSpikesCv(Neuron neuron, double logTime) => 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime));
}
