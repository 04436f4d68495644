namespace Shunt.Model;

/// <summary>
/// An integrate-and-fire neuron (Sanzeni, Histed and Brunel 2022, Eq. 1 without synapses): <c>tau_m dV/dt = -(V - E_L) + I_e</c>, leaky, and with a
/// current that depends on V where <see cref="Current"/> gives one; when V reaches the threshold a spike is emitted, V is held at the reset for
/// the refractory period, and the dynamics resume. Voltages in mV, times in s.
/// </summary>
public sealed record Neuron
{
    /// <summary>Membrane time constant at rest, tau_L of the paper (s); positive. File key <c>tau_m</c>.</summary>
    public required double MembraneTimeConstant { get; init; }

    /// <summary>Leak reversal potential E_L (mV). File key <c>E_L</c>.</summary>
    public required double LeakReversal { get; init; }

    /// <summary>
    /// Where V makes a spike (mV); above the reset. Theta of the paper, file key <c>V_th</c>; with <see cref="MembraneCurrent.SpikeInitiation"/> the
    /// cutoff, file key <c>V_peak</c>.
    /// </summary>
    public required double Threshold { get; init; }

    /// <summary>Potential after a spike V_r (mV). File key <c>V_reset</c>.</summary>
    public required double Reset { get; init; }

    /// <summary>Absolute refractory period tau_rp (s); zero or more. File key <c>t_ref</c>.</summary>
    public required double RefractoryPeriod { get; init; }

    /// <summary>Constant drive, the injected current divided by the leak conductance (mV). File key <c>I_e</c>.</summary>
    public double ConstantDrive { get; init; }

    /// <summary>A current that depends on the potential; null, the default, for a leaky neuron.</summary>
    public MembraneCurrent? Current { get; init; }

    /// <summary>
    /// Theta of the paper (mV), from where a spike is to be expected: V_T of a <see cref="MembraneCurrent.SpikeInitiation"/>, else the threshold.
    /// </summary>
    public double SpikeOnset => Current is MembraneCurrent.SpikeInitiation spike ? spike.Threshold : Threshold;

    /// <summary>Potential (mV) the membrane settles at without synaptic input and without <see cref="Current"/>: E_L + I_e.</summary>
    public double RestingPotential => LeakReversal + ConstantDrive;

    /// <summary>The paper's neuron: tau_L = 20 ms, E_L = -80 mV, theta = -55 mV, V_r = -65 mV, tau_rp = 2 ms.</summary>
    public static Neuron Paper { get; } = new()
    {
        MembraneTimeConstant = 0.020,
        LeakReversal = -80,
        Threshold = -55,
        Reset = -65,
        RefractoryPeriod = 0.002,
    };
}
