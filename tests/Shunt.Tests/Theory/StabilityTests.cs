using System.Numerics;
using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class StabilityTests
{
    private static readonly Neuron Brunel = Neuron.Paper with { LeakReversal = 0, Threshold = 20, Reset = 10 };

    private static Projection From(string source, string target, int k, double jump, DelayLaw? delay = null, double tauS = 0) => new()
    {
        Source = source,
        Target = target,
        InDegree = new InDegreeLaw.Fixed(k),
        Synapse = Synapse.Current(jump) with { TimeConstant = tauS },
        Delay = delay ?? new DelayLaw.None(),
    };

    /// <summary>Model A of Brunel (2000): nu_ext in units of nu_thr, delay in ms.</summary>
    internal static NetworkModel BrunelNetwork(double g, double ratio, double delay) => new(
        "Brunel 2000",
        [new("E", 10_000, Brunel), new("I", 2_500, Brunel)],
        [new("X", 10 * ratio)],
        [
            .. new[] { "E", "I" }.SelectMany(target => new[]
            {
                From("X", target, 1000, 0.1),
                From("E", target, 1000, 0.1, new DelayLaw.Constant(delay * 1e-3)),
                From("I", target, 250, -0.1 * g, new DelayLaw.Constant(delay * 1e-3)),
            }),
        ]);

    internal static (AsynchronousState State, Stability Stability) Solve(NetworkModel model)
    {
        MeanFieldSolution solution = SelfConsistency.Solve(model, new Siegert());
        var state = new AsynchronousState(model, [.. solution.Observables.Populations.Select(p => p.Rate.Value)]);
        return (state, Stability.Of(state));
    }

    [Fact]
    public void The_transform_of_a_uniform_delay_is_the_average_over_constant_ones()
    {
        var rate = new Complex(-40, 900);
        Complex sum = 0;
        const int n = 2000;
        for (int i = 0; i < n; i++) sum += AsynchronousState.Transform(new DelayLaw.Constant(1e-3 + (4e-3 * (i + 0.5) / n)), rate) / n;
        Complex exact = AsynchronousState.Transform(new DelayLaw.Uniform(1e-3, 5e-3), rate);
        Assert.True(Complex.Abs(exact - sum) < 1e-6, $"{exact}, {sum}");
        foreach (double size in (double[])[1e-4, 0.4999, 0.5001])
        {
            // both sides of the switch to a series
            Complex z = AsynchronousState.Transform(new DelayLaw.Uniform(0, 4e-3), new Complex(size, 0.3 * size));
            Complex by = new Complex(size, 0.3 * size) * 4e-3;
            Complex series = 1 - (by / 2 * (1 - (by / 3 * (1 - (by / 4 * (1 - (by / 5)))))));
            Assert.True(Complex.Abs(z - series) < 1e-13, $"{z}, {series}");
        }
    }

    /// <summary>
    /// The nonlinear Fokker-Planck equation of the network, with its delay, on a grid: perturbed a little, it must grow or decay at the rate and with the
    /// frequency of the leading mode.
    /// </summary>
    [Theory]
    [InlineData(6, 4, 1.5)]
    [InlineData(6, 2, 1.5)]
    [InlineData(4.5, 0.9, 1.5)]
    public void Deviations_in_a_time_course_of_the_density_grow_as_the_leading_mode_says(double g, double ratio, double delay)
    {
        NetworkModel model = BrunelNetwork(g, ratio, delay);
        (AsynchronousState state, Stability stability) = Solve(model);
        Complex predicted = stability.Modes.First(m => m.IsCollective).Rate;
        Complex[] measured = [.. new[] { 300, 600 }.Select(cells => DensityTimeCourse.LeadingRate(
            Brunel, cells, delay * 1e-3, nu => (0.1 * ((10_000 * ratio) + (1000 * nu) - (250 * g * nu)), 0.01 * ((10_000 * ratio) + (1000 * nu) + (250 * g * g * nu))),
            state.Rates[0], predicted))];
        Complex limit = measured[1] + (measured[1] - measured[0]);
        TestContext.Current.SendDiagnosticMessage($"g = {g}, {ratio} nu_thr: mode {predicted}, grids {measured[0]}, {measured[1]}, extrapolated {limit}");
        Assert.True(Complex.Abs(limit - predicted) < 0.01 * Complex.Abs(predicted), $"{limit} against {predicted}; {measured[0]} {measured[1]}");
    }
}

