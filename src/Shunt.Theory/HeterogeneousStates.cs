using MathNet.Numerics.LinearAlgebra;
using Complex = System.Numerics.Complex;

namespace Shunt.Theory;

/// <summary>A self-consistent state of a network whose neurons differ.</summary>
/// <param name="Rates">Mean rate of each class (Hz).</param>
/// <param name="RateSds">Standard deviation of the rate over the neurons of each class (Hz).</param>
/// <param name="Distributions">Rates over the neurons of each class.</param>
/// <param name="Residual">Largest relative mismatch of mean and spread.</param>
internal sealed record HeterogeneousState(double[] Rates, double[] RateSds, RateDistribution[] Distributions, double Residual);

/// <summary>
/// Self-consistent means and spreads of the rates (Eqs. F1, F2). The unknowns of each class are x = -ln(1/nu - tau_rp) and s = Delta nu/nu; Newton's
/// method, whose Jacobian is updated by Broyden's rule, starts from given rates. Where that does not arrive, the heterogeneity is raised from nothing
/// in steps, each starting from the state before.
/// </summary>
/// <param name="equations">The network.</param>
/// <param name="withRateSpread">Whether the spread of the sources' rates counts (Dnu^2/K in Eq. F1); the approximation without it is Eq. F4's.</param>
internal sealed class HeterogeneousStates(RateEquations equations, bool withRateSpread)
{
    private const double Tolerance = 1e-11;
    private readonly RateDistribution?[] latest = new RateDistribution?[equations.Count];

    /// <summary>Largest estimated error of the interpolated averages.</summary>
    internal double InterpolationError => latest.Max(d => d?.InterpolationError ?? 0);

    /// <summary>The state that is reached from given rates; null when none is.</summary>
    /// <param name="rates">Where to start: rate of each class (Hz).</param>
    /// <param name="rateSds">Spread of each class's rates (Hz) to start with; null for none.</param>
    /// <param name="inSteps">Whether the rates are a state without heterogeneity, from which it may be raised in steps.</param>
    internal HeterogeneousState? From(double[] rates, double[]? rateSds = null, bool inSteps = true)
    {
        double[] start = Unknowns(rates, rateSds ?? new double[rates.Length]);
        if (Newton(start, 1) is { } direct) return Describe(direct);
        if (!inSteps) return null;
        double reached = 0;
        for (double step = 0.25; reached < 1 && step > 0.01;)
        {
            double next = Math.Min(1, reached + step);
            if (Newton(start, next) is { } state)
            {
                (start, reached) = (state, next);
            }
            else
            {
                step /= 2;
            }
        }

        return reached < 1 ? null : Describe(start);
    }

    /// <summary>
    /// Largest real part among the eigenvalues of d(F, Delta F)/d(nu, Delta nu) - 1: negative when small changes of the means and spreads of the rates
    /// die out while every neuron relaxes to its predicted rate.
    /// </summary>
    internal double LeadingEigenvalue(HeterogeneousState state)
    {
        int n = equations.Count;
        double[] at = [.. state.Rates, .. state.RateSds];
        int[] free = [.. Enumerable.Range(0, 2 * n).Where(i => at[i] > 0)];
        if (free.Length == 0) return -1;
        double[] Map(double[] u)
        {
            RateDistribution[] predicted = Predict(u[..n], u[n..], 1);
            return [.. predicted.Select(d => d.Mean), .. predicted.Select(d => d.Sd)];
        }

        var jacobian = Matrix<double>.Build.Dense(free.Length, free.Length);
        for (int j = 0; j < free.Length; j++)
        {
            double step = 1e-4 * at[free[j]];
            double[] up = [.. at], down = [.. at];
            up[free[j]] += step;
            down[free[j]] -= step;
            double[] above = Map(up), below = Map(down);
            for (int i = 0; i < free.Length; i++) jacobian[i, j] = (above[free[i]] - below[free[i]]) / (2 * step) - (i == j ? 1 : 0);
        }

        double leading = jacobian.Evd().EigenValues.Max((Complex e) => e.Real);
        return equations.Members.Any(m => m.Length > 1) ? Math.Max(leading, -1) : leading;
    }

    private double[] Unknowns(double[] rates, double[] sds) =>
    [
        .. rates.Select((nu, c) => Math.Log(nu) - double.LogP1(-nu * equations.Neurons[c].RefractoryPeriod)),
        .. rates.Select((nu, c) => nu > 0 ? sds[c] / nu : 0),
    ];

    private (double[] Rates, double[] Sds) Rates(double[] u)
    {
        int n = equations.Count;
        double[] rates = [.. Enumerable.Range(0, n).Select(c => equations.Rate(c, u[c]))];
        return (rates, [.. rates.Select((nu, c) => nu * Math.Abs(u[n + c]))]);
    }

