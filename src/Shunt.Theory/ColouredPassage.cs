using MathNet.Numerics.LinearAlgebra;
using Lanes = System.Numerics.Vector<double>;

namespace Shunt.Theory;

/// <summary>
/// Numerical solution of the two-dimensional passage problem behind Eq. 24, in the units v = (V - mu)/sigma, time in tau, delta = tau_S/tau:
/// dv/dt = y - v, and y an Ornstein-Uhlenbeck process of correlation time delta and variance 1/(2 delta). A spike is fired when v reaches vMax, which
/// happens only at y above vMax; v restarts at vMin, a refractory period later, while y runs on.
/// <para>
/// Solved is the backward equation (y - v) df/dv + L f = -source, L = -(y/delta) d/dy + (1/(2 delta^2)) d2/dy2, whose solutions (mean time left,
/// expected outcome) are smooth but for the corner v = y = vMax, so that a fixed grid of y graded towards vMax serves all v. In y: spectral elements;
/// in v: layers with quadratic discontinuous elements, each y transported in its own direction. Layers are joined from the bottom up: R maps what is
/// known of upward crossings of a level to downward ones, P what is known of one level to the level below. Both have rows that sum to 1, and times are
/// sums over layers, so rare escapes lose no digits: nothing of the size of T is ever subtracted from something as large.
/// </para>
/// </summary>
internal sealed class ColouredPassage
{
    /// <summary>
    /// Barriers (theta - mu) in SDs of the free membrane, times 1/sqrt 2, up to which the equations are solved; higher ones follow from this one.
    /// </summary>
    internal const double HighestBarrier = 5;

    private const int Modes = 3; // quadratic in v
    private static readonly double[,] Stiffness = { { 0, 2, 0 }, { 0, 0, 2 }, { 0, 0, 0 } }; // int phi_l phi_m' ds, Legendre polynomials
    private static readonly double[,] MomentStiffness = { { 0, 0, 2 }, { 0, 2.0 / 3, 0 }, { 0, 0, 0.8 } }; // int s phi_l phi_m' ds

    private readonly double refractory;
    private readonly Grid grid;
    private readonly int count, resetLevel, resetDown, spikeDown;
    private readonly Layer[] layers;
    private readonly double[] start; // weights of the nodes at the reset, stationary from spike to spike

    /// <summary>Solves the problem.</summary>
    /// <param name="vMin">v at the reset.</param>
    /// <param name="vMax">v at the threshold, above <paramref name="vMin"/>.</param>
    /// <param name="delta">tau_S/tau; positive.</param>
    /// <param name="refractory">tau_rp/tau.</param>
    /// <param name="resolution">How fine the grid is.</param>
    internal ColouredPassage(double vMin, double vMax, double delta, double refractory, Resolution resolution)
    {
        this.refractory = refractory;
        grid = new Grid(vMin, vMax, delta, resolution);
        count = grid.Y.Length;
        layers = new Layer[grid.V.Length - 1];
        resetLevel = grid.ResetLevel;
        resetDown = Downward(vMin);
        spikeDown = Downward(vMax);
        JoinLayers();
        start = StationaryStart();
        Mean = Dot(start, AtReset(Times()));
    }

    /// <summary>Mean time from reset to threshold in units of tau.</summary>
    internal double Mean { get; }

    /// <summary>Number of nodes in y and of layers in v.</summary>
    internal (int Nodes, int Layers) Size => (count, layers.Length);

