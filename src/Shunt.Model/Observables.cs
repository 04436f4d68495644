namespace Shunt.Model;

/// <summary>A number and how sure it is.</summary>
/// <param name="Value">The value; NaN when it could not be had (no spikes, for instance).</param>
/// <param name="StandardError">Standard error of a measurement; 0 for a prediction, NaN when unknown.</param>
public readonly record struct Estimate(double Value, double StandardError = double.NaN)
{
    /// <summary>Nothing is known.</summary>
    public static Estimate Unknown { get; } = new(double.NaN);

    /// <summary>True when there is a value.</summary>
    public bool IsKnown => !double.IsNaN(Value);

    /// <summary>A predicted value, without sampling error.</summary>
    /// <param name="value">The value.</param>
    public static Estimate Exactly(double value) => new(value, 0);
}

/// <summary>A density over the membrane potential.</summary>
/// <param name="Voltage">Points or bin centres (mV), increasing.</param>
/// <param name="Value">Probability density per mV over non-refractory time; it integrates to 1 - nu tau_rp.</param>
public sealed record MembraneDensity(IReadOnlyList<double> Voltage, IReadOnlyList<double> Value);

/// <summary>A density over the firing rates of a population's neurons, P(nu) of Eq. F3.</summary>
/// <param name="Rate">Rates (Hz), increasing.</param>
/// <param name="Value">Probability density per Hz over the neurons; silent neurons may lie below the first rate.</param>
public sealed record RateDensity(IReadOnlyList<double> Rate, IReadOnlyList<double> Value);

/// <summary>What theory predicts and simulation measures of one population: the same quantities, so that they can be compared.</summary>
public sealed record PopulationObservables
{
    /// <summary>Name of the population.</summary>
    public required string Population { get; init; }

    /// <summary>Mean firing rate nu (Hz).</summary>
    public Estimate Rate { get; init; } = Estimate.Unknown;

    /// <summary>
    /// Standard deviation over the neurons of their long-run rates (Hz), Delta nu of Eq. F2. A simulation measures it free of the randomness of spike
    /// counts, from what the two halves of the run have in common.
    /// </summary>
    public Estimate RateSd { get; init; } = Estimate.Unknown;

    /// <summary>Coefficient of variation of the interspike intervals, the mean over neurons.</summary>
    public Estimate CvIsi { get; init; } = Estimate.Unknown;

    /// <summary>Mean membrane potential over non-refractory time (mV).</summary>
    public Estimate MeanV { get; init; } = Estimate.Unknown;

    /// <summary>Standard deviation in time of the membrane potential over non-refractory time (mV).</summary>
    public Estimate SdV { get; init; } = Estimate.Unknown;

    /// <summary>Effective membrane time constant tau (s), Eq. 5.</summary>
    public Estimate Tau { get; init; } = Estimate.Unknown;

    /// <summary>Mean of the free membrane mu (mV), Eq. 5.</summary>
    public Estimate Mu { get; init; } = Estimate.Unknown;

    /// <summary>Amplitude of the input noise sigma (mV), Eq. 5; the free membrane has variance sigma^2/2.</summary>
    public Estimate Sigma { get; init; } = Estimate.Unknown;

    /// <summary>Fraction of neurons that fire below 1e-3 Hz (in a simulation: not at all, or less than that).</summary>
    public Estimate QuiescentFraction { get; init; } = Estimate.Unknown;

    /// <summary>P(V), or null when it was not computed.</summary>
    public MembraneDensity? Density { get; init; }

    /// <summary>P(nu) over the neurons, or null when it was not computed or all neurons fire alike.</summary>
    public RateDensity? Rates { get; init; }
}

/// <summary>Everything a theory predicts or a simulation measures about a network, one entry per population in the model's order.</summary>
/// <param name="Populations">The entries.</param>
public sealed record Observables(IReadOnlyList<PopulationObservables> Populations)
{
    /// <summary>The entry of a population.</summary>
    /// <param name="population">Its name.</param>
    /// <exception cref="KeyNotFoundException">No such population.</exception>
    public PopulationObservables this[string population] =>
        Populations.FirstOrDefault(p => p.Population == population)
        ?? throw new KeyNotFoundException($"no population is called '{population}'");
}
