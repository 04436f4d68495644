using MathNet.Numerics.LinearAlgebra;

namespace Shunt.Theory;

/// <summary>
/// Finds every self-consistent state. Groups of classes that drive each other are solved in order, sources first. In each group the unknowns are
/// x = -ln T, with T = 1/nu - tau_rp, so that silence and saturation are resolved alike; the equations are H_c(x) = -ln T_c(nu(x)) - x_c = 0.
/// One class: exhaustive scan. Two: exhaustive scan along the nullcline of one class, on an interpolant where the transfer function is expensive. More:
/// Newton's method from many starts, which may miss states.
/// </summary>
internal sealed class FixedPointSearch(RateEquations equations)
{
    private const double LowestRate = 1e-12;
    private const double HighestUnboundedRate = 1e6;
    private const double ScanStep = 0.5;

    /// <summary>Remarks on the search for the user.</summary>
    internal List<string> Notes { get; } = [];

    /// <summary>Rates of all classes (Hz) in every state found.</summary>
    internal List<double[]> All()
    {
        List<double[]> states = [new double[equations.Count]];
        foreach (int[] component in equations.Components) states = [.. states.SelectMany(known => Extend(known, component))];
        return states;
    }

    private List<double[]> Extend(double[] known, int[] component) => component switch
    {
        [int only] => [.. (equations.IsDriven(only, only) ? One(only, known, LogTime) : [Evaluate(only, known)]).Select(nu => With(known, only, nu))],
        [int first, int second] => Two(first, second, known),
        _ => Many(component, known),
    };

    private static double[] With(double[] rates, int c, double rate)
    {
        double[] copy = [.. rates];
        copy[c] = rate;
        return copy;
    }

    private double LogTime(int c, double[] rates) => equations.LogTime(c, rates);

    private double Evaluate(int c, double[] rates) => equations.Rate(c, -equations.LogTime(c, rates));

    // every rate of one class that is consistent with the given rates of the others
    private List<double> One(int c, double[] known, Func<int, double[], double> logTime)
    {
        double[] rates = [.. known];
        double Mismatch(double x)
        {
            rates[c] = equations.Rate(c, x);
            return -logTime(c, rates) - x;
        }

        double AtRate(double rate)
        {
            rates[c] = rate;
            return -logTime(c, rates);
        }

        // below a rate whose feedback is not felt the mismatch falls with slope -1 and has at most one zero
        double silent = AtRate(0), lowest = 1e-2;
        while (lowest > LowestRate && !(Math.Abs(AtRate(lowest) - silent) < 1e-3)) lowest /= 10;
        double low = -Math.Log(1 / lowest - equations.Neurons[c].RefractoryPeriod), atLow = Mismatch(low);
        var found = new List<double>();
        if (double.IsNegativeInfinity(silent))
        {
            found.Add(0);
        }
        else if (atLow < 0)
        {
            double below = Math.Min(silent, low) - 1;
            found.Add(equations.Rate(c, RootScan.Bracketed(Mismatch, below, Mismatch(below), low, atLow)));
        }

        foreach (double x in RootScan.All(Mismatch, low, High(c, Mismatch), ScanStep)) found.Add(equations.Rate(c, x));
        return found;
    }

    // an x above which the mismatch stays negative
    private double High(int c, Func<double, double> mismatch)
    {
        double refractory = equations.Neurons[c].RefractoryPeriod;
        double high = refractory > 0 ? 5 - Math.Log(refractory) : Math.Log(HighestUnboundedRate);
        while (refractory > 0 && mismatch(high) > 0 && high < 600) high += 5;
        if (refractory == 0 && mismatch(high) > 0) Runaway(c);
        return high;
    }

    private void Runaway(int c)
    {
        string note = FormattableString.Invariant(
            $"the rate of {equations.Members[c][0].Name} would grow beyond {HighestUnboundedRate:G1} Hz, ")
            + "and no refractory period bounds it; states up there were not looked for";
        if (!Notes.Contains(note)) Notes.Add(note);
    }