    /// <summary>CV of the time from reset to threshold, refractory period left out.</summary>
    internal double Cv()
    {
        double[][] mean = Times();
        var cell = new Cell(grid, extraSource: true);
        double[] timeBelow = [];
        var second = new (double[] U, double[] TimeBelow)[layers.Length];
        for (int i = 0; i < layers.Length; i++)
        {
            // the time left at every point of the layer is the source of its second moment
            Layer layer = layers[i];
            int d0 = layer.DownBottom, d1 = layer.DownTop;
            cell.Solve(grid.V[i], grid.V[i + 1], d0, d1, null);
            double[] inputs = new double[count];
            mean[i + 1].CopyTo(inputs, d1);
            if (d0 > 0) layer.Downward(mean[i]).CopyTo(inputs, 0);
            double[] left = cell.Interior(inputs);
            for (int k = 0; k < left.Length; k++) left[k] *= 2 / Mean;
            cell.Solve(grid.V[i], grid.V[i + 1], d0, d1, left);
            double[] up = cell.Output(false, count + Modes, 1), down = cell.Output(true, count + Modes, 1);
            if (d0 > 0) Dense.AddProduct(up, layer.B, timeBelow, count - d0, d0, 1, 1);
            double[] u = Dense.Product(layer.Inverse, up, count - d0, count - d0, 1);
            second[i] = (u, timeBelow);
            if (d0 > 0)
            {
                Dense.AddProduct(down, layer.ER, u, d1, count - d0, 1, 1);
                Dense.AddProduct(down, layer.E, timeBelow, d1, d0, 1, 1);
            }

            timeBelow = down;
        }

        double[] at = new double[count - spikeDown];
        for (int i = layers.Length - 1; i >= resetLevel; i--) at = layers[i].Upward(at, second[i].U);
        Layer reset = layers[resetLevel];
        double[] all = new double[count];
        at.CopyTo(all, resetDown);
        for (int k = 0; k < resetDown; k++) all[k] = second[resetLevel].TimeBelow[k];
        if (resetDown > 0) Dense.AddProduct(all, reset.R, at, resetDown, count - resetDown, 1, 1);
        double ratio = Dot(start, all) / Mean; // of the second moment to the squared mean
        return Math.Sqrt(Math.Max(ratio - 1, 0));
    }

    /// <summary>Where v is between reset and threshold, as a density of unit integral.</summary>
    internal VoltageDensity Density()
    {
        // weights of up- and downward crossings of each level, from what each layer contributes to the mean time
        var arriving = new double[layers.Length + 1][];
        arriving[resetLevel] = start[resetDown..];
        if (resetDown > 0) Dense.AddProduct(arriving[resetLevel], start, layers[resetLevel].R, 1, resetDown, count - resetDown, 1);
        for (int i = resetLevel; i < layers.Length - 1; i++)
            arriving[i + 1] = Dense.Product(arriving[i], layers[i].P, 1, count - layers[i].DownBottom, count - layers[i].DownTop);

        double[] below = new double[spikeDown];
        double[][] moments = new double[layers.Length][];
        for (int i = layers.Length - 1; i >= 0; i--)
        {
            Layer layer = layers[i];
            int d0 = layer.DownBottom, d1 = layer.DownTop, up = count - d0;
            double[] weight = i >= resetLevel ? [.. arriving[i]] : new double[up];
            if (d0 > 0) Dense.AddProduct(weight, below, layer.ER, 1, d1, up, 1);
            weight = Dense.Product(weight, layer.Inverse, 1, up, up);
            moments[i] = Dense.Product(weight, layer.UpSources, 1, up, Modes);
            Dense.AddProduct(moments[i], below, layer.DownSources, 1, d1, Modes, 1);
            double[] next = i == resetLevel ? start[..d0] : new double[d0];
            if (d0 > 0)
            {
                Dense.AddProduct(next, below, layer.E, 1, d1, d0, 1);
                Dense.AddProduct(next, weight, layer.B, 1, up, d0, 1);
            }

            below = next;
        }

        foreach (double[] m in moments)
        {
            for (int k = 0; k < Modes; k++) m[k] /= Mean;
        }

        return new VoltageDensity(grid.V, moments);
    }

    // index of the first node that does not move downward at a level; the node exactly there has no speed
    private int Downward(double v)
    {
        int i = Array.BinarySearch(grid.Y, v);
        return i < 0 ? ~i : i;
    }

