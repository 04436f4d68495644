using System.Numerics.Tensors;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Integration;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>An input whose total rate differs from neuron to neuron.</summary>
/// <param name="Mean">The input of the average neuron.</param>
/// <param name="RateSd">Standard deviation of the total rate over neurons (Hz), K Delta_E of Eq. F1.</param>
public readonly record struct SpreadAfferent(Afferent Mean, double RateSd);

/// <summary>
/// Firing rates of the neurons of one population whose input rates differ: each total rate is Gaussian over neurons and truncated at 0 (Eqs. F1-F3). With
/// one or two inputs that vary, ln T is interpolated (<see cref="LogTimeSurface"/>) and averaged by Gauss-Legendre panels, which is as accurate as
/// the transfer function; with three or more, the average runs over a low-discrepancy sequence of <see cref="SequencePoints"/> neurons, good to about
/// 1e-3.
/// </summary>
public sealed class RateDistribution
{
    /// <summary>Neurons that stand for all of them when three or more inputs vary.</summary>
    public const int SequencePoints = 1 << 13;

    // beyond this many standard deviations nothing is left: e^-36
    private const double Reach = 8.5;


    private readonly double refractoryPeriod;
    private readonly LogTimeSurface? surface;
    private readonly Direction[] directions = [];
    private readonly Line[] lines = [];
    private readonly double only = double.NaN;
    private readonly (double LogTime, double Weight)[] sequence = [];

    private RateDistribution(TransferFunction transfer, Neuron neuron, ReadOnlySpan<SpreadAfferent> inputs, LogTimeSurface? known)
    {
        refractoryPeriod = neuron.RefractoryPeriod;
        var afferents = new Afferent[inputs.Length];
        var varies = new List<int>();
        for (int i = 0; i < inputs.Length; i++)
        {
            afferents[i] = inputs[i].Mean;
            if (inputs[i].RateSd > 0) varies.Add(i);
        }

        if (varies.Count == 0)
        {
            only = transfer.LogPassageTime(neuron, afferents);
            SetMoments([(only, 1)]);
            return;
        }

        int[] varying = [.. varies];
        double[] sd = new double[varying.Length];
        for (int d = 0; d < sd.Length; d++) sd[d] = inputs[varying[d]].RateSd;
        if (varying.Length > 2)
        {
            sequence = Sequence(transfer, neuron, afferents, varying, sd);
            SetMoments(sequence);
            return;
        }

        surface = known is not null && known.Serves(afferents, varying, sd) ? known : new LogTimeSurface(transfer, neuron, afferents, varying, sd);
        directions = [.. varying.Select((i, d) => new Direction(surface, d, afferents[i].Rate, sd[d]))];
        lines = [.. Lines()];
        SetMoments(Average());
    }

    /// <summary>ln of the mean rate (Hz) over neurons, Eq. F2; NaN where the theory has no finite answer for some of the neurons.</summary>
    public double LogMean { get; private set; }

    /// <summary>Mean rate over neurons nu (Hz), Eq. F2.</summary>
    public double Mean => Math.Exp(LogMean);

    /// <summary>Standard deviation of the rate over neurons Delta nu (Hz), Eq. F2.</summary>
    public double Sd => Mean * RelativeSd;

    /// <summary>Delta nu/nu.</summary>
    public double RelativeSd { get; private set; }

    /// <summary>Estimated relative error of the interpolation of ln T; 0 when nothing was interpolated.</summary>
    public double InterpolationError => surface?.Error ?? 0;

    /// <summary>How often the transfer function was evaluated for the interpolant.</summary>
    public int Evaluations => surface?.Evaluations ?? sequence.Length;

    /// <summary>The rates of neurons whose inputs vary.</summary>
    /// <param name="transfer">The theory of one neuron.</param>
    /// <param name="neuron">The neuron.</param>
    /// <param name="inputs">Everything it receives; each input varies independently of the others.</param>
    public static RateDistribution Of(TransferFunction transfer, Neuron neuron, ReadOnlySpan<SpreadAfferent> inputs) => new(transfer, neuron, inputs, null);

