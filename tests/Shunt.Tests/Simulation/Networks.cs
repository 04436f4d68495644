using Shunt.Model;

namespace Shunt.Tests.Simulation;

/// <summary>Networks that several tests use.</summary>
internal static class Networks
{
    internal static Projection Connect(string from, string to, InDegreeLaw law, Synapse synapse, DelayLaw? delay = null) =>
        new() { Source = from, Target = to, InDegree = law, Synapse = synapse, Delay = delay ?? new DelayLaw.None() };

    /// <summary>Independent neurons with excitatory input at nu per synapse and inhibitory input at eta nu.</summary>
    internal static NetworkModel Single(
        int size, int k, double a, double g, double eta, double nu, JumpConvention jump = JumpConvention.Linear, Neuron? neuron = null) => new(
        "single neuron",
        [new Population("N", size, neuron ?? Neuron.Paper)],
        [new ExternalInput("X", nu), new ExternalInput("Y", eta * nu)],
        [
            Connect("X", "N", new InDegreeLaw.Fixed(k), Synapse.Conductance(a, 0, jump)),
            Connect("Y", "N", new InDegreeLaw.Fixed(k / 4), Synapse.Conductance(g * a, -75, jump)),
        ]);

    /// <summary>Model A with both populations of the paper.</summary>
    internal static NetworkModel ModelA(
        int excitatory, int inhibitory, int k, double a, double g, double nu, bool pool = false, double cv = 0, double tauSyn = 0, double delayE = 0.010, double delayI = 0.001)
    {
        Synapse e = Synapse.Conductance(a, 0) with { TimeConstant = tauSyn }, i = Synapse.Conductance(g * a, -75) with { TimeConstant = tauSyn };
        InDegreeLaw Law(int mean) => cv > 0 ? new InDegreeLaw.Gaussian(mean, cv) : new InDegreeLaw.Fixed(mean);
        var projections = new List<Projection>();
        foreach (string target in new[] { "E", "I" })
        {
            projections.Add(Connect("X", target, Law(k), e));
            projections.Add(Connect("E", target, Law(k), e, new DelayLaw.Uniform(0, delayE)));
            projections.Add(Connect("I", target, Law(k / 4), i, new DelayLaw.Uniform(0, delayI)));
        }

        return new NetworkModel(
            "model A",
            [new Population("E", excitatory, Neuron.Paper), new Population("I", inhibitory, Neuron.Paper)],
            [pool ? new ExternalInput("X", nu, InputWiring.Pool, excitatory) : new ExternalInput("X", nu)],
            projections);
    }
}
