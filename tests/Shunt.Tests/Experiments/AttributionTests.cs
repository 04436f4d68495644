using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Tests.Theory;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class AttributionTests
{
    private static Experiment Small(string inputs = "independent", string engine = "grid") => ExperimentFile.Parse(
        $$$"""
        name: small
        populations: {E: {size: 600}, I: {size: 150}}
        coupling: {K: 100, gamma: 0.25, a: 0.0088, g: 20}
        input: {{{(inputs == "pool" ? "{rate: 30 Hz, wiring: pool, size: 600}" : "{rate: 30 Hz}")}}}
        delays: {E: 1..4 ms, I: 0.5..1.5 ms}
        simulation: {dt: 0.05 ms, warmup: 0.2 s, duration: 2 s, seed: 3, engine: {{{engine}}}}
        """,
        "small.yaml").Bind();

    [Fact]
    public void The_changes_add_up_to_the_whole_difference()
    {
        Attribution attribution = Attribution.Of(Small("pool"));
        Assert.Equal(
            ["siegert", "multiplicative-ito", "exact-jump", "independent", "many neurons", "network"], attribution.Steps.Select(s => s.Name));
        for (int p = 0; p < 2; p++)
        {
            double sum = attribution.Steps.Sum(s => s.Changes[p].Value);
            Assert.Equal(attribution.Steps[^1].Rates[p].Value - attribution.Steps[0].Rates[p].Value, sum, 1e-9);
            Assert.All(attribution.Steps.Skip(3), s => Assert.True(s.Rates[p].StandardError > 0));
        }
    }

    // |z| < 4.5 fails by chance once in 1e5
    [Fact]
    public void Neurons_with_independent_input_simulated_exactly_fire_as_the_exact_jump_theory_says()
    {
        Attribution attribution = Attribution.Of(Small(engine: "events"));
        AttributionStep independent = attribution.Steps.Single(s => s.Name == "independent");
        Assert.All(independent.Changes, change => Assert.InRange(change.Value / change.StandardError, -4.5, 4.5));
    }

    [Fact]
    public void The_last_step_is_the_network_as_it_is()
    {
        Experiment experiment = Small();
        SimulationRecord record = PointRunner.Simulate(experiment, null, null, default).Record;
        Assert.Equal(record.Observables.Populations.Select(p => p.Rate.Value), Attribution.Of(experiment).Steps[^1].Rates.Select(r => r.Value));
    }

    [Fact]
    public void A_single_neuron_has_no_network_to_climb_to()
    {
        Experiment single = ExperimentFile.Read(Repository.PathOf("experiments/fig02/single.yaml"))
            .With(["simulation.duration=0.2 s", "simulation.warmup=0.1 s"]).Bind();
        Assert.Equal("independent", Attribution.Of(single).Steps[^1].Name);
        Assert.Same(single, Attribution.Largest(single));
    }

    [Fact]
    public void Independent_inputs_keep_mean_and_variance_of_the_in_degree_and_every_rate()
    {
        NetworkModel model = ExperimentFile.Read(Repository.PathOf("experiments/vogels_abbott/coba.yaml")).Bind().Model;
        NetworkModel independent = Attribution.Independent(model, [10, 20]);
        Assert.All(independent.Inputs, i => Assert.Equal(InputWiring.Independent, i.Wiring));
        Assert.Equal(model.Projections.Count, independent.Projections.Count);
        for (int i = 0; i < model.Projections.Count; i++)
        {
            Projection before = model.Projections[i], after = independent.Projections[i];
            Assert.Equal(model.MeanInDegree(before), independent.MeanInDegree(after), 0.5);
            Assert.Equal(before.InDegree.StandardDeviation(model.SourceSize(before)), after.InDegree.StandardDeviation(0), 0.1);
            if (model.FindPopulation(before.Source) is not null)
                Assert.Equal(before.Source.StartsWith('E') ? 10 : 20, independent.FindInput(after.Source)!.Rate);
        }
    }
}
