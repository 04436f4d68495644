using System.Numerics;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// First passage of a diffusion at complex rates, dx/ds = -x + sqrt(2 D(x)) zeta in the units x = (V - mu)/sigma, s = t/tau, with D a polynomial of
/// second degree (Ito). For a rate Lambda = lambda tau the backward equation D Psi'' - x Psi' = Lambda Psi is integrated from far below up to the
/// threshold; Psi(x)/Psi(x_theta) is the Laplace transform of the passage time from x. It is integrated as the pair Psi' = Lambda Phi,
/// D Phi' = Psi + x Phi, which stays regular at Lambda = 0, upwards, where whatever does not belong to the solution dies out. Coefficients are
/// polynomials, so each cell has a Taylor series whose terms follow from each other; it is summed until they no longer count.
/// </summary>
internal sealed class ThresholdIntegration
{
    /// <summary>The most cells; with weaker noise the membrane is as good as deterministic.</summary>
    private const int MostCells = 20_000;

    // e^-45 is below machine precision
    private const double Negligible = 45;
    private const int MostTerms = 80;

    // a cell is so short that its series converges like 1.5^n/n! or like 0.3^n (singularities of 1/D)
    private const double Growth = 1.5, Reach = 0.3;

    // growing solutions are brought back by this factor, all sums with them: only ratios are needed
    private const double Large = 1e120;

    private readonly double d0, d1, d2;
    private readonly double[] edges;
    private readonly double[][] density;
    private readonly double reset;
    private readonly double refractory;

    /// <param name="reset">x at the reset.</param>
    /// <param name="threshold">x at the threshold.</param>
    /// <param name="refractory">tau_rp/tau.</param>
    /// <param name="d1">D(x) = (1 + d1 x + d2 x^2)/2.</param>
    /// <param name="d2">Coefficient of x^2.</param>
    /// <exception cref="ModelException">D vanishes between the lower end and threshold, or noise is too weak for this method.</exception>
    internal ThresholdIntegration(double reset, double threshold, double refractory, double d1, double d2)
    {
        (d0, this.d1, this.d2) = (0.5, d1 / 2, d2 / 2);
        this.reset = reset;
        this.refractory = refractory;
        edges = Edges(Lowest(), threshold);
        density = Density(out double passage);
        LogMeanPassage = passage;
    }

    /// <summary>ln of the mean passage time from reset to threshold in units of tau.</summary>
    internal double LogMeanPassage { get; }

    private double D(double x) => d0 + x * (d1 + x * d2);

    // Below the reset P falls like exp(-int x/D): the end is where e^-45 is left of it. What is wrong there with Psi has died out by the reset, too.
    private double Lowest()
    {
        double x = Math.Min(reset, 0), fallen = 0;
        while (fallen < Negligible)
        {
            double rate = -x / D(x), step = Math.Min(1 / (1 + rate), 0.25 * Distance(x));
            if (!(D(x) > 0) || !(step > 1e-9)) throw NoNoise(x);
            double middle = x - step / 2;
            fallen += step * -middle / D(middle);
            x -= step;
            if (x < -1e4) throw new ModelException("noise", FormattableString.Invariant($"a membrane that spreads over {-x:G3} sigma cannot be treated"));
        }

        return x;
    }

    private static ModelException NoNoise(double x) => new(
        "noise",
        FormattableString.Invariant($"the noise vanishes {x:G4} sigma from mu, at a reversal potential that V reaches; there must be noise at every V"));

    // from x to the nearest complex zero of D
    private double Distance(double x)
    {
        if (d2 == 0) return d1 == 0 ? double.PositiveInfinity : Math.Abs(x + d0 / d1);
        Complex root = Complex.Sqrt(d1 * d1 - 4 * d0 * d2);
        return Math.Min(Complex.Abs(x - (-d1 + root) / (2 * d2)), Complex.Abs(x - (-d1 - root) / (2 * d2)));
    }