    /// <summary>The same, using the interpolant of an earlier distribution of the same neuron where it still holds.</summary>
    internal static RateDistribution Of(TransferFunction transfer, Neuron neuron, ReadOnlySpan<SpreadAfferent> inputs, RateDistribution? earlier) =>
        new(transfer, neuron, inputs, earlier?.surface);

    /// <summary>Fraction of the neurons that fire below a rate.</summary>
    /// <param name="rate">Rate (Hz); positive.</param>
    public double FractionBelow(double rate)
    {
        double logTime = LogTimeAt(rate);
        if (double.IsNaN(logTime)) return 1; // above saturation
        if (double.IsNaN(LogMean)) return double.NaN;
        if (directions.Length == 0) return surface is null && sequence.Length == 0 ? (only > logTime ? 1 : 0) : SequenceFraction(logTime);

        double fraction = 0;
        Direction inner = directions[0];
        foreach (Line line in lines)
        {
            double from = line.Cell.Low;
            bool isBelow = line.At(from) > logTime;
            foreach (double crossing in line.Crossings(logTime).Append(line.Cell.High))
            {
                if (isBelow) fraction += line.Weight * inner.Mass(from, crossing);
                (from, isBelow) = (crossing, !isBelow);
            }
        }

        return Math.Min(fraction, 1);
    }

    /// <summary>Density of the rate over neurons per Hz, P(nu) of Eq. F3; NaN when all neurons fire alike or three or more inputs vary.</summary>
    /// <param name="rate">Rate (Hz); positive.</param>
    public double Density(double rate)
    {
        double logTime = LogTimeAt(rate);
        if (double.IsNaN(logTime)) return 0;
        if (directions.Length == 0) return double.NaN;
        double sum = 0;
        Direction inner = directions[0];
        foreach (Line line in lines)
        {
            foreach (double crossing in line.Crossings(logTime))
                sum += line.Weight * inner.Density(crossing) / Math.Abs(line.Patch.Evaluate(line.Coefficients, crossing).Slope);
        }

        return sum / (rate * (1 - rate * refractoryPeriod)); // d ln T = -d nu/(nu (1 - nu tau_rp))
    }

    /// <summary>P(nu) on a logarithmic grid of rates, from where it begins to where it ends.</summary>
    /// <param name="lowest">Smallest rate (Hz); positive.</param>
    /// <param name="points">Number of points.</param>
    /// <returns>The density; null when all neurons fire alike, when three or more inputs vary, or when all fire below <paramref name="lowest"/>.</returns>
    public RateDensity? OnGrid(double lowest = 1e-3, int points = 100)
    {
        if (directions.Length == 0) return null;
        double from = Quantile(1e-6), to = Quantile(1 - 1e-6);
        if (!(to > lowest)) return null;
        from = Math.Max(from, lowest);
        double[] rates = [.. Enumerable.Range(0, points).Select(i => from * Math.Pow(to / from, i / (points - 1.0)))];
        return new RateDensity(rates, [.. rates.Select(Density)]);
    }

    // by bisection in x = -ln T; only where to begin and end a picture
    private double Quantile(double fraction)
    {
        double low = -40, high = 40;
        for (int i = 0; i < 22; i++)
        {
            double middle = 0.5 * (low + high);
            if (FractionBelow(1 / (refractoryPeriod + Math.Exp(-middle))) > fraction) high = middle;
            else low = middle;
        }

        return 1 / (refractoryPeriod + Math.Exp(-0.5 * (low + high)));
    }

    private double LogTimeAt(double rate) => rate * refractoryPeriod < 1 ? Math.Log(1 / rate - refractoryPeriod) : double.NaN;