    private RateDistribution[] Predict(double[] rates, double[] sds, double share)
    {
        for (int c = 0; c < equations.Count; c++)
        {
            SpreadAfferent[] inputs = equations.SpreadAfferents(c, rates, withRateSpread ? sds : new double[sds.Length]);
            for (int i = 0; i < inputs.Length; i++) inputs[i] = inputs[i] with { RateSd = share * inputs[i].RateSd };
            latest[c] = equations.Distribution(c, inputs, latest[c]);
        }

        return latest!;
    }

    private HeterogeneousState Describe(double[] u)
    {
        (double[] rates, double[] sds) = Rates(u);
        RateDistribution[] predicted = Predict(rates, sds, 1);
        double residual = 0;
        for (int c = 0; c < rates.Length; c++)
        {
            if (!(rates[c] > 1e-300)) continue;
            residual = Math.Max(residual, Math.Abs(Math.Exp(predicted[c].LogMean - Math.Log(rates[c])) - 1));
            if (sds[c] > 0) residual = Math.Max(residual, Math.Abs(predicted[c].Sd / sds[c] - 1));
        }

        return new HeterogeneousState(rates, sds, [.. predicted], residual);
    }

    private double[] Mismatch(double[] u, double share)
    {
        int n = equations.Count;
        (double[] rates, double[] sds) = Rates(u);
        RateDistribution[] predicted = Predict(rates, sds, share);
        var mismatch = new double[2 * n];
        for (int c = 0; c < n; c++)
        {
            double log = predicted[c].LogMean, x = log - double.LogP1(-Math.Exp(log) * equations.Neurons[c].RefractoryPeriod);
            mismatch[c] = double.IsNegativeInfinity(x) && double.IsNegativeInfinity(u[c]) ? 0 : x - u[c];
            mismatch[n + c] = predicted[c].RelativeSd - u[n + c];
        }

        return mismatch;
    }

    private double[]? Newton(double[] start, double share)
    {
        int size = start.Length;
        double[] u = [.. start], h = Mismatch(u, share);
        double norm = Norm(h, u);
        Matrix<double>? jacobian = null;
        bool isFresh = false;
        for (int iteration = 0; iteration < 80 && norm > Tolerance; iteration++)
        {
            if (!double.IsFinite(norm)) return null;
            if (jacobian is null)
            {
                jacobian = Matrix<double>.Build.DenseIdentity(size);
                for (int j = 0; j < size; j++)
                {
                    if (!double.IsFinite(u[j])) continue;
                    double step = 1e-5 * (1 + Math.Abs(u[j]));
                    double[] shifted = [.. u];
                    shifted[j] += step;
                    double[] moved = Mismatch(shifted, share);
                    for (int i = 0; i < size; i++)
                    {
                        double slope = (moved[i] - h[i]) / step;
                        jacobian[i, j] = double.IsFinite(slope) ? slope : i == j ? -1 : 0;
                    }
                }

                isFresh = true;
            }

            Vector<double> direction = jacobian.Solve(Vector<double>.Build.DenseOfArray(h));
            double factor = 1, trialNorm = double.NaN;
            double[] trial = u, trialMismatch = h;
            for (; factor > (isFresh ? 1e-3 : 0.2); factor /= 2)
            {
                trial = [.. u.Select((value, i) => double.IsFinite(value) ? value - factor * direction[i] : value)];
                trialMismatch = Mismatch(trial, share);
                trialNorm = Norm(trialMismatch, trial);
                if (trialNorm < 0.9 * norm || trialNorm < Tolerance) break;
            }

            if (!(trialNorm < norm))
            {
                if (isFresh) break; // as close as rounding allows, or stuck
                jacobian = null;
                continue;
            }

            Vector<double> moves = Vector<double>.Build.DenseOfEnumerable(trial.Zip(u, (p, q) => double.IsFinite(p) ? p - q : 0));
            Vector<double> change = Vector<double>.Build.DenseOfEnumerable(trialMismatch.Zip(h, (p, q) => p - q));
            double square = moves.DotProduct(moves);
            if (square > 0) jacobian += (change - jacobian * moves).OuterProduct(moves) / square;
            isFresh = false;
            (u, h, norm) = (trial, trialMismatch, trialNorm);
        }

        return norm < 100 * Tolerance ? u : null;
    }

    private static double Norm(double[] h, double[] u)
    {
        double norm = 0;
        for (int i = 0; i < h.Length; i++)
        {
            double part = h[i] == 0 ? 0 : Math.Abs(h[i]) / (1 + Math.Abs(u[i]));
            if (!(part <= norm)) norm = part;
        }

        return norm;
    }
}
