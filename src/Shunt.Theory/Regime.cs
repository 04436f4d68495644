using Shunt.Model;

namespace Shunt.Theory;

/// <summary>Rows of Table I of the paper, and what lies outside it.</summary>
public enum TableRow
{
    /// <summary>Row 1: current-based synapses, J ~ K^-1/2. The membrane time constant does not change with the input.</summary>
    CurrentBased,

    /// <summary>Row 2: conductances, tau_S/tau &lt;&lt; 1, a ~ 1/log K. Drift and diffusion balance at a distance from threshold that K does not change.</summary>
    Logarithmic,

    /// <summary>Row 3: conductances, tau_S/tau &lt;&lt; 1, a ~ K^-alpha. The mean potential comes ever closer to threshold.</summary>
    PowerLaw,

    /// <summary>Row 2 or 3: conductances, tau_S/tau &lt;&lt; 1; one network cannot tell how a changes with K.</summary>
    FastSynapses,

    /// <summary>Between the rows: tau_S/tau from 0.1 to 1, where firing begins to be correlated over tau_S.</summary>
    Crossover,

    /// <summary>Row 4: conductances, tau_S/tau above 1. Irregular bursts, correlated over tau_S.</summary>
    SlowSynapses,

    /// <summary>Outside the table: mu above threshold by more than sigma_V, so that the mean drives the firing and it becomes regular.</summary>
    MeanDriven,

    /// <summary>Outside the table: the population is silent.</summary>
    Silent,
}

/// <summary>In which row of Table I a population lies, with the numbers behind it.</summary>
public sealed record Regime
{
    private const double Quiet = 1e-3;
    private const double FastBelow = 0.1;
    private const double SlowAbove = 1;

    /// <summary>Name of the population.</summary>
    public required string Population { get; init; }

    /// <summary>The row.</summary>
    public required TableRow Row { get; init; }

    /// <summary>tau_S/tau, tau_S the mean of the synaptic time constants weighted by their share of sigma^2; dimensionless.</summary>
    public required double SynapticTimeRatio { get; init; }

    /// <summary>Effective membrane time constant tau (s).</summary>
    public required double Tau { get; init; }

    /// <summary>theta - mu (mV); negative when mu is above threshold.</summary>
    public required double ThresholdDistance { get; init; }

    /// <summary>Standard deviation sigma_V of the free membrane (mV).</summary>
    public required double FreeMembraneSd { get; init; }

    /// <summary>
    /// Correlation time tau_V of the free membrane (s), the integral of its normalised autocorrelation: tau for white noise, tau + tau_S for filtered
    /// noise (weighted by the shares of sigma_V^2 when synapses differ).
    /// </summary>
    public required double CorrelationTime { get; init; }

    /// <summary>Predicted CV of the interspike intervals.</summary>
    public required double CvIsi { get; init; }

    /// <summary>
    /// The factor by which all external rates may grow until tau_S = tau, where fast synapses end (Sec. 7); infinite when tau has no tau_S to pass or no
    /// conductance to change it, 0 when the mean drives the firing already, NaN when it is not known or was not asked for.
    /// </summary>
    public double InputLimit { get; init; } = double.NaN;

    /// <summary>CV_K*, the CV of in-degrees at which 1 % of some population falls silent; the same for all populations; NaN when not known or not asked for.</summary>
    public double CriticalInDegreeCv { get; init; } = double.NaN;

    /// <summary>
    /// The regimes of all populations at the reported state of a solution; none when there is no such state, or for neurons with currents that depend
    /// on V, which Table I is not about.
    /// </summary>
    /// <param name="model">The network.</param>
    /// <param name="solution">Its solution; gives rates and CVs.</param>
    /// <param name="scaling">How a changes with K; null when that is not known.</param>
    public static IReadOnlyList<Regime> Of(NetworkModel model, MeanFieldSolution solution, CouplingScaling? scaling = null)
    {
        var equations = new RateEquations(model, new Siegert());
        int[] classOf = equations.ClassOf;
        double[] rates = [.. Enumerable.Range(0, equations.Count).Select(c => solution.Observables.Populations[Array.IndexOf(classOf, c)].Rate.Value)];
        return rates.Any(double.IsNaN) || model.Populations.Any(p => p.Neuron.Current is not null)
            ? []
            : [.. model.Populations.Select((p, i) => Of(p, equations.Afferents(classOf[i], rates), solution.Observables.Populations[i], scaling))];
    }