    // every cell of every line along the first input
    private IEnumerable<Line> Lines()
    {
        IReadOnlyList<Cell> inner = directions[0].Cells, outer = directions.Length > 1 ? directions[1].Cells : [Cell.None];
        foreach (Cell o in outer)
        {
            LogTimePatch[] patches = [.. inner.Select(i => surface!.Patch(i.Index, o.Index))];
            (double[] rates, double[] weights) = directions.Length > 1 ? directions[1].Nodes(o, patches.Max(p => p.Degree(1))) : ([0], [1]);
            for (int k = 0; k < rates.Length; k++)
            {
                for (int i = 0; i < patches.Length; i++) yield return new Line(inner[i], patches[i], patches[i].Along(rates[k]), weights[k]);
            }
        }
    }

    private List<(double LogTime, double Weight)> Average()
    {
        var all = new List<(double, double)>();
        var rows = new Dictionary<(Cell, int Degree), (double[][] Rows, double[] Weights)>();
        foreach ((Cell cell, LogTimePatch patch, double[] line, double weight) in lines)
        {
            if (!patch.IsFinite) return [(double.NaN, 1)];
            if (!rows.TryGetValue((cell, patch.Degree(0)), out (double[][] Rows, double[] Weights) known))
            {
                (double[] rates, double[] weights) = directions[0].Nodes(cell, patch.Degree(0));
                rows[(cell, patch.Degree(0))] = known = (patch.Rows(rates), weights);
            }

            for (int i = 0; i < known.Rows.Length; i++) all.Add((TensorPrimitives.Dot<double>(known.Rows[i], line), weight * known.Weights[i]));
        }

        return all;
    }

    // in units of the largest rate, so that neither silence nor its square underflows
    private void SetMoments(IReadOnlyList<(double LogTime, double Weight)> neurons)
    {
        double shortest = double.PositiveInfinity;
        foreach ((double logTime, double _) in neurons)
        {
            if (!(logTime >= shortest)) shortest = logTime; // a NaN stays
        }

        if (!double.IsFinite(shortest))
        {
            (LogMean, RelativeSd) = double.IsNaN(shortest) ? (double.NaN, double.NaN) : (double.NegativeInfinity, 0);
            return;
        }

        double largest = TransferFunction.LogRate(shortest, refractoryPeriod), first = 0, second = 0;
        foreach ((double logTime, double weight) in neurons)
        {
            double rate = (1 + refractoryPeriod * Math.Exp(-shortest)) / (Math.Exp(logTime - shortest) + refractoryPeriod * Math.Exp(-shortest));
            first += weight * rate;
        }

        foreach ((double logTime, double weight) in neurons)
        {
            double rate = (1 + refractoryPeriod * Math.Exp(-shortest)) / (Math.Exp(logTime - shortest) + refractoryPeriod * Math.Exp(-shortest));
            second += weight * (rate - first) * (rate - first);
        }

        LogMean = largest + Math.Log(first);
        RelativeSd = Math.Sqrt(second) / first;
    }

    private double SequenceFraction(double logTime) => sequence.Where(n => n.LogTime > logTime).Sum(n => n.Weight);

    // Kronecker sequence of the generalised golden ratio, mapped to Gaussians
    private static (double LogTime, double Weight)[] Sequence(
        TransferFunction transfer, Neuron neuron, Afferent[] afferents, int[] varying, double[] sd)
    {
        double[] center = [.. varying.Select(i => afferents[i].Rate)];
        double golden = 2;
        for (int i = 0; i < 60; i++) golden = Math.Pow(1 + golden, 1.0 / (varying.Length + 1));
        var all = new (double, double)[SequencePoints];
        for (int k = 0; k < all.Length; k++)
        {
            for (int d = 0; d < varying.Length; d++)
            {
                double fraction = (0.5 + (k + 1) * Math.Pow(golden, -d - 1)) % 1;
                double rate = Math.Max(0, center[d] + sd[d] * Normal.InvCDF(0, 1, Math.Clamp(fraction, 1e-12, 1 - 1e-12)));
                afferents[varying[d]] = afferents[varying[d]] with { Rate = rate };
            }

            all[k] = (transfer.LogPassageTime(neuron, afferents), 1.0 / all.Length);
        }

        return all;
    }

