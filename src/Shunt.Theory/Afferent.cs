using Shunt.Model;

namespace Shunt.Theory;

/// <summary>All inputs of one kind to one neuron: Poisson spikes of a total rate through alike synapses.</summary>
/// <param name="Rate">Total rate R = K r (Hz), in-degree times the rate of each source.</param>
/// <param name="Synapse">What an arriving spike does.</param>
public readonly record struct Afferent(double Rate, Synapse Synapse);

/// <summary>
/// What the diffusion approximation with constant noise (Eqs. 4-6, 8) keeps of a neuron's input:
/// tau dV/dt = -(V - mu) + sigma sqrt(tau) zeta(t).
/// </summary>
/// <param name="Tau">Effective membrane time constant tau (s).</param>
/// <param name="Mu">Mean of the free membrane mu (mV).</param>
/// <param name="Sigma">Noise amplitude sigma (mV).</param>
/// <param name="FreeMembraneSd">
/// SD of V without threshold (mV): sigma/sqrt 2 when synapses are instantaneous; each projection of time constant tau_S contributes
/// its share of sigma^2/2 times tau/(tau + tau_S).
/// </param>
public readonly record struct InputMoments(double Tau, double Mu, double Sigma, double FreeMembraneSd)
{
    /// <summary>
    /// Input moments of a neuron, in the general form of Eqs. 4-6 and 8 that mixes conductance- and current-based projections:
    /// 1/tau = 1/tau_L + sum_c a R, mu = tau ((E_L + I_e)/tau_L + sum_c a R E + sum_J J R), and sigma^2 = tau (sum_c a^2 R (mu - E)^2 + sum_J J^2 R),
    /// where sums marked c run over conductances and J over currents. An instantaneous conductance enters with the fraction b by which it moves V
    /// (a, or 1 - e^-a in the exponential convention), which makes mu exact for finite jumps; one with a time constant enters with a, which
    /// makes the mean conductance exact. A <see cref="Neuron.Current"/> is in none of these; only sigma of a neuron with an inward rectifier is
    /// taken where the drift with that current vanishes, instead of at mu.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public static InputMoments Of(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        double leak = 1 / neuron.MembraneTimeConstant;
        double inverseTau = leak, drive = neuron.RestingPotential * leak;
        foreach ((double rate, Synapse synapse) in afferents)
        {
            if (synapse.Model == SynapseModel.Current)
            {
                drive += rate * synapse.Efficacy;
                continue;
            }

            double conductance = rate * Strength(synapse);
            inverseTau += conductance;
            drive += conductance * synapse.Reversal;
        }

        double tau = 1 / inverseTau, mu = tau * drive;
        double at = SigmaAt(neuron, tau, mu), sigma2 = 0, filtered = 0;
        foreach ((double rate, Synapse synapse) in afferents)
        {
            double amplitude = Amplitude(synapse, at);
            double share = tau * rate * amplitude * amplitude;
            sigma2 += share;
            filtered += share * tau / (tau + synapse.TimeConstant);
        }

        return new InputMoments(tau, mu, Math.Sqrt(sigma2), Math.Sqrt(filtered / 2));
    }

    /// <summary>
    /// tau_S/tau: that of the one synaptic time constant which gives the free membrane its variance, (sigma^2/2) tau/(tau + tau_S). It is the
    /// synapses' own when they all have the same; 0 when they are instantaneous, NaN without noise.
    /// </summary>
    public double SynapticRatio => FreeMembraneSd == Sigma / Math.Sqrt(2) ? 0 : Sigma * Sigma / (2 * FreeMembraneSd * FreeMembraneSd) - 1;

    /// <summary>v(V) = (V - mu)/sigma.</summary>
    /// <param name="potential">V (mV).</param>
    public double Scaled(double potential) => (potential - Mu) / Sigma;

    /// <summary>By how much one arriving spike moves V in the end (mV) when V is held at a potential: a (E - V) or J.</summary>
    /// <param name="synapse">The synapse.</param>
    /// <param name="potential">V (mV).</param>
    public static double Amplitude(Synapse synapse, double potential) =>
        synapse.Model == SynapseModel.Current ? synapse.Efficacy : Strength(synapse) * (synapse.Reversal - potential);

    // where V spends its time: a rectifier pulls it away from mu, while the exponential of an EIF acts near the spike only
    private static double SigmaAt(Neuron neuron, double tau, double mu) =>
        neuron.Current is MembraneCurrent.InwardRectifier ? new MembraneDrift(neuron, tau, mu).Rest : mu;

    /// <summary>The part b of the distance to the reversal potential by which one arrival moves V in the diffusion approximation.</summary>
    internal static double Strength(Synapse synapse) => synapse.IsInstantaneous ? synapse.JumpFraction : synapse.Efficacy;
}