/// <summary>
/// The Fokker-Planck equation of a population that hears itself with a delay, by finite volumes with exponential fitting, implicit in time. Nothing of
/// the theory enters: no linearisation, no frequencies.
/// </summary>
internal static class DensityTimeCourse
{
    /// <summary>Complex rate of the slowest deviation, from how the rate of firing comes back after a kick.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="cells">Cells between -30 mV and threshold; the time step is 6 microseconds times 300/cells.</param>
    /// <param name="delay">Delay (s).</param>
    /// <param name="input">Drift (mV/s) and B^2 (mV^2/s) that a rate of the population brings.</param>
    /// <param name="rate">Stationary rate (Hz).</param>
    /// <param name="about">About what is expected, for the spacing of the samples only.</param>
    internal static Complex LeadingRate(
        Neuron neuron, int cells, double delay, Func<double, (double Drift, double Noise)> input, double rate, Complex about)
    {
        const double low = -30;
        double dx = (neuron.Threshold - low) / cells, dt = 6e-6 * 300 / cells, tau = neuron.MembraneTimeConstant;
        int late = (int)Math.Round(delay / dt), pause = (int)Math.Round(neuron.RefractoryPeriod / dt), reset = (int)((neuron.Reset - low) / dx);
        var p = new double[cells];
        p[reset] = 1;
        var leaving = new double[pause];
        double[] lower = new double[cells], middle = new double[cells], upper = new double[cells];
        long step = 0;

        double Advance(double heard)
        {
            (double drift, double noise) = input(heard);
            double diffusion = noise / 2;
            Array.Fill(middle, 1.0);
            for (int i = 0; i <= cells; i++)
            {
                // flux through the edge between cells i - 1 and i; nothing passes the lower end, and beyond threshold the density is 0 (half a cell away)
                if (i == 0) continue;
                double v = low + i * dx, gap = i == cells ? dx / 2 : dx, peclet = (drift - v / tau) * gap / diffusion;
                double right = diffusion / gap * Bernoulli(-peclet) * dt / dx, left = diffusion / gap * Bernoulli(peclet) * dt / dx;
                middle[i - 1] += right;
                if (i == cells) break;
                upper[i - 1] = -left;
                lower[i] = -right;
                middle[i] += left;
            }

            double out0 = (drift - neuron.Threshold / tau) * dx / 2 / diffusion;
            double escape = diffusion / (dx / 2) * Bernoulli(-out0) / dx;
            p[reset] += leaving[step % pause];
            for (int i = 1; i < cells; i++)
            {
                double w = lower[i] / middle[i - 1];
                middle[i] -= w * upper[i - 1];
                p[i] -= w * p[i - 1];
            }

            p[cells - 1] /= middle[cells - 1];
            for (int i = cells - 2; i >= 0; i--) p[i] = (p[i] - upper[i] * p[i + 1]) / middle[i];
            double fired = escape * p[cells - 1];
            leaving[step++ % pause] = fired * dt;
            return fired;
        }

        double stationary = 0;
        for (int i = 0; i < (int)(0.25 / dt); i++) stationary = Advance(rate);
        Assert.InRange(stationary / rate, 0.97, 1.03);

        // What is fed back is the deviation from the discrete stationary rate, so that nothing but the kick starts it.
        double period = 2 * Math.PI / about.Imaginary;
        int spacing = Math.Max(1, (int)(period / 10 / dt)), first = (int)(Math.Max(0.1, 3 * period) / dt), samples = 25;
        var past = new double[late];
        var record = new List<double>();
        for (int i = 0; i < first + samples * spacing; i++)
        {
            double heard = rate + past[i % late] + (i < late ? 1e-6 * rate : 0);
            past[i % late] = Advance(heard) - stationary;
            if (i >= first && (i - first) % spacing == 0) record.Add(past[i % late]);
        }

        // x_{n+1} = a x_n + b x_{n-1}, least squares; z^2 = a z + b
        double s11 = 0, s12 = 0, s22 = 0, t1 = 0, t2 = 0;
        for (int i = 1; i + 1 < record.Count; i++)
        {
            (double x, double y, double next) = (record[i], record[i - 1], record[i + 1]);
            s11 += x * x;
            s12 += x * y;
            s22 += y * y;
            t1 += x * next;
            t2 += y * next;
        }

        double det = (s11 * s22) - (s12 * s12), a = ((t1 * s22) - (t2 * s12)) / det, b = ((t2 * s11) - (t1 * s12)) / det;
        Complex z = (a + Complex.Sqrt((a * a) + (4 * b))) / 2;
        return Complex.Log(z.Imaginary < 0 ? Complex.Conjugate(z) : z) / (spacing * dt);
    }

    private static double Bernoulli(double x) => Math.Abs(x) < 1e-6 ? 1 - (x / 2) : x / double.ExpM1(x);
}
