using static Shunt.Theory.ErrorFunctions;

namespace Shunt.Theory;

/// <summary>
/// First passage of tau dV/dt = -(V - mu) + sigma sqrt(tau) zeta(t) from reset to threshold, in the units v = (V - mu)/sigma (Eqs. 10, 15, 17).
/// Everything is returned as a logarithm, so no argument overflows, underflows or needs clipping. With E(x) = int_0^x e^{t^2} dt = e^{x^2} D(x)
/// the integrals reduce to erfcx, Dawson's function and the integral of erfcx; what is left is integrated numerically after its exponential
/// growth has been taken out.
/// </summary>
public static class DiffusionPassage
{
    private const double SqrtPi = 1.7724538509055160273;

    // e^-45 is below machine precision: beyond this drop in the exponent an integrand no longer counts
    private const double Negligible = 45;

    private static readonly double GaussianTailAtZero = GaussianTail(0);

    /// <summary>ln of sqrt(pi) int_{vMin}^{vMax} e^{x^2} (1 + erf x) dx (Eq. 10): the mean first-passage time in units of tau.</summary>
    /// <param name="vMin">v at the reset.</param>
    /// <param name="vMax">v at the threshold; above <paramref name="vMin"/>.</param>
    public static double LogMean(double vMin, double vMax)
    {
        if (double.IsPositiveInfinity(vMax)) return double.PositiveInfinity;
        if (vMax <= 0) return Math.Log(SqrtPi * ErfcxIntegral(-vMax, -vMin));
        double below = vMin < 0 ? Math.Exp(-vMax * vMax) * ErfcxIntegral(0, -vMin) : 0;
        return vMax * vMax + Math.Log(SqrtPi * (below + ScaledPassage(Math.Max(vMin, 0), vMax)));
    }

    /// <summary>
    /// CV of the first-passage time (Eq. 15 without refractory period); the CV of the interspike intervals is this times 1 - nu tau_rp.
    /// Exchanging the order of integration leaves one integral, W = int e^{y^2}(1 + erf y)^2 [E(vMax) - E(max(y, vMin))] dy.
    /// </summary>
    /// <param name="vMin">v at the reset.</param>
    /// <param name="vMax">v at the threshold; above <paramref name="vMin"/>.</param>
    public static double Cv(double vMin, double vMax)
    {
        if (double.IsPositiveInfinity(vMax)) return 1;
        double logW;
        if (vMax <= 0)
        {
            double near = -vMax, far = -vMin;
            logW = Math.Log(AlgebraicPart(near, far) - Dawson(near) * GaussianTail(near) + Dawson(far) * GaussianTail(far));
        }
        else
        {
            double start = Math.Max(vMin, 0);
            double scale = Math.Exp(-vMax * vMax);
            double w = ScaledSquare(start, vMax);
            w += vMin < 0
                ? scale * (Dawson(vMax) * GaussianTailAtZero + scale * (AlgebraicPart(0, -vMin) + Dawson(-vMin) * GaussianTail(-vMin)))
                : ScaledGaussian(vMin, vMax, Dawson(vMax)) * SquareBelow(vMin) * Math.Exp((vMin - vMax) * (vMin + vMax));
            logW = 2 * vMax * vMax + Math.Log(w);
        }

        return Math.Sqrt(2 * Math.PI) * Math.Exp(0.5 * logW - LogMean(vMin, vMax));
    }

    /// <summary>
    /// ln of int_{max(v, vMin)}^{vMax} e^{x^2 - v^2} dx (Eq. 17): the membrane density in units of 2 nu tau/sigma; minus infinity at threshold
    /// and above.
    /// </summary>
    /// <param name="v">(V - mu)/sigma.</param>
    /// <param name="vMin">v at the reset.</param>
    /// <param name="vMax">v at the threshold.</param>
    public static double LogDensity(double v, double vMin, double vMax)
    {
        if (v >= vMax) return double.NegativeInfinity;
        double from = Math.Max(v, vMin);
        double larger = Math.Max(Math.Abs(from), Math.Abs(vMax));
        return (larger - v) * (larger + v) + Math.Log(ScaledGaussian(from, vMax, Dawson(Math.Abs(vMax))));
    }

