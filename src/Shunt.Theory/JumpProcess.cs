using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// The membrane with instantaneous synapses and no threshold: V decays to rest and jumps at the arrivals of independent Poisson processes. A jump
/// maps V to V + b (E - V), or to V + J; both are increasing and affine, which is all that is used of them.
/// </summary>
internal sealed class JumpProcess
{
    private readonly double tau;

    internal JumpProcess(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        tau = neuron.MembraneTimeConstant;
        Rest = neuron.RestingPotential;
        var kinds = new List<Jump>(afferents.Length);
        for (int i = 0; i < afferents.Length; i++)
        {
            (double rate, Synapse synapse) = afferents[i];
            bool current = synapse.Model == SynapseModel.Current;
            double size = current ? synapse.Efficacy : synapse.JumpFraction;
            if (rate > 0 && size != 0) kinds.Add(new Jump(i, rate, current ? 0 : size, current ? size : size * synapse.Reversal));
        }

        Jumps = [.. kinds];
        double leak = 1 / tau, inverse = leak, drive = Rest * leak;
        foreach (Jump j in Jumps)
        {
            TotalRate += j.Rate;
            inverse += j.Rate * j.Fraction;
            drive += j.Rate * j.Shift;
        }

        MeanFree = drive / inverse;
        double noise = 0, relaxation = 2 * leak;
        foreach (Jump j in Jumps)
        {
            noise += j.Rate * j.Size(MeanFree) * j.Size(MeanFree);
            relaxation += j.Rate * j.Fraction * (2 - j.Fraction);
        }

        SdFree = Math.Sqrt(noise / relaxation);
    }

    /// <summary>Jumps that happen and move V.</summary>
    internal Jump[] Jumps { get; }

    /// <summary>Arrivals per s of all kinds.</summary>
    internal double TotalRate { get; }

    /// <summary>Where V decays to between arrivals (mV).</summary>
    internal double Rest { get; }

    /// <summary>Mean of V without threshold (mV), exact: the point to which V moves on average.</summary>
    internal double MeanFree { get; }

    /// <summary>SD of V without threshold (mV), exact.</summary>
    internal double SdFree { get; }

    /// <summary>dV/dt between arrivals (mV/s).</summary>
    internal double Drift(double v) => (Rest - v) / tau;

    /// <summary>Change of the drift with V (1/s).</summary>
    internal double DriftSlope => -1 / tau;

    /// <summary>Whether V can reach a potential from anywhere below, by drift or by enough jumps.</summary>
    internal bool Reaches(double threshold) =>
        Rest > threshold || (double.IsFinite(threshold) && Jumps.Any(j => j.Fraction > 0 ? j.Shift > j.Fraction * threshold : j.Shift > 0));

    /// <summary>A kind of jump: V becomes V + Shift - Fraction V.</summary>
    /// <param name="Afferent">Index of the afferent.</param>
    /// <param name="Rate">Arrivals per s.</param>
    /// <param name="Fraction">b; 0 for a current.</param>
    /// <param name="Shift">b E, or J (mV).</param>
    internal readonly record struct Jump(int Afferent, double Rate, double Fraction, double Shift)
    {
        /// <summary>By how much a jump from V moves (mV).</summary>
        internal double Size(double v) => Shift - Fraction * v;

        /// <summary>Where a jump from V ends (mV).</summary>
        internal double From(double v) => v + Size(v);

        /// <summary>Where a jump to V starts (mV); not finite when no jump or every jump ends there.</summary>
        internal double To(double v) => (v - Shift) / (1 - Fraction);
    }
}
