using System.Numerics;
using MathNet.Numerics.Integration;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// First passage of a membrane with Poisson jumps from reset to threshold (Sec. "exact jumps" of the theory page): for a reward g(V) per time,
/// U(V), the expected reward until the threshold is reached from V, obeys
/// -(V - E_L)/tau_L U' + sum_j R_j [U(V + A_j(V)) - U(V)] = -g, U = 0 from the threshold on. g = 1 gives the mean passage time.
/// <para>
/// Discontinuous Galerkin with upwind fluxes: polynomials on elements, jumps integrated exactly, so jumps across edges and across the threshold cost
/// nothing and what is computed, an integral over the stationary density, has the product of two errors, of the solution and of the density.
/// </para>
/// <para>
/// The unknown is U at one point, G, minus U(V), scaled by e^{S(V)}: U itself is constant but for one part in e^S, and would be lost to rounding
/// when escapes are rare. So ln T is right to rounding for any T.
/// </para>
/// </summary>
internal sealed class JumpPassage : IDisposable
{
    private static readonly ReferenceElement[] Elements = [.. Enumerable.Range(1, 16).Select(n => new ReferenceElement(n))];

    private const long MostEntries = 1L << 29;

    private readonly JumpProcess process;
    private readonly JumpGrid grid;
    private readonly double[] edges;
    private readonly double[] growth; // action at the middle of each element
    private readonly ReferenceElement reference;
    private readonly int nodes, count, order;
    private readonly double reset;
    private readonly int resetElement;
    private readonly double resetPlace;
    private readonly BorderedBand<double> matrix;

    internal JumpPassage(JumpProcess process, double reset, double threshold, JumpResolution resolution)
    {
        (this.process, this.reset) = (process, reset);
        grid = new JumpGrid(process, reset, threshold, resolution);
        edges = grid.Edges;
        count = edges.Length - 1;
        reference = Elements[resolution.Degree - 1];
        nodes = resolution.Degree + 1;
        order = count * nodes;
        growth = [.. Enumerable.Range(0, count).Select(k => grid.ActionAt(0.5 * (edges[k] + edges[k + 1])))];

        // the value at the reset is the one on the side to which V drifts away from it
        int element = Array.BinarySearch(edges, reset);
        if (element < 0) element = ~element - 1;
        else if (process.Drift(reset) < 0 && element > 0) element--;
        resetElement = Math.Clamp(element, 0, count - 1);
        resetPlace = Local(resetElement, reset);
        matrix = Assemble(0.0);
        matrix.Decompose();
    }

    /// <summary>Number of unknowns.</summary>
    internal int Unknowns => order;

    /// <summary>Number of elements.</summary>
    internal int Count => count;

    internal double LogMean(out double[] solution)
    {
        solution = new double[order];
        for (int k = 0; k < count; k++) solution[k * nodes] = Math.Exp(-growth[k]);
        matrix.Solve(solution);
        return grid.TotalAction + Math.Log(AtReset(solution));
    }

    /// <summary>ln of the mean passage time and the ratio of its variance to the square of the mean.</summary>
    internal (double LogMean, double SquaredCv) TimeMoments()
    {
        double logMean = LogMean(out double[] solution);
        double first = AtReset(solution);
        var second = new double[order];
        double corner = solution[^1];
        for (int k = 0; k < count; k++)
        {
            double relative = Math.Exp(growth[k] - grid.TotalAction), scale = 2 * Math.Exp(-growth[k]) / first;
            for (int m = 0; m < nodes; m++)
                second[k * nodes + m] = scale * ((m == 0 ? corner : 0) - relative * Coefficient(solution, k, m));
        }

        matrix.Solve(second);
        return (logMean, AtReset(second) / first - 1);
    }

    /// <summary>Mean and SD of V until the threshold is reached.</summary>
    internal (double Mean, double Sd) PotentialMoments()
    {
        double mean = process.MeanFree;
        double[] time = new double[order], shift = new double[order], square = new double[order];
        for (int k = 0; k < count; k++)
        {
            double scale = Math.Exp(-growth[k]), half = 0.5 * (edges[k + 1] - edges[k]), middle = 0.5 * (edges[k] + edges[k + 1]) - mean;
            int i = k * nodes;
            time[i] = scale;
            shift[i] = scale * middle;
            shift[i + 1] = scale * half;
            square[i] = scale * (middle * middle + half * half / 3);
            square[i + 1] = scale * 2 * middle * half;
            if (nodes > 2) square[i + 2] = scale * half * half * 2 / 3;
        }

        matrix.Solve(time);
        matrix.Solve(shift);
        matrix.Solve(square);
        double total = AtReset(time), offset = AtReset(shift) / total;
        return (mean + offset, Math.Sqrt(Math.Max(AtReset(square) / total - offset * offset, 0)));
    }