    private void JoinLayers()
    {
        var cell = new Cell(grid, extraSource: false);
        double[] below = []; // R of the level below, rows: downward nodes, columns: upward nodes
        double[] timeBelow = [];
        for (int i = 0; i < layers.Length; i++)
        {
            double bottom = grid.V[i], top = grid.V[i + 1];
            int d0 = Downward(bottom), d1 = Downward(top), u0 = count - d0, u1 = count - d1;
            cell.Solve(bottom, top, d0, d1, null);
            var layer = new Layer
            {
                DownBottom = d0,
                DownTop = d1,
                A = cell.Output(false, d1, u1),
                B = cell.Output(false, 0, d0),
                C = cell.Output(true, d1, u1),
                E = cell.Output(true, 0, d0),
                UpSources = cell.Output(false, count, Modes),
                DownSources = cell.Output(true, count, Modes),
                R = below,
                TimeBelow = timeBelow,
            };
            Dense.Normalise(layer.A, u1, layer.B, d0, u0);
            Dense.Normalise(layer.C, u1, layer.E, d0, d1);

            // upward at the bottom: u0 = A u1 + B d0 + s with d0 = R u0 + time, so u0 = X (A u1 + B time + s) with X = (1 - B R)^-1
            double[] x = Dense.Identity(u0);
            if (d0 > 0) Dense.AddProduct(x, layer.B, below, u0, d0, u0, -1);
            layer.Inverse = Dense.Inverse(x, u0);
            layer.P = Dense.Product(layer.Inverse, layer.A, u0, u0, u1);
            Dense.Normalise(layer.P, u1, [], 0, u0);
            double[] s = Column(layer.UpSources, u0), time = Column(layer.DownSources, d1);
            if (d0 > 0) Dense.AddProduct(s, layer.B, timeBelow, u0, d0, 1, 1);
            layer.U = Dense.Product(layer.Inverse, s, u0, u0, 1);

            // downward at the top: C u1 + E (R u0 + time) + s
            double[] reflected = [.. layer.C];
            if (d0 > 0)
            {
                layer.ER = Dense.Product(layer.E, below, d1, d0, u0);
                Dense.AddProduct(reflected, layer.ER, layer.P, d1, u0, u1, 1);
                Dense.AddProduct(time, layer.ER, layer.U, d1, u0, 1, 1);
                Dense.AddProduct(time, layer.E, timeBelow, d1, d0, 1, 1);
            }

            Dense.Normalise(reflected, u1, [], 0, d1);
            layers[i] = layer;
            (below, timeBelow) = (reflected, time);
        }
    }

    private static double[] Column(double[] sources, int rows)
    {
        double[] first = new double[rows];
        for (int k = 0; k < rows; k++) first[k] = sources[k * Modes];
        return first;
    }

    private double[] StationaryStart()
    {
        // what is known at upward nodes of the threshold, as seen from all nodes of the reset
        int n = count - spikeDown;
        double[] seen = Dense.Identity(n);
        for (int i = layers.Length - 1; i >= resetLevel; i--)
            seen = Dense.Product(layers[i].P, seen, count - layers[i].DownBottom, count - layers[i].DownTop, n);
        double[] all = new double[count * n];
        seen.CopyTo(all, resetDown * n);
        if (resetDown > 0) Dense.Product(layers[resetLevel].R, seen, resetDown, count - resetDown, n).CopyTo(all, 0);
        double[] wait = grid.Propagate(refractory, spikeDown); // rows: nodes at the spike; columns: all nodes, at the end of the refractory period
        double[] chain = Dense.Product(wait, all, n, count, n);

        // pi chain = pi with sum 1: the last equation is replaced by the normalisation
        var matrix = Matrix<double>.Build.Dense(n, n, (r, c) => r == n - 1 ? 1 : chain[c * n + r] - (r == c ? 1 : 0));
        var right = Vector<double>.Build.Dense(n);
        right[n - 1] = 1;
        double[] pi = [.. matrix.Solve(right)];
        return Dense.Product(pi, wait, 1, n, count);
    }

    // mean time left at the upward nodes of every level
    private double[][] Times()
    {
        double[][] times = new double[layers.Length + 1][];
        times[^1] = new double[count - spikeDown];
        for (int i = layers.Length - 1; i >= 0; i--) times[i] = layers[i].Upward(times[i + 1], layers[i].U);
        return times;
    }

    private double[] AtReset(double[][] times)
    {
        double[] all = new double[count];
        times[resetLevel].CopyTo(all, resetDown);
        if (resetDown > 0) layers[resetLevel].Downward(times[resetLevel]).CopyTo(all, 0);
        return all;
    }

    private static double Dot(double[] p, double[] q)
    {
        double sum = 0;
        for (int i = 0; i < p.Length; i++) sum += p[i] * q[i];
        return sum;
    }

