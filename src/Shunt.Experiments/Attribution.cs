using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>One rung between diffusion theory and the network.</summary>
/// <param name="Name">Short name, for instance <c>exact-jump</c> or <c>independent</c>.</param>
/// <param name="How">How the rates were found.</param>
/// <param name="Cause">What this rung takes into account that the one before does not; empty for the first.</param>
/// <param name="Rates">Rate of each population (Hz).</param>
/// <param name="Changes">Rate minus that of the rung before (Hz), of each population; zero for the first.</param>
public sealed record AttributionStep(
    string Name, string How, string Cause, IReadOnlyList<Estimate> Rates, IReadOnlyList<Estimate> Changes);

/// <summary>
/// Where a disagreement between diffusion theory and a simulated network comes from: a ladder of descriptions, each with one approximation less. The
/// changes add up to the whole difference.
/// </summary>
/// <param name="Experiment">The network.</param>
/// <param name="Steps">The rungs, theory first, the simulated network last.</param>
/// <param name="Warnings">What to know before trusting it.</param>
public sealed record Attribution(Experiment Experiment, IReadOnlyList<AttributionStep> Steps, IReadOnlyList<string> Warnings)
{
    private const double LargeNetwork = 2;
    private const int FeedbackIterations = 2;

    /// <summary>
    /// Climbs the ladder. Theories that do not apply are left out. (1) <c>siegert</c>; (2) with noise that depends on V, <c>multiplicative-ito</c>; (3)
    /// with finite jumps, <c>exact-jump</c>, or with synaptic filtering, <c>coloured-noise</c>; (4) simulated neurons whose every input is an
    /// independent Poisson train of the population's own rate, iterated to self-consistency; (5) the network in the limit of many neurons at the same
    /// in-degrees, extrapolated from two sizes, in which neurons share no input but spike trains are what they are; (6) the network itself.
    /// </summary>
    /// <param name="experiment">The network and how it is simulated.</param>
    /// <param name="progress">Told what is being done and how far it is, from 0 to 1; may be null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ModelException">No theory applies, or theory finds no state to start from.</exception>
    /// <exception cref="WiringException">A network of the ladder cannot be wired.</exception>
    /// <exception cref="SimulationException">A simulation went wrong.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public static Attribution Of(Experiment experiment, Action<string, double>? progress = null, CancellationToken cancellation = default)
    {
        NetworkModel model = experiment.Model;
        var steps = new List<AttributionStep>();
        var warnings = new List<string>();
        bool hasJumps = TransferFunctions.Named("exact-jump").Objection(model) is null;
        (string Method, string Cause)[] theories = hasJumps
            ? [("siegert", ""), ("multiplicative-ito", "noise depends on V"), ("exact-jump", "finite jumps")]
            : [("siegert", ""), ("coloured-noise", "synaptic filtering")];
        MeanFieldSolution? best = null;
        TransferFunction? transfer = null;
        foreach ((string method, string cause) in theories)
        {
            var theory = TransferFunctions.Named(method);
            if (theory.Objection(model) is not null) continue;
            progress?.Invoke(method, 0);
            MeanFieldSolution solution = SelfConsistency.Solve(model, theory);
            if (solution.Status == SolutionStatus.NotConverged) throw new ModelException("theory.method", $"{method}: {solution.Message}");
            if (solution.Status == SolutionStatus.Unstable || solution.FixedPoints.Count(p => p.IsStable) > 1) warnings.Add($"{method}: {solution.Message}");
            Add(steps, method, "self-consistent theory", steps.Count == 0 ? "" : cause, [.. solution.Observables.Populations.Select(p => p.Rate)]);
            (best, transfer) = (solution, theory);
        }

        if (best is null) throw new ModelException("theory.method", TransferFunctions.Named("siegert").Objection(model)!);
        string untilIndependent = transfer!.Name == "exact-jump" ? (experiment.Simulation.Engine == Engine.Events ? "nothing: exact" : "time step")
            : "finite jumps, noise depends on V, time step";
        int iterations = IsRecurrent(model) ? FeedbackIterations : 1;
        int simulations = iterations + (IsShared(model) ? 3 : 0), done = 0; // the network of twice the size counts double

        Estimate[] independent = [.. best.Observables.Populations.Select(p => p.Rate)];
        for (int i = 0; i < iterations; i++) independent = Improved(independent);
        string how = iterations > 1 ? "simulation, every input an independent Poisson train of the population's rate" : "simulation, independent inputs";
        Add(steps, "independent", how, untilIndependent, independent);
        if (IsShared(model))
        {
            Estimate[] network = Rates("network", model), large = Rates("twice the network", Resized(model, LargeNetwork), 2);
            Estimate[] limit = [.. network.Zip(large, (n, l) =>
                new Estimate(2 * l.Value - n.Value, Math.Sqrt(4 * l.StandardError * l.StandardError + n.StandardError * n.StandardError)))];
            Add(steps, "many neurons", "simulation, extrapolated in 1/size from the network and twice its size", "spike trains are not Poisson", limit);

            // the two last rungs share their simulations: network - limit = 2 (network - large)
            Estimate[] finite = [.. network.Zip(large, (n, l) => new Estimate(
                2 * (n.Value - l.Value), 2 * Math.Sqrt(l.StandardError * l.StandardError + n.StandardError * n.StandardError)))];
            steps.Add(new AttributionStep("network", "simulation", "shared input, correlations, finite size", network, finite));
        }

        return new Attribution(experiment, steps, warnings);

        Estimate[] Improved(Estimate[] at)
        {
            double[] rates = [.. at.Select(r => Math.Max(r.Value, 0))];
            return Feedback.Improve(model, transfer, rates, Rates("independent inputs", Independent(model, rates)));
        }

        Estimate[] Rates(string what, NetworkModel network, int weight = 1)
        {
            int now = done;
            done += weight;
            Experiment point = experiment with { Model = network };
            SimulationRecord record = PointRunner.Simulate(
                point, null, p => progress?.Invoke(what, (now + (p.Stage == RunStage.Simulation ? weight * p.Fraction : 0)) / simulations), cancellation).Record;
            if (!record.Complete) throw new OperationCanceledException(cancellation);
            return [.. record.Observables.Populations.Select(p => p.Rate)];
        }
    }