    /// <summary>Density of the time spent at V until the threshold is reached, as a fraction of that time per mV.</summary>
    internal double[] Occupation(ReadOnlySpan<double> potentials)
    {
        double[] moments = OccupationMoments();
        double total = 0;
        for (int k = 0; k < count; k++) total += moments[k * nodes];

        var density = new double[potentials.Length];
        for (int i = 0; i < density.Length; i++)
        {
            double v = potentials[i];
            if (!(v >= edges[0] && v < edges[^1])) continue;
            int k = Array.BinarySearch(edges, v);
            if (k < 0) k = ~k - 1;
            double x = Local(k, v), sum = 0;
            for (int m = 0; m < nodes; m++) sum += (2 * m + 1) * moments[k * nodes + m] * reference.Value(m, x);
            density[i] = sum / (total * (edges[k + 1] - edges[k]));
        }

        return density;
    }

    /// <summary>
    /// E[e^{-s T}] from the reset, and for each kind of jump the integral of the normalised occupation density times
    /// R [E_{V + A}(e^{-s T}) - E_V(e^{-s T})]/s; both for s not 0. Exact but for absolute errors of the order of e^-600.
    /// </summary>
    internal (Complex Transform, Complex[] Gains) Laplace(Complex s)
    {
        if (grid.TotalAction > 600) throw new InvalidOperationException("escapes this rare have no spectrum worth computing");
        double[] density = OccupationMoments();
        using BorderedBand<Complex> shifted = Assemble(s);
        shifted.Decompose();
        var solution = new Complex[order]; // of U = (1 - E[e^{-s T}])/s
        for (int k = 0; k < count; k++) solution[k * nodes] = Math.Exp(-growth[k]);
        shifted.Solve(solution);

        double top = Math.Exp(grid.TotalAction);
        Complex corner = solution[^1] * top, below = 0;
        for (int m = 0; m < nodes; m++) below += At(resetElement, m) * reference.Value(m, resetPlace);
        Complex transform = 1 - s * (corner - below);

        double total = 0;
        for (int k = 0; k < count; k++) total += density[k * nodes];
        var gains = new Complex[process.Jumps.Length];
        var row = new double[nodes * nodes];
        for (int i = 0; i < gains.Length; i++)
        {
            JumpProcess.Jump j = process.Jumps[i];
            for (int k = 0; k < count; k++)
            {
                double from = edges[k];
                int next = Find(j.From(from));
                for (int m = 0; m < nodes; m++) gains[i] -= j.Rate * density[k * nodes + m] / total * At(k, m);
                while (NextBlock(k, j, ref from, ref next, row) is { } target)
                {
                    for (int m = 0; m < nodes; m++)
                    {
                        Complex sum = 0;
                        if (target == count) sum = row[m * nodes] * corner;
                        else for (int n = 0; n < nodes; n++) sum += row[m * nodes + n] * At(target, n);
                        gains[i] += density[k * nodes + m] / total * sum;
                    }
                }
            }
        }

        return (transform, gains);

        Complex At(int k, int m) => k + m == 0 ? Complex.Zero : solution[k * nodes + m - 1] * Math.Exp(growth[k]);
    }

    /// <inheritdoc/>
    public void Dispose() => matrix.Dispose();

    // integrals of the time spent at V with the Legendre polynomials of each element, in units of e^S for the whole
    private double[] OccupationMoments()
    {
        var moments = new double[order];
        for (int m = 0; m < nodes; m++)
        {
            int column = resetElement * nodes + m - 1;
            if (column >= 0) moments[column] = -Math.Exp(growth[resetElement] - grid.TotalAction) * reference.Value(m, resetPlace);
        }

        moments[^1] = 1;
        matrix.SolveTransposed(moments);
        for (int k = 0; k < count; k++)
        {
            double scale = Math.Exp(-growth[k]);
            for (int m = 0; m < nodes; m++) moments[k * nodes + m] *= scale;
        }

        return moments;
    }

    private double Local(int element, double v) => (2 * v - edges[element] - edges[element + 1]) / (edges[element + 1] - edges[element]);

    private double Coefficient(double[] solution, int element, int m)
    {
        int column = element * nodes + m - 1; // the constant of the lowest element is 0 by choice of G
        return column < 0 ? 0 : solution[column];
    }