    /// <summary>A density made of parabolas between levels.</summary>
    /// <param name="Levels">The levels, increasing.</param>
    /// <param name="Moments">Of each layer: integrals of the density times 1, s and (3s^2 - 1)/2, where s runs from -1 to 1.</param>
    internal sealed record VoltageDensity(double[] Levels, double[][] Moments)
    {
        internal double At(double v)
        {
            if (v >= Levels[^1] || v < Levels[0]) return 0;
            int i = Array.BinarySearch(Levels, v);
            if (i < 0) i = ~i - 1;
            double h = Levels[i + 1] - Levels[i], s = (2 * v - Levels[i] - Levels[i + 1]) / h;
            return (Moments[i][0] + 3 * Moments[i][1] * s + 5 * Moments[i][2] * (1.5 * s * s - 0.5)) / h;
        }

        internal (double Mean, double Sd) Statistics()
        {
            double mean = 0, square = 0;
            for (int pass = 0; pass < 2; pass++)
            {
                for (int i = 0; i < Moments.Length; i++)
                {
                    double[] m = Moments[i];
                    double half = 0.5 * (Levels[i + 1] - Levels[i]), middle = 0.5 * (Levels[i + 1] + Levels[i]) - (pass == 0 ? 0 : mean);
                    if (pass == 0) square += middle * m[0] + half * m[1];
                    else square += middle * middle * m[0] + 2 * middle * half * m[1] + half * half * (2 * m[2] + m[0]) / 3;
                }

                if (pass == 0) (mean, square) = (square, 0);
            }

            return (mean, Math.Sqrt(square));
        }
    }

    /// <summary>How fine the grid is.</summary>
    /// <param name="YDensity">Elements in y for each unit of the measure that spreads them.</param>
    /// <param name="VDensity">Layers in v for each unit of theirs.</param>
    /// <param name="Degree">Degree of the polynomials in y.</param>
    internal sealed record Resolution(double YDensity, double VDensity, int Degree)
    {
        // Smallest elements next to the corner v = y = vMax, in units of the SD of the speed there and of the length over which friction stops it
        internal double YScale { get; init; } = 1.5;

        internal double VScale { get; init; } = 0.01;

        // more of both where V and y mostly are, and where the density climbs (falls) towards a high threshold
        internal double YBulk { get; init; } = 0.2;

        internal double VBulk { get; init; } = 1;

        internal double YClimb { get; init; } = 0.25;

        internal double VClimb { get; init; } = 0.8;

        // y is followed up to so many of its SDs
        internal double Reach { get; init; } = 5.5;
    }

    // one layer, joined with everything below it
    private sealed class Layer
    {
        internal required int DownBottom { get; init; }

        internal required int DownTop { get; init; }

        internal required double[] A { get; init; } // upward at the bottom from upward at the top

        internal required double[] B { get; init; } // upward at the bottom from downward at the bottom

        internal required double[] C { get; init; } // downward at the top from upward at the top

        internal required double[] E { get; init; } // downward at the top from downward at the bottom

        internal required double[] UpSources { get; init; }

        internal required double[] DownSources { get; init; }

        internal required double[] R { get; init; }

        internal required double[] TimeBelow { get; init; }

        internal double[] Inverse { get; set; } = [];

        internal double[] P { get; set; } = [];

        internal double[] U { get; set; } = [];

        internal double[] ER { get; set; } = [];

        /// <summary>Upward nodes at the bottom from those at the top.</summary>
        internal double[] Upward(double[] atTop, double[] source)
        {
            double[] result = [.. source];
            Dense.AddProduct(result, P, atTop, result.Length, atTop.Length, 1, 1);
            return result;
        }

        /// <summary>Mean time left at downward nodes of the bottom from that at upward ones.</summary>
        internal double[] Downward(double[] upward)
        {
            double[] result = [.. TimeBelow];
            Dense.AddProduct(result, R, upward, result.Length, upward.Length, 1, 1);
            return result;
        }
    }

    /// <summary>Nodes of y, levels of v, and the generator of y.</summary>
    private sealed class Grid
    {
        private readonly double[] breaks;
        private readonly double[] local; // Gauss-Lobatto nodes on [-1, 1]
        private readonly double delta;

