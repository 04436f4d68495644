using System.Globalization;
using Shunt.Experiments;
using Shunt.Theory;

namespace Shunt.Figures;

/// <summary>The sentence a report opens with, and what must be said beside it.</summary>
internal static class ReportAnswer
{
    private const int MostPopulations = 3;
    private const double SilentBelow = 1e-3;

    /// <summary>One sentence: what theory and simulation say, and how far apart they are.</summary>
    /// <param name="run">The run.</param>
    public static string Of(RunResult run) => run.Points.Count switch
    {
        0 => "The run has no points.",
        1 => OfPoint(run.Points[0]),
        _ => OfSweep(run),
    };

    /// <summary>What a reader must not miss: an interrupted simulation, a prediction that is not to be relied on.</summary>
    /// <param name="run">The run.</param>
    public static IEnumerable<string> Cautions(RunResult run)
    {
        for (int i = 0; i < run.Points.Count; i++)
        {
            string where = run.Points.Count > 1 ? $" at {PointName(run.Axes, i)}" : "";
            if (run.Points[i].Simulation is { Complete: false } simulation)
            {
                yield return $"The simulation{where} was stopped after {Significance.Number(simulation.Duration, 3)} s of "
                    + $"{Significance.Number(run.Points[i].Experiment.Simulation.Duration, 3)} s measured time.";
            }
        }

        if (run.Points.Count == 1 && run.Points[0].Theory is { Status: SolutionStatus.Unstable or SolutionStatus.NotConverged } theory)
            yield return $"Theory: {theory.Message}";
    }

    /// <summary>The values of the axes at a point, the last axis varying fastest.</summary>
    /// <param name="axes">The axes.</param>
    /// <param name="point">Index of the point.</param>
    public static IReadOnlyList<string> AxisValues(IReadOnlyList<SweepAxis> axes, int point)
    {
        var values = new string[axes.Count];
        for (int axis = axes.Count - 1; axis >= 0; axis--)
        {
            IReadOnlyList<string> all = axes[axis].Values;
            string value = all[point % all.Count];

            // The unit stands in the column's head.
            values[axis] = axes[axis].Unit.Length > 0 && value.EndsWith(" " + axes[axis].Unit, StringComparison.Ordinal)
                ? value[..^(axes[axis].Unit.Length + 1)] : value;
            point /= all.Count;
        }

        return values;
    }

    /// <summary>What a point is called in a sentence.</summary>
    /// <param name="axes">The axes.</param>
    /// <param name="point">Index of the point.</param>
    public static string PointName(IReadOnlyList<SweepAxis> axes, int point)
    {
        if (axes.Count == 0) return "point " + (point + 1).ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<string> values = AxisValues(axes, point);
        return string.Join(", ", axes.Select((a, i) => $"{a.Path} = {values[i]}{(a.Unit.Length > 0 ? " " + a.Unit : "")}"));
    }

    private static string OfPoint(PointResult point)
    {
        ComparisonRow[] rates = [.. Comparison.Of(point).Where(r => r.Symbol == "nu")];
        ComparisonRow[] both = [.. rates.Where(r => double.IsFinite(r.Theory) && double.IsFinite(r.Simulation))];
        if (both.Length > 0)
        {
            ComparisonRow[] comparable = [.. both.Where(IsComparable)];
            string lead = comparable.Length == 0
                ? "Theory predicts silence"
                : $"Simulated firing rates are within {Significance.Number(comparable.Max(r => Math.Abs(r.DifferencePercent)), 2)} % of theory";
            return $"{lead}: {List(both, r => $"{r.Population} fires at {Sides(r)}{Distance(r)}")}.";
        }

        ComparisonRow[] measured = [.. rates.Where(r => double.IsFinite(r.Simulation))];
        if (measured.Length > 0)
        {
            string lack = point.Theory is null ? "" : "; theory has no rate to compare";
            string text = List(measured, r => $"{r.Population} fires at {Significance.WithError(r.Simulation, r.StandardError)} Hz");
            return $"In the simulation {text}{lack}.";
        }

        ComparisonRow[] predicted = [.. rates.Where(r => double.IsFinite(r.Theory))];
        return predicted.Length > 0
            ? $"Theory predicts that {List(predicted, r => $"{r.Population} fires at {Significance.Number(r.Theory)} Hz")}{CvOf(point)}."
            : "Neither theory nor simulation gives a firing rate.";
    }

    /// <summary>A percentage of a rate that counts as silence says nothing.</summary>
    private static bool IsComparable(ComparisonRow rate) => double.IsFinite(rate.DifferencePercent) && rate.Theory >= SilentBelow;

    private static string CvOf(PointResult point)
    {
        ComparisonRow[] cvs = [.. Comparison.Of(point).Where(r => r.Symbol == "CV" && double.IsFinite(r.Theory))];
        return cvs.Length == 0 ? "" : $", with a CV of {List(cvs, r => $"{Significance.Number(r.Theory, 3)} ({r.Population})")}";
    }

    private static string Sides(ComparisonRow row) =>
        $"{Significance.WithError(row.Simulation, row.StandardError)} Hz, predicted {Significance.Beside(row.Theory, row.StandardError)} Hz";

    private static string Distance(ComparisonRow row)
    {
        if (!IsComparable(row)) return "";
        string errors = double.IsFinite(row.DifferenceInStandardErrors)
            ? $", {Significance.WithSign(row.DifferenceInStandardErrors, 1)} standard errors" : "";
        return $" ({Significance.WithSign(row.DifferencePercent, 1)} %{errors})";
    }

    private static string List(ComparisonRow[] rows, Func<ComparisonRow, string> say)
    {
        string text = string.Join("; ", rows.Take(MostPopulations).Select(say));
        return rows.Length > MostPopulations ? $"{text}; and {rows.Length - MostPopulations} more" : text;
    }

    private static string OfSweep(RunResult run)
    {
        (double Difference, ComparisonRow Row, int Point)[] differences =
        [
            .. run.Points.SelectMany((p, i) => Comparison.Of(p).Where(r => r.Symbol == "nu" && IsComparable(r))
                .Select(r => (Math.Abs(r.DifferencePercent), r, i))).OrderBy(d => d.Item1),
        ];
        string count = $"{run.Points.Count} points";
        if (run.Axes.Count > 0) count += $" in {string.Join(" and ", run.Axes.Select(a => a.Path))}";
        if (differences.Length > 0)
        {
            (double largest, ComparisonRow row, int point) = differences[^1];
            double median = differences[(differences.Length - 1) / 2].Difference;
            return $"Over {count} simulated rates are within {Significance.Number(largest, 2)} % of theory "
                + $"(half of them within {Significance.Number(median, 2)} %); the largest difference is that of {row.Population} at "
                + $"{PointName(run.Axes, point)}: {Sides(row)}.";
        }

        double[] rates = [.. run.Points.SelectMany(Comparison.Of).Where(r => r.Symbol == "nu")
            .Select(r => double.IsFinite(r.Simulation) ? r.Simulation : r.Theory).Where(double.IsFinite)];
        string side = run.Points.Any(p => p.Simulation is not null) ? "simulated" : "predicted";
        return rates.Length == 0
            ? $"Over {count} no firing rate is known."
            : $"Over {count} {side} firing rates range from {Significance.Number(rates.Min(), 3)} to {Significance.Number(rates.Max(), 3)} Hz.";
    }
}
