namespace Shunt.Theory;

/// <summary>Drift A (mV/s) and squared noise B^2 (mV^2/s) of a diffusion at many potentials (mV) at once.</summary>
/// <param name="potentials">Where (mV).</param>
/// <param name="drift">Receives A(V), read as Ito.</param>
/// <param name="squaredNoise">Receives B^2(V); not negative.</param>
public delegate void DiffusionCoefficients(ReadOnlySpan<double> potentials, Span<double> drift, Span<double> squaredNoise);

/// <summary>What is known of the time from reset to threshold and of V on the way.</summary>
/// <param name="LogMean">ln of the mean time T (s); plus infinity when the threshold is never reached or the mean does not exist.</param>
/// <param name="Cv">CV of that time; NaN when it is infinite.</param>
/// <param name="MeanV">Mean of V on the way, over time (mV).</param>
/// <param name="SdV">Standard deviation of V on the way (mV).</param>
public readonly record struct Passage(double LogMean, double Cv, double MeanV, double SdV);

/// <summary>
/// First passage of any one-dimensional diffusion dV/dt = A(V) + B(V) zeta(t), read as Ito, from reset to threshold (App. A, A1-A7). With
/// w' = 2A/B^2 the mean time is T = int J dV and its variance 2 int L dV, from reset to threshold, where J' = 2/B^2 - w' J and L' = J^2 - w' L
/// hold from the lower bound on. The equations are integrated on panels of 16 Gauss-Legendre nodes with a running scale, so that nothing overflows;
/// where w' is so large that J only follows it, by collocation that forgets the start of the panel; and where J only grows, too far from the
/// threshold to matter, in one leap. Smooth coefficients are assumed; panels shrink to resolve whatever is not smooth.
/// Relative errors are about 1e-12 (of T, not of ln T) as long as ln T is below 1000, and 1e-15 ln T above.
/// </summary>
public sealed class DiffusionProcess
{
    private const double Negligible = 40; // e^-40 is far below the rounding of what it is compared with

    private readonly DiffusionCoefficients coefficients;

