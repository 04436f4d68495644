using Shunt.Model;
using Shunt.Simulation;

namespace Shunt.Experiments;

/// <summary>The choices that change results, in words, as written into every results folder.</summary>
internal static class Conventions
{
    internal static IReadOnlyDictionary<string, string> Of(NetworkModel model, SimulationSettings settings, string theoryMethod)
    {
        bool isOnGrid = settings.Engine == Engine.Grid;
        bool isCurrent = model.Projections.Any(p => p.Synapse.Model == SynapseModel.Current);
        string jumps = Words(model.Projections
            .Where(p => p.Synapse is { Model: SynapseModel.Conductance, IsInstantaneous: true })
            .Select(p => p.Synapse.Jump == JumpConvention.Linear ? "linear: V moves by a (E - V)" : "exponential: V moves by (1 - e^-a)(E - V)"));
        return new Dictionary<string, string>
        {
            ["jump"] = jumps.Length > 0 ? jumps : isCurrent ? "current-based: V moves by J" : "exponential synapses: the conductance jumps",
            ["engine"] = isOnGrid
                ? "grid: spikes at the ends of time steps"
                : "events: continuous times, exact between arrivals; spike times are written in whole nanoseconds, rounded up",
            ["arrivals_within_a_step"] = !isOnGrid
                ? "one by one, each at its own time"
                : settings.Integration == Integration.Euler
                    ? "together: jumps are summed, conductances jump at its end; forward Euler"
                    : "spread evenly over the step: conductances held, exponential update",
            ["delay_law"] = Delays(model, isOnGrid),
            ["input_wiring"] = Words(model.Inputs.Select(i => i.Wiring == InputWiring.Pool
                ? FormattableString.Invariant($"pool of {i.PoolSize} shared Poisson units")
                : "independent Poisson units for every neuron")),
            ["in_degree"] = Words(model.Projections.Select(p => p.InDegree switch
            {
                InDegreeLaw.Gaussian => "Gaussian, rounded, truncated at 0",
                InDegreeLaw.Bernoulli => "binomial",
                _ => "exactly K",
            })),
            ["multapses"] = Words(model.Projections.Select(p => p.AllowMultapses ? "allowed" : "not allowed")),
            ["autapses"] = Words(model.Projections.Select(p => p.AllowAutapses ? "allowed" : "not allowed")),
            ["initial_potential"] = "uniform between V_reset and V_th",
            ["warmup"] = Quantity.Format(settings.WarmUp, "s"),
            ["dt"] = Quantity.Format(settings.TimeStep, "ms"),
            ["wiring"] = settings.Wiring == WiringStorage.Procedural ? "procedural: sources drawn with replacement" : "stored",
            ["precision"] = isOnGrid && settings.Precision == Precision.Single ? "single" : "double",
            ["noise"] = isCurrent ? "additive" : "additive (effective time constant)",
            ["theory"] = theoryMethod,
        };
    }

    private static string Delays(NetworkModel model, bool isOnGrid) => Words(model.Projections
        .Where(p => model.FindPopulation(p.Source) is not null)
        .Select(p => p.Delay switch
        {
            DelayLaw.Constant => "constant",
            DelayLaw.Uniform => isOnGrid ? "uniform delays rounded up to the grid" : "uniform, continuous",
            _ => "none: arrival in the next step",
        }));

    private static string Words(IEnumerable<string> choices) => string.Join("; ", choices.Distinct());
}