    // U at the reset in units of e^S
    private double AtReset(double[] solution)
    {
        double below = 0;
        for (int m = 0; m < nodes; m++) below += Coefficient(solution, resetElement, m) * reference.Value(m, resetPlace);
        return solution[^1] - Math.Exp(growth[resetElement] - grid.TotalAction) * below;
    }

    // Rows: test functions, Legendre polynomials times (2m + 1)/width. Columns: coefficients of G - U without the first, then G.
    private BorderedBand<T> Assemble<T>(T killing)
        where T : struct, INumberBase<T>
    {
        (int lower, int upper) = Reach();
        if ((long)order * nodes * (2 * (lower + 1) + upper + 1) > MostEntries)
        {
            throw new ModelException(
                "theory.method", FormattableString.Invariant($"exact-jump would need a matrix of {order:N0} rows here, since single inputs are tiny beside the distance to threshold; choose a smaller K, or multiplicative-ito"));
        }

        var result = new BorderedBand<T>(order, (lower + 1) * nodes, (upper + 1) * nodes);
        var row = new double[nodes * nodes];
        for (int k = 0; k < count; k++)
        {
            double left = edges[k], right = edges[k + 1], width = right - left, middle = 0.5 * (left + right), half = 0.5 * width;

            // drift inside the element and over the edge through which it leaves
            double drift = process.Drift(middle);
            for (int m = 0; m < nodes; m++)
            {
                for (int n = 0; n < nodes; n++)
                {
                    double entry = (drift * reference.Derivative[m * nodes + n] + half * process.DriftSlope * reference.Stretch[m * nodes + n]) / half;
                    if (m == n) entry -= process.TotalRate;
                    row[m * nodes + n] = entry;
                }
            }

            double atLeft = process.Drift(left), atRight = process.Drift(right);
            if (k > 0 && atLeft < 0)
            {
                Couple(result, k, k, row, (m, n) => atLeft / width * (2 * m + 1) * Sign(m + n));
                CoupleOnly(result, k, k - 1, (m, n) => -atLeft / width * (2 * m + 1) * Sign(m));
            }

            if (atRight > 0)
            {
                Couple(result, k, k, row, (m, n) => -atRight / width * (2 * m + 1));
                if (k + 1 < count) CoupleOnly(result, k, k + 1, (m, n) => atRight / width * (2 * m + 1) * Sign(n));
                else AddThreshold(result, k, m => atRight / width * (2 * m + 1));
            }

            Add(result, k, k, row);
            for (int m = 0; m < nodes; m++)
            {
                int column = k * nodes + m - 1;
                if (column >= 0) result.Row(k * nodes + m, column, 1)[0] -= killing;
            }

            if (!T.IsZero(killing)) result.Border(k * nodes) += killing * T.CreateChecked(Math.Exp(grid.TotalAction - growth[k]));

            foreach (JumpProcess.Jump j in process.Jumps)
            {
                double from = left;
                int next = Find(j.From(left));
                while (NextBlock(k, j, ref from, ref next, row) is { } target)
                {
                    if (target == count) AddThreshold(result, k, m => row[m * nodes]);
                    else Add(result, k, target, row);
                }
            }
        }

        return result;
    }

    // One kind of jump from the part of element k above `from` that ends in one element: its rate times the coupling, and that element (the lowest
    // for whatever ends below it, count for the threshold, where only the first column is used); null at the end of element k.
    private int? NextBlock(int k, JumpProcess.Jump j, ref double from, ref int next, double[] row)
    {
        double right = edges[k + 1], width = right - edges[k], middle = 0.5 * (right + edges[k]), half = 0.5 * width;
        Span<double> here = stackalloc double[nodes], there = stackalloc double[nodes];
        while (from < right)
        {
            int target = next++;
            double to = target < 0 ? j.To(edges[0]) : target >= count ? right : j.To(edges[target + 1]);
            if (!(to < right)) to = right;
            if (!(to > from)) continue;
            Array.Clear(row);
            int columns = target >= count ? 1 : nodes;
            there[0] = 1;
            for (int g = 0; g < nodes; g++)
            {
                double v = from + (to - from) * 0.5 * (1 + reference.Points[g]);
                double share = 0.5 * j.Rate * (to - from) / width * reference.Weights[g];
                reference.Values((v - middle) / half, here);
                if (target < count) reference.Values(target < 0 ? -1 : Local(target, j.From(v)), there);
                for (int m = 0; m < nodes; m++)
                {
                    double factor = share * (2 * m + 1) * here[m];
                    for (int n = 0; n < columns; n++) row[m * nodes + n] += factor * there[n];
                }
            }

            from = to;
            return Math.Max(target, 0);
        }

        return null;
    }