    // scan x of the first class; for each, all rates of the second that are consistent: one branch each
    private List<double[]> Two(int first, int second, double[] known)
    {
        double[] rates = [.. known];
        var candidates = new List<double[]>();
        Func<int, double[], double> logTime = equations.IsExpensive ? new LogTimeGrid(LogTime, first, second).At : LogTime;

        (double[] Second, double[] Mismatch) Branches(double x)
        {
            rates[first] = equations.Rate(first, x);
            double[] roots = [.. One(second, rates, logTime).Order()];
            double[] mismatch = new double[roots.Length];
            for (int k = 0; k < roots.Length; k++)
            {
                rates[second] = roots[k];
                mismatch[k] = -logTime(first, rates) - x;
            }

            return (roots, mismatch);
        }

        void Candidate(double x, double secondRate)
        {
            double[] start = With(known, first, equations.Rate(first, x));
            start[second] = secondRate;
            candidates.Add(start);
        }

        void Search(double a, (double[] Second, double[] Mismatch) atA, double b, (double[] Second, double[] Mismatch) atB)
        {
            double m = 0.5 * (a + b);
            var atM = Branches(m);
            bool paired = atA.Mismatch.Length == atB.Mismatch.Length && atA.Mismatch.Length == atM.Mismatch.Length;
            bool resolved = paired;
            for (int k = 0; resolved && k < atA.Mismatch.Length; k++)
            {
                double fa = atA.Mismatch[k], fm = atM.Mismatch[k], fb = atB.Mismatch[k];
                if (!double.IsFinite(fa) && !double.IsFinite(fm) && !double.IsFinite(fb)) continue;
                double bend = Math.Abs(fm - 0.5 * (fa + fb));
                bool oneSided = RootScan.SameSign(fa, fm) && RootScan.SameSign(fm, fb);
                resolved = oneSided ? bend < 0.5 * Math.Min(Math.Abs(fa), Math.Min(Math.Abs(fm), Math.Abs(fb))) : b - a < 1e-3;
            }

            if (!resolved && b - a > 1e-4)
            {
                Search(a, atA, m, atM);
                Search(m, atM, b, atB);
                return;
            }

            if (paired)
            {
                for (int k = 0; k < atA.Mismatch.Length; k++)
                {
                    double fa = atA.Mismatch[k], fm = atM.Mismatch[k], fb = atB.Mismatch[k];
                    if (!RootScan.SameSign(fa, fm) || !RootScan.SameSign(fm, fb)) Candidate(m, atM.Second[k]);
                }
            }
            else // two branches meet within the interval: a state may sit where they join
            {
                var fuller = atA.Mismatch.Length > atB.Mismatch.Length ? atA : atB;
                for (int k = 0; k + 1 < fuller.Mismatch.Length; k++)
                {
                    if (fuller.Mismatch[k] < 0 != fuller.Mismatch[k + 1] < 0) Candidate(m, 0.5 * (fuller.Second[k] + fuller.Second[k + 1]));
                }
            }
        }

        double low = Math.Log(1e-9), refractory = equations.Neurons[first].RefractoryPeriod;
        double high = refractory > 0 ? 10 - Math.Log(refractory) : Math.Log(HighestUnboundedRate);
        var atLow = Branches(low);
        for (int k = 0; k < atLow.Second.Length; k++)
        {
            if (atLow.Mismatch[k] < 0) Candidate(atLow.Mismatch[k] + low, atLow.Second[k]); // a silent first class
        }

        int panels = (int)Math.Ceiling((high - low) / ScanStep);
        double from = low;
        var atFrom = atLow;
        for (int i = 1; i <= panels; i++)
        {
            double to = low + i * (high - low) / panels;
            var atTo = Branches(to);
            Search(from, atFrom, to, atTo);
            (from, atFrom) = (to, atTo);
        }

        for (int k = 0; k < atFrom.Second.Length; k++)
        {
            if (!(atFrom.Mismatch[k] > 0)) continue;
            if (refractory > 0) Candidate(atFrom.Mismatch[k] + high, atFrom.Second[k]); // saturated
            else Runaway(first);
        }

        return Polished([first, second], candidates);
    }

    private List<double[]> Many(int[] component, double[] known)
    {
        Notes.Add(FormattableString.Invariant(
            $"{component.Length} different populations drive each other: states were searched from many starts, which is not exhaustive"));
        var candidates = new List<double[]>();
        const int starts = 96;
        for (int s = 0; s < starts; s++)
        {
            double[] start = [.. known];
            for (int i = 0; i < component.Length; i++)
            {
                // a low-discrepancy sequence over 1e-3 Hz to saturation; the first starts give all classes the same level
                double level = s < 12 ? s / 11.0 : (s * (i + 1) * 0.6180339887498949 + s * s * i * 0.1323) % 1;
                start[component[i]] = equations.Rate(component[i], -7 + level * 17);
            }

            candidates.Add(start);
            candidates.Add(Relaxed(component, start));
        }

        return Polished(component, candidates);
    }

