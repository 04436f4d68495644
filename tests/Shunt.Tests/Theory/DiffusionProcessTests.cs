using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class DiffusionProcessTests
{
    private const double Tau = 0.01;

    [Theory]
    [InlineData(-6.0, 0.5)] // mu above threshold, strong noise
    [InlineData(-200.0, -120.0)] // mu far above threshold
    [InlineData(-1e5, -1e4)]
    [InlineData(-1e6, -1e-3)]
    [InlineData(-1e4, 3.0)]
    [InlineData(-8.0, 2.0)]
    [InlineData(-3.0, 8.0)]
    [InlineData(-3.0, 31.0)] // barrier e^961
    [InlineData(-50.0, 60.0)]
    [InlineData(2.0, 5.0)] // mu below the reset
    [InlineData(20.0, 31.0)]
    [InlineData(1000.0, 1001.0)]
    [InlineData(1e5, 2e5)]
    [InlineData(-0.01, 0.01)]
    [InlineData(4.0, 4.001)]
    [InlineData(-4.001, -4.0)]
    public void With_additive_noise_the_general_solution_is_siegert(double vMin, double vMax)
    {
        // threshold at 0, so that V near it is known far better than to the 1e-14 mV that remain of -55
        double sigma = 10 / (vMax - vMin), mu = -vMax * sigma;
        Neuron neuron = Neuron.Paper with { Threshold = 0, Reset = -10, RefractoryPeriod = 0 };
        DiffusionProcess process = Additive(mu, sigma, -10, 0);
        var input = new InputMoments(Tau, mu, sigma, sigma / Math.Sqrt(2));
        double expected = Siegert.LogPassageTime(neuron, input), actual = process.LogMeanTime();
        Near.Absolute(expected, actual, 1e-12 + 1e-15 * Math.Abs(expected), "ln T");
        Passage passage = process.Pass();
        Assert.Equal(actual, passage.LogMean, 1e-12 * (1 + Math.Abs(actual)));
        Near.Relative(1, passage.Cv / DiffusionPassage.Cv(vMin, vMax), 1e-11 + 1e-16 * Math.Max(vMax, 0) * Math.Max(vMax, 0), "CV"); // e^{v_max^2} there
        Response response = Siegert.Respond(neuron, input);
        Near.Absolute(response.MeanV, passage.MeanV, 1e-11 * 10, "mean V");
        Near.Relative(response.SdV, passage.SdV, 1e-8, "SD of V");
    }

    [Theory]
    [InlineData(-8.0, 2.0)]
    [InlineData(-40.0, -30.0)]
    [InlineData(2.0, 5.0)]
    [InlineData(-3.0, 31.0)]
    public void With_additive_noise_the_occupation_is_the_density_of_equation_17(double vMin, double vMax)
    {
        double sigma = 10 / (vMax - vMin), mu = -55 - vMax * sigma;
        double low = Math.Min(mu, -65) - 8 * sigma;
        double[] grid = [.. Enumerable.Range(0, 300).Select(i => low + (-54.9 - low) * i / 299)];
        double[] log = Additive(mu, sigma, -65, -55).LogOccupation(grid);
        for (int i = 0; i < grid.Length; i++)
        {
            double v = (grid[i] - mu) / sigma;
            double expected = Math.Log(2 * Tau / sigma) + DiffusionPassage.LogDensity(v, vMin, vMax);
            if (double.IsNegativeInfinity(expected)) Assert.Equal(double.NegativeInfinity, log[i]);
            else Near.Absolute(expected, log[i], 1e-11 + 1e-13 * v * v, $"at v = {v}");
        }
    }

    [Fact]
    public void Brownian_motion_above_a_reflecting_bound_has_the_known_mean_and_variance()
    {
        // T(x) = (L^2 - x^2)/(2 D), variance (L^4 - x^4)/(6 D^2), with x and L from the bound
        const double d = 300, x = 15, l = 25;
        DiffusionProcess process = DiffusionProcess.Of(_ => 0, _ => 2 * d, -65, -55, -80);
        Passage passage = process.Pass();
        double mean = (l * l - x * x) / (2 * d), variance = (Math.Pow(l, 4) - Math.Pow(x, 4)) / (6 * d * d);
        Near.Absolute(Math.Log(mean), passage.LogMean, 1e-13, "ln T");
        Near.Relative(Math.Sqrt(variance) / mean, passage.Cv, 1e-12, "CV");
        // occupation: (L - x)/D below the reset, (L - y)/D above it
        double[] log = process.LogOccupation([-80.001, -80, -70, -65, -60, -55]);
        double[] expected = [0, (l - x) / d, (l - x) / d, (l - x) / d, (l - 20) / d, 0];
        for (int i = 0; i < log.Length; i++) Near.Absolute(expected[i], Math.Exp(log[i]), 1e-14, $"point {i}");
    }

    [Fact]
    public void Without_a_bound_brownian_motion_has_no_mean_passage_time()
    {
        DiffusionProcess process = DiffusionProcess.Of(_ => 0, _ => 600, -65, -55);
        Assert.Equal(double.PositiveInfinity, process.LogMeanTime());
        Assert.Equal(double.PositiveInfinity, DiffusionProcess.Of(_ => -100, _ => 600, -65, -55).LogMeanTime()); // drift away from the threshold
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(3.0)]
    [InlineData(12.0)]
    public void A_drift_with_an_exponential_current_agrees_with_the_double_integral(double sigma)
    {
        // an exponential integrate-and-fire neuron: w has a maximum (rest) and a minimum (the top of the barrier) below the cutoff
        const double mu = -58, sharpness = 1.5, start = -55, cutoff = -43;
        double Drift(double v) => (mu - v + sharpness * Math.Exp((v - start) / sharpness)) / Tau;
        DiffusionProcess process = DiffusionProcess.Of(Drift, _ => sigma * sigma / Tau, -65, cutoff);
        // T = int dV e^{-w(V)} int_-inf^V dx e^{w(x)} 2/B^2 on a fine grid, the midpoint rule in both directions
        double W(double v) => -(v - mu) * (v - mu) / (sigma * sigma)
            + 2 * sharpness * sharpness * Math.Exp((v - start) / sharpness) / (sigma * sigma);
        const int above = 100_000;
        double h = (cutoff + 65) / above, time = 0, inner = 0;
        for (int i = -(int)(7 * sigma / h); i < above; i++)
        {
            // J' = m - w'J stepped exactly for linear w, relative to the current w
            double v = -65 + (i + 0.5) * h, slope = W(v + h / 2) - W(v - h / 2);
            double next = inner * Math.Exp(-slope) - h * 2 * Tau / (sigma * sigma) * (slope == 0 ? -1 : double.ExpM1(-slope) / slope);
            if (i >= 0) time += h * (inner + next) / 2;
            inner = next;
        }

        Near.Absolute(Math.Log(time), process.LogMeanTime(), 2e-7, "ln T");
    }

    [Fact]
    public void Noise_that_vanishes_where_the_drift_points_up_is_a_bound_that_need_not_be_named()
    {
        // B^2 = c (V - E)^2 and A(E) > 0: V never falls below E, reflecting there changes nothing
        double B2(double v) => 20 * (v + 75) * (v + 75);
        double A(double v) => (-60 - v) / Tau;
        double free = DiffusionProcess.Of(A, B2, -65, -55).LogMeanTime(), bounded = DiffusionProcess.Of(A, B2, -65, -55, -74.999).LogMeanTime();
        Near.Absolute(bounded, free, 1e-9, "ln T");
    }

    private static DiffusionProcess Additive(double mu, double sigma, double reset, double threshold) =>
        DiffusionProcess.Of(v => (mu - v) / Tau, _ => sigma * sigma / Tau, reset, threshold);
}
