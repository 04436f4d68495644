using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>What of a point a figure can draw: a number for each point of a sweep, or a curve of one point.</summary>
internal static class FigureQuantities
{
    private static readonly (string Name, Func<FigurePopulation, Estimate> Of)[] Numbers =
    [
        ("rate", p => p.Observables.Rate),
        ("cv", p => p.Observables.CvIsi),
        ("mean_v", p => p.Observables.MeanV),
        ("sd_v", p => p.Observables.SdV),
        ("tau", p => p.Observables.Tau),
        ("mu", p => p.Observables.Mu),
        ("distance", p => p.Observables.Mu with { Value = p.Threshold - p.Observables.Mu.Value }),
        ("free_sd", p => Estimate.Exactly(p.FreeSd)),
        ("relative_spread", p => Ratio(p.Observables.RateSd, p.Observables.Rate)),
        ("quiescent", p => p.Observables.QuiescentFraction),
        ("synaptic_ratio", p => Estimate.Exactly(p.SynapticRatio)),
        ("efficacy", p => Estimate.Exactly(p.Efficacy)),
        ("inhibitory_efficacy", p => Estimate.Exactly(p.InhibitoryEfficacy)),
        ("conductance_ratio", p => Estimate.Exactly((p.MembraneTimeConstant / p.Observables.Tau.Value) - 1)),
        ("in_degree", p => Estimate.Exactly(p.InDegree)),
        ("conductance", p => Estimate.Exactly(p.InDegree * p.Efficacy)),
        ("correlation_time", p => Estimate.Exactly(p.CorrelationTime)),
        ("gain", p => Estimate.Exactly(p.Gain)),
        ("gain_correction", p => Estimate.Exactly(p.GainCorrection)),
        ("critical_cv", p => Estimate.Exactly(p.CriticalCv)),
        ("lognormal_critical_cv", LognormalCriticalCv),
    ];

    private static readonly string[] CurveNames = ["density", "rate_density", "rate_density_log", "cv_density", "trace"];

    /// <summary>Every name.</summary>
    internal static string[] Names { get; } = [.. Numbers.Select(n => n.Name), .. CurveNames];

    /// <summary>Whether it is a curve of one point.</summary>
    internal static bool IsCurve(string name) => CurveNames.Contains(name);

    /// <summary>The number at a point.</summary>
    internal static Estimate At(string name, FigurePopulation population) => Numbers.First(n => n.Name == name).Of(population);

    /// <summary>The curve of a point.</summary>
    internal static SeriesPoints Curve(string name, FigurePopulation population) => name switch
    {
        "density" => population.Observables.Density is { } d ? Of(d.Voltage, d.Value) : SeriesPoints.None,
        "rate_density" => population.NeuronRates is { } rates ? Histogram(rates, false) :
            population.Observables.Rates is { } p ? Of(p.Rate, p.Value) : SeriesPoints.None,
        "rate_density_log" => population.NeuronRates is { } rates ? Histogram(rates, true) :
            population.Observables.Rates is { } p ? Of(p.Rate, p.Value) : SeriesPoints.None,
        "cv_density" => population.NeuronCvs is { } cvs ? Histogram([.. cvs.Where(double.IsFinite)], false) : SeriesPoints.None,
        _ => population.TraceTime is { } time ? new SeriesPoints(time, population.TraceVoltage!, new double[time.Count]) { Spikes = population.TraceSpikes! } : SeriesPoints.None,
    };

    private static SeriesPoints Of(IReadOnlyList<double> x, IReadOnlyList<double> y) => new(x, y, new double[x.Count]);

    private static Estimate Ratio(Estimate a, Estimate b) =>
        new(a.Value / b.Value, Math.Abs(a.Value / b.Value) * Math.Sqrt(Math.Pow(a.StandardError / a.Value, 2) + Math.Pow(b.StandardError / b.Value, 2)));

    // Eq. 22 read backwards: Gamma is proportional to CV_K, and 1 % of a lognormal is below 1e-3 Hz when ln(nu_0/1e-3 Hz) = 2.326 Gamma
    private static Estimate LognormalCriticalCv(FigurePopulation p)
    {
        const double quietRate = 1e-3, onePercent = 2.326347874;
        Estimate spread = Ratio(p.Observables.RateSd, p.Observables.Rate);
        double variance = double.LogP1(spread.Value * spread.Value), gamma = Math.Sqrt(variance);
        double critical = p.InDegreeCv * (Math.Log(p.Observables.Rate.Value / quietRate) - (0.5 * variance)) / (onePercent * gamma);
        double relativeError = spread.StandardError * spread.Value / ((1 + (spread.Value * spread.Value)) * variance);
        return new Estimate(p.InDegreeCv > 0 ? critical : double.NaN, critical * relativeError);
    }

    // centres and densities, with binomial errors; bins of equal width, or of equal ratio
    private static SeriesPoints Histogram(IReadOnlyList<double> values, bool isLogarithmic)
    {
        double[] sorted = [.. values.Where(v => v > 0).Order()];
        if (sorted.Length < 10) return SeriesPoints.None;
        double low = sorted[sorted.Length / 500], high = sorted[^((sorted.Length / 500) + 1)];
        int bins = Math.Clamp((int)Math.Sqrt(sorted.Length) / 2, 8, 40);
        double Edge(int i) => isLogarithmic ? low * Math.Pow(high / low, (double)i / bins) : low + ((high - low) * i / bins);
        var x = new List<double>();
        var y = new List<double>();
        var error = new List<double>();
        for (int i = 0; i < bins; i++)
        {
            double from = Edge(i), to = Edge(i + 1);
            int count = sorted.Count(v => v >= from && v < to);
            if (count == 0) continue;
            x.Add(isLogarithmic ? Math.Sqrt(from * to) : 0.5 * (from + to));
            y.Add(count / (values.Count * (to - from)));
            error.Add(Math.Sqrt(count) / (values.Count * (to - from)));
        }

        return new SeriesPoints(x, y, error);
    }
}
