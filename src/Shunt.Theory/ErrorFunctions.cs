namespace Shunt.Theory;

/// <summary>
/// The three relatives of the error function that first-passage integrals need, to about machine precision. With them no integrand of the
/// theory overflows or cancels: e^{x^2}(1 + erf x) is erfcx(-x), the integral of e^{t^2} is e^{x^2} D(x), and the integral of erfcx is G(x).
/// </summary>
public static class ErrorFunctions
{
    // Chebyshev series in t = (x - c)/(x + c), which maps [0, infinity) to [-1, 1); computed for this file in 60-digit arithmetic.
    private const double ErfcxCentre = 4;
    private const double IntegralCentre = 2.5;
    private const double SqrtPi = 1.7724538509055160273;

    // Dawson's function as a sum of Gaussians (Rybicki): with this spacing its error is exp(-(pi/2h)^2), about 1e-17.
    private const double Spacing = 0.25;
    private const int GaussianPairs = 13;

    private static readonly double[] ErfcxSeries = // of (1 + 2x) erfcx(x)
    [
        1.1774832005374487, -0.00726079662030190048, -0.0812651232361849979, 0.06009212804122225, -0.0287539355802766603,
        0.01059566336347286, -0.00313692729455426424, 0.000745649437253618404, -0.00013696965030100541, 1.718386160030094e-5,
        -7.1583646234503e-7, -2.426139944245e-7, 5.57657093957e-8, -2.10578695138e-9, -1.17178893519e-9, 1.9098355172e-10,
        1.408871764e-11, -6.90110832e-12, 9.167958e-14, 2.1454508e-13, -1.471658e-14, -6.66868e-15, 7.5046e-16, 2.2201e-16,
        -3.17e-17, -8.19e-18,
    ];

    private static readonly double[] IntegralSeries = // of G(x) - ln(1 + x)/sqrt(pi)
    [
        0.330847047686288489, 0.270078934633660506, -0.0537925850890877816, 0.00705462754465028666, -0.00015123984403016538,
        -0.000180400066069409128, 0.0000442335128727839445, -5.01013038864540205e-6, 4.668844865212e-7, -1.6748620387757e-7,
        5.163194460877e-8, -8.17677601715e-9, 1.09423271284e-9, -3.3690467603e-10, 8.900018529e-11, -1.293120291e-11,
        2.34581891e-12, -7.9730996e-13, 1.5779471e-13, -2.001649e-14, 6.55951e-15, -1.82995e-15, 2.079e-16, -4.905e-17, 2.064e-17,
        -2.5e-18,
    ];

    private static readonly double[] GaussianWeights = [.. Enumerable.Range(0, GaussianPairs).Select(i => Math.Exp(-Square((2 * i + 1) * Spacing)))];

    /// <summary>Scaled complementary error function e^{x^2} erfc(x). Infinite below about -26.6, where e^{x^2} overflows.</summary>
    /// <param name="x">Any real number.</param>
    public static double Erfcx(double x)
    {
        if (x < 0) return 2 * Math.Exp(x * x) - Erfcx(-x);
        if (double.IsPositiveInfinity(x)) return 0;
        return Chebyshev(ErfcxSeries, (x - ErfcxCentre) / (x + ErfcxCentre)) / (1 + 2 * x);
    }

    /// <summary>Dawson's function D(x) = e^{-x^2} int_0^x e^{t^2} dt.</summary>
    /// <param name="x">Any real number.</param>
    public static double Dawson(double x)
    {
        double y = Math.Abs(x);
        double value = y < 0.5 ? DawsonSeries(y) : y < 8 ? DawsonGaussians(y) : DawsonAsymptotic(y);
        return Math.CopySign(value, x);
    }

    /// <summary>G(x) = int_0^x erfcx(t) dt, which grows like ln(x)/sqrt(pi).</summary>
    /// <param name="x">Zero or more.</param>
    public static double ErfcxIntegral(double x) =>
        Math.Log(1 + x) / SqrtPi + Chebyshev(IntegralSeries, (x - IntegralCentre) / (x + IntegralCentre));

    /// <summary>int_a^b erfcx(t) dt without cancellation when the limits are close.</summary>
    /// <param name="a">Zero or more.</param>
    /// <param name="b">At least <paramref name="a"/>.</param>
    public static double ErfcxIntegral(double a, double b)
    {
        if (b - a < 0.3 * (1 + a)) return Quadrature.Coarse.Integrate(Erfcx, a, b);
        if (a == 0) return ErfcxIntegral(b);
        double ratio = (1 + b) / (1 + a);
        return Math.Log(ratio) / SqrtPi
            + Chebyshev(IntegralSeries, (b - IntegralCentre) / (b + IntegralCentre))
            - Chebyshev(IntegralSeries, (a - IntegralCentre) / (a + IntegralCentre));
    }

    private static double DawsonSeries(double x)
    {
        double step = -2 * x * x, term = x, sum = x;
        for (int k = 1; k < 20; k++)
        {
            term *= step / (2 * k + 1);
            sum += term;
        }

        return sum;
    }

    private static double DawsonGaussians(double x)
    {
        int nearest = 2 * (int)Math.Round(x / (2 * Spacing)); // even, so that nearest +- odd runs over the odd integers
        double offset = x - nearest * Spacing;
        double up = Math.Exp(2 * offset * Spacing), down = 1 / up, up2 = up * up, down2 = down * down;
        double sum = 0;
        for (int i = 0; i < GaussianPairs; i++)
        {
            int odd = 2 * i + 1;
            sum += GaussianWeights[i] * (up * (nearest - odd) + down * (nearest + odd)) / (nearest * nearest - odd * odd);
            up *= up2;
            down *= down2;
        }

        return Math.Exp(-offset * offset) * sum / SqrtPi;
    }

    private static double DawsonAsymptotic(double x)
    {
        double step = 1 / (2 * x * x), term = 1, sum = 1;
        for (int k = 1; k < 20; k++)
        {
            term *= (2 * k - 1) * step;
            sum += term;
        }

        return sum / (2 * x);
    }

    private static double Chebyshev(double[] series, double t)
    {
        double twice = 2 * t, b1 = 0, b2 = 0;
        for (int k = series.Length - 1; k > 0; k--) (b1, b2) = (series[k] + twice * b1 - b2, b1);
        return series[0] + t * b1 - b2;
    }

    private static double Square(double x) => x * x;
}