        internal Grid(double vMin, double vMax, double delta, Resolution r)
        {
            this.delta = delta;
            double sdY = 1 / Math.Sqrt(2 * delta), sdSpeed = sdY / Math.Sqrt(1 + delta);
            double low = Math.Min(-r.Reach * sdY, vMax - 3 * sdSpeed), high = Math.Max(r.Reach * sdY, vMax + 6 * sdSpeed);
            double Climb(double x) => vMax > 0 ? vMax * vMax - Math.Pow(Math.Max(vMax - x, 0), 2) : 0;
            double bulkY = r.YBulk * Math.Max(1, vMax * Math.Sqrt(1 + delta) / 3), climbY = r.YClimb * Math.Max(delta, Math.Sqrt(delta));
            double Likely(double at) => Math.Clamp(at / sdY, -r.Reach - 0.5, 8);
            double MeasureY(double x, int side) =>
                Math.Log(1 + x / (r.YScale * sdSpeed)) + bulkY * Math.Abs(Likely(vMax + side * x) - Likely(vMax)) + climbY * Climb(x);
            double[] left = Equidistributed(x => MeasureY(x, -1), 0, vMax - low, r.YDensity);
            double[] right = Equidistributed(x => MeasureY(x, 1), 0, high - vMax, r.YDensity);
            breaks = [.. left.Reverse().Select(x => vMax - x), .. right.Skip(1).Select(x => vMax + x)];
            Degree = r.Degree;
            double[] weights;
            double[,] derivative;
            (local, weights, derivative) = Lobatto(Degree);
            int elements = breaks.Length - 1, n = elements * Degree + 1;
            Y = new double[n];
            double[] mass = new double[n];
            Generator = new double[n, n];
            for (int e = 0; e < elements; e++)
            {
                double half = 0.5 * (breaks[e + 1] - breaks[e]), middle = 0.5 * (breaks[e + 1] + breaks[e]);
                for (int j = 0; j <= Degree; j++)
                {
                    int row = e * Degree + j;
                    Y[row] = j == Degree ? breaks[e + 1] : j == 0 ? breaks[e] : middle + half * local[j];
                    mass[row] += half * weights[j];
                }

                for (int j = 0; j <= Degree; j++)
                {
                    for (int k = 0; k <= Degree; k++)
                    {
                        double sum = 0;
                        for (int q = 0; q <= Degree; q++) sum += weights[q] * derivative[q, j] * derivative[q, k];
                        Generator[e * Degree + j, e * Degree + k] +=
                            -weights[j] * Y[e * Degree + j] * derivative[j, k] / delta - sum / half / (2 * delta * delta);
                    }
                }
            }

            for (int i = 0; i < n; i++)
            {
                for (int j = Math.Max(0, i - Degree); j <= Math.Min(n - 1, i + Degree); j++) Generator[i, j] /= mass[i];
            }

            double sdV = 1 / Math.Sqrt(2 * (1 + delta)), near = r.VScale * sdSpeed * delta / (1 + delta);
            double[] likely = Union((-4.5 * sdV, 4.5 * sdV), (vMin - 2 * sdV, vMin + 2 * sdV), (vMax - 4 * sdV, vMax));
            double MeasureV(double x)
            {
                double length = 0; // of what is likely between vMax - x and vMax
                for (int k = 0; k < likely.Length; k += 2)
                    length += Math.Max(0, Math.Min(likely[k + 1], vMax) - Math.Max(likely[k], vMax - x));
                return Math.Log(1 + x / near) + r.VBulk * length / sdV + r.VClimb * (1 + delta) * Climb(x);
            }

            double[] above = Equidistributed(MeasureV, 0, vMax - vMin, r.VDensity);
            double[] below = vMin > Y[0] ? Equidistributed(MeasureV, vMax - vMin, vMax - Y[0], r.VDensity) : [vMax - vMin];
            V = [.. below.Reverse().Select(x => vMax - x), .. above.Reverse().Skip(1).Select(x => vMax - x)];
            ResetLevel = below.Length - 1;
            V[ResetLevel] = vMin;
            V[^1] = vMax;
            if (ResetLevel > 0) V[0] = Y[0];
        }

        internal double[] Y { get; }

        internal double[] V { get; }

        internal int ResetLevel { get; }

        internal int Degree { get; }

        internal double[,] Generator { get; }

