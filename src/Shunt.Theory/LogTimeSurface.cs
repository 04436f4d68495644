using MathNet.Numerics.Integration;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// ln T of a neuron as a function of one or two of its total input rates, in patches: Chebyshev interpolants on the cells of a grid, made when they
/// are first looked at. Averages over neurons need ln T at thousands of inputs and fixed-point searches need many averages, so an expensive
/// transfer function is asked only once. The nodes of a patch are nested: each direction is refined until what it adds was predicted by what there
/// was, where it matters for an average over neurons.
/// </summary>
internal sealed class LogTimeSurface
{
    // cells this many standard deviations wide: narrow enough for low degrees, wide enough for few cells
    private const double CellWidth = 2.5;

    private readonly TransferFunction transfer;
    private readonly Neuron neuron;
    private readonly Afferent[] afferents;
    private readonly int[] varying;
    private readonly double[] center;
    private readonly double[] sd;
    private readonly double[] start;
    private readonly Dictionary<(int Inner, int Outer), LogTimePatch> patches = [];
    private readonly Dictionary<int, GaussLegendreRule> rules = [];

    /// <summary>A surface without patches yet.</summary>
    /// <param name="transfer">The theory of one neuron.</param>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Its inputs.</param>
    /// <param name="varying">Indices of the one or two inputs that vary.</param>
    /// <param name="sd">Standard deviation of each varying input (Hz); with its mean, it says where accuracy matters.</param>
    internal LogTimeSurface(TransferFunction transfer, Neuron neuron, Afferent[] afferents, int[] varying, double[] sd)
    {
        (this.transfer, this.neuron, this.afferents, this.varying, this.sd) = (transfer, neuron, [.. afferents], varying, [.. sd]);
        center = [.. varying.Select(i => afferents[i].Rate)];

        start = Starts();
        double scale = 0;
        foreach ((double z, double weight) in ((double, double)[])[(-3, 0.01), (-1, 0.3), (0, 0.4), (1, 0.3), (3, 0.01)])
        {
            double rate = Math.Exp(transfer.LogRate(neuron, With([.. center.Select((mean, d) => Math.Max(start[d], mean + (d == 0 ? z : -z) * sd[d]))])));
            if (!double.IsNaN(rate)) scale += weight * rate;
        }

        TypicalRate = Math.Max(scale, 1e-300);
    }

    /// <summary>A rate of the order of the mean over neurons (Hz).</summary>
    internal double TypicalRate { get; }

    /// <summary>Largest estimated relative error of any patch.</summary>
    internal double Error => patches.Values.Select(p => p.Error).DefaultIfEmpty(0).Max();

    /// <summary>How often the transfer function was evaluated for the patches.</summary>
    internal int Evaluations => patches.Values.Sum(p => p.Points);

    /// <summary>Whether this surface still serves a neuron whose inputs have moved.</summary>
    internal bool Serves(ReadOnlySpan<Afferent> others, int[] otherVarying, double[] otherSd)
    {
        if (!varying.AsSpan().SequenceEqual(otherVarying)) return false;
        for (int i = 0; i < afferents.Length; i++)
        {
            int d = Array.IndexOf(varying, i);
            if (d < 0 && afferents[i].Rate != others[i].Rate) return false;
            if (d >= 0 && !(Math.Abs(others[i].Rate - center[d]) < 0.5 * sd[d] && otherSd[d] > 0.7 * sd[d] && otherSd[d] < 1.2 * sd[d])) return false;
        }

        return true;
    }

    /// <summary>Lowest rate of a varying input (Hz).</summary>
    internal double Start(int d) => start[d];

    /// <summary>Edges of the cells (Hz) that together cover an interval, and the index of the first cell.</summary>
    internal (int First, double[] Edges) Cells(int d, double low, double high)
    {
        double width = CellWidth * sd[d];
        int first = Math.Max(0, (int)Math.Floor((low - start[d]) / width)), last = (int)Math.Ceiling((high - start[d]) / width);
        return (first, [.. Enumerable.Range(first, last - first + 1).Select(k => start[d] + k * width)]);
    }

    /// <summary>The interpolant on a cell.</summary>
    internal LogTimePatch Patch(int inner, int outer)
    {
        if (patches.TryGetValue((inner, outer), out LogTimePatch? known)) return known;
        double[] low = [.. varying.Select((_, d) => start[d] + (d == 0 ? inner : outer) * CellWidth * sd[d])];
        double[] high = [.. low.Select((l, d) => l + CellWidth * sd[d])];
        return patches[(inner, outer)] = new LogTimePatch(
            low, high, rates => transfer.LogPassageTime(neuron, With(rates)), Effect, transfer.Precision);
    }

