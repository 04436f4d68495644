using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Experiments;

/// <summary>A network of neurons that differ, from the file to the table and the figure.</summary>
public class RateDistributionOutputTests
{
    private static readonly Experiment Point = ExperimentFile.Parse(
        """
        populations: {E: {size: 4000}, I: {size: 1000}}
        coupling: {K: 400, gamma: 0.25, a: 0.0025, g: 20, in_degree_cv: 0.1}
        input: {rate: 25 Hz}
        simulation: {dt: 0.05 ms, warmup: 0.2 s, duration: 4 s}
        """,
        "f.yaml").Expand([]).Points[0];

    [Fact]
    public void Neurons_without_a_spike_are_as_many_as_the_distribution_of_rates_predicts_for_the_time_of_the_run()
    {
        var result = new PointResult { Experiment = Point, Theory = PointRunner.Predict(Point), Simulation = PointRunner.Simulate(Point, null, null, default).Record };
        ComparisonRow row = Comparison.Of(result).Single(r => r.Population == "E" && r.Symbol == "f_q");
        Assert.Equal("fraction without a spike", row.Quantity);

        // against the integral of exp(-nu T) over the cumulative distribution
        RateDistribution rates = result.Theory!.RateDistributions[0];
        double expected = 0, step = 0.01;
        for (double log = Math.Log(1e-6); log < Math.Log(100); log += step)
            expected += Math.Exp(-4 * Math.Exp(log + step / 2)) * (rates.FractionBelow(Math.Exp(log + step)) - rates.FractionBelow(Math.Exp(log)));
        Assert.InRange(row.Theory / expected, 0.98, 1.02);

        // Eq. 10 leaves out finite jumps, which quieten the slowest neurons further; against those that never fire the run would be off much more
        double never = result.Theory.Observables["E"].QuiescentFraction.Value;
        Assert.InRange(row.Simulation / row.Theory, 0.7, 2.5);
        Assert.True(row.Simulation > 5 * never);
    }

    [Fact]
    public void The_predicted_distribution_is_drawn_and_tabled_with_or_without_a_simulation()
    {
        var theory = new PointResult { Experiment = Point, Theory = PointRunner.Predict(Point) };
        var run = new RunResult("", [], [theory], []);
        Figure figure = RunFigures.Of(run).Single(f => f.Name == "distributions");
        Line[] curves = [.. Assert.Single(figure.Panels).Panel.Marks.OfType<Line>()];
        Assert.Equal(2, curves.Length);

        // per decade: the area over log10 nu is the share of the neurons
        double area = Enumerable.Range(1, curves[0].X.Count - 1)
            .Sum(i => 0.5 * (curves[0].Y[i] + curves[0].Y[i - 1]) * Math.Log10(curves[0].X[i] / curves[0].X[i - 1]));
        Assert.InRange(area, 0.97, 1.001);
    }
}
