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
    /// <remarks>
    /// Where in-degrees vary, so do rates: mean and spread over neurons are found together (Eqs. F1-F3), by Newton's method from the states of the
    /// network of mean in-degrees and a few other starts.
    /// </remarks>
    /// <param name="model">The network.</param>
    /// <param name="transfer">The theory of one neuron, see <see cref="TransferFunctions"/>.</param>
    /// <exception cref="ModelException">The theory cannot treat this network.</exception>
    public static MeanFieldSolution Solve(NetworkModel model, TransferFunction transfer) => Solve(model, transfer, withRateSpread: true);

    /// <inheritdoc cref="Solve(NetworkModel, TransferFunction)"/>
    /// <param name="model">The network.</param>
    /// <param name="transfer">The theory of one neuron, see <see cref="TransferFunctions"/>.</param>
    /// <param name="withRateSpread">
    /// Whether the sources' own spread counts, Dnu^2/K in Eq. F1. False gives the paper's approximation, for comparison: it is some percent off where
    /// in-degrees vary by less than the rates that they cause.
    /// </param>
    public static MeanFieldSolution Solve(NetworkModel model, TransferFunction transfer, bool withRateSpread)
    {
        if (transfer.Objection(model) is { } objection) throw new ModelException("theory.method", objection);
        var equations = new RateEquations(model, transfer);
        var search = new FixedPointSearch(equations);
        double[][] states = [.. search.All().Where(s => !s.Any(double.IsNaN)).OrderBy(s => s[equations.ClassOf[0]])];
        if (equations.IsHeterogeneous)
        {
            if (Heterogeneous(model, equations, transfer, states, search.Notes, withRateSpread) is { } solution) return solution;
            search.Notes.Add(
                $"the average over neurons of different in-degree could not be computed with {transfer.Name}, so every neuron is taken at the mean in-degree");
        }

        FixedPoint[] points = [.. states.Select(s => Describe(model, equations, s))];
        (int reported, SolutionStatus status) = Choose(points);
        Observables observables = reported < 0 ? Unknown(model) : Observe(model, equations, transfer, states[reported]);
        return new MeanFieldSolution
        {
            Method = transfer.Name,
            Status = status,
            Message = Message(status, points, search.Notes, transfer, model),
            FixedPoints = points,
            Observables = observables,
            Warnings = reported < 0 ? [] : Assumptions.Left(model, equations, transfer, states[reported], observables, equations.IsHeterogeneous),
        };
    }

    // the states of a network whose neurons differ; null when none was found
    private static MeanFieldSolution? Heterogeneous(
        NetworkModel model, RateEquations equations, TransferFunction transfer, double[][] alike, List<string> notes, bool withRateSpread)
    {
        var search = new HeterogeneousStates(equations, withRateSpread);
        var states = new List<HeterogeneousState>();
        void Add(HeterogeneousState? state)
        {
            if (state is not null && !states.Exists(s => SameRates(s.Rates, state.Rates))) states.Add(state);
        }

        foreach (double[] state in alike) Add(search.From(state));
        double[] levels = transfer.IsExpensive ? [] : [0.1, 100];
        foreach (double level in levels)
            Add(search.From([.. equations.Neurons.Select(n => 1 / (n.RefractoryPeriod + 1 / level))], inSteps: false));
        if (states.Count == 0) return null;

        states.Sort((p, q) => p.Rates[equations.ClassOf[0]].CompareTo(q.Rates[equations.ClassOf[0]]));
        FixedPoint[] points = [.. states.Select(s => Describe(model, equations, search, s))];
        (int reported, SolutionStatus status) = Choose(points);
        Observables observables = Observe(model, equations, transfer, states[reported], withRateSpread);
        notes.Add(FormattableString.Invariant($"in-degrees vary, so rates are means over neurons (Eqs. F1-F3), searched from {alike.Length + levels.Length} ")
            + "starts, which is not exhaustive");
        double error = states[reported].Distributions.Max(d => d.InterpolationError);
        if (error > Math.Max(1e-6, 10 * transfer.Precision))
            notes.Add(FormattableString.Invariant($"the averages over neurons may be wrong by {error:G1}, relative: the rate changes too sharply with the input"));
        return new MeanFieldSolution
        {
            Method = transfer.Name,
            Status = status,
            Message = Message(status, points, notes, transfer, model),
            FixedPoints = points,
            Observables = observables,
            RateDistributions = [.. equations.ClassOf.Select(c => states[reported].Distributions[c])],
            Warnings = Assumptions.Left(model, equations, transfer, states[reported].Rates, observables, isAtMeanInDegree: false),
        };
    }

    private static bool SameRates(double[] p, double[] q) =>
        p.Zip(q).All(r => Math.Abs(r.First - r.Second) <= 1e-6 * Math.Max(r.First, r.Second) || Math.Max(r.First, r.Second) < 1e-280);

    // the stable state with the highest rates, else the first
    private static (int Reported, SolutionStatus Status) Choose(FixedPoint[] points)
    {
        int reported = -1;
        for (int i = 0; i < points.Length; i++)
        {
            if (points[i].IsStable && (reported < 0 || points[i].Rates.Sum() >= points[reported].Rates.Sum())) reported = i;
        }

        SolutionStatus status = points.Length == 0 ? SolutionStatus.NotConverged
            : reported < 0 ? SolutionStatus.Unstable
            : points[reported].Rates.All(r => r < Quiet) ? SolutionStatus.Silent
            : SolutionStatus.Converged;
        return (status == SolutionStatus.Unstable ? 0 : reported, status);
    }

    private static FixedPoint Describe(NetworkModel model, RateEquations equations, HeterogeneousStates search, HeterogeneousState state)
    {
        double leading = search.LeadingEigenvalue(state);
        double[] Each(double[] perClass) => [.. model.Populations.Select((_, p) => perClass[equations.ClassOf[p]])];
        return new FixedPoint(Each(state.Rates), leading < 0, leading, state.Residual) { RateSds = Each(state.RateSds) };
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

    // of dF/dnu - 1. Populations of one class add eigenvalues -1: alike inputs, so differences just
    // decay.
    private static double LeadingEigenvalue(RateEquations equations, double[] rates)
    {
        Matrix<double> gain = Feedback.Gain(equations, rates);
        double leading = (rates.Length == 1 ? gain[0, 0] : gain.Evd().EigenValues.Max((Complex e) => e.Real)) - 1;
        return equations.Members.Any(m => m.Length > 1) ? Math.Max(leading, -1) : leading;
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
            double rest = new MembraneDrift(neuron, input).Rest, centre = double.IsNaN(rest) ? input.Mu : rest;
            double[] grid = Grid(neuron, centre - 5 * input.Sigma, centre + 5 * input.Sigma);
            double[]? density = transfer.Density(neuron, afferents, grid);
            perClass[c] = new PopulationObservables
            {
                Population = equations.Members[c][0].Name,
                Rate = Estimate.Exactly(rates[c]),
                RateSd = Estimate.Exactly(0),
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

    private static Observables Observe(
        NetworkModel model, RateEquations equations, TransferFunction transfer, HeterogeneousState state, bool withRateSpread)
    {
        var perClass = new PopulationObservables[equations.Count];
        for (int c = 0; c < perClass.Length; c++)
        {
            SpreadAfferent[] inputs = equations.SpreadAfferents(c, state.Rates, withRateSpread ? state.RateSds : new double[state.RateSds.Length]);
            Neuron neuron = equations.Neurons[c];
            perClass[c] = NeuronAverages.Of(transfer, neuron, inputs, (low, high) => Grid(neuron, low, high)) with
            {
                Rate = Estimate.Exactly(state.Rates[c]),
                RateSd = Estimate.Exactly(state.RateSds[c]),
                QuiescentFraction = Estimate.Exactly(state.Distributions[c].FractionBelow(Quiet)),
                Rates = state.Distributions[c].OnGrid(),
            };
        }

        return new Observables([.. model.Populations.Select((p, i) => perClass[equations.ClassOf[i]] with { Population = p.Name })]);
    }

    // wherever V spends time: from below all of the free membrane and the reset to the threshold, with the reset, where P has a kink, as a point
    private static double[] Grid(Neuron neuron, double lowest, double highest)
    {
        bool fires = !double.IsPositiveInfinity(neuron.Threshold);
        double low = fires ? Math.Min(lowest, neuron.Reset - (highest - lowest) / 2) : lowest;
        double high = fires ? neuron.Threshold : highest;
        double kink = fires ? neuron.Reset : 0.5 * (lowest + highest);
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