        /// <summary>Weights with which a function of y after a time is read from its values at the nodes; rows: nodes from the given one on.</summary>
        internal double[] Propagate(double time, int first)
        {
            int n = Y.Length, rows = n - first;
            double[] result = new double[rows * n];
            double keep = Math.Exp(-time / delta), sd = Math.Sqrt(-double.ExpM1(-2 * time / delta) / (2 * delta));
            if (time == 0)
            {
                for (int i = 0; i < rows; i++) result[i * n + first + i] = 1;
                return result;
            }

            for (int i = 0; i < rows; i++)
            {
                double centre = Y[first + i] * keep, total = 0;
                const int points = 160; // trapezoidal over +- 8 SD: exact for a Gaussian, to the smoothness of the interpolant
                double[] row = new double[n];
                for (int q = -points / 2; q <= points / 2; q++)
                {
                    double z = 16.0 * q / points, weight = Math.Exp(-z * z / 2);
                    total += weight;
                    AddInterpolation(row, centre + sd * z, weight);
                }

                for (int j = 0; j < n; j++) result[i * n + j] = row[j] / total;
            }

            return result;
        }

        private void AddInterpolation(double[] row, double at, double weight)
        {
            at = Math.Clamp(at, breaks[0], breaks[^1]);
            int e = Array.BinarySearch(breaks, at);
            e = Math.Clamp(e < 0 ? ~e - 1 : e, 0, breaks.Length - 2);
            double s = (2 * at - breaks[e] - breaks[e + 1]) / (breaks[e + 1] - breaks[e]);
            for (int j = 0; j <= Degree; j++)
            {
                double l = 1;
                for (int k = 0; k <= Degree; k++)
                {
                    if (k != j) l *= (s - local[k]) / (local[j] - local[k]);
                }

                row[e * Degree + j] += weight * l;
            }
        }

        private static double[] Union(params (double From, double To)[] intervals)
        {
            var ends = new List<double>();
            foreach ((double from, double to) in intervals.OrderBy(i => i.From))
            {
                if (ends.Count > 0 && from <= ends[^1]) ends[^1] = Math.Max(ends[^1], to);
                else ends.AddRange([from, to]);
            }

            return [.. ends];
        }

        // points between which the measure grows by equal amounts, at most 1/density
        private static double[] Equidistributed(Func<double, double> measure, double from, double to, double density)
        {
            double low = measure(from), high = measure(to);
            int parts = Math.Max(1, (int)Math.Ceiling(density * (high - low)));
            double[] points = new double[parts + 1];
            points[0] = from;
            points[parts] = to;
            for (int k = 1; k < parts; k++)
            {
                double target = low + (high - low) * k / parts;
                points[k] = RootScan.Bracketed(x => measure(x) - target, from, low - target, to, high - target);
            }

            return points;
        }

        private static (double[] Nodes, double[] Weights, double[,] Derivative) Lobatto(int degree)
        {
            double[] nodes = new double[degree + 1], weights = new double[degree + 1];
            double[] legendre = new double[degree + 1];
            for (int k = 0; k <= degree; k++)
            {
                double x = -Math.Cos(Math.PI * k / degree), p = 0;
                for (int iteration = 0; iteration < 100; iteration++)
                {
                    double before = 1;
                    p = x;
                    for (int j = 2; j <= degree; j++) (before, p) = (p, ((2 * j - 1) * x * p - (j - 1) * before) / j);
                    double step = (x * p - before) / ((degree + 1) * p);
                    x -= step;
                    if (Math.Abs(step) < 1e-16) break;
                }

                nodes[k] = k == 0 ? -1 : k == degree ? 1 : x;
                legendre[k] = p;
                weights[k] = 2 / (degree * (degree + 1) * p * p);
            }

            double[,] derivative = new double[degree + 1, degree + 1];
            for (int i = 0; i <= degree; i++)
            {
                double sum = 0;
                for (int j = 0; j <= degree; j++)
                {
                    if (i == j) continue;
                    derivative[i, j] = legendre[i] / (legendre[j] * (nodes[i] - nodes[j]));
                    sum += derivative[i, j];
                }

                derivative[i, i] = -sum; // constants have no derivative, exactly
            }

            return (nodes, weights, derivative);
        }
    }

    /// <summary>The equations of one layer: banded, with all its inputs as right-hand sides.</summary>
    private sealed class Cell
    {
        private readonly Grid grid;
        private readonly int count, size, band, width, columns;
        private readonly double[] matrix, right;
        private int downBottom, downTop;

        internal Cell(Grid grid, bool extraSource)
        {
            this.grid = grid;
            count = grid.Y.Length;
            size = count * Modes;
            band = grid.Degree * Modes;
            width = 3 * band + 1; // row exchanges fill another band
            columns = (count + Modes + (extraSource ? 1 : 0) + 3) / 4 * 4;
            matrix = new double[size * width];
            right = new double[size * columns];
        }

