using MathNet.Numerics.LinearAlgebra;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>How a population's predicted rate depends on the rates of the populations that drive it.</summary>
public static class Feedback
{
    /// <summary>
    /// One step of Newton's method towards rates that reproduce themselves, nu = F(nu), where F is measured and only its derivative is taken from
    /// theory: nu + (1 - dF/dnu)^-1 (F - nu). Standard errors are propagated. Populations that must fire alike are measured together.
    /// </summary>
    /// <param name="model">The network; every neuron is taken at the mean in-degree.</param>
    /// <param name="transfer">The theory of one neuron.</param>
    /// <param name="rates">Rate of each population (Hz) at which F was measured, in the model's order.</param>
    /// <param name="measured">F: what each population answers when its inputs fire at these rates.</param>
    public static Estimate[] Improve(
        NetworkModel model, TransferFunction transfer, IReadOnlyList<double> rates, IReadOnlyList<Estimate> measured)
    {
        var equations = new RateEquations(model, transfer);
        int[] classOf = equations.ClassOf;
        int n = equations.Count;
        int[][] members = [.. Enumerable.Range(0, n).Select(c => Enumerable.Range(0, classOf.Length).Where(p => classOf[p] == c).ToArray())];
        double Average(int c, Func<int, double> value) =>
            members[c].Sum(p => model.Populations[p].Size * value(p)) / members[c].Sum(p => (double)model.Populations[p].Size);
        double Error(int c) => Math.Sqrt(members[c].Sum(p => Math.Pow(model.Populations[p].Size * measured[p].StandardError, 2)))
            / members[c].Sum(p => (double)model.Populations[p].Size);
        double[] at = [.. Enumerable.Range(0, n).Select(c => Average(c, p => rates[p]))];
        Matrix<double> amplification = (Matrix<double>.Build.DenseIdentity(n) - Gain(equations, at)).Inverse();
        var improved = new Estimate[n];
        for (int c = 0; c < n; c++)
        {
            double move = 0, variance = 0;
            for (int d = 0; d < n; d++)
            {
                move += amplification[c, d] * (Average(d, p => measured[p].Value) - at[d]);
                variance += Math.Pow(amplification[c, d] * Error(d), 2);
            }

            improved[c] = new Estimate(at[c] + move, Math.Sqrt(variance));
        }

        return [.. classOf.Select(c => improved[c])];
    }

    /// <summary>
    /// dF_c/dnu_d, the derivative of the transfer function of each class with respect to the rate of each class at given rates, dimensionless.
    /// </summary>
    internal static Matrix<double> Gain(RateEquations equations, double[] rates)
    {
        int n = equations.Count;
        return Matrix<double>.Build.Dense(n, n, (i, j) =>
        {
            double slope = rates[i] * (1 - rates[i] * equations.Neurons[i].RefractoryPeriod); // F (1 - F tau_rp)
            return slope > 0 && equations.IsDriven(i, j) ? -slope * LogTimeDerivative(equations, i, j, rates) : 0;
        });
    }

    private static double LogTimeDerivative(RateEquations equations, int target, int source, double[] rates)
    {
        double step = 1e-4 * Math.Max(rates[source], 1e-3);
        double[] shifted = [.. rates];
        double At(int steps)
        {
            shifted[source] = rates[source] + steps * step;
            return equations.LogTime(target, shifted);
        }

        return rates[source] > 2 * step
            ? (8 * (At(1) - At(-1)) - (At(2) - At(-2))) / (12 * step)
            : (4 * At(1) - At(2) - 3 * At(0)) / (2 * step); // one-sided: rates are not negative
    }
}
