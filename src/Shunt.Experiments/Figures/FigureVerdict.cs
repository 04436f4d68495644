using MathNet.Numerics.Distributions;

namespace Shunt.Experiments;

/// <summary>How a comparison came out.</summary>
public enum FigureOutcome
{
    /// <summary>Within the tolerance.</summary>
    Pass,

    /// <summary>Outside, and a controlled run is within.</summary>
    Explained,

    /// <summary>Outside.</summary>
    Fail,
}

/// <summary>A series beside its reference.</summary>
public sealed record FigureVerdict
{
    /// <summary>Share of points that may lie outside the tolerance, which is two combined errors where these are larger than what is allowed.</summary>
    public const double ShareOutside = 0.05;

    /// <summary>Name of the figure.</summary>
    public required string Figure { get; init; }

    /// <summary>Letter of the panel.</summary>
    public required string Panel { get; init; }

    /// <summary>The series.</summary>
    public required string Series { get; init; }

    /// <summary>What is compared.</summary>
    public required string Quantity { get; init; }

    /// <summary>Where the reference is from.</summary>
    public required string Source { get; init; }

    /// <summary>Points compared.</summary>
    public required int Points { get; init; }

    /// <summary>Points within the tolerance.</summary>
    public required int Within { get; init; }

    /// <summary>Typical deviation in words: median and largest, or the measured exponent with its 95 % interval.</summary>
    public required string Deviation { get; init; }

    /// <summary>Tolerance in words.</summary>
    public required string Tolerance { get; init; }

    /// <summary>How it came out.</summary>
    public required FigureOutcome Outcome { get; init; }

    /// <summary>Why it deviates, where that is known and shown.</summary>
    public string Cause { get; init; } = "";

    /// <summary>What the controlled run changes and how it comes out, in words; empty for none.</summary>
    public string Control { get; init; } = "";

    /// <summary>Compares a series with what its check names.</summary>
    /// <param name="points">The series, in the units of the axes.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="check">The check.</param>
    /// <param name="name">What the verdict is about.</param>
    internal static FigureVerdict Of(SeriesPoints points, FigurePanel panel, FigureCheck check, (string Figure, string Panel, string Series, string Quantity) name) =>
        check.Reference is null ? OfSlope(points, check, name) : OfReference(points, check.Reference, panel, check, name);

    private static FigureVerdict OfReference(
        SeriesPoints points, SeriesPoints reference, FigurePanel panel, FigureCheck check, (string Figure, string Panel, string Series, string Quantity) name)
    {
        var ours = new Curve(points, panel);
        var theirs = new Curve(reference, panel);
        Curve sparse = ours.Count <= theirs.Count ? ours : theirs;
        var relative = new List<double>();
        var absolute = new List<double>();
        int within = 0;
        foreach (double x in sparse.X.Where(x => x >= check.From && x <= check.To))
        {
            (double y, double error) = ours.At(x);
            (double expected, _) = theirs.At(x);
            if (!double.IsFinite(y) || !double.IsFinite(expected)) continue;
            double deviation = Math.Abs(y - expected);
            double readX = theirs.ChangeWithin(x, check.XError * (panel.X.IsLogarithmic ? x : 1));
            double readY = check.YError * (panel.Y.IsLogarithmic ? Math.Abs(expected) : 1);
            double combined = 2 * Math.Sqrt((error * error) + (readX * readX) + (readY * readY));
            double tolerance = Math.Max(Math.Max(check.Within * Math.Abs(expected), check.Absolute), combined);
            if (deviation <= tolerance) within++;
            absolute.Add(deviation);
            relative.Add(expected == 0 ? double.NaN : deviation / Math.Abs(expected));
        }

        bool isRelative = check.Within > 0;
        List<double> shown = isRelative ? [.. relative.Where(double.IsFinite)] : absolute;
        return new FigureVerdict
        {
            Figure = name.Figure,
            Panel = name.Panel,
            Series = name.Series,
            Quantity = name.Quantity,
            Source = check.Source,
            Points = absolute.Count,
            Within = within,
            Deviation = absolute.Count == 0 ? "nothing to compare"
                : shown.Count == 0 ? FormattableString.Invariant($"{absolute.Max():G2}")
                : isRelative ? $"{Percent(Median(shown))}, at most {Percent(shown.Max())}"
                : FormattableString.Invariant($"{Median(shown):G2}, at most {shown.Max():G2}"),
            Tolerance = string.Join(" or ", Parts(check)),
            Outcome = absolute.Count > 0 && absolute.Count - within <= ShareOutside * absolute.Count ? FigureOutcome.Pass : FigureOutcome.Fail,
        };
    }

    private static string Percent(double part) => part switch
    {
        < 1e-6 => "below 0.0001 %",
        < 0.995 => FormattableString.Invariant($"{100 * part:G2} %"),
        _ => FormattableString.Invariant($"{100 * part:F0} %"),
    };