    /// <summary>A diffusion between a lower bound and an absorbing threshold.</summary>
    /// <param name="coefficients">Drift and squared noise; smooth between bound and threshold.</param>
    /// <param name="reset">V_r (mV), where it starts.</param>
    /// <param name="threshold">theta (mV), where it ends; above the reset.</param>
    /// <param name="lowerBound">A reflecting bound (mV) not above the reset; without one it is sought where the density becomes negligible.</param>
    /// <exception cref="ArgumentException">Bound, reset and threshold are not in this order.</exception>
    public DiffusionProcess(DiffusionCoefficients coefficients, double reset, double threshold, double lowerBound = double.NegativeInfinity)
    {
        if (!(lowerBound <= reset && reset < threshold && double.IsFinite(threshold - reset)))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"lower bound {lowerBound} mV, reset {reset} mV and threshold {threshold} mV must be finite and in this order"));
        }

        this.coefficients = coefficients;
        (Reset, Threshold, LowerBound) = (reset, threshold, lowerBound);
    }

    /// <summary>V_r (mV).</summary>
    public double Reset { get; }

    /// <summary>theta (mV).</summary>
    public double Threshold { get; }

    /// <summary>Reflecting lower bound (mV), or minus infinity.</summary>
    public double LowerBound { get; }

    /// <summary>A diffusion from drift (mV/s) and squared noise (mV^2/s) as functions of V.</summary>
    /// <param name="drift">A(V), read as Ito.</param>
    /// <param name="squaredNoise">B^2(V).</param>
    /// <param name="reset">V_r (mV).</param>
    /// <param name="threshold">theta (mV).</param>
    /// <param name="lowerBound">A reflecting bound (mV), or minus infinity.</param>
    public static DiffusionProcess Of(
        Func<double, double> drift, Func<double, double> squaredNoise, double reset, double threshold, double lowerBound = double.NegativeInfinity) =>
        new(
            (v, a, b) =>
            {
                for (int i = 0; i < v.Length; i++) (a[i], b[i]) = (drift(v[i]), squaredNoise(v[i]));
            },
            reset,
            threshold,
            lowerBound);

    /// <summary>ln of the mean time (s) from reset to threshold (A3); plus infinity when it does not exist.</summary>
    public double LogMeanTime() => Ascend(Reset, moments: false) is { } sweep ? sweep.LogTime : double.PositiveInfinity;

    /// <summary>Mean and CV of the passage time (A3, A7), mean and SD of V on the way (A5).</summary>
    public Passage Pass()
    {
        if (Ascend(Reset, moments: true) is not { } sweep)
            return new Passage(double.PositiveInfinity, double.NaN, double.NaN, double.NaN);
        Passage passage = sweep.Passage;
        if (passage.SdV > 0.01 * Math.Abs(passage.MeanV - Reset)) return passage;
        return Ascend(passage.MeanV, moments: true)!.Passage; // about the mean itself nothing cancels
    }

    /// <summary>
    /// ln of P(V)/nu (s/mV) at given potentials (A5): the time spent per mV between two spikes; minus infinity at threshold, above, and below the
    /// lower bound.
    /// </summary>
    /// <param name="potentials">Where (mV).</param>
    public double[] LogOccupation(ReadOnlySpan<double> potentials)
    {
        var log = new double[potentials.Length];
        Array.Fill(log, double.NegativeInfinity);
        int[] downwards = [.. Enumerable.Range(0, log.Length)];
        double[] where = potentials.ToArray();
        Array.Sort(where, downwards);
        Array.Reverse(downwards);
        var sweep = new Sweep(coefficients, Threshold, Direction.Down);
        Span<double> drift = stackalloc double[1], squaredNoise = stackalloc double[1];
        foreach (int i in downwards)
        {
            double v = potentials[i];
            if (v >= Threshold || v < LowerBound) continue;
            if (v >= Reset)
            {
                sweep.To(v);
            }
            else
            {
                if (sweep.At > Reset) sweep.To(Reset);
                sweep.Carry(v);
            }

            coefficients(potentials.Slice(i, 1), drift, squaredNoise);
            log[i] = sweep.LogValue + Math.Log(2 / squaredNoise[0]);
        }

        return log;
    }

    // from the lower bound, or where the density becomes negligible, to the threshold; null when there is no such place
    private Sweep? Ascend(double origin, bool moments)
    {
        var sweep = new Sweep(coefficients, Reset, Direction.Up) { Moments = moments, Origin = origin };
        if (!sweep.StartFollowing(Threshold, LowerBound))
        {
            if (Bottom() is not { } bottom) return null;
            sweep = new Sweep(coefficients, bottom, Direction.Up) { Moments = moments, Origin = origin };
            if (bottom < Reset) sweep.To(Reset);
        }

        sweep.Accumulates = true;
        sweep.To(Threshold);
        return sweep;
    }

    // where the stationary density has become negligible below the reset; null when it does not
    private double? Bottom()
    {
        var sweep = new Sweep(coefficients, Reset, Direction.Down);
        double step = sweep.FirstStep(Threshold - Reset), w = 0, highest = double.NegativeInfinity;
        while (true)
        {
            double v = sweep.At, length = Math.Min(step, v - LowerBound);
            if (length <= 0) return LowerBound;
            if (!(length > 1e-13 * (Math.Abs(v) + length)) || v < Reset - 1e12 * (Threshold - Reset)) return null;
            if (!sweep.TryMeasure(length, out double change, out double above, Reset))
            {
                step = length / 2;
                continue;
            }

            double reached = Math.Max(highest, w + above);
            double end = w - change + sweep.LogSpeedTimes(v - length, Reset - v + length);
            if (end < reached - Negligible - 15)
            {
                step = length / 2; // do not start needlessly low
                continue;
            }

            sweep.Move(length);
            if (end < reached - Negligible) return sweep.At;
            (w, highest, step) = (w - change, reached, 2 * length);
        }
    }

    private enum Direction
    {
        Up = 1,
        Down = -1,
    }

    /// <summary>
    /// y' = s - k y along V, upwards with s = 2/B^2 (then y is J) or downwards with s = 1 (then y is B^2 P/(2 nu)), k = w' = 2A/B^2 either way.
    /// </summary>
    private sealed class Sweep(DiffusionCoefficients coefficients, double start, Direction direction)
    {
        private const int N = CollocationRule.Count;
        private const double Tolerance = 1e-12;
        private const double Stiff = 25; // half-panels on which k grows by more forget where they came from

        private static readonly CollocationRule Rule = CollocationRule.Instance;

        private readonly double[] v = new double[N], a = new double[N], b = new double[N], k = new double[N], s = new double[N];
        private readonly double[] w = new double[N], e = new double[N], f = new double[N], y = new double[N];

        private double logScale;
        private double value, value1, value2, squared; // y, the same with sources s z and s z^2, and L; in units of e^logScale, L of its square
        private double time, time1, time2, spread; // their integrals
        private double step; // of the last fine panel
        private double followingStep, followAgain; // of panels on which y only follows; distance before which it is not tried again
        private double leapStep;
        private double travelled, sinceStart; // w since the start of the sweep; distance
        private double lowestAhead = double.NaN; // of w up to the target

        internal double At { get; private set; } = start;

        internal bool Moments { get; init; }

        internal double Origin { get; init; }

        internal bool Accumulates { get; set; }

        internal double LogTime => logScale + Math.Log(time);

        internal double LogValue => logScale + Math.Log(value);

        internal Passage Passage
        {
            get
            {
                double mean = time1 / time;
                return new Passage(
                    LogTime, Math.Sqrt(2 * spread) / time, Origin + mean, Math.Sqrt(Math.Max(time2 / time - mean * mean, 0)));
            }
        }

        /// <summary>Integrates to another potential.</summary>
        internal void To(double target)
        {
            lowestAhead = double.NaN;
            while (At != target)
            {
                double remaining = Math.Abs(target - At);
                (double here, double source) = Here();
                if (here < 0)
                {
                    bool grows = logScale + Math.Log(value * -here / source) > Negligible;
                    if (grows && TryLeap(target, remaining)) continue;
                }
                else
                {
                    lowestAhead = double.NaN;
                    bool follows = Math.Abs(Math.Exp(logScale) * value * here - source) < 0.1 * source;
                    if (follows && here * remaining > 4 * Stiff && sinceStart >= followAgain && TryFollow(remaining, target)) continue;
                }

                Fine(remaining, target);
            }
        }

        /// <summary>Moves on without source.</summary>
        internal void Carry(double target)
        {
            double length = Math.Abs(target - At);
            while (At != target)
            {
                length = Math.Min(length, Math.Abs(target - At));
                if (TryMeasure(length, out double change, out _, double.NaN) || length < 1e-12 * Math.Abs(At))
                {
                    logScale -= change;
                    Move(length, target);
                    length *= 2;
                }
                else
                {
                    length /= 2;
                }
            }
        }

        internal void Move(double length) => At += (int)direction * length;

        // starts where y only follows, whatever lies before; false when it does not
        internal bool StartFollowing(double target, double lowerBound)
        {
            (double here, _) = Here();
            double remaining = Math.Abs(target - At);
            return here * remaining > 4 * Stiff && At - lowerBound > Negligible / here && TryFollow(remaining, target, only: true);
        }

        internal double FirstStep(double largest)
        {
            (double here, _) = Here();
            double guess = 4 / Math.Abs(here);
            return guess > 0 && guess < largest ? guess : largest;
        }

        /// <summary>ln(2/B^2) at a potential, plus the logarithm of a length.</summary>
        internal double LogSpeedTimes(double potential, double length)
        {
            v[0] = potential;
            coefficients(v.AsSpan(0, 1), a.AsSpan(0, 1), b.AsSpan(0, 1));
            return Math.Log(2 / b[0] * length);
        }

        /// <summary>
        /// w along the next stretch, when it is resolved: its change, and the largest value of ln(density times distance) relative to the start.
        /// </summary>
        internal bool TryMeasure(double length, out double change, out double highest, double reference)
        {
            double half = Coefficients(length);
            change = half * Rule.Integral(k);
            highest = double.NegativeInfinity;
            if (!IsResolved(k, half, Math.Max(1, Math.Abs(change)))) return false;
            if (double.IsNaN(reference)) return true;
            Rule.Integrate(k, w);
            for (int i = 0; i < N; i++) highest = Math.Max(highest, -half * w[i] + Math.Log(2 / b[i] * Math.Abs(v[i] - reference)));
            return double.IsFinite(change);
        }

        private void Move(double length, double target)
        {
            At = length == Math.Abs(target - At) ? target : At + (int)direction * length;
            sinceStart += length;
        }

        private (double K, double Source) Here()
        {
            v[0] = At;
            coefficients(v.AsSpan(0, 1), a.AsSpan(0, 1), b.AsSpan(0, 1));
            return (2 * a[0] / b[0], direction == Direction.Up ? 2 / b[0] : 1);
        }

        // coefficients at the nodes of the next stretch, in the order of travel
        private double Coefficients(double length)
        {
            double half = 0.5 * length;
            ReadOnlySpan<double> nodes = Rule.Nodes;
            for (int i = 0; i < N; i++) v[i] = At + (int)direction * half * (1 + nodes[i]);
            coefficients(v, a, b);
            for (int i = 0; i < N; i++) k[i] = 2 * a[i] / b[i];
            return half;
        }

        private static bool IsResolved(double[] function, double scale, double size) => scale * Rule.Unresolved(function) <= Tolerance * size;

        private void Fine(double remaining, double target)
        {
            if (step == 0) step = FirstStep(remaining);
            double length = Math.Min(step, remaining);
            while (true)
            {
                double half = Coefficients(length);
                Rule.Integrate(k, w);
                double change = half * Rule.Integral(k), largest = Math.Max(0, change), range = 0;
                for (int i = 0; i < N; i++)
                {
                    w[i] *= half;
                    largest = Math.Max(largest, w[i]);
                    range = Math.Max(range, Math.Abs(w[i]));
                    s[i] = direction == Direction.Up ? 2 / b[i] : 1;
                }

                double maximum = 0;
                for (int i = 0; i < N; i++)
                {
                    e[i] = Math.Exp(w[i] - largest);
                    f[i] = e[i] * s[i];
                    maximum = Math.Max(maximum, f[i]);
                }

                double error = Math.Max(Rule.Unresolved(f) / maximum, half * Rule.Unresolved(k) / Math.Max(1, range));
                bool smallest = length < 1e-12 * Math.Abs(At) && range < 0.01; // a kink inside so short a panel does not matter
                if (!(error <= Tolerance && range < 30) && !smallest)
                {
                    length *= Math.Clamp(0.9 * Math.Pow(Tolerance / error, 1.0 / N), 0.2, 0.7);
                    if (!(length > 1e-14 * Math.Abs(At))) throw Unresolved();
                    step = length;
                    continue;
                }

                Advance(half, largest, change);
                if (length >= step) step = length * Math.Clamp(0.9 * Math.Pow(Tolerance / Math.Max(error, 1e-18), 1.0 / N), 0.5, 2);
                Move(length, target);
                return;
            }
        }

        // with e^{w - largest} in e and e^{w - largest} s in f
        private void Advance(double half, double largest, double change)
        {
            double carry = Math.Exp(-largest), leave = Math.Exp(largest - change), unit = half * Math.Exp(-logScale);
            travelled += change;
            if (Moments)
            {
                Span<double> g = stackalloc double[N], y1 = stackalloc double[N];
                for (int i = 0; i < N; i++) g[i] = f[i] * (v[i] - Origin);
                value1 = Follow(g, y1, ref value1, ref time1);
                for (int i = 0; i < N; i++) g[i] *= v[i] - Origin;
                value2 = Follow(g, y1, ref value2, ref time2);
            }

            value = Follow(f, y, ref value, ref time);
            if (Moments)
            {
                Span<double> g = stackalloc double[N], l = stackalloc double[N];
                for (int i = 0; i < N; i++) g[i] = e[i] * y[i] * y[i];
                unit = half;
                squared = Follow(g, l, ref squared, ref spread);
            }

            if (value > 1e60) Rescale(Math.Log(value));

            double Follow(ReadOnlySpan<double> source, Span<double> solution, ref double before, ref double integral)
            {
                Rule.Integrate(source, solution);
                for (int i = 0; i < N; i++) solution[i] = (before * carry + unit * solution[i]) / e[i];
                if (Accumulates) integral += half * Rule.Integral(solution);
                return (before * carry + unit * Rule.Integral(source)) * leave;
            }
        }

        private void Rescale(double log)
        {
            logScale += log;
            double factor = Math.Exp(-log);
            value *= factor;
            value1 *= factor;
            value2 *= factor;
            time *= factor;
            time1 *= factor;
            time2 *= factor;
            squared *= factor * factor;
            spread *= factor * factor;
        }

        // k is large and positive: y is the one solution that is smooth, whatever it was before
        private bool TryFollow(double remaining, double target, bool only = false)
        {
            double length = followingStep > 0 ? Math.Min(2 * followingStep, remaining) : remaining;
            var matrix = new double[N, N];
            while (true)
            {
                double half = Coefficients(length), stiffness = double.PositiveInfinity;
                for (int i = 0; i < N; i++) stiffness = Math.Min(stiffness, a[i] > 0 ? half * k[i] : double.NegativeInfinity);
                if (stiffness >= Stiff)
                {
                    for (int i = 0; i < N; i++)
                    {
                        b[i] /= 2; // B^2/2 y' + A y = B^2/2 s
                        for (int j = 0; j < N; j++) matrix[i, j] = b[i] / half * Rule.Differentiation[i, j] + (i == j ? a[i] : 0);
                        y[i] = direction == Direction.Up ? 1 : b[i];
                    }

                    var factors = new LinearFactors(matrix);
                    factors.Solve(y);
                    double size = y.Max(Math.Abs);
                    if (IsResolved(y, 1, size) && y.Min() > 0)
                    {
                        double unit = Math.Exp(-logScale);
                        travelled += half * Rule.Integral(k);
                        value = Add(y, unit, ref time);
                        if (Moments)
                        {
                            for (int i = 0; i < N; i++) w[i] = v[i] - Origin;
                            factors.Solve(w);
                            value1 = Add(w, unit, ref time1);
                            for (int i = 0; i < N; i++) w[i] = (v[i] - Origin) * (v[i] - Origin);
                            factors.Solve(w);
                            value2 = Add(w, unit, ref time2);
                            for (int i = 0; i < N; i++) w[i] = b[i] * y[i] * y[i];
                            factors.Solve(w);
                            squared = Add(w, unit * unit, ref spread);
                        }

                        followingStep = length;
                        step = 0;
                        Move(length, target);
                        return true;

                        double Add(double[] solution, double scale, ref double integral)
                        {
                            if (Accumulates || only) integral += scale * half * Rule.Integral(solution);
                            return scale * CollocationRule.Dot(Rule.Right, solution);
                        }
                    }
                }

                (double here, _) = Here();
                length /= 2;
                if (here * length < 2 * Stiff)
                {
                    followAgain = sinceStart + length;
                    return false;
                }
            }
        }

        // the source no longer matters and y only grows: on to where it begins to count
        private bool TryLeap(double target, double remaining)
        {
            bool keepsSums = Accumulates || Moments;
            if (keepsSums && double.IsNaN(lowestAhead)) lowestAhead = Lowest(target);
            double length = leapStep > 0 ? Math.Min(2 * leapStep, remaining) : remaining;
            (double here, _) = Here();
            while (-here * length > 20)
            {
                if (TryMeasure(length, out double change, out _, double.NaN) && k.Max() < 0
                    && (!keepsSums || travelled + change > lowestAhead + Negligible))
                {
                    travelled += change;
                    logScale -= change; // y grows by e^-change; what was summed up before is small against what comes
                    double factor = Math.Exp(change);
                    time *= factor;
                    time1 *= factor;
                    time2 *= factor;
                    spread *= factor * factor;
                    squared = 0;
                    leapStep = length;
                    step = 0;
                    Move(length, target);
                    return true;
                }

                length /= 2;
            }

            return false;
        }

        private ArithmeticException Unresolved() => new(FormattableString.Invariant(
            $"the diffusion cannot be resolved near V = {At:R} mV: drift and noise must be finite there, and the noise not zero"));

        // the lowest w on the way to the target
        private double Lowest(double target)
        {
            double at = At, w = travelled, lowest = travelled, length = Math.Abs(target - At);
            while (At != target)
            {
                length = Math.Min(length, Math.Abs(target - At));
                if (!TryMeasure(length, out double change, out _, double.NaN) && length > 1e-12 * Math.Abs(At))
                {
                    length /= 2;
                    continue;
                }

                w += change;
                lowest = Math.Min(lowest, w);
                At = length == Math.Abs(target - At) ? target : At + (int)direction * length;
                length *= 2;
            }

            At = at;
            return lowest;
        }
    }
}
