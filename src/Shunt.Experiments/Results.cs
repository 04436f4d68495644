using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>What a point cost.</summary>
public sealed record Performance
{
    /// <summary>Wall time of wiring the network (s).</summary>
    public required double BuildSeconds { get; init; }

    /// <summary>Wall time of the simulation loop (s).</summary>
    public required double SimulationSeconds { get; init; }

    /// <summary>Processor time of the simulation loop, all threads together (s).</summary>
    public required double SimulationCpuSeconds { get; init; }

    /// <summary>Largest resident memory of the process (MB).</summary>
    public required double PeakResidentMegabytes { get; init; }

    /// <summary>Wall seconds of the loop per simulated second.</summary>
    public required double RealTimeFactor { get; init; }
}

/// <summary>Theory beside simulation at one point; either may be absent.</summary>
public sealed record PointResult
{
    /// <summary>The point.</summary>
    public required Experiment Experiment { get; init; }

    /// <summary>What theory predicts, or null when it was not asked.</summary>
    public MeanFieldSolution? Theory { get; init; }

    /// <summary>What the simulation measured, or null when it was not run.</summary>
    public SimulationRecord? Simulation { get; init; }

    /// <summary>What the simulation cost, or null when it was not run.</summary>
    public Performance? Performance { get; init; }
}

/// <summary>One line of the comparison table.</summary>
/// <param name="Population">Name of the population.</param>
/// <param name="Quantity">What is compared, for instance <c>firing rate</c>.</param>
/// <param name="Symbol">The paper's symbol, for instance <c>nu</c>.</param>
/// <param name="Unit">Unit of the values; empty when dimensionless.</param>
/// <param name="Theory">Prediction; NaN when there is none.</param>
/// <param name="Simulation">Measurement; NaN when there is none.</param>
/// <param name="StandardError">Standard error of the measurement; NaN when unknown.</param>
public sealed record ComparisonRow(
    string Population, string Quantity, string Symbol, string Unit, double Theory, double Simulation, double StandardError)
{
    /// <summary>(simulation - theory) / |theory|, in percent; NaN when either is missing or theory is 0.</summary>
    public double DifferencePercent => Theory == 0 ? double.NaN : (Simulation - Theory) / Math.Abs(Theory) * 100;

    /// <summary>(simulation - theory) / standard error; NaN when the error is missing or 0.</summary>
    public double DifferenceInStandardErrors => StandardError > 0 ? (Simulation - Theory) / StandardError : double.NaN;
}

/// <summary>Puts theory and simulation side by side.</summary>
public static class Comparison
{
    /// <summary>The comparison table of a point: one row per population and quantity that at least one side knows.</summary>
    /// <param name="point">A point with theory, simulation or both.</param>
    public static IReadOnlyList<ComparisonRow> Of(PointResult point)
    {
        var rows = new List<ComparisonRow>();
        foreach (Model.Population population in point.Experiment.Model.Populations)
        {
            Model.PopulationObservables? t = point.Theory?.Observables[population.Name];
            Model.PopulationObservables? s = point.Simulation?.Observables[population.Name];
            Add("firing rate", "nu", "Hz", o => o.Rate, 1);
            bool isSpread = point.Experiment.Model.Onto(population.Name).Any(p => p.InDegree.StandardDeviation(point.Experiment.Model.SourceSize(p)) > 0);
            if (isSpread) Add("SD of rates over neurons", "Delta nu", "Hz", o => o.RateSd, 1);
            Add("CV of interspike intervals", "CV", "", o => o.CvIsi, 1);
            Add("mean membrane potential", "<V>", "mV", o => o.MeanV, 1);
            Add("SD of membrane potential", "sigma_V", "mV", o => o.SdV, 1);
            Add("effective time constant", "tau", "ms", o => o.Tau, 1e3);
            Add("mean of the free membrane", "mu", "mV", o => o.Mu, 1);
            if (t is null || s is null) Add("quiescent fraction", "f_q", "", o => o.QuiescentFraction, 1);
            else Add("fraction without a spike", "f_q", "", o => o == t ? WithoutSpike(t, point.Simulation!.Duration) : o.QuiescentFraction, 1);

            void Add(string quantity, string symbol, string unit, Func<Model.PopulationObservables, Model.Estimate> select, double scale)
            {
                Model.Estimate theory = t is null ? Model.Estimate.Unknown : select(t);
                Model.Estimate simulation = s is null ? Model.Estimate.Unknown : select(s);
                if (!theory.IsKnown && !simulation.IsKnown) return;
                rows.Add(new ComparisonRow(
                    population.Name, quantity, symbol, unit, theory.Value * scale, simulation.Value * scale, simulation.StandardError * scale));
            }
        }

        return rows;
    }

    // A run cannot tell a neuron that never fires from one that has not fired yet: what it counts is predicted, spikes of slow neurons being Poisson.
    private static Model.Estimate WithoutSpike(Model.PopulationObservables theory, double duration)
    {
        if (theory.Rates is not { } rates) return theory.Rate.IsKnown ? Model.Estimate.Exactly(Math.Exp(-theory.Rate.Value * duration)) : theory.QuiescentFraction;
        double silent = theory.QuiescentFraction.Value;
        for (int i = 1; i < rates.Rate.Count; i++)
        {
            double half = 0.5 * (rates.Rate[i] - rates.Rate[i - 1]);
            silent += half * ((rates.Value[i] * Math.Exp(-rates.Rate[i] * duration)) + (rates.Value[i - 1] * Math.Exp(-rates.Rate[i - 1] * duration)));
        }

        return Model.Estimate.Exactly(silent);
    }
}

/// <summary>One axis of a sweep.</summary>
/// <param name="Path">Dotted path into the experiment file, for instance <c>input.rate</c>.</param>
/// <param name="Values">The values as they are written into the file, with unit.</param>
/// <param name="Numbers">The same as plain numbers in the unit <paramref name="Unit"/>, for plotting.</param>
/// <param name="Unit">Unit of the numbers as written in the file; empty when dimensionless.</param>
/// <param name="IsLogarithmic">Whether the axis was asked to be logarithmic.</param>
public sealed record SweepAxis(string Path, IReadOnlyList<string> Values, IReadOnlyList<double> Numbers, string Unit, bool IsLogarithmic)
{
    /// <summary>Whether the values are numbers; if they are words, <see cref="Numbers"/> counts them from 1.</summary>
    public bool IsNumeric { get; init; } = true;

    /// <summary>Whether the values were drawn at random; axes with random values vary together.</summary>
    public bool IsRandom { get; init; }
}

/// <summary>All points of a run. Without a sweep there is one point and no axis; otherwise the last axis varies fastest.</summary>
/// <param name="Title">Title of the experiment.</param>
/// <param name="Axes">The sweep's axes.</param>
/// <param name="Points">The points.</param>
/// <param name="Provenance">Who made it, name to value: version, commit, runtime, machine, date, seed, conventions.</param>
public sealed record RunResult(
    string Title,
    IReadOnlyList<SweepAxis> Axes,
    IReadOnlyList<PointResult> Points,
    IReadOnlyList<KeyValuePair<string, string>> Provenance);