    /// <summary>A part of an input's range that lies in one cell of the surface.</summary>
    private sealed record Cell(int Index, double Low, double High)
    {
        internal static Cell None { get; } = new(0, 0, 0);
    }

    /// <summary>ln T along the first input, within a cell, at one value of the second, with that value's share of the neurons.</summary>
    private sealed record Line(Cell Cell, LogTimePatch Patch, double[] Coefficients, double Weight)
    {
        private readonly double reach = Coefficients.Skip(1).Sum(Math.Abs);

        internal double At(double rate) => Patch.Evaluate(Coefficients, rate).Value;

        /// <summary>Every input at which ln T takes a value.</summary>
        internal List<double> Crossings(double logTime)
        {
            var found = new List<double>();
            if (Math.Abs(Coefficients[0] - logTime) > reach) return found; // Chebyshev polynomials are at most 1
            double from = Cell.Low, atFrom = At(from) - logTime;
            int steps = Math.Max(4, Coefficients.Length / 2);
            double step = (Cell.High - Cell.Low) / steps;
            for (int i = 1; i <= steps; i++)
            {
                double to = Cell.Low + i * step, atTo = At(to) - logTime;
                if (atFrom < 0 != atTo < 0) found.Add(RootScan.Bracketed(r => At(r) - logTime, from, atFrom, to, atTo));
                (from, atFrom) = (to, atTo);
            }

            return found;
        }
    }

    /// <summary>One input over the neurons: Gaussian, truncated at its lower end, which collects what would lie below.</summary>
    private sealed class Direction
    {
        private readonly LogTimeSurface surface;
        private readonly double mean;
        private readonly double sd;
        private readonly double low;

        internal Direction(LogTimeSurface surface, int d, double mean, double sd)
        {
            (this.surface, this.mean, this.sd) = (surface, mean, sd);
            low = Math.Max(surface.Start(d), mean - Reach * sd);
            double high = mean + Reach * sd;
            (int first, double[] edges) = surface.Cells(d, low, high);
            Cells = [.. Enumerable.Range(0, edges.Length - 1).Select(k => new Cell(first + k, Math.Max(low, edges[k]), Math.Min(high, edges[k + 1])))];
        }

        internal IReadOnlyList<Cell> Cells { get; }

        /// <summary>Gauss-Legendre points in a cell and their share of the neurons, for a smooth function of this degree and its exponential.</summary>
        internal (double[] Rates, double[] Weights) Nodes(Cell cell, int degree)
        {
            GaussLegendreRule rule = surface.Rule(12 + degree);
            double half = 0.5 * (cell.High - cell.Low), middle = 0.5 * (cell.High + cell.Low);
            double[] rates = [.. rule.Abscissas.Select(x => middle + half * x)];
            double[] weights = [.. rates.Select((r, i) => half * rule.Weights[i] * Density(r))];
            return cell.Low > low ? (rates, weights) : ([low, .. rates], [Normal.CDF(0, 1, Scaled(low)), .. weights]);
        }

        /// <summary>Density of the input (per Hz) above its lower end.</summary>
        internal double Density(double rate) => Normal.PDF(0, 1, Scaled(rate)) / sd;

        /// <summary>Share of the neurons with an input between two rates.</summary>
        internal double Mass(double from, double to)
        {
            double a = from > low ? Scaled(from) : double.NegativeInfinity, b = Scaled(to);
            return a > 0 ? Normal.CDF(0, 1, -a) - Normal.CDF(0, 1, -b) : Normal.CDF(0, 1, b) - Normal.CDF(0, 1, a);
        }

        private double Scaled(double rate) => (rate - mean) / sd;
    }
}
