using Shunt.Model;

namespace Shunt.Theory;

/// <summary>The lognormal limit of weak heterogeneity below threshold: nu_i = nu_0 exp(Gamma z_i) (Eqs. 22, F4-F6).</summary>
/// <param name="Gamma">SD of ln nu over neurons; Gamma = Omega CV_K/a.</param>
/// <param name="Omega">Gamma per unit of CV_K/a, with a the efficacy of the population's weakest excitatory synapse.</param>
public readonly record struct LognormalLimit(double Gamma, double Omega)
{
    /// <summary>Delta nu/nu of the lognormal: sqrt(e^{Gamma^2} - 1), which is Gamma when small.</summary>
    public double RelativeSd => Math.Sqrt(double.ExpM1(Gamma * Gamma));
}

/// <summary>How much heterogeneity of in-degrees a network stands.</summary>
/// <param name="Cv">CV_K*: the smallest CV of all in-degrees at which the given fraction of some population is quiescent; 0 when it already is with
/// equal in-degrees, NaN when that never happens or could not be computed.</param>
/// <param name="Rates">Mean rate of each population there (Hz), in the model's order; empty when there is no such state.</param>
public sealed record CriticalHeterogeneity(double Cv, IReadOnlyList<double> Rates)
{
    /// <summary>
    /// Finds CV_K* (Fig. 4D): all in-degrees get a Gaussian law of their mean and a common CV, which is raised from nothing, following the state
    /// with the highest rates, until the quiescent fraction reaches its limit.
    /// </summary>
    /// <param name="model">The network; the spread of its in-degrees is not used.</param>
    /// <param name="transfer">The theory of one neuron.</param>
    /// <param name="fraction">The fraction of quiescent neurons that is allowed.</param>
    /// <param name="quietRate">Below this rate (Hz) a neuron counts as quiescent.</param>
    public static CriticalHeterogeneity Find(NetworkModel model, TransferFunction transfer, double fraction = 0.01, double quietRate = 1e-3)
    {
        RateEquations at = new(WithCv(model, 0), transfer);
        MeanFieldSolution alike = SelfConsistency.Solve(WithCv(model, 0), transfer);
        if (alike.Status is not (SolutionStatus.Converged or SolutionStatus.Silent)) return new CriticalHeterogeneity(double.NaN, []);
        if (alike.Observables.Populations.Any(p => p.Rate.Value < quietRate)) return new CriticalHeterogeneity(0, [.. alike.Observables.Populations.Select(p => p.Rate.Value)]);

        double[] rates = PerClass(at, alike.Observables, o => o.Rate.Value), sds = new double[rates.Length];

        // ln(quiescent fraction/limit) at a CV, following the state
        double Excess(double cv)
        {
            var equations = new RateEquations(WithCv(model, cv), transfer);
            if (new HeterogeneousStates(equations, withRateSpread: true).From(rates, sds, inSteps: false) is not { } state) return double.NaN;
            (rates, sds) = (state.Rates, state.RateSds);
            return Math.Log(Math.Max(state.Distributions.Max(d => d.FractionBelow(quietRate)), 1e-300) / fraction);
        }

        // the lognormal limit says where to look
        LognormalLimit unit = Lognormal(WithCv(model, 1e-6), transfer, alike.Observables.Populations[0].Population);
        double guess = 1e-6 * Math.Log(rates.Min() / quietRate) / (2.326 * unit.Gamma);
        double low = 0.25 * guess, atLow = Excess(low);
        while (atLow > 0 && low > 1e-9) atLow = Excess(low /= 4);
        double high = low, atHigh = atLow;
        while (atHigh < 0 && high < 10)
        {
            (low, atLow) = (high, atHigh);
            high *= 1.4;
            atHigh = Excess(high);
        }

        if (!(atLow < 0 && atHigh >= 0)) return new CriticalHeterogeneity(double.NaN, []);
        double critical = RootScan.Bracketed(cv => Excess(cv), low, atLow, high, atHigh);
        return new CriticalHeterogeneity(critical, [.. new RateEquations(WithCv(model, critical), transfer).ClassOf.Select(c => rates[c])]);
    }

    /// <summary>The network with Gaussian in-degrees of its means and a common CV.</summary>
    /// <param name="model">The network.</param>
    /// <param name="cv">CV_K; zero or more.</param>
    public static NetworkModel WithCv(NetworkModel model, double cv) => new(
        model.Name,
        model.Populations,
        model.Inputs,
        [
            .. model.Projections.Select(p =>
            {
                int k = (int)Math.Round(model.MeanInDegree(p));
                return p with { InDegree = cv > 0 ? new InDegreeLaw.Gaussian(k, cv) : new InDegreeLaw.Fixed(k) };
            }),
        ]);

    /// <summary>
    /// The lognormal limit at the state of the network of mean in-degrees: Gamma^2 = sum_j (d ln nu/d R_j SD(R_j))^2 with the spread of in-degrees alone,
    /// which is Eq. F4-F6 with the derivative of ln T instead of its leading exponent.
    /// </summary>
    /// <param name="model">The network, with the spread of its in-degrees.</param>
    /// <param name="transfer">The theory of one neuron.</param>
    /// <param name="population">Which population.</param>
    public static LognormalLimit Lognormal(NetworkModel model, TransferFunction transfer, string population)
    {
        MeanFieldSolution alike = SelfConsistency.Solve(WithCv(model, 0), transfer);
        var equations = new RateEquations(model, transfer);
        int c = equations.ClassOf[model.Populations.Select(p => p.Name).ToList().IndexOf(population)];
        SpreadAfferent[] inputs = equations.SpreadAfferents(
            c, PerClass(equations, alike.Observables, o => o.Rate.Value), new double[equations.Count]);
        Neuron neuron = equations.Neurons[c];
        double square = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].RateSd == 0) continue;
            double step = 1e-4 * inputs[i].Mean.Rate;
            double At(int side)
            {
                Afferent[] moved = [.. inputs.Select(j => j.Mean)];
                moved[i] = moved[i] with { Rate = moved[i].Rate + side * step };
                return transfer.LogRate(neuron, moved);
            }

            double slope = (8 * (At(1) - At(-1)) - (At(2) - At(-2))) / (12 * step);
            square += slope * slope * inputs[i].RateSd * inputs[i].RateSd;
        }

        double gamma = Math.Sqrt(square);
        double cv = model.Onto(population).Max(p => p.InDegree.StandardDeviation(model.SourceSize(p)) / model.MeanInDegree(p));
        double a = model.Onto(population).Where(p => p.Synapse.Efficacy > 0).Min(p => p.Synapse.Efficacy);
        return new LognormalLimit(gamma, gamma * a / cv);
    }

    private static double[] PerClass(RateEquations equations, Observables observables, Func<PopulationObservables, double> select) =>
        [.. equations.Members.Select(m => select(observables[m[0].Name]))];
}
