namespace Shunt.Model;

/// <summary>
/// A current through the membrane that depends on its potential, beside leak and synapses: psi(V) of Sanzeni, Histed and Brunel (2022), App. C.
/// Everything here is psi/g_L, in mV, so that <c>tau_m dV/dt = -(V - E_L) + I_e + psi(V)/g_L</c>.
/// </summary>
public abstract record MembraneCurrent
{
    /// <summary>Name of the neuron model in files, for instance <c>eif</c>.</summary>
    public abstract string Model { get; }

    /// <summary>psi(V)/g_L (mV); may overflow to infinity far beyond a spike.</summary>
    /// <param name="potential">V (mV).</param>
    public abstract double At(double potential);

    /// <summary>d(psi/g_L)/dV (dimensionless).</summary>
    /// <param name="potential">V (mV).</param>
    public abstract double SlopeAt(double potential);

    /// <summary>The integral of psi/g_L (mV^2) from a potential that the current chooses up to V.</summary>
    /// <param name="potential">V (mV).</param>
    public abstract double IntegralTo(double potential);

    /// <summary>V must stay above this (mV); minus infinity when it may take any value.</summary>
    public virtual double LowestPotential => double.NegativeInfinity;

    /// <summary>
    /// Exponential integrate-and-fire: psi/g_L = Delta_T e^((V - V_T)/Delta_T), the start of a spike. V_T is the paper's theta; the spike itself is
    /// where V reaches <see cref="Neuron.Threshold"/>, the cutoff far above.
    /// </summary>
    /// <param name="Sharpness">Delta_T (mV); positive. File key <c>Delta_T</c>.</param>
    /// <param name="Threshold">V_T (mV), where the slope of the current equals the leak's; between reset and cutoff. File key <c>V_th</c>.</param>
    public sealed record SpikeInitiation(double Sharpness, double Threshold) : MembraneCurrent
    {
        /// <inheritdoc/>
        public override string Model => "eif";

        /// <inheritdoc/>
        public override double At(double potential) => Sharpness * SlopeAt(potential);

        /// <inheritdoc/>
        public override double SlopeAt(double potential) => Math.Exp((potential - Threshold) / Sharpness);

        /// <inheritdoc/>
        public override double IntegralTo(double potential) => Sharpness * At(potential);
    }

    /// <summary>
    /// Inward rectifier: psi = -g_in(V)(V - E_in), whose conductance falls with V, its inverse being linear:
    /// g_in(V)/g_L = g / (1 + (V - E_in)/Delta). It has a meaning above E_in - Delta only.
    /// </summary>
    /// <param name="Conductance">g, the conductance at E_in divided by that of the leak; zero or more. File key <c>g_rect</c>.</param>
    /// <param name="Reversal">E_in (mV). File key <c>E_rect</c>.</param>
    /// <param name="Range">Delta (mV), how far above E_in the conductance has halved; positive, infinite for a constant one. File key
    /// <c>Delta_rect</c>.</param>
    public sealed record InwardRectifier(double Conductance, double Reversal, double Range) : MembraneCurrent
    {
        /// <inheritdoc/>
        public override string Model => "rectifier";

        /// <inheritdoc/>
        public override double LowestPotential => Reversal - Range;

        /// <inheritdoc/>
        public override double At(double potential) => -Conductance * (potential - Reversal) / Opening(potential);

        /// <inheritdoc/>
        public override double SlopeAt(double potential) => -Conductance / (Opening(potential) * Opening(potential));

        /// <inheritdoc/>
        public override double IntegralTo(double potential)
        {
            double above = potential - Reversal, x = above / Range;
            if (double.IsPositiveInfinity(Range)) return -0.5 * Conductance * above * above;
            return -Conductance * Range * Range * (Math.Abs(x) < 0.5 ? LossNearZero(x) : x - Math.Log(1 + x));
        }

        // x - ln(1 + x) without cancellation: with s = x/(2 + x), ln(1 + x) = 2 artanh s and x - 2 s = x s
        private static double LossNearZero(double x)
        {
            double s = x / (2 + x), power = 2 * s, loss = x * s;
            for (int k = 3; k < 40; k += 2)
            {
                power *= s * s;
                loss -= power / k;
            }

            return loss;
        }

        private double Opening(double potential) => 1 + (potential - Reversal) / Range;
    }
}
