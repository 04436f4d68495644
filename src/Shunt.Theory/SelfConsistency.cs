using System.Numerics;
using MathNet.Numerics.LinearAlgebra;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// Mean-field states of a network: rates that reproduce themselves, nu = F(nu) (Eq. 10 with 19 for the paper's network), for any number of
/// populations and any transfer function.
/// </summary>
public static class SelfConsistency
{
    private const double Quiet = 1e-3;
    private const int DensityPoints = 400;

    /// <summary>
    /// Finds the self-consistent states of a network and predicts its observables. Populations that must fire alike share an equation, and
    /// populations without feedback are simply evaluated. One population with feedback, or two that drive each other, are searched exhaustively;
    /// three or more by Newton's method from many starts, and the message says so.
    /// </summary>
    /// <param name="model">The network; every neuron is taken at the mean in-degree.</param>
    /// <param name="transfer">The theory of one neuron, see <see cref="TransferFunctions"/>.</param>
    /// <exception cref="ModelException">The theory cannot treat this network.</exception>
    public static MeanFieldSolution Solve(NetworkModel model, TransferFunction transfer)
    {
        if (transfer.Objection(model) is { } objection) throw new ModelException("theory.method", objection);
        var equations = new RateEquations(model, transfer);
        var search = new FixedPointSearch(equations);
        double[][] states = [.. search.All().Where(s => !s.Any(double.IsNaN)).OrderBy(s => s[equations.ClassOf[0]])];
        FixedPoint[] points = [.. states.Select(s => Describe(model, equations, s))];

        int reported = -1;
        for (int i = 0; i < points.Length; i++)
        {
            if (points[i].IsStable && (reported < 0 || points[i].Rates.Sum() >= points[reported].Rates.Sum())) reported = i;
        }

        SolutionStatus status = points.Length == 0 ? SolutionStatus.NotConverged
            : reported < 0 ? SolutionStatus.Unstable
            : points[reported].Rates.All(r => r < Quiet) ? SolutionStatus.Silent
            : SolutionStatus.Converged;
        if (status == SolutionStatus.Unstable) reported = 0;

        Observables observables = reported < 0 ? Unknown(model) : Observe(model, equations, transfer, states[reported]);
        return new MeanFieldSolution
        {
            Method = transfer.Name,
            Status = status,
            Message = Message(status, points, search.Notes, transfer, model),
            FixedPoints = points,
            Observables = observables,
            Warnings = reported < 0 ? [] : Assumptions.Left(model, equations, transfer, states[reported], observables),
        };
    }

    private static FixedPoint Describe(NetworkModel model, RateEquations equations, double[] rates)
    {
        double leading = LeadingEigenvalue(equations, rates);
        double residual = 0;
        for (int c = 0; c < rates.Length; c++)
        {
            double mismatch = TransferFunction.LogRate(equations.LogTime(c, rates), equations.Neurons[c].RefractoryPeriod) - Math.Log(rates[c]);
            if (rates[c] > 1e-300) residual = Math.Max(residual, Math.Abs(Math.Exp(mismatch) - 1));
        }

        return new FixedPoint([.. model.Populations.Select((_, p) => rates[equations.ClassOf[p]])], leading < 0, leading, residual);
    }