    /// <summary>The same as <see cref="LogDensity(double, double, double)"/> for many v at once, for less.</summary>
    /// <param name="v">(V - mu)/sigma, any number of values.</param>
    /// <param name="vMin">v at the reset.</param>
    /// <param name="vMax">v at the threshold.</param>
    /// <param name="logDensity">Receives the values; may be the same memory as <paramref name="v"/>.</param>
    public static void LogDensity(ReadOnlySpan<double> v, double vMin, double vMax, Span<double> logDensity)
    {
        double atReset = LogDensity(vMin, vMin, vMax), dawson = Dawson(Math.Abs(vMax));
        for (int i = 0; i < v.Length; i++)
        {
            double larger = Math.Max(Math.Abs(v[i]), Math.Abs(vMax));
            logDensity[i] = v[i] >= vMax ? double.NegativeInfinity
                : v[i] <= vMin ? atReset + (vMin - v[i]) * (vMin + v[i]) // a Gaussian below the reset
                : (larger - v[i]) * (larger + v[i]) + Math.Log(ScaledGaussian(v[i], vMax, dawson));
        }
    }

    // e^{-m^2} int_a^b e^{x^2} dx with m = max(|a|, |b|), given D(|b|)
    private static double ScaledGaussian(double a, double b, double dawson)
    {
        if (b <= 0)
        {
            double below = (b - a) * (-b - a);
            return below > 0.2 ? Dawson(-a) - Math.Exp(-below) * dawson : Quadrature.Short.Integrate(x => Math.Exp((x - a) * (x + a)), a, b);
        }

        if (a < 0)
        {
            double m = Math.Max(-a, b);
            return Math.Exp((b - m) * (b + m)) * dawson + Math.Exp((-a - m) * (m - a)) * Dawson(-a);
        }

        double rise = (b - a) * (b + a);
        return rise > 0.2
            ? dawson - Math.Exp(-rise) * Dawson(a)
            : Quadrature.Short.Integrate(x => Math.Exp((x - b) * (x + b)), a, b);
    }

    // e^{-vMax^2} int_a^vMax e^{x^2} (1 + erf x) dx for 0 <= a < vMax, where e^{x^2}(1 + erf x) = 2 e^{x^2} - erfcx(x)
    private static double ScaledPassage(double a, double vMax) =>
        2 * ScaledGaussian(a, vMax, Dawson(vMax)) - Math.Exp(-vMax * vMax) * ErfcxIntegral(a, vMax);

    // e^{t^2} int_t^infinity e^{-s^2} erfcx(s)^2 ds for t >= 0
    private static double GaussianTail(double t)
    {
        double length = Negligible / (t + Math.Sqrt(t * t + Negligible)); // s^2 - t^2 = 45 at its end
        return Quadrature.Fine.Integrate(u => Math.Exp(-u * (u + 2 * t)) * Square(Erfcx(t + u)), 0, length, 3);
    }

    // int_near^far erfcx(t)^2 D(t) dt, which falls like t^-3, so on a logarithmic scale; beyond 1e9 (1 + near) nothing is left
    private static double AlgebraicPart(double near, double far)
    {
        double length = Math.Min(Math.Log((1 + far) / (1 + near)), Math.Log(1e9));
        if (length < 0.1) return Quadrature.Coarse.Integrate(t => Square(Erfcx(t)) * Dawson(t), near, far);
        return (1 + near) * Quadrature.Fine.Integrate(
            s =>
            {
                double stretch = Math.Exp(s), t = (1 + near) * stretch - 1;
                return stretch * Square(Erfcx(t)) * Dawson(t);
            },
            0,
            length,
            (int)Math.Ceiling(length / 2));
    }

    // e^{-2 vMax^2} int_a^vMax e^{y^2} (1 + erf y)^2 [E(vMax) - E(y)] dy for 0 <= a < vMax
    private static double ScaledSquare(double a, double vMax)
    {
        double start = Math.Max(a, Math.Sqrt(Math.Max(vMax * vMax - Negligible, 0))), dawson = Dawson(vMax);
        return Quadrature.Fine.Integrate(
            y =>
            {
                double drop = Math.Exp((y - vMax) * (y + vMax));
                double erfcTimes = 2 - Math.Exp(-y * y) * Erfcx(y); // 1 + erf y
                return drop * Square(erfcTimes) * ScaledGaussian(y, vMax, dawson);
            },
            start,
            vMax,
            1 + (int)((vMax - start) * (vMax + start) / 12)); // falls like e^{y^2 - vMax^2}
    }

    // e^{-v^2} int_-infinity^v e^{y^2} (1 + erf y)^2 dy for v >= 0, from e^{y^2} (1 + erf y)^2 = 4 e^{y^2} - 4 erfcx(y) + e^{-y^2} erfcx(y)^2
    private static double SquareBelow(double v)
    {
        double scale = Math.Exp(-v * v);
        return 4 * Dawson(v) + scale * (2 * GaussianTailAtZero - 4 * ErfcxIntegral(v) - scale * GaussianTail(v));
    }

    private static double Square(double x) => x * x;
}
