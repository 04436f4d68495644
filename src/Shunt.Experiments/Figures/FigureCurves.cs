using System.Globalization;
using NCalc;
using NCalc.Exceptions;
using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>Turns what a figure file says of a series into points in the units of the panel's axes.</summary>
/// <param name="computed">What was computed.</param>
internal sealed class FigureCurves(FigureComputation computed)
{
    private const int FormulaPoints = 200;
    private readonly Dictionary<string, PspFit> fits = new(StringComparer.Ordinal);

    /// <summary>The points of a series.</summary>
    /// <exception cref="ExperimentFileException">A formula is wrong.</exception>
    internal SeriesPoints Of(FigureFile figure, FigurePanel panel, FigureSeries series)
    {
        if (series.Fit.Length > 0) return OfFit(figure, series);
        if (series.Reference is { } reference) return reference;
        if (series.Formula.Length > 0) return OfFormula(figure, panel, series);
        FigureData data = figure.Data.First(d => d.Name == series.Data);
        string source = series.Of == FigureSeries.FirstTheory ? data.Methods[0] : series.Of;
        FigurePopulation[] points = [.. data.Grid.Points.Select(p => PopulationOf(p, computed[p, source, data.HasCriticalCv], series))];
        if (FigureQuantities.IsCurve(series.Quantity)) return Scaled(FigureQuantities.Curve(series.Quantity, points[0]), panel);
        Estimate[] y = [.. points.Select(p => FigureQuantities.At(series.Quantity, p))];
        IReadOnlyList<double> x = series.XQuantity.Length > 0
            ? [.. points.Select(p => FigureQuantities.At(series.XQuantity, p).Value)]
            : data.Grid.Axes is [var axis] ? axis.Numbers : [0];
        return Scaled(
            new SeriesPoints(x, [.. y.Select(e => e.Value)], [.. y.Select(e => double.IsFinite(e.StandardError) ? e.StandardError : 0)]), panel);
    }

    // what was computed, in the units of the axes; references and formulas are in those already
    private static SeriesPoints Scaled(SeriesPoints points, FigurePanel panel) => new(
        [.. points.X.Select(v => v * panel.X.Scale)], [.. points.Y.Select(v => v * panel.Y.Scale)], [.. points.Error.Select(v => v * Math.Abs(panel.Y.Scale))])
    {
        Spikes = [.. points.Spikes.Select(v => v * panel.X.Scale)],
    };

    private static FigurePopulation PopulationOf(Experiment experiment, FigurePoint point, FigureSeries series)
    {
        if (series.Population.Length == 0) return point.Populations[0];
        return point.Populations.FirstOrDefault(p => p.Observables.Population == series.Population)
            ?? throw new ResultsException(
                $"series '{series.Label}': '{experiment.Name}' has no population '{series.Population}'; there are "
                + string.Join(", ", point.Populations.Select(p => p.Observables.Population)));
    }

    private SeriesPoints OfFit(FigureFile figure, FigureSeries series)
    {
        if (!fits.TryGetValue(series.Fit, out PspFit? fit))
            fits.Add(series.Fit, fit = PspFit.Of(PspFile.Read(series.Fit), new PspFitSettings { Resamples = 0 }));
        PspKind kind = series.IsInhibitory ? PspKind.Inhibitory : PspKind.Excitatory;
        if (series.Law == FigureSeries.MeasuredLaw)
        {
            PspPoint[] points = [.. fit.Points.Where(p => p.Kind == kind)];
            return new SeriesPoints([.. points.Select(p => p.InDegree)], [.. points.Select(p => p.Amplitude)], new double[points.Length]);
        }

        PspLaw law = fit[series.Law].Law;
        IReadOnlyList<double> x = PspFitTables.InDegrees(fit);
        Func<double, double> y = series.Formula.Length == 0
            ? k => law.Amplitude(kind, k)
            : k => Formula(figure, series, k, law.Amplitude(PspKind.Excitatory, k) / fit.Settings.EpspPerEfficacy);
        return new SeriesPoints(x, [.. x.Select(y)], new double[x.Count]);
    }

    private static SeriesPoints OfFormula(FigureFile figure, FigurePanel panel, FigureSeries series)
    {
        (double from, double to) = series.Range;
        double[] x = [.. Enumerable.Range(0, FormulaPoints).Select(i => i / (FormulaPoints - 1.0))
            .Select(part => panel.X.IsLogarithmic ? from * Math.Pow(to / from, part) : from + (part * (to - from)))];
        return new SeriesPoints(x, [.. x.Select(at => Formula(figure, series, at, double.NaN))], new double[x.Length]);
    }

    // of x and, with a fit, of the efficacy a that its law gives at K = x
    private static double Formula(FigureFile figure, FigureSeries series, double x, double efficacy)
    {
        try
        {
            var expression = new Expression(series.Formula, ExpressionOptions.IgnoreCaseAtBuiltInFunctions);
            expression.Parameters["x"] = x;
            if (!double.IsNaN(efficacy)) expression.Parameters["a"] = efficacy;
            return Convert.ToDouble(expression.Evaluate(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is NCalcException or FormatException or InvalidCastException)
        {
            throw new ExperimentFileException(
                [new ExperimentProblem(figure.Path, 0, 0, "formula", $"'{series.Formula}' is no function of x: {e.Message}")]);
        }
    }
}