        /// <summary>Solves a layer for unit inputs at every node, for sources 1, s, (3s^2 - 1)/2, and, last, for a given one.</summary>
        internal void Solve(double bottom, double top, int downAtBottom, int downAtTop, double[]? extraSource)
        {
            (downBottom, downTop) = (downAtBottom, downAtTop);
            double h = top - bottom, middle = 0.5 * (top + bottom);
            Array.Clear(matrix);
            Array.Clear(right);
            for (int j = 0; j < count; j++)
            {
                double speed = grid.Y[j] - middle;
                bool fromTop = j >= downTop, fromBottom = j < downBottom;
                double speedTop = grid.Y[j] - top, speedBottom = grid.Y[j] - bottom;
                for (int l = 0; l < Modes; l++)
                {
                    int row = j * Modes + l;
                    double signL = l == 1 ? -1 : 1;
                    for (int m = 0; m < Modes; m++)
                    {
                        double value = speed * Stiffness[l, m] - h / 2 * MomentStiffness[l, m];
                        if (fromTop) value -= speedTop;
                        if (fromBottom) value += speedBottom * signL * (m == 1 ? -1 : 1);
                        matrix[Index(row, j * Modes + m)] += value;
                    }

                    double mass = h / (2 * l + 1);
                    for (int k = Math.Max(0, j - grid.Degree); k <= Math.Min(count - 1, j + grid.Degree); k++)
                        matrix[Index(row, k * Modes + l)] += mass * grid.Generator[j, k];
                    if (fromTop) right[row * columns + j] = -speedTop;
                    else if (fromBottom) right[row * columns + j] = speedBottom * signL;
                    right[row * columns + count + l] = -mass;
                    if (extraSource is not null) right[row * columns + count + Modes] = -mass * extraSource[row];
                }
            }

            Eliminate();
        }

        /// <summary>Response of upward nodes at the bottom, or of downward ones at the top, to a run of inputs or sources.</summary>
        internal double[] Output(bool top, int firstInput, int inputs)
        {
            int first = top ? 0 : downBottom, rows = top ? downTop : count - downBottom;
            double[] result = new double[rows * inputs];
            for (int r = 0; r < rows; r++) Values(top, first + r, firstInput, result.AsSpan(r * inputs, inputs));
            return result;
        }

        /// <summary>The mean time left inside the layer (source 1), by node and mode, from what enters it.</summary>
        internal double[] Interior(double[] inputs)
        {
            double[] result = new double[size];
            for (int row = 0; row < size; row++)
            {
                double sum = right[row * columns + count];
                for (int j = 0; j < count; j++) sum += right[row * columns + j] * inputs[j];
                result[row] = sum;
            }

            return result;
        }

        private void Values(bool top, int node, int column, Span<double> values)
        {
            ReadOnlySpan<double> c0 = right.AsSpan(node * Modes * columns + column), c1 = right.AsSpan((node * Modes + 1) * columns + column);
            ReadOnlySpan<double> c2 = right.AsSpan((node * Modes + 2) * columns + column);
            for (int i = 0; i < values.Length; i++) values[i] = top ? c0[i] + c1[i] + c2[i] : c0[i] - c1[i] + c2[i];
        }

        private int Index(int row, int column) => row * width + column - row + band;

        // Gaussian elimination with row exchanges inside the band; the right-hand sides become the solution
        private void Eliminate()
        {
            for (int k = 0; k < size; k++)
            {
                int last = Math.Min(size - 1, k + band), pivot = k;
                for (int i = k + 1; i <= last; i++)
                {
                    if (Math.Abs(matrix[Index(i, k)]) > Math.Abs(matrix[Index(pivot, k)])) pivot = i;
                }

                int end = Math.Min(size, k + 2 * band + 1), length = end - k;
                if (pivot != k)
                {
                    Dense.Swap(matrix.AsSpan(Index(k, k), length), matrix.AsSpan(Index(pivot, k), length));
                    Dense.Swap(right.AsSpan(k * columns, columns), right.AsSpan(pivot * columns, columns));
                }

                double inverse = 1 / matrix[Index(k, k)];
                ReadOnlySpan<double> row = matrix.AsSpan(Index(k, k), length), rhs = right.AsSpan(k * columns, columns);
                for (int i = k + 1; i <= last; i++)
                {
                    double factor = matrix[Index(i, k)] * inverse;
                    if (factor == 0) continue;
                    Dense.AddScaled(matrix.AsSpan(Index(i, k), length), row, -factor);
                    Dense.AddScaled(right.AsSpan(i * columns, columns), rhs, -factor);
                }
            }

            for (int k = size - 1; k >= 0; k--)
            {
                Span<double> rhs = right.AsSpan(k * columns, columns);
                int end = Math.Min(size, k + 2 * band + 1);
                for (int j = k + 1; j < end; j++)
                {
                    double value = matrix[Index(k, j)];
                    if (value != 0) Dense.AddScaled(rhs, right.AsSpan(j * columns, columns), -value);
                }

                double inverse = 1 / matrix[Index(k, k)];
                for (int c = 0; c < columns; c++) rhs[c] *= inverse;
            }
        }
    }

