using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class DocumentationTests
{
    [Fact]
    public void The_example_of_the_theory_page_prints_what_the_page_says()
    {
        Synapse excitation = Synapse.Conductance(0.0016, reversal: 0), inhibition = Synapse.Conductance(0.032, reversal: -75);
        Projection From(string source, string target, int k, Synapse synapse) =>
            new() { Source = source, Target = target, InDegree = new InDegreeLaw.Fixed(k), Synapse = synapse };
        var model = new NetworkModel(
            "model A",
            [new("E", 10_000, Neuron.Paper), new("I", 2_500, Neuron.Paper)],
            [new("X", 25)],
            [
                From("X", "E", 1000, excitation), From("E", "E", 1000, excitation), From("I", "E", 250, inhibition),
                From("X", "I", 1000, excitation), From("E", "I", 1000, excitation), From("I", "I", 250, inhibition),
            ]);
        MeanFieldSolution solution = SelfConsistency.Solve(model, TransferFunctions.Named("siegert"));
        Assert.Equal("34.08 Hz, one state, stable", FormattableString.Invariant($"{solution.Observables["E"].Rate.Value:F2} Hz, {solution.Message}"));
    }
}