    private static double Sign(int m) => (m & 1) == 0 ? 1 : -1;

    private void Couple<T>(BorderedBand<T> result, int k, int other, double[] row, Func<int, int, double> entry)
        where T : struct, INumberBase<T>
    {
        for (int m = 0; m < nodes; m++)
        {
            for (int n = 0; n < nodes; n++) row[m * nodes + n] += entry(m, n);
        }
    }

    private void CoupleOnly<T>(BorderedBand<T> result, int k, int other, Func<int, int, double> entry)
        where T : struct, INumberBase<T>
    {
        var row = new double[nodes * nodes];
        Couple(result, k, other, row, entry);
        Add(result, k, other, row);
    }

    private void AddThreshold<T>(BorderedBand<T> result, int k, Func<int, double> entry)
        where T : struct, INumberBase<T>
    {
        double scale = Math.Exp(grid.TotalAction - growth[k]);
        for (int m = 0; m < nodes; m++) result.Border(k * nodes + m) += T.CreateChecked(scale * entry(m));
    }

    private void Add<T>(BorderedBand<T> result, int k, int other, double[] row)
        where T : struct, INumberBase<T>
    {
        double scale = Math.Exp(growth[other] - growth[k]);
        int first = other == 0 ? 1 : 0;
        for (int m = 0; m < nodes; m++)
        {
            Span<T> target = result.Row(k * nodes + m, other * nodes + first - 1, nodes - first);
            for (int n = first; n < nodes; n++) target[n - first] += T.CreateChecked(scale * row[m * nodes + n]);
        }
    }

    // the element that holds v, -1 below all, count at threshold and above
    private int Find(double v)
    {
        if (v < edges[0]) return -1;
        if (v >= edges[^1]) return count;
        int i = Array.BinarySearch(edges, v);
        return i >= 0 ? i : ~i - 1;
    }

    private (int Lower, int Upper) Reach()
    {
        int lower = 1, upper = 1;
        for (int k = 0; k < count; k++)
        {
            foreach (JumpProcess.Jump j in process.Jumps)
            {
                int a = Find(j.From(edges[k])), b = Find(j.From(edges[k + 1]));
                lower = Math.Max(lower, k - Math.Max(a, 0));
                upper = Math.Max(upper, Math.Min(b, count - 1) - k);
            }
        }

        return (lower, upper);
    }

    /// <summary>Legendre polynomials up to a degree, with the Gauss rule that integrates their products exactly.</summary>
    private sealed class ReferenceElement
    {
        private readonly int nodes;

        internal ReferenceElement(int degree)
        {
            nodes = degree + 1;
            var rule = new GaussLegendreRule(-1, 1, nodes);
            (Points, Weights) = (rule.Abscissas, rule.Weights);
            Derivative = new double[nodes * nodes];
            Stretch = new double[nodes * nodes];
            var values = new double[nodes];
            for (int g = 0; g < nodes; g++)
            {
                double x = Points[g], previous = 0, slope = 0; // P_n' = P_{n-2}' + (2n - 1) P_{n-1}
                Values(x, values);
                for (int n = 1; n < nodes; n++)
                {
                    double next = previous + (2 * n - 1) * values[n - 1];
                    (previous, slope) = (slope, next);
                    for (int m = 0; m < nodes; m++)
                    {
                        double share = 0.5 * (2 * m + 1) * Weights[g] * values[m] * slope;
                        Derivative[m * nodes + n] += share;
                        Stretch[m * nodes + n] += x * share;
                    }
                }
            }
        }

        internal double[] Points { get; }

        internal double[] Weights { get; }

        /// <summary>(2m + 1)/2 int P_m P_n'.</summary>
        internal double[] Derivative { get; }

        /// <summary>(2m + 1)/2 int P_m x P_n'.</summary>
        internal double[] Stretch { get; }

        internal void Values(double x, Span<double> values)
        {
            values[0] = 1;
            if (nodes > 1) values[1] = x;
            for (int n = 2; n < nodes; n++) values[n] = ((2 * n - 1) * x * values[n - 1] - (n - 1) * values[n - 2]) / n;
        }

        internal double Value(int m, double x)
        {
            Span<double> values = stackalloc double[nodes];
            Values(x, values);
            return values[m];
        }
    }
}
