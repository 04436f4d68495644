using System.Globalization;
using System.Text;
using Shunt.Model;
using Shunt.Simulation;

namespace Shunt.Experiments;

/// <summary>
/// The tables of a results folder as CSV: tidy columns whose names carry units, point decimals; a number that is not known is an empty cell.
/// </summary>
internal static class Tables
{
    /// <summary>Theory beside simulation, one row per point, population and quantity.</summary>
    internal static string Comparison(IReadOnlyList<PointResult> points)
    {
        string[] paths = [.. points.SelectMany(p => p.Experiment.Set.Select(s => s.Key)).Distinct()];
        var csv = new Csv([
            .. paths, "population", "quantity", "symbol", "unit", "theory", "simulation", "standard_error", "difference_percent",
            "difference_in_standard_errors"]);
        foreach (PointResult point in points)
        {
            object[] set = [.. paths.Select(path => (object)(point.Experiment.Set.FirstOrDefault(s => s.Key == path).Value ?? ""))];
            foreach (ComparisonRow row in Experiments.Comparison.Of(point))
            {
                csv.Add([
                    .. set, row.Population, row.Quantity, row.Symbol, row.Unit, row.Theory, row.Simulation, row.StandardError, row.DifferencePercent,
                    row.DifferenceInStandardErrors]);
            }
        }

        return csv.ToString();
    }

    /// <summary>One row per point of a sweep: the axes, then what theory and simulation say about every population.</summary>
    internal static string Sweep(RunResult run)
    {
        PopulationObservables[] unknown =
            [.. run.Points[0].Experiment.Model.Populations.Select(p => new PopulationObservables { Population = p.Name })];
        var header = new List<string>(run.Axes.Select(a => a.Unit.Length > 0 ? $"{a.Path} [{a.Unit}]" : a.Path)) { "theory_status" };
        foreach (PopulationObservables p in unknown)
        {
            header.AddRange(PointJson.Quantities(p).Select(q => $"theory_{p.Population}_{q.Name}"));
            header.AddRange(PointJson.Quantities(p).SelectMany(q => (string[])[$"sim_{p.Population}_{q.Name}", $"sim_{p.Population}_{q.Name}_sem"]));
        }

        var csv = new Csv([.. header]);
        for (int i = 0; i < run.Points.Count; i++)
        {
            PointResult point = run.Points[i];
            var row = new List<object>(Coordinates(run.Axes, i)) { point.Theory is { } t ? PointJson.Word(t.Status) : "" };
            foreach (PopulationObservables p in unknown)
            {
                PopulationObservables theory = Find(point.Theory?.Observables, p);
                PopulationObservables simulation = Find(point.Simulation?.Observables, p);
                row.AddRange(PointJson.Quantities(theory).Select(q => (object)(q.Estimate.Value * q.Scale)));
                row.AddRange(PointJson.Quantities(simulation)
                    .SelectMany(q => (object[])[q.Estimate.Value * q.Scale, q.Estimate.StandardError * q.Scale]));
            }

            csv.Add([.. row]);
        }

        return csv.ToString();

        static PopulationObservables Find(Observables? all, PopulationObservables unknown) =>
            all?.Populations.FirstOrDefault(q => q.Population == unknown.Population) ?? unknown;
    }

    /// <summary>P(V) from theory and simulation, or null when there is none.</summary>
    internal static string? Density(PointResult point)
    {
        var csv = new Csv(["population", "source", "v_mV", "density_per_mV"]);
        bool any = false;
        foreach ((string source, Observables? observables) in
                 ((string, Observables?)[])[("theory", point.Theory?.Observables), ("simulation", point.Simulation?.Observables)])
        {
            foreach (PopulationObservables p in observables?.Populations ?? [])
            {
                for (int i = 0; i < (p.Density?.Voltage.Count ?? 0); i++)
                {
                    csv.Add([p.Population, source, p.Density!.Voltage[i], p.Density.Value[i]]);
                    any = true;
                }
            }
        }

        return any ? csv.ToString() : null;
    }

    /// <summary>P(nu) over the neurons from theory, or null when there is none.</summary>
    internal static string? RateDensity(PointResult point)
    {
        var csv = new Csv(["population", "rate_hz", "density_per_hz"]);
        bool any = false;
        foreach (PopulationObservables p in point.Theory?.Observables.Populations ?? [])
        {
            for (int i = 0; i < (p.Rates?.Rate.Count ?? 0); i++)
            {
                csv.Add([p.Population, p.Rates!.Rate[i], p.Rates.Value[i]]);
                any = true;
            }
        }

        return any ? csv.ToString() : null;
    }

    /// <summary>Rate and CV of every neuron.</summary>
    internal static string Neurons(SimulationRecord simulation)
    {
        var csv = new Csv(["population", "neuron", "rate_hz", "cv_isi"]);
        foreach (PopulationRecord p in simulation.Populations)
        {
            for (int i = 0; i < p.NeuronRates.Count; i++)
                csv.Add([p.Population, i, p.NeuronRates[i], i < p.NeuronCvs.Count ? p.NeuronCvs[i] : double.NaN]);
        }

        return csv.ToString();
    }

    /// <summary>Population rates over time; the time is the start of the bin, counted from the end of the warm-up.</summary>
    internal static string PopulationRate(SimulationRecord simulation)
    {
        var csv = new Csv(["population", "time_s", "rate_hz"]);
        foreach (PopulationRecord p in simulation.Populations)
        {
            for (int i = 0; i < p.RateSeries.Count; i++) csv.Add([p.Population, Math.Round(i * simulation.RateBin, 9), p.RateSeries[i]]);
        }

        return csv.ToString();
    }

    /// <summary>Where point number <paramref name="index"/> lies on each axis; the last axis varies fastest.</summary>
    private static object[] Coordinates(IReadOnlyList<SweepAxis> axes, int index)
    {
        var at = new object[axes.Count];
        for (int i = axes.Count - 1; i >= 0; i--)
        {
            int k = index % axes[i].Numbers.Count;
            at[i] = axes[i].IsNumeric ? axes[i].Numbers[k] : axes[i].Values[k];
            index /= axes[i].Numbers.Count;
        }

        return at;
    }
}