    /// <summary>The Gauss-Legendre rule of an order on [-1, 1], computed once.</summary>
    internal GaussLegendreRule Rule(int order) =>
        rules.TryGetValue(order, out GaussLegendreRule? known) ? known : rules[order] = new GaussLegendreRule(-1, 1, order);

    // 0, except that without any input there is no finite ln T: then what excites starts at a hundredth of its mean, where neurons are as silent
    private double[] Starts()
    {
        double At(double[] rates) => transfer.LogPassageTime(neuron, With(rates));
        double[] lowest = [.. center.Select(mean => 0.01 * mean)];
        double atCenter = At(center);
        double Slope(int d) => At([.. center.Select((mean, e) => e == d ? mean + 0.1 * sd[d] : mean)]) - atCenter;
        foreach (int d in Enumerable.Range(0, lowest.Length).OrderByDescending(Slope))
        {
            double[] without = [.. lowest];
            without[d] = 0;
            if (double.IsFinite(At(without))) lowest = without;
        }

        return lowest;
    }

    private Afferent[] With(double[] rates)
    {
        for (int d = 0; d < varying.Length; d++) afferents[varying[d]] = afferents[varying[d]] with { Rate = rates[d] };
        return afferents;
    }

    // by how much, relative, an error of ln T at a point changes the mean rate over neurons, or the fraction of those that hardly fire
    private double Effect(double right, double wrong, double[] rates)
    {
        double square = 0;
        for (int d = 0; d < rates.Length; d++)
        {
            double z = Math.Max(0, Math.Abs(rates[d] - center[d]) / sd[d] - 0.75); // the mean may still move
            square += z * z;
        }

        double log = TransferFunction.LogRate(right, neuron.RefractoryPeriod), other = TransferFunction.LogRate(wrong, neuron.RefractoryPeriod);
        double larger = Math.Exp(Math.Max(log, other)), share = -double.ExpM1(-Math.Abs(log - other)); // of the larger rate that the two differ by
        return Math.Exp(-square / 2) * share * (larger / TypicalRate + Math.Min(1, larger * 1e3));
    }
}

/// <summary>A Chebyshev interpolant in one or two variables.</summary>
internal sealed class LogTimePatch
{
    private const int FirstDegree = 4;
    private const int HighestDegree = 128;

    private readonly double[] low;
    private readonly double[] high;
    private readonly Func<double[], double> function;
    private readonly Func<double, double, double[], double> effect;
    private readonly double[] cosines;
    private readonly bool hasOuter;
    private double[,] values;

    internal LogTimePatch(
        double[] low, double[] high, Func<double[], double> function, Func<double, double, double[], double> effect, double precision)
    {
        (this.low, this.high, this.function, this.effect) = (low, high, function, effect);
        hasOuter = low.Length > 1;
        values = new double[FirstDegree + 1, hasOuter ? FirstDegree + 1 : 1];
        for (int i = 0; i < values.GetLength(0); i++)
        {
            for (int j = 0; j < values.GetLength(1); j++) values[i, j] = function(Node(i, j, values));
        }

        double[] error = [double.PositiveInfinity, hasOuter ? double.PositiveInfinity : 0];
        while (true)
        {
            if (!AllFinite())
            {
                Error = double.PositiveInfinity;
                break;
            }

            Error = Math.Max(error[0], error[1]);
            int d = error[0] >= error[1] ? 0 : 1;
            if (Error <= precision || values.GetLength(d) > HighestDegree) break;
            double before = Double(d);
            error[d] = before < 1 ? before * Math.Sqrt(before) : before;
        }

        IsFinite = AllFinite();
        cosines = [.. Enumerable.Range(0, 2 * Degree(0)).Select(k => Math.Cos(Math.PI * k / Degree(0)))];
    }

    /// <summary>
    /// Estimated relative effect on an average over neurons of what is still wrong. Doubling the degree squares the error of an analytic function;
    /// the estimate takes the power 3/2 of the error before the last doubling.
    /// </summary>
    internal double Error { get; }

    /// <summary>False where the function has no finite value.</summary>
    internal bool IsFinite { get; }

    /// <summary>Number of nodes.</summary>
    internal int Points => values.Length;

    /// <summary>Degree in a direction.</summary>
    internal int Degree(int d) => values.GetLength(d) - 1;

