using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// The deterministic half of tau dV/dt = -H'(V) + sigma sqrt(tau) zeta, H = (V - mu)^2/2 - (tau/tau_L) int psi/g_L dV (App. C): where V would rest,
/// what it has to climb to fire. Without a current H is the parabola of a leaky neuron.
/// </summary>
internal readonly struct MembraneDrift
{
    private readonly Neuron neuron;
    private readonly double mu;
    private readonly double share; // tau/tau_L

    internal MembraneDrift(Neuron neuron, double tau, double mu)
    {
        this.neuron = neuron;
        this.mu = mu;
        share = tau / neuron.MembraneTimeConstant;
        (Rest, Barrier) = Ends();
    }

    internal MembraneDrift(Neuron neuron, InputMoments input)
        : this(neuron, input.Tau, input.Mu)
    {
    }

    /// <summary>Minimum of H, mu* (mV); NaN when V climbs by itself to the spike.</summary>
    internal double Rest { get; }

    /// <summary>
    /// What has to be reached to fire: the maximum of H, theta* (mV), or the threshold when that comes first; NaN when V climbs by itself.
    /// </summary>
    internal double Barrier { get; }

    /// <summary>Whether the barrier is a smooth maximum of H; else it is the threshold, a wall.</summary>
    internal bool IsSmooth => Barrier < neuron.Threshold;

    /// <summary>tau dV/dt without noise, -H' (mV).</summary>
    internal double At(double v) => neuron.Current is { } current ? mu - v + share * current.At(v) : mu - v;

    /// <summary>H''.</summary>
    internal double Curvature(double v) => neuron.Current is { } current ? 1 - share * current.SlopeAt(v) : 1;

    /// <summary>H(to) - H(from) (mV^2).</summary>
    internal double Rise(double from, double to)
    {
        double parabola = 0.5 * (to - from) * (to + from - 2 * mu);
        return neuron.Current is { } current ? parabola - share * (current.IntegralTo(to) - current.IntegralTo(from)) : parabola;
    }

    /// <summary>The least drift between two potentials (mV).</summary>
    internal double Least(double from, double to) => neuron.Current is MembraneCurrent.SpikeInitiation spike
        ? At(Math.Clamp(Turning(spike), from, to)) // convex
        : At(to); // it falls everywhere

    private (double Bottom, double Barrier) Ends()
    {
        double threshold = neuron.Threshold, rest;
        switch (neuron.Current)
        {
            case MembraneCurrent.SpikeInitiation spike:
                double turning = Turning(spike);
                if (!(mu < turning - spike.Sharpness)) return (double.NaN, double.NaN);
                rest = Zero(mu); // the drift is convex: from the left
                return rest < threshold ? (rest, Math.Min(threshold, Maximum(spike, turning))) : (double.NaN, double.NaN);
            case MembraneCurrent.InwardRectifier rectifier:
                rest = Zero(Math.Min(mu, rectifier.Reversal)); // convex and falling
                break;
            default:
                rest = mu;
                break;
        }

        return rest < threshold ? (rest, threshold) : (rest, double.NaN);
    }

    // where the slope of the exponential outweighs the leak's
    private double Turning(MembraneCurrent.SpikeInitiation spike) => spike.Threshold - spike.Sharpness * Math.Log(share);

    // Newton's method never passes the zero of a convex function that falls
    private double Zero(double v)
    {
        for (int i = 0; i < 200; i++)
        {
            double next = v + At(v) / Curvature(v);
            if (!(next > v)) break;
            v = next;
        }

        return v;
    }

    // in logarithms, Delta ln((V - mu)/(share Delta)) = V - V_T, the equation is concave: from the right
    private double Maximum(MembraneCurrent.SpikeInitiation spike, double turning)
    {
        double centre = mu, scale = share * spike.Sharpness;
        double Excess(double v) => spike.Sharpness * Math.Log((v - centre) / scale) - (v - spike.Threshold);
        double step = spike.Sharpness, at = turning;
        while (Excess(at) > 0) (at, step) = (at + step, 2 * step);
        for (int i = 0; i < 200; i++)
        {
            double next = at - Excess(at) / (spike.Sharpness / (at - centre) - 1);
            if (!(next < at)) break;
            at = next;
        }

        return at;
    }
}
