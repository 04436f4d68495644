using Shunt.Model;

namespace Shunt.Theory;

/// <summary>How white noise whose amplitude depends on V is read. The two differ by the drift B B'/2, which is of relative order a.</summary>
public enum NoiseReading
{
    /// <summary>The limit of many small jumps a (E - V), that is of instantaneous synapses with the linear convention; drops B B'/2.</summary>
    Ito,

    /// <summary>The limit of fast synapses of vanishing time constant, whose jumps are (1 - e^-a)(E - V); adds B B'/2.</summary>
    Stratonovich,
}

/// <summary>
/// What the diffusion approximation with noise that depends on V (Eqs. 4, 5; App. A) keeps of a neuron's input. Any list of conductances and
/// currents gives dV/dt = (mu - V)/tau + B(V) zeta, read as Ito, with B^2(V) of the form <see cref="VoltageNoise"/>. Read as Stratonovich, the drift
/// has B B'/2 = slope (V - centre)/2 in addition, which is linear too: <see cref="Effective"/> is the Ito form.
/// </summary>
/// <param name="Tau">Time constant of the drift (s); not positive when the noise drives V away faster than the leak brings it back.</param>
/// <param name="Mu">Potential without drift (mV).</param>
/// <param name="Noise">B^2(V) (mV^2/s).</param>
public readonly record struct MultiplicativeMoments(double Tau, double Mu, VoltageNoise Noise)
{
    /// <summary>
    /// Moments of a neuron's input. Ito: as <see cref="InputMoments"/>, with the fraction b by which an arrival moves V. Stratonovich: with the
    /// efficacy a of every conductance, because b = 1 - e^-a of the exponential convention already contains the drift B B'/2 to its order.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    /// <param name="reading">How the noise is read.</param>
    public static MultiplicativeMoments Of(Neuron neuron, ReadOnlySpan<Afferent> afferents, NoiseReading reading)
    {
        double leak = 1 / neuron.MembraneTimeConstant;
        double inverseTau = leak, drive = neuron.RestingPotential * leak, slope = 0, weighted = 0;
        foreach ((double rate, Synapse synapse) in afferents)
        {
            if (synapse.Model == SynapseModel.Current)
            {
                drive += rate * synapse.Efficacy;
                continue;
            }

            double b = Strength(synapse, reading), share = rate * b * b;
            inverseTau += rate * b;
            drive += rate * b * synapse.Reversal;
            slope += share;
            weighted += share * synapse.Reversal;
        }

        double centre = slope > 0 ? weighted / slope : 0, floor = 0;
        foreach ((double rate, Synapse synapse) in afferents)
        {
            bool current = synapse.Model == SynapseModel.Current;
            double size = current ? synapse.Efficacy : Strength(synapse, reading) * (synapse.Reversal - centre);
            floor += rate * size * size;
        }

        return new MultiplicativeMoments(1 / inverseTau, drive / inverseTau, new VoltageNoise(slope, centre, floor));
    }

    /// <summary>
    /// The same process read as Ito: tau and mu with the drift B B'/2 taken in when it is read as Stratonovich. Tau is not positive when the noise
    /// drives V away faster than the leak brings it back.
    /// </summary>
    /// <param name="reading">How the noise is read.</param>
    public MultiplicativeMoments Effective(NoiseReading reading)
    {
        if (reading == NoiseReading.Ito) return this;
        double inverseTau = 1 / Tau - Noise.Slope / 2;
        return this with { Tau = 1 / inverseTau, Mu = (Mu / Tau - Noise.Slope * Noise.Centre / 2) / inverseTau };
    }

    /// <summary>
    /// Stationary variance of V without threshold (mV^2) of this process read as Ito, (B^2(mu) tau/2)/(1 - slope tau/2); infinite when the noise
    /// is too strong for one.
    /// </summary>
    public double FreeVariance => Noise.Slope * Tau < 2 && Tau > 0 ? Noise.Squared(Mu) * Tau / (2 - Noise.Slope * Tau) : double.PositiveInfinity;

    private static double Strength(Synapse synapse, NoiseReading reading) =>
        reading == NoiseReading.Ito ? InputMoments.Strength(synapse) : synapse.Efficacy;
}