    private double[] Edges(double low, double high)
    {
        var found = new List<double> { low };
        foreach (double end in reset < high ? (double[])[reset, high] : [high])
        {
            while (found[^1] < end)
            {
                double x = found[^1];
                double step = Math.Min(Growth / (1 + Math.Abs(x) / D(x)), Reach * Distance(x));
                if (!(D(x) > 0) || !(step > 1e-9)) throw NoNoise(x);
                if (found.Count > MostCells)
                {
                    throw new ModelException(
                        "noise",
                        FormattableString.Invariant($"mu lies {-high:G3} sigma above threshold and {-reset:G3} above reset: as good as deterministic, ")
                        + "which linear response with noise does not treat");
                }

                // no sliver before the end
                found.Add(x + step > end ? end : x + 1.5 * step > end ? 0.5 * (x + end) : x + step);
            }
        }

        return [.. found];
    }

    // Stationary density for unit flux, (D m)' = -x m - [x > reset], m(theta) = 0, from the threshold down: Taylor series of each cell about its upper
    // edge. Normalised so that the integral is 1; ln of what it was is the mean passage time.
    private double[][] Density(out double logIntegral)
    {
        int cells = edges.Length - 1;
        var series = new double[cells][];
        var scale = new double[cells]; // logarithms
        double value = 0, log = 0;
        var integrals = new double[cells];
        for (int i = cells - 1; i >= 0; i--)
        {
            double x = edges[i + 1], h = edges[i] - x, flux = edges[i] >= reset ? Math.Exp(-log) : 0;
            double slope0 = d1 + 2 * d2 * x, dx = D(x);
            var terms = new List<double> { value };
            double previous = 0, power = 1, largest = Math.Abs(value), sum = value, integral = value * h;
            for (int n = 0, small = 0; small < 3; n++)
            {
                if (n > MostTerms) throw NotConverged();
                double m = terms[n];
                double next = (-x * m - previous - (n == 0 ? flux : 0) - slope0 * (n + 1) * m - d2 * (n + 1) * previous) / (dx * (n + 1));
                previous = m;
                terms.Add(next);
                power *= h;
                sum += next * power;
                integral += next * power * h / (n + 2);
                largest = Math.Max(largest, Math.Abs(next * power));
                small = Math.Abs(next * power) <= 1e-18 * largest ? small + 1 : 0;
            }

            series[i] = [.. terms];
            integrals[i] = -integral;
            scale[i] = log;
            value = sum;
            if (!(Math.Abs(value) > Large)) continue;
            log += Math.Log(Large);
            value /= Large;
        }

        double top = Enumerable.Range(0, cells).Max(i => scale[i] + Math.Log(integrals[i]));
        logIntegral = top + Math.Log(Enumerable.Range(0, cells).Sum(i => Math.Exp(scale[i] - top) * integrals[i]));
        for (int i = 0; i < cells; i++)
        {
            double factor = Math.Exp(scale[i] - logIntegral);
            for (int n = 0; n < series[i].Length; n++) series[i][n] *= factor;
        }

        return series;
    }

    private static InvalidOperationException NotConverged() => new("a Taylor series of the membrane density or of a passage time did not converge");