    /// <summary>The largest network that <see cref="Of"/> simulates, to see whether it fits.</summary>
    /// <param name="experiment">The network.</param>
    public static Experiment Largest(Experiment experiment) =>
        IsShared(experiment.Model) ? experiment with { Model = Resized(experiment.Model, LargeNetwork) } : experiment;

    // whether any two neurons hear the same source
    private static bool IsShared(NetworkModel model) => IsRecurrent(model) || model.Projections.Any(p => model.FindInput(p.Source) is { Wiring: InputWiring.Pool });

    private static bool IsRecurrent(NetworkModel model) => model.Projections.Any(p => model.FindPopulation(p.Source) is not null);

    /// <summary>The network with every source replaced by independent Poisson units that fire at given rates.</summary>
    /// <param name="model">The network.</param>
    /// <param name="rates">Rate of each population (Hz).</param>
    public static NetworkModel Independent(NetworkModel model, IReadOnlyList<double> rates)
    {
        static string Renamed(string population) => $"{population} (independent)";
        string[] sending = [.. model.Populations.Select(p => p.Name).Where(name => model.Projections.Any(j => j.Source == name))];
        return new NetworkModel(
            model.Name,
            model.Populations,
            [
                .. model.Inputs.Select(i => i with { Wiring = InputWiring.Independent, PoolSize = 0 }),
                .. sending.Select(name => new ExternalInput(Renamed(name), rates[model.Populations.Select(p => p.Name).ToList().IndexOf(name)])),
            ],
            [
                .. model.Projections.Select(j => j with
                {
                    Source = model.FindPopulation(j.Source) is null ? j.Source : Renamed(j.Source),
                    Delay = new DelayLaw.None(),
                    InDegree = j.InDegree is InDegreeLaw.Bernoulli ? Gaussian(model, j) : j.InDegree,
                }),
            ]);
    }

    // private units have no pool to draw from: the binomial law becomes its Gaussian limit
    private static InDegreeLaw.Gaussian Gaussian(NetworkModel model, Projection j)
    {
        double mean = model.MeanInDegree(j);
        return new InDegreeLaw.Gaussian((int)Math.Round(mean), mean > 0 ? j.InDegree.StandardDeviation(model.SourceSize(j)) / mean : 0);
    }

    // more neurons and units, the same in-degrees
    private static NetworkModel Resized(NetworkModel model, double factor) => new(
        model.Name,
        [.. model.Populations.Select(p => p with { Size = checked((int)(p.Size * factor)) })],
        [.. model.Inputs.Select(i => i with { PoolSize = checked((int)(i.PoolSize * factor)) })],
        [.. model.Projections.Select(j => j.InDegree is InDegreeLaw.Bernoulli(var p) ? j with { InDegree = new InDegreeLaw.Bernoulli(p / factor) } : j)]);

    private static void Add(List<AttributionStep> steps, string name, string how, string cause, IReadOnlyList<Estimate> rates) =>
        steps.Add(new AttributionStep(name, how, cause, rates, steps.Count == 0
            ? [.. rates.Select(_ => Estimate.Exactly(0))]
            : [.. rates.Zip(steps[^1].Rates, (now, before) => new Estimate(
                now.Value - before.Value, Math.Sqrt(now.StandardError * now.StandardError + before.StandardError * before.StandardError)))]));
}