    // of dF/dnu - 1, with dF/dnu = -F (1 - F tau_rp) d ln T/dnu. Populations of one class add eigenvalues -1: alike inputs, so differences just
    // decay.
    private static double LeadingEigenvalue(RateEquations equations, double[] rates)
    {
        int n = equations.Count;
        var jacobian = Matrix<double>.Build.Dense(n, n);
        for (int i = 0; i < n; i++)
        {
            double slope = rates[i] * (1 - rates[i] * equations.Neurons[i].RefractoryPeriod);
            for (int j = 0; j < n; j++)
            {
                double gain = slope > 0 && equations.IsDriven(i, j) ? -slope * LogTimeDerivative(equations, i, j, rates) : 0;
                jacobian[i, j] = gain - (i == j ? 1 : 0);
            }
        }

        double leading = n == 1 ? jacobian[0, 0] : jacobian.Evd().EigenValues.Max((Complex e) => e.Real);
        return equations.Members.Any(m => m.Length > 1) ? Math.Max(leading, -1) : leading;
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

    private static Observables Observe(NetworkModel model, RateEquations equations, TransferFunction transfer, double[] rates)
    {
        var perClass = new PopulationObservables[equations.Count];
        for (int c = 0; c < perClass.Length; c++)
        {
            Neuron neuron = equations.Neurons[c];
            ReadOnlySpan<Afferent> afferents = equations.Afferents(c, rates);
            InputMoments input = InputMoments.Of(neuron, afferents);
            Response response = transfer.Respond(neuron, afferents);
            double[] grid = Grid(neuron, input);
            double[]? density = transfer.Density(neuron, afferents, grid);
            perClass[c] = new PopulationObservables
            {
                Population = equations.Members[c][0].Name,
                Rate = Estimate.Exactly(rates[c]),
                CvIsi = double.IsNaN(response.Cv) ? Estimate.Unknown : Estimate.Exactly(response.Cv),
                MeanV = Estimate.Exactly(response.MeanV),
                SdV = Estimate.Exactly(response.SdV),
                Tau = Estimate.Exactly(input.Tau),
                Mu = Estimate.Exactly(input.Mu),
                Sigma = Estimate.Exactly(input.Sigma),
                QuiescentFraction = Estimate.Exactly(rates[c] < Quiet ? 1 : 0),
                Density = density is null ? null : new MembraneDensity(grid, density),
            };
        }

        return new Observables([.. model.Populations.Select((p, i) => perClass[equations.ClassOf[i]] with { Population = p.Name })]);
    }

    // wherever V spends time: between five sigma below mu or the reset and the threshold, with the reset, where P has a kink, as a point
    private static double[] Grid(Neuron neuron, InputMoments input)
    {
        double reach = 5 * input.Sigma;
        bool fires = !double.IsPositiveInfinity(neuron.Threshold);
        double rest = new MembraneDrift(neuron, input).Rest, centre = double.IsNaN(rest) ? input.Mu : rest;
        double low = (fires ? Math.Min(centre, neuron.Reset) : centre) - reach;
        double high = fires ? neuron.Threshold : centre + reach;
        double kink = fires ? neuron.Reset : centre;
        if (!(low < high)) return [kink];
        int below = Math.Clamp((int)Math.Round(DensityPoints * (kink - low) / (high - low)), 1, DensityPoints - 1), above = DensityPoints - below;
        var lower = Enumerable.Range(0, kink > low ? below : 0).Select(i => low + (kink - low) * i / below);
        return [.. lower, .. Enumerable.Range(0, above + 1).Select(i => kink + (high - kink) * i / above)];
    }

    private static Observables Unknown(NetworkModel model) =>
        new([.. model.Populations.Select(p => new PopulationObservables { Population = p.Name })]);

    private static string Message(SolutionStatus status, FixedPoint[] points, List<string> notes, TransferFunction transfer, NetworkModel model)
    {
        int stable = points.Count(p => p.IsStable);
        string what = status switch
        {
            SolutionStatus.NotConverged => $"no self-consistent state was found with {transfer.Name}"
                + (transfer is Kramers ? $"; it is defined below threshold only, try {(model.Populations.Any(p => p.Neuron.Current is not null) ? "diffusion" : "siegert")}" : ""),
            SolutionStatus.Unstable => $"{Count(points.Length, "state")}, none of them stable: "
                + "the network would oscillate or run away; the first is reported",
            SolutionStatus.Silent => $"the network is silent: every population fires below {Quiet:G1} Hz in its only stable state"
                + (stable > 1 ? "s" : ""),
            _ => stable > 1
                ? $"{stable} stable states among {points.Length}: which one a network takes depends on its history; "
                    + "the one with the highest rates is reported"
                : $"{Count(points.Length, "state")}, one of them stable",
        };
        if (status == SolutionStatus.Converged && points.Length == 1) what = "one state, stable";
        return string.Join("; ", notes.Prepend(what));
    }

    private static string Count(int n, string noun) => n == 1 ? $"1 {noun}" : $"{n} {noun}s";
}