    /// <summary>Everything that depends on the rate Lambda.</summary>
    /// <param name="lambda">Lambda = lambda tau.</param>
    /// <param name="refinement">Divides every cell once more, to see what the resolution does; 1 otherwise.</param>
    internal Passage At(Complex lambda, int refinement = 1)
    {
        ReadOnlySpan<double> nodes = Quadrature.Coarse.Nodes, weights = Quadrature.Coarse.Weights;
        double magnitude = Complex.Abs(lambda);
        double lowest = edges[0];
        Complex psi = 1, phi = 2 / (-lowest + Complex.Sqrt(lowest * lowest + 4 * lambda * D(lowest)));
        Complex drift0 = 0, drift1 = 0, noise0 = 0, noise1 = 0, noise2 = 0, climb = 0, psiReset = 1;
        var psis = new Complex[MostTerms + 2];
        var phis = new Complex[MostTerms + 2];
        if (edges[0] >= reset) psiReset = psi;
        for (int i = 0; i + 1 < edges.Length; i++)
        {
            double length = edges[i + 1] - edges[i];
            double least = Math.Min(D(edges[i]), D(edges[i + 1]));
            int parts = refinement * Math.Max(1, (int)Math.Ceiling(length * Math.Sqrt(magnitude / least) / Growth));
            double h = length / parts;
            bool above = edges[i] >= reset;
            for (int part = 0; part < parts; part++)
            {
                double x = edges[i] + part * h, slope0 = d1 + 2 * d2 * x, dx = D(x);
                double power = 1, largest = Size(psi) + Size(phi);
                Complex psiEnd = psi, phiEnd = phi, integral = phi * h;
                psis[0] = psi;
                phis[0] = phi;
                int n = 0;
                for (int small = 0; small < 3; n++)
                {
                    if (n > MostTerms) throw NotConverged();
                    Complex before = n > 0 ? phis[n - 1] : 0;
                    phis[n + 1] = (psis[n] + (x - slope0 * n) * phis[n] + (1 - d2 * (n - 1)) * before) / (dx * (n + 1));
                    psis[n + 1] = lambda * phis[n] / (n + 1);
                    power *= h;
                    psiEnd += psis[n + 1] * power;
                    phiEnd += phis[n + 1] * power;
                    integral += phis[n + 1] * (power * h / (n + 2));
                    double size = (Size(psis[n + 1]) + Size(phis[n + 1])) * power;
                    largest = Math.Max(largest, size);
                    small = size <= 1e-17 * largest ? small + 1 : 0;
                }

                if (above) climb += integral;
                for (int k = 0; k < nodes.Length; k++)
                {
                    double t = 0.5 * h * (1 + nodes[k]), at = x + t;
                    Complex psiAt = psis[n], phiAt = phis[n];
                    for (int m = n - 1; m >= 0; m--)
                    {
                        psiAt = psiAt * t + psis[m];
                        phiAt = phiAt * t + phis[m];
                    }

                    double p = DensityAt(i, at) * weights[k] * 0.5 * h;
                    Complex bend = (psiAt + at * phiAt) / D(at) * p, slope = phiAt * p;
                    drift0 += slope;
                    drift1 += at * slope;
                    noise0 += bend;
                    noise1 += at * bend;
                    noise2 += at * at * bend;
                }

                (psi, phi) = (psiEnd, phiEnd);
                if (Size(psi) + Size(phi) <= Large) continue;
                psi /= Large;
                phi /= Large;
                psiReset /= Large;
                climb /= Large;
                drift0 /= Large;
                drift1 /= Large;
                noise0 /= Large;
                noise1 /= Large;
                noise2 /= Large;
            }

            if (edges[i + 1] == reset) psiReset = psi;
        }

        Complex pause = lambda * refractory;
        Complex denominator = climb + psiReset * refractory * OneMinusExpOver(pause);
        return new Passage(
            drift0 / denominator, drift1 / denominator, noise0 / denominator, noise1 / denominator, noise2 / denominator,
            lambda * denominator / psi, Complex.Exp(-pause) * psiReset / psi);
    }

    private double DensityAt(int cell, double x)
    {
        double[] terms = density[cell];
        double t = x - edges[cell + 1], sum = 0;
        for (int n = terms.Length - 1; n >= 0; n--) sum = sum * t + terms[n];
        return sum;
    }

    // (1 - e^-z)/z
    private static Complex OneMinusExpOver(Complex z) =>
        Complex.Abs(z) < 1e-2 ? 1 - z / 2 * (1 - z / 3 * (1 - z / 4 * (1 - z / 5 * (1 - z / 6 * (1 - z / 7))))) : (1 - Complex.Exp(-z)) / z;

    private static double Size(Complex z) => Math.Abs(z.Real) + Math.Abs(z.Imaginary);

    /// <summary>
    /// What a rate lambda asks of the passage. With P the stationary density (its integral over non-refractory time taken as 1) and u the Laplace
    /// transform of the passage time, the integrals below are int P x^k u' and int P x^k u'' over x, each divided by 1 - rho.
    /// </summary>
    /// <param name="Drift0">int P u' / (1 - rho).</param>
    /// <param name="Drift1">int P x u' / (1 - rho).</param>
    /// <param name="Noise0">int P u'' / (1 - rho).</param>
    /// <param name="Noise1">int P x u'' / (1 - rho).</param>
    /// <param name="Noise2">int P x^2 u'' / (1 - rho).</param>
    /// <param name="OneMinusRho">1 - rho, without cancellation at small rates.</param>
    /// <param name="Rho">Laplace transform of the interspike interval.</param>
    internal readonly record struct Passage(
        Complex Drift0, Complex Drift1, Complex Noise0, Complex Noise1, Complex Noise2, Complex OneMinusRho, Complex Rho);
}