    /// <summary>Chebyshev coefficients along the first variable, the second being held.</summary>
    /// <param name="outer">The second variable; ignored when there is only one.</param>
    internal double[] Along(double outer)
    {
        int n = Degree(0), m = Degree(1);
        var line = new double[n + 1];
        double[] weights = hasOuter ? Barycentric(m, Scaled(1, outer)) : [1];
        for (int i = 0; i <= n; i++)
        {
            double sum = 0;
            for (int j = 0; j <= m; j++) sum += weights[j] * values[i, j];
            line[i] = sum;
        }

        var coefficients = new double[n + 1];
        for (int k = 0; k <= n; k++)
        {
            double sum = 0.5 * (line[0] + (k % 2 == 0 ? line[n] : -line[n]));
            for (int i = 1, phase = k; i < n; i++, phase = (phase + k) % (2 * n)) sum += line[i] * cosines[phase];
            coefficients[k] = sum * (k == 0 || k == n ? 1.0 : 2.0) / n;
        }

        return coefficients;
    }

    /// <summary>Value and derivative of a line at a first variable.</summary>
    internal (double Value, double Slope) Evaluate(double[] line, double inner)
    {
        double x = Scaled(0, inner), b1 = 0, b2 = 0, d1 = 0, d2 = 0;
        for (int k = line.Length - 1; k >= 1; k--)
        {
            (d1, d2) = (2 * x * d1 - d2 + 2 * b1, d1);
            (b1, b2) = (2 * x * b1 - b2 + line[k], b1);
        }

        return (x * b1 - b2 + line[0], (x * d1 - d2 + b1) * 2 / (high[0] - low[0]));
    }

    /// <summary>What takes the coefficients of a line to its values: one row for each first variable.</summary>
    internal double[][] Rows(double[] inner) =>
    [
        .. inner.Select(r =>
        {
            var row = new double[values.GetLength(0)];
            double x = Scaled(0, r);
            (row[0], row[1]) = (1, x);
            for (int k = 2; k < row.Length; k++) row[k] = 2 * x * row[k - 1] - row[k - 2];
            return row;
        }),
    ];

    private bool AllFinite()
    {
        foreach (double value in values)
        {
            if (!double.IsFinite(value)) return false;
        }

        return true;
    }

    private double Scaled(int d, double rate) => Math.Clamp((2 * rate - low[d] - high[d]) / (high[d] - low[d]), -1, 1);

    private double Coordinate(int d, int k, int degree) => 0.5 * (low[d] + high[d] + (high[d] - low[d]) * Math.Cos(Math.PI * k / degree));

    private double[] Node(int i, int j, double[,] grid) => hasOuter
        ? [Coordinate(0, i, grid.GetLength(0) - 1), Coordinate(1, j, grid.GetLength(1) - 1)]
        : [Coordinate(0, i, grid.GetLength(0) - 1)];

    // doubles the degree in one direction; returns how much what was found differs from what was expected, as far as it matters
    private double Double(int d)
    {
        int n = values.GetLength(0), m = values.GetLength(1), degree = values.GetLength(d) - 1;
        var finer = new double[d == 0 ? 2 * n - 1 : n, d == 1 ? 2 * m - 1 : m];
        double[][] predictors = [.. Enumerable.Range(0, degree).Select(k => Barycentric(degree, Math.Cos(Math.PI * (2 * k + 1) / (2 * degree))))];
        double worst = 0;
        for (int i = 0; i < finer.GetLength(0); i++)
        {
            for (int j = 0; j < finer.GetLength(1); j++)
            {
                int along = d == 0 ? i : j;
                if (along % 2 == 0)
                {
                    finer[i, j] = d == 0 ? values[i / 2, j] : values[i, j / 2];
                    continue;
                }

                double[] node = Node(i, j, finer), weights = predictors[along / 2];
                double value = function(node), expected = 0;
                for (int k = 0; k < weights.Length; k++) expected += weights[k] * (d == 0 ? values[k, j] : values[i, k]);
                finer[i, j] = value;
                double matters = effect(value, expected, node);
                worst = Math.Max(worst, double.IsNaN(matters) ? double.PositiveInfinity : matters);
            }
        }

        values = finer;
        return worst;
    }

    private static double[] Barycentric(int degree, double x)
    {
        var weights = new double[degree + 1];
        double sum = 0;
        for (int k = 0; k <= degree; k++)
        {
            double distance = x - Math.Cos(Math.PI * k / degree);
            if (distance == 0)
            {
                Array.Clear(weights);
                weights[k] = 1;
                return weights;
            }

            weights[k] = (k % 2 == 0 ? 1 : -1) * (k == 0 || k == degree ? 0.5 : 1) / distance;
            sum += weights[k];
        }

        for (int k = 0; k <= degree; k++) weights[k] /= sum;
        return weights;
    }
}
