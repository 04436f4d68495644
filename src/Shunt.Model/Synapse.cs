namespace Shunt.Model;

/// <summary>What an arriving spike changes: a conductance (with a reversal potential) or a current.</summary>
public enum SynapseModel
{
    /// <summary>Conductance-based (Eqs. 1, 2, 23): the effect shrinks as V nears the reversal potential.</summary>
    Conductance,

    /// <summary>Current-based (Eq. 7): the effect does not depend on V.</summary>
    Current,
}

/// <summary>
/// What an instantaneous conductance of efficacy a does to V. The paper writes the jump for a much smaller than 1; the two readings differ
/// by 26 % in rate at a = 0.01, g = 12, so the choice is part of the model.
/// </summary>
public enum JumpConvention
{
    /// <summary>V moves by a (E - V): the paper's. Requires a below 1.</summary>
    Linear,

    /// <summary>V moves by (1 - e^-a)(E - V): the limit of a vanishing synaptic time constant.</summary>
    Exponential,
}

/// <summary>The synapses of one projection: all alike.</summary>
public sealed record Synapse
{
    /// <summary>Conductance- or current-based.</summary>
    public required SynapseModel Model { get; init; }

    /// <summary>
    /// Strength. Conductance-based: the dimensionless a (or g a) of Eq. 2, non-negative, the time integral of the conductance change in
    /// units of g_L tau_L, whatever the time constant. Current-based: J of Eq. 7 (mV), negative for inhibition.
    /// </summary>
    public required double Efficacy { get; init; }

    /// <summary>Reversal potential E (mV); not used by current-based synapses.</summary>
    public double Reversal { get; init; } = double.NaN;

    /// <summary>Synaptic time constant tau_S (s); 0 is instantaneous.</summary>
    public double TimeConstant { get; init; }

    /// <summary>Jump convention of an instantaneous conductance-based synapse; without effect on the others.</summary>
    public JumpConvention Jump { get; init; } = JumpConvention.Linear;

    /// <summary>True when the synapse acts at once (Eq. 2).</summary>
    public bool IsInstantaneous => TimeConstant == 0;

    /// <summary>
    /// The fraction b of the distance to the reversal potential by which one arrival at an instantaneous conductance-based synapse moves V:
    /// a or 1 - e^-a by convention (written so that nothing cancels at small a).
    /// </summary>
    public double JumpFraction => Jump == JumpConvention.Linear ? Efficacy : 2 * Math.Exp(-Efficacy / 2) * Math.Sinh(Efficacy / 2);

    /// <summary>
    /// Time integral of the conductance change in units of g_L tau_L that moves V by <see cref="JumpFraction"/>: -ln(1 - b).
    /// It equals a for exponential synapses and the exponential convention, and -ln(1 - a) for the linear one.
    /// </summary>
    public double ConductanceIntegral =>
        IsInstantaneous && Jump == JumpConvention.Linear ? 2 * Math.Atanh(Efficacy / (2 - Efficacy)) : Efficacy;

    /// <summary>An instantaneous conductance-based synapse.</summary>
    /// <param name="efficacy">a, dimensionless.</param>
    /// <param name="reversal">Reversal potential (mV).</param>
    /// <param name="jump">Jump convention.</param>
    public static Synapse Conductance(double efficacy, double reversal, JumpConvention jump = JumpConvention.Linear) =>
        new() { Model = SynapseModel.Conductance, Efficacy = efficacy, Reversal = reversal, Jump = jump };

    /// <summary>An instantaneous current-based synapse.</summary>
    /// <param name="jump">J (mV), negative for inhibition.</param>
    public static Synapse Current(double jump) => new() { Model = SynapseModel.Current, Efficacy = jump };
}
