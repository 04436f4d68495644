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
/// currents gives dV/dt = (mu - V)/tau + B(V) zeta, read as Ito, with B^2(V) = slope (V - centre)^2 + floor: for two conductances slope is a^2 K/chi,
/// centre E_S, and floor slope E_D^2 (A8-A10). Read as Stratonovich, the drift has B B'/2 = slope (V - centre)/2 in addition, which is
/// linear too and enters tau and mu here.
/// </summary>
/// <param name="Tau">Time constant of the drift (s); not positive when the noise drives V away faster than the leak brings it back.</param>
/// <param name="Mu">Potential without drift (mV).</param>
/// <param name="Slope">Sum of b^2 R over conductances (1/s).</param>
/// <param name="Centre">Mean of their reversal potentials, weighted with b^2 R (mV), where the noise is smallest.</param>
/// <param name="Floor">B^2 at the centre (mV^2/s).</param>
public readonly record struct MultiplicativeMoments(double Tau, double Mu, double Slope, double Centre, double Floor)
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

        if (reading == NoiseReading.Stratonovich)
        {
            inverseTau -= slope / 2;
            drive -= slope * centre / 2;
        }

        return new MultiplicativeMoments(1 / inverseTau, drive / inverseTau, slope, centre, floor);
    }

    /// <summary>B^2(V) (mV^2/s).</summary>
    /// <param name="potential">V (mV).</param>
    public double SquaredNoise(double potential) => Slope * (potential - Centre) * (potential - Centre) + Floor;

    /// <summary>
    /// Stationary variance of V without threshold (mV^2), (B^2(mu) tau/2)/(1 - slope tau/2); infinite when the noise is too strong for one.
    /// </summary>
    public double FreeVariance => Slope * Tau < 2 && Tau > 0 ? SquaredNoise(Mu) * Tau / (2 - Slope * Tau) : double.PositiveInfinity;

    /// <summary>
    /// int 2A/B^2 dV between two potentials, w(to) - w(from): minus the barrier that an escape from the one has to cross to reach the other. It is
    /// [F(from) - F(to)]/a of (A10).
    /// </summary>
    /// <param name="from">V (mV).</param>
    /// <param name="to">V (mV).</param>
    public double Potential(double from, double to)
    {
        double scale = Math.Sqrt(Floor / Slope); // E_D
        double p = (from - Centre) / scale, q = (to - Centre) / scale, d = q - p;
        if (!(Math.Abs(d) > 0.1)) // also without conductances, where E_D is infinite
        {
            MultiplicativeMoments m = this;
            return Quadrature.Coarse.Integrate(v => 2 * (m.Mu - v) / (m.Tau * m.SquaredNoise(v)), from, to);
        }

        double alpha = (Mu - Centre) / scale;
        return 2 / (Tau * Slope) * (alpha * (Math.Atan(q) - Math.Atan(p)) - 0.5 * double.LogP1(d * (p + q) / (1 + p * p)));
    }

    private static double Strength(Synapse synapse, NoiseReading reading) =>
        reading == NoiseReading.Ito ? InputMoments.Strength(synapse) : synapse.Efficacy;
}