    private static IEnumerable<string> Parts(FigureCheck check)
    {
        if (check.Within > 0) yield return FormattableString.Invariant($"{100 * check.Within:G3} %");
        if (check.Absolute > 0) yield return FormattableString.Invariant($"{check.Absolute:G3}");
        yield return "2 errors";
    }

    // ordinary least squares of ln y on ln x, with the 95 % interval of Student's t
    private static FigureVerdict OfSlope(SeriesPoints points, FigureCheck check, (string Figure, string Panel, string Series, string Quantity) name)
    {
        (double X, double Y, double E)[] used = [.. Enumerable.Range(0, points.X.Count).Select(i => (points.X[i], points.Y[i], points.Error[i]))
            .Where(p => p.Item1 > 0 && p.Item2 > 0 && double.IsFinite(p.Item1) && double.IsFinite(p.Item2) && p.Item1 >= check.From && p.Item1 <= check.To)];
        double slope = double.NaN, half = double.NaN;
        if (used.Length >= 3)
        {
            double meanX = used.Average(p => Math.Log(p.X)), meanY = used.Average(p => Math.Log(p.Y));
            double sxx = used.Sum(p => Math.Pow(Math.Log(p.X) - meanX, 2));
            slope = used.Sum(p => (Math.Log(p.X) - meanX) * (Math.Log(p.Y) - meanY)) / sxx;
            double residual = used.Sum(p => Math.Pow(Math.Log(p.Y) - meanY - (slope * (Math.Log(p.X) - meanX)), 2)) / (used.Length - 2);
            double sampling = used.Sum(p => Math.Pow((Math.Log(p.X) - meanX) / sxx * p.E / p.Y, 2));
            half = StudentT.InvCDF(0, 1, used.Length - 2, 0.975) * Math.Sqrt(Math.Max(residual / sxx, sampling));
        }

        return new FigureVerdict
        {
            Figure = name.Figure,
            Panel = name.Panel,
            Series = name.Series,
            Quantity = name.Quantity,
            Source = FormattableString.Invariant($"{check.Source}: exponent {check.Slope:0.###}"),
            Points = used.Length,
            Within = used.Length,
            Deviation = FormattableString.Invariant($"exponent {slope:F3} ± {half:F3}"),
            Tolerance = FormattableString.Invariant($"{check.Within:G3} or its 95 % interval"),
            Outcome = Math.Abs(slope - check.Slope) <= Math.Max(check.Within, half) ? FigureOutcome.Pass : FigureOutcome.Fail,
        };
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return 0.5 * (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]);
    }

    /// <summary>Points in order of x, read between them along straight lines in the scales of the axes.</summary>
    private sealed class Curve
    {
        private readonly double[] y, error;
        private readonly bool isLogX, isLogY;

        internal Curve(SeriesPoints points, FigurePanel panel)
        {
            (isLogX, isLogY) = (panel.X.IsLogarithmic, panel.Y.IsLogarithmic);
            (double X, double Y, double E)[] sorted = [.. Enumerable.Range(0, points.X.Count).Select(i => (points.X[i], points.Y[i], points.Error[i]))
                .Where(p => double.IsFinite(p.Item1) && double.IsFinite(p.Item2)).OrderBy(p => p.Item1)];
            X = [.. sorted.Select(p => p.X)];
            y = [.. sorted.Select(p => p.Y)];
            error = [.. sorted.Select(p => p.E)];
        }

        internal double[] X { get; }

        internal int Count => X.Length;

        internal (double Y, double Error) At(double x)
        {
            double slack = 1e-6 * Math.Abs(x);
            if (Count == 0 || x < X[0] - slack || x > X[^1] + slack) return (double.NaN, double.NaN);
            int i = Array.BinarySearch(X, x);
            if (i >= 0) return (y[i], error[i]);
            i = Math.Clamp(~i, 1, Count - 1);
            if (Count == 1) return (y[0], error[0]);
            double part = isLogX && X[i - 1] > 0 ? Math.Log(x / X[i - 1]) / Math.Log(X[i] / X[i - 1]) : (x - X[i - 1]) / (X[i] - X[i - 1]);
            double value = isLogY && y[i - 1] > 0 && y[i] > 0 ? y[i - 1] * Math.Pow(y[i] / y[i - 1], part) : y[i - 1] + (part * (y[i] - y[i - 1]));
            return (value, Math.Max(error[i - 1], error[i]));
        }

        // the largest change of y when x is off by an error; a step is seen even where points beside it are alike
        internal double ChangeWithin(double x, double error)
        {
            double y = At(x).Y;
            return new[] { At(x - error).Y, At(x + error).Y }.Where(double.IsFinite).Select(v => Math.Abs(v - y)).DefaultIfEmpty(0).Max();
        }
    }
}
