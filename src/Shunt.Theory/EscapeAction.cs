using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// How rare it is that a membrane with Poisson jumps moves against its mean drift. For many small jumps the stationary density is e^{-S(V)} up to a
/// prefactor, where S is the integral of the momentum p(V), the root other than 0 of
/// H(V, p) = -(V - E_L) p/tau_L + sum_j R_j (e^{p A_j(V)} - 1), and A_j(V) is what one arrival adds to V. Keeping two terms of the exponential gives
/// back the diffusion with noise that depends on V, and evaluating those at mu gives S = v^2, the exponent of Eq. 12.
/// </summary>
public sealed class EscapeAction
{
    private readonly JumpProcess process;
    private readonly MembraneCurrent? current;
    private readonly double currentRate; // 1/tau_L

    /// <summary>The action of a neuron's input.</summary>
    /// <param name="neuron">The neuron; its threshold and reset play no role.</param>
    /// <param name="afferents">What it receives; synapses are taken as instantaneous.</param>
    public EscapeAction(Neuron neuron, ReadOnlySpan<Afferent> afferents)
        : this(new JumpProcess(neuron, afferents))
    {
    }

    internal EscapeAction(JumpProcess process)
    {
        this.process = process;
        RestingPoint = process.MeanFree;
    }

    /// <summary>The same for a neuron that may have a current that depends on V.</summary>
    internal EscapeAction(Neuron neuron, ReadOnlySpan<Afferent> afferents, MembraneDrift drift)
        : this(new JumpProcess(neuron, afferents))
    {
        if (neuron.Current is null) return;
        (current, currentRate, RestingPoint) = (neuron.Current, 1 / neuron.MembraneTimeConstant, drift.Rest);
    }

    /// <summary>mu (mV): the potential at which the mean drift vanishes and S is 0.</summary>
    public double RestingPoint { get; }

    /// <summary>
    /// p = dS/dV (1/mV) at V: positive above mu, negative below, 0 at mu; infinite where nothing moves V away from mu.
    /// </summary>
    /// <param name="potential">V (mV).</param>
    public double Momentum(double potential)
    {
        double distance = potential - RestingPoint;
        if (distance == 0) return 0;
        double sign = Math.Sign(distance), leak = sign * (process.Drift(potential) + currentRate * (current?.At(potential) ?? 0));
        bool moves = leak > 0;
        double slope = leak, curvature = 0, largest = 0; // slope and curvature of H at p = 0 along sign
        foreach (JumpProcess.Jump j in process.Jumps)
        {
            double size = sign * j.Size(potential);
            moves |= size > 0;
            largest = Math.Max(largest, size);
            slope += j.Rate * size;
            curvature += j.Rate * size * size;
        }

        if (!moves) return sign * double.PositiveInfinity;

        // H is convex in p and falls from 0 at p = 0, so Newton's method from the right of its root converges
        double p = Math.Min(-2 * slope / curvature, 30 / largest);
        while (Value(p).H < 0) p *= 1.5;
        for (int i = 0; i < 200; i++)
        {
            (double h, double steepness) = Value(p);
            double step = h / steepness;
            p -= step;
            if (!(Math.Abs(step) > 1e-9 * p)) break;
        }

        return sign * p;

        (double H, double Slope) Value(double q)
        {
            double h = leak * q, steepness = leak;
            foreach (JumpProcess.Jump j in process.Jumps)
            {
                double size = sign * j.Size(potential), grown = double.ExpM1(q * size);
                h += j.Rate * grown;
                steepness += j.Rate * size * (grown + 1);
            }

            return (h, steepness);
        }
    }

    /// <summary>S between mu and a potential: int p dV, to 1e-6 or better; infinite when V cannot get there.</summary>
    /// <param name="potential">V (mV).</param>
    public double To(double potential) => Quadrature.Fine.Integrate(Momentum, RestingPoint, potential, 2);

    /// <summary>
    /// a times the action between mubar and threshold at strong coupling (mV^0): with p = pi/a the condition H = 0 becomes
    /// r_E (e^{pi (E_E - V)} - 1) + gamma r_I (e^{pi g (E_I - V)} - 1) = 0, in which neither a nor K is left. It takes the place of vbar^2 in Eq. 14.
    /// </summary>
    /// <param name="coupling">The limit of strong coupling; its form of the noise is not used.</param>
    /// <returns>The scaled action; NaN when mubar is not below threshold.</returns>
    public static double Scaled(StrongCoupling coupling)
    {
        if (!(coupling.MuBar < coupling.Threshold)) return double.NaN;
        return Quadrature.Fine.Integrate(Momentum, coupling.MuBar, coupling.Threshold, 2);

        // H is convex and falls from 0 at pi = 0; Newton's method from the right of its root
        double Momentum(double v)
        {
            double up = coupling.ExcitatoryReversal - v, down = coupling.G * (coupling.InhibitoryReversal - v);
            double rE = coupling.ExcitatoryRatio, rI = coupling.Gamma * coupling.InhibitoryRatio;
            double H(double q) => rE * double.ExpM1(q * up) + rI * double.ExpM1(q * down);
            double p = -2 * (rE * up + rI * down) / (rE * up * up + rI * down * down);
            while (H(p) < 0) p *= 1.5;
            for (int i = 0; i < 200; i++)
            {
                double step = H(p) / (rE * up * Math.Exp(p * up) + rI * down * Math.Exp(p * down));
                p -= step;
                if (!(Math.Abs(step) > 1e-12 * p)) break;
            }

            return p;
        }
    }
}