    /// <summary>The same with <see cref="InputLimit"/> and <see cref="CriticalInDegreeCv"/>, which take many solutions of the network: about a second.</summary>
    /// <param name="regimes">Of all populations of the network.</param>
    /// <param name="model">The network.</param>
    /// <param name="transfer">The theory of one neuron that gives the limits; a fast one will do.</param>
    public static IReadOnlyList<Regime> WithLimits(IReadOnlyList<Regime> regimes, NetworkModel model, TransferFunction transfer)
    {
        if (regimes.Count == 0) return regimes;
        double cv = CriticalHeterogeneity.Find(model, transfer).Cv;
        var limits = new Dictionary<(Neuron, double), double>(); // populations alike share theirs
        return [.. regimes.Select((r, i) => r with { CriticalInDegreeCv = cv, InputLimit = Limit(r, model.Populations[i]) })];

        double Limit(Regime r, Population population)
        {
            double synaptic = r.SynapticTimeRatio * r.Tau;
            if (r.Row is TableRow.MeanDriven or TableRow.Silent) return r.Row is TableRow.MeanDriven ? 0 : double.NaN;
            if (r.Row is TableRow.CurrentBased || synaptic == 0) return double.PositiveInfinity;
            var key = (population.Neuron, r.Tau);
            if (!limits.TryGetValue(key, out double limit))
                limits[key] = limit = CriticalInput.Factor(model, transfer, r.Population, synaptic);
            return limit;
        }
    }

    private static Regime Of(Population population, ReadOnlySpan<Afferent> afferents, PopulationObservables observed, CouplingScaling? scaling)
    {
        InputMoments input = InputMoments.Of(population.Neuron, afferents);
        double variance = 0, filtered = 0, synaptic = 0, correlation = 0;
        bool anyCurrent = false, anyConductance = false;
        foreach ((double rate, Synapse synapse) in afferents)
        {
            double amplitude = InputMoments.Amplitude(synapse, input.Mu), share = rate * amplitude * amplitude;
            double kept = share * input.Tau / (input.Tau + synapse.TimeConstant);
            variance += share;
            filtered += kept;
            synaptic += share * synapse.TimeConstant;
            correlation += kept * (input.Tau + synapse.TimeConstant);
            anyCurrent |= rate > 0 && synapse.Model == SynapseModel.Current;
            anyConductance |= rate > 0 && synapse.Model == SynapseModel.Conductance;
        }

        double ratio = variance > 0 ? synaptic / variance / input.Tau : 0;
        double distance = population.Neuron.Threshold - input.Mu;
        TableRow row = observed.Rate.Value < Quiet ? TableRow.Silent
            : distance < -input.FreeMembraneSd ? TableRow.MeanDriven
            : anyCurrent && !anyConductance ? TableRow.CurrentBased
            : ratio > SlowAbove ? TableRow.SlowSynapses
            : ratio > FastBelow ? TableRow.Crossover
            : scaling switch
            {
                CouplingScaling.Escape => TableRow.Logarithmic,
                CouplingScaling.Power { Alpha: > 0 } => TableRow.PowerLaw,
                _ => TableRow.FastSynapses,
            };
        return new Regime
        {
            Population = population.Name,
            Row = row,
            SynapticTimeRatio = ratio,
            Tau = input.Tau,
            ThresholdDistance = distance,
            FreeMembraneSd = input.FreeMembraneSd,
            CorrelationTime = filtered > 0 ? correlation / filtered : input.Tau,
            CvIsi = observed.CvIsi.Value,
        };
    }
}