    /// <summary>Products of small matrices stored by rows.</summary>
    private static class Dense
    {
        internal static double[] Identity(int n)
        {
            double[] result = new double[n * n];
            for (int i = 0; i < n; i++) result[i * n + i] = 1;
            return result;
        }

        /// <summary>Rows of (p q) must sum to 1; divides by the sum, which differs from 1 by rounding only.</summary>
        internal static void Normalise(double[] p, int pColumns, double[] q, int qColumns, int rows)
        {
            for (int i = 0; i < rows; i++)
            {
                Span<double> left = p.AsSpan(i * pColumns, pColumns), right = q.AsSpan(i * qColumns, qColumns);
                double sum = 0;
                foreach (double x in left) sum += x;
                foreach (double x in right) sum += x;
                foreach (ref double x in left) x /= sum;
                foreach (ref double x in right) x /= sum;
            }
        }

        internal static double[] Product(double[] p, double[] q, int rows, int inner, int columns)
        {
            double[] result = new double[rows * columns];
            AddProduct(result, p, q, rows, inner, columns, 1);
            return result;
        }

        internal static void AddProduct(double[] result, double[] p, double[] q, int rows, int inner, int columns, double factor)
        {
            if (columns == 1)
            {
                for (int i = 0; i < rows; i++)
                {
                    double sum = 0;
                    for (int k = 0; k < inner; k++) sum += p[i * inner + k] * q[k];
                    result[i] += factor * sum;
                }

                return;
            }

            for (int i = 0; i < rows; i++)
            {
                Span<double> row = result.AsSpan(i * columns, columns);
                for (int k = 0; k < inner; k++) AddScaled(row, q.AsSpan(k * columns, columns), factor * p[i * inner + k]);
            }
        }

        internal static double[] Inverse(double[] matrix, int n)
        {
            double[] left = [.. matrix], result = Identity(n);
            for (int k = 0; k < n; k++)
            {
                int pivot = k;
                for (int i = k + 1; i < n; i++)
                {
                    if (Math.Abs(left[i * n + k]) > Math.Abs(left[pivot * n + k])) pivot = i;
                }

                if (pivot != k)
                {
                    Swap(left.AsSpan(k * n, n), left.AsSpan(pivot * n, n));
                    Swap(result.AsSpan(k * n, n), result.AsSpan(pivot * n, n));
                }

                double inverse = 1 / left[k * n + k];
                Span<double> row = left.AsSpan(k * n, n), rhs = result.AsSpan(k * n, n);
                for (int c = 0; c < n; c++)
                {
                    row[c] *= inverse;
                    rhs[c] *= inverse;
                }

                for (int i = 0; i < n; i++)
                {
                    double factor = left[i * n + k];
                    if (i == k || factor == 0) continue;
                    AddScaled(left.AsSpan(i * n, n), row, -factor);
                    AddScaled(result.AsSpan(i * n, n), rhs, -factor);
                }
            }

            return result;
        }

        internal static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double factor)
        {
            int i = 0, lanes = Lanes.Count;
            var wide = new Lanes(factor);
            for (; i <= target.Length - lanes; i += lanes)
                (new Lanes(target[i..]) + wide * new Lanes(source[i..])).CopyTo(target[i..]);
            for (; i < target.Length; i++) target[i] += factor * source[i];
        }

        internal static void Swap(Span<double> p, Span<double> q)
        {
            for (int i = 0; i < p.Length; i++) (p[i], q[i]) = (q[i], p[i]);
        }
    }
}
