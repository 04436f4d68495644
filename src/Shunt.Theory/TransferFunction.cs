using Shunt.Model;

namespace Shunt.Theory;

/// <summary>What a theory predicts of one neuron with given input.</summary>
/// <param name="LogRate">ln of the firing rate in Hz; correct far below the smallest rate a double can hold, minus infinity for a silent
/// neuron.</param>
/// <param name="Cv">CV of the interspike intervals; NaN when there are none.</param>
/// <param name="MeanV">Mean of V over non-refractory time (mV).</param>
/// <param name="SdV">Standard deviation of V over non-refractory time (mV), the reset after spikes included.</param>
public readonly record struct Response(double LogRate, double Cv, double MeanV, double SdV)
{
    /// <summary>Firing rate (Hz).</summary>
    public double Rate => Math.Exp(LogRate);
}

/// <summary>
/// From input to firing: one theory of one neuron. Implementations are interchangeable; self-consistency works with any of them. They have no state
/// and may be shared between threads.
/// </summary>
public abstract class TransferFunction
{
    /// <summary>Name in experiment files and reports, for instance <c>siegert</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the time constants of synapses enter the rate; false, the default, when the noise is taken as white.</summary>
    public virtual bool UsesSynapticTime => false;

    /// <summary>
    /// Relative accuracy of the rates. Averages over neurons are computed from an interpolant of ln T that is refined to this, so an expensive theory
    /// that is good to a tenth of a percent should say so; the states of two populations are then searched on an interpolant too. 1e-10 by default.
    /// </summary>
    public virtual double Precision => 1e-10;

    /// <summary>Whether its low <see cref="Precision"/> says that an evaluation takes long, so that it should be asked seldom.</summary>
    internal bool IsExpensive => Precision > 1e-6;

    /// <summary>
    /// ln of the mean time T (s) from the reset to the next spike, refractory period left out, so that 1/nu = tau_rp + T. It is the quantity that
    /// stays accurate at both ends, for silent and for saturated neurons. Plus infinity when the neuron never fires; NaN outside the range in which
    /// the theory is defined.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public abstract double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents);

    /// <summary>Rate, CV and membrane statistics.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public abstract Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents);

    /// <summary>
    /// Membrane density P(V) per mV over non-refractory time at the given potentials; null when it is not a function (a membrane without noise at
    /// rest).
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    /// <param name="potentials">Where to evaluate it (mV).</param>
    public abstract double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials);

    /// <summary>Why this theory cannot treat a neuron with such synapses, in words that follow its name; null, the default, when it can.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="synapses">Everything that ends on it.</param>
    public virtual string? Objection(Neuron neuron, IReadOnlyCollection<Synapse> synapses) => null;

    /// <summary>Whether this theory treats neurons with a <see cref="Neuron.Current"/> (App. C).</summary>
    public virtual bool TreatsCurrents => false;

    /// <summary>Why this theory cannot treat a network, with the name of the first population it fails for; null when it can.</summary>
    /// <param name="model">The network.</param>
    public string? Objection(NetworkModel model) =>
        model.Populations
            .Select(p => (ObjectionToCurrent(p.Neuron) ?? Objection(p.Neuron, [.. model.Onto(p.Name).Select(j => j.Synapse)])) is { } reason
                ? $"{Name}, population {p.Name}: {reason}"
                : null)
            .FirstOrDefault(reason => reason is not null);

    private string? ObjectionToCurrent(Neuron neuron) => neuron.Current is { } current && !TreatsCurrents
        ? $"it knows no neuron whose current depends on V ({current.Model}); use {string.Join(" or ", TransferFunctions.NamesForCurrents)}"
        : null;

    /// <summary>Assumptions of this theory that the neuron's input leaves, with the numbers behind each; none by default.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public virtual IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents) => [];

    /// <summary>ln of the firing rate (Hz): minus ln(tau_rp + T).</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public double LogRate(Neuron neuron, ReadOnlySpan<Afferent> afferents) => LogRate(LogPassageTime(neuron, afferents), neuron.RefractoryPeriod);

    /// <summary>Firing rate (Hz).</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public double Rate(Neuron neuron, ReadOnlySpan<Afferent> afferents) => Math.Exp(LogRate(neuron, afferents));

    /// <summary>ln nu from ln T and tau_rp, for any magnitude of T.</summary>
    /// <param name="logPassageTime">ln T, T in s.</param>
    /// <param name="refractoryPeriod">tau_rp (s).</param>
    protected internal static double LogRate(double logPassageTime, double refractoryPeriod) =>
        logPassageTime > 0
            ? -logPassageTime - double.LogP1(refractoryPeriod * Math.Exp(-logPassageTime))
            : -Math.Log(refractoryPeriod + Math.Exp(logPassageTime));
}

/// <summary>The theories by name.</summary>
public static class TransferFunctions
{
    private static readonly TransferFunction[] All =
    [
        new Siegert(),
        new Kramers(),
        new Diffusion(),
        new MultiplicativeNoise(NoiseReading.Ito),
        new MultiplicativeNoise(NoiseReading.Stratonovich),
        new MultiplicativeSmallNoise(NoiseReading.Ito),
        new MultiplicativeSmallNoise(NoiseReading.Stratonovich),
        new ExactJump(),
        new ColouredNoise(),
        new FourcaudBrunel(),
        new Rice(),
        new Adiabatic(),
        new AdiabaticStrong(),
    ];

    /// <summary>Names that <see cref="Named"/> knows, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(f => f.Name)];

    /// <summary>Names of those that treat neurons with a <see cref="Neuron.Current"/>.</summary>
    internal static IEnumerable<string> NamesForCurrents => All.Where(f => f.TreatsCurrents).Select(f => f.Name);

    /// <summary>The transfer function of this name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No theory has this name; the message lists those there are.</exception>
    public static TransferFunction Named(string name) =>
        All.FirstOrDefault(f => f.Name == name)
        ?? throw new ArgumentException($"no theory is called '{name}'; there are {string.Join(", ", Names)}", nameof(name));
}
