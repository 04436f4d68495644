using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Tests.Theory;

/// <summary>The networks the theory tests share.</summary>
internal static class Networks
{
    internal const double Excitation = 0, Inhibition = -75;

    /// <summary>Input of the paper's single neuron: K inputs at nu_X, gamma K at eta nu_X.</summary>
    internal static Afferent[] Single(double k, double a, double g, double eta, double nuX, double gamma = 0.25) =>
    [
        new(k * nuX, Synapse.Conductance(a, Excitation)),
        new(gamma * k * eta * nuX, Synapse.Conductance(g * a, Inhibition)),
    ];

    /// <summary>The paper's Model A.</summary>
    internal static NetworkModel ModelA(int k, double a, double g, double nuX, double gamma = 0.25, Neuron? neuron = null)
    {
        Synapse e = Synapse.Conductance(a, Excitation), i = Synapse.Conductance(g * a, Inhibition);
        int ki = (int)Math.Round(gamma * k);
        return new NetworkModel(
            "model A",
            [new("E", 10 * k, neuron ?? Neuron.Paper), new("I", 10 * ki, neuron ?? Neuron.Paper)],
            [new("X", nuX)],
            [
                .. new[] { "E", "I" }.SelectMany(target => new[]
                {
                    Fixed("X", target, k, e), Fixed("E", target, k, e), Fixed("I", target, ki, i),
                }),
            ]);
    }

    /// <summary>The same network with Gaussian in-degrees.</summary>
    internal static NetworkModel Spread(NetworkModel model, double cv) => CriticalHeterogeneity.WithCv(model, cv);

    internal static Projection Fixed(string source, string target, int k, Synapse synapse) =>
        new() { Source = source, Target = target, InDegree = new InDegreeLaw.Fixed(k), Synapse = synapse };
}
