namespace Shunt.Theory;

/// <summary>All roots of a function of one variable on an interval.</summary>
internal static class RootScan
{
    private const double FinestStep = 1e-6;

    /// <summary>
    /// Roots of <paramref name="f"/> between <paramref name="low"/> and <paramref name="high"/>, increasing. The interval is halved wherever f,
    /// taken as a parabola through three points, could reach zero unseen, so a pair of roots escapes only if f dips between points where it
    /// looked flat. f may be NaN (undefined) or infinite on parts of the interval.
    /// </summary>
    internal static List<double> All(Func<double, double> f, double low, double high, double step)
    {
        var roots = new List<double>();
        int panels = Math.Max(1, (int)Math.Ceiling((high - low) / step));
        double a = low, fa = f(low);
        for (int i = 1; i <= panels; i++)
        {
            double b = i == panels ? high : low + i * (high - low) / panels, fb = f(b);
            Search(f, a, fa, b, fb, roots);
            (a, fa) = (b, fb);
        }

        if (fa == 0) roots.Add(a);
        return roots;
    }

    // roots in [a, b)
    private static void Search(Func<double, double> f, double a, double fa, double b, double fb, List<double> roots)
    {
        double m = 0.5 * (a + b), fm = f(m);
        if (!double.IsFinite(fa) && !double.IsFinite(fm) && !double.IsFinite(fb)) return;
        double bend = Math.Abs(fm - 0.5 * (fa + fb)); // NaN or infinite beside a place where f is not finite: halve on
        bool oneSided = SameSign(fa, fm) && SameSign(fm, fb);
        bool resolved = oneSided
            ? bend < 0.5 * Math.Min(Math.Abs(fa), Math.Min(Math.Abs(fm), Math.Abs(fb)))
            : bend < 0.2 * Math.Abs(fb - fa);
        if (!resolved && b - a > FinestStep)
        {
            Search(f, a, fa, m, fm, roots);
            Search(f, m, fm, b, fb, roots);
            return;
        }

        Add(a, fa, m, fm);
        Add(m, fm, b, fb);

        void Add(double left, double fLeft, double right, double fRight)
        {
            if (fLeft == 0) roots.Add(left);
            else if ((fLeft < 0 && fRight > 0) || (fLeft > 0 && fRight < 0)) roots.Add(Bracketed(f, left, fLeft, right, fRight));
        }
    }

    /// <summary>The root of f between two points where it has different signs, by default to machine precision (Chandrupatla's method).</summary>
    internal static double Bracketed(Func<double, double> f, double a, double fa, double b, double fb, double precision = 2e-16)
    {
        double c = a, fc = fa, t = 0.5;
        for (int i = 0; i < 200; i++)
        {
            double x = a + t * (b - a), fx = f(x);
            if (SameSign(fx, fa))
            {
                (c, fc) = (a, fa);
            }
            else
            {
                (c, b, fc, fb) = (b, a, fb, fa);
            }

            (a, fa) = (x, fx);
            double best = Math.Abs(fa) < Math.Abs(fb) ? a : b;
            double tolerance = 0.5 * double.Epsilon + precision * Math.Abs(best);
            double limit = tolerance / Math.Abs(b - a);
            if (limit > 0.5 || fx == 0) return best;

            double xi = (a - b) / (c - b), phi = (fa - fb) / (fc - fb);
            bool interpolate = phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi; // false when a value is not finite
            t = interpolate ? Interpolate(a, fa, b, fb, c, fc) : 0.5;
            t = Math.Clamp(t, limit, 1 - limit);
        }

        return Math.Abs(fa) < Math.Abs(fb) ? a : b;
    }

    /// <summary>Both positive or both negative; false when one is NaN or zero.</summary>
    internal static bool SameSign(double p, double q) => (p > 0 && q > 0) || (p < 0 && q < 0);

    // inverse quadratic interpolation through three points: where x(f) meets f = 0, as a fraction of b - a
    private static double Interpolate(double a, double fa, double b, double fb, double c, double fc) =>
        fa / (fb - fa) * (fc / (fb - fc)) + (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb));
}