    // follow dnu/dt = F(nu) - nu for a while
    private double[] Relaxed(int[] component, double[] start)
    {
        double[] rates = [.. start], next = [.. start];
        for (int step = 0; step < 100; step++)
        {
            foreach (int c in component)
            {
                double target = Evaluate(c, rates);
                next[c] = rates[c] + 0.1 * ((double.IsNaN(target) ? 0 : target) - rates[c]);
            }

            (rates, next) = (next, rates);
        }

        return rates;
    }

    private List<double[]> Polished(int[] component, List<double[]> candidates)
    {
        var states = new List<double[]>();
        foreach (double[] candidate in candidates)
        {
            if (Newton(component, candidate) is { } state && !states.Exists(s => Same(component, s, state))) states.Add(state);
        }

        return states;
    }

    private static bool Same(int[] component, double[] p, double[] q) =>
        component.All(c => p[c] == q[c] || Math.Abs(p[c] - q[c]) < 1e-6 * Math.Max(p[c], q[c]) || Math.Max(p[c], q[c]) < 1e-280);

    // x at a rate; where the rate is too small or too close to saturation to tell, x as the input has it
    private double StartingPoint(int c, double[] rates)
    {
        double passage = 1 / rates[c] - equations.Neurons[c].RefractoryPeriod;
        double logTime = equations.LogTime(c, rates);
        bool known = passage > 1e-12 / rates[c] && double.IsFinite(passage) && !double.IsPositiveInfinity(logTime);
        return known ? -Math.Log(passage) : -logTime;
    }

    // damped Newton in x from the given rates; null when it does not arrive
    private double[]? Newton(int[] component, double[] start)
    {
        double[] rates = [.. start];
        int n = component.Length;
        double[] x = [.. component.Select(c => StartingPoint(c, rates))];

        double[] Mismatch(double[] at)
        {
            for (int i = 0; i < n; i++) rates[component[i]] = equations.Rate(component[i], at[i]);
            var h = new double[n];
            for (int i = 0; i < n; i++)
            {
                double logTime = equations.LogTime(component[i], rates);
                h[i] = double.IsPositiveInfinity(logTime) && double.IsNegativeInfinity(at[i]) ? 0 : -logTime - at[i];
            }

            return h;
        }

        static double Size(double[] h, double[] at)
        {
            double size = 0;
            for (int i = 0; i < h.Length; i++) size = Math.Max(size, h[i] == 0 ? 0 : Math.Abs(h[i]) / (1 + Math.Abs(at[i])));
            return size;
        }

        double[] h = Mismatch(x);
        double size = Size(h, x);
        for (int iteration = 0; iteration < 60 && size > 0; iteration++)
        {
            if (!double.IsFinite(size)) return null;
            var jacobian = Matrix<double>.Build.DenseIdentity(n);
            for (int j = 0; j < n; j++)
            {
                if (!double.IsFinite(x[j])) continue;
                double step = 1e-5 * (1 + Math.Abs(x[j]));
                double[] shifted = [.. x];
                shifted[j] = x[j] + step;
                double[] up = Mismatch(shifted);
                shifted[j] = x[j] - step;
                double[] down = Mismatch(shifted);
                for (int i = 0; i < n; i++)
                {
                    double slope = (up[i] - down[i]) / (2 * step);
                    jacobian[i, j] = double.IsFinite(slope) ? slope : i == j ? -1 : 0;
                }
            }

            double[] direction = [.. jacobian.Solve(Vector<double>.Build.DenseOfArray(h))];
            double factor = 1, trialSize = double.NaN;
            double[] trial = x, trialMismatch = h;
            for (; factor > 1e-4; factor /= 2)
            {
                trial = [.. x.Select((value, i) => double.IsFinite(value) ? value - factor * direction[i] : value)];
                trialMismatch = Mismatch(trial);
                trialSize = Size(trialMismatch, trial);
                if (trialSize < size) break;
            }

            if (!(trialSize < size)) break; // as close as rounding allows, or stuck
            (x, h, size) = (trial, trialMismatch, trialSize);
        }

        if (!(size < 1e-11)) return null;
        Mismatch(x);
        return [.. rates];
    }
}
