using Shunt.Model;

namespace Shunt.Theory;

/// <summary>How the search for self-consistent rates ended.</summary>
public enum SolutionStatus
{
    /// <summary>At least one stable fixed point was found and every one satisfies the equations.</summary>
    Converged,

    /// <summary>The only stable fixed point has every population below 1e-3 Hz: mean field predicts silence.</summary>
    Silent,

    /// <summary>Fixed points exist but none is stable; the first is reported.</summary>
    Unstable,

    /// <summary>The search failed; see <see cref="MeanFieldSolution.Message"/>.</summary>
    NotConverged,
}

/// <summary>A self-consistent state.</summary>
/// <param name="Rates">Rate of each population (Hz), in the model's order.</param>
/// <param name="IsStable">Whether small perturbations of the rates die out when each rate relaxes to its prediction (no delays).</param>
/// <param name="LeadingEigenvalue">Largest real part among the eigenvalues of dF/dnu - 1; negative when stable.</param>
/// <param name="Residual">Largest relative mismatch |F(nu) - nu| / nu.</param>
public sealed record FixedPoint(IReadOnlyList<double> Rates, bool IsStable, double LeadingEigenvalue, double Residual)
{
    /// <summary>
    /// Standard deviation over neurons of the rates of each population (Hz); zero where in-degrees do not vary. Where they do, the rates are means over
    /// neurons and stability includes that of the spread.
    /// </summary>
    public IReadOnlyList<double> RateSds { get; init; } = [.. Rates.Select(_ => 0.0)];
}

/// <summary>What mean field predicts for a network.</summary>
public sealed record MeanFieldSolution
{
    /// <summary>Name of the transfer function, for instance <c>siegert</c>.</summary>
    public required string Method { get; init; }

    /// <summary>How the search ended.</summary>
    public required SolutionStatus Status { get; init; }

    /// <summary>One sentence on the status, with numbers when something went wrong and what to try next.</summary>
    public required string Message { get; init; }

    /// <summary>Predictions at the reported fixed point: the stable one with the highest rates.</summary>
    public required Observables Observables { get; init; }

    /// <summary>
    /// Rates over the neurons of each population in the reported state, in the model's order (Eqs. F1-F3); empty when all neurons of a population fire
    /// alike.
    /// </summary>
    public IReadOnlyList<RateDistribution> RateDistributions { get; init; } = [];

    /// <summary>Every fixed point found, by increasing rate of the first population.</summary>
    public required IReadOnlyList<FixedPoint> FixedPoints { get; init; }

    /// <summary>In which row of Table I each population lies, in the model's order; empty when no state was found or it was not asked for.</summary>
    public IReadOnlyList<Regime> Regimes { get; init; } = [];

    /// <summary>Assumptions of the method that this network leaves, with the numbers behind each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
