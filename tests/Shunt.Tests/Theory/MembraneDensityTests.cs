using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class MembraneDensityTests
{
    [Fact]
    public void P_of_V_equals_the_reference_table_of_figures_2H_and_3D()
    {
        foreach (var curve in ReferenceTable.Rows("pv_etc").GroupBy(r => (r.Text("figure"), r["K"], r["a"], r["g"], r["nuX_spk_s"])))
        {
            (string figure, double k, double a, double g, double nuX) = curve.Key;
            Afferent[] afferents = figure == "fig2H" ? Networks.Single(k, a, g, 1.8, nuX) : NetworkAfferents((int)k, a, g, nuX);
            double[] v = [.. curve.Select(r => r["V_mV"])];
            double[] exact = new Siegert().Density(Neuron.Paper, afferents, v)!, gaussian = new Kramers().Density(Neuron.Paper, afferents, v)!;
            int i = 0;
            foreach (ReferenceTable.Row row in curve)
            {
                // the fixed point of a network carries 1e-8 of its own; a neuron's density is compared to 1e-9
                double tolerance = figure == "fig2H" ? 1e-9 : 1e-7;
                if (row["P_eq17_per_mV"] > 1e-300) Near.Relative(row["P_eq17_per_mV"], exact[i], tolerance, row.Where + ", Eq. 17");
                else Near.Absolute(row["P_eq17_per_mV"], exact[i], 1e-300, row.Where + ", Eq. 17");
                if (row["P_eq18_per_mV"] > 1e-300) Near.Relative(row["P_eq18_per_mV"], gaussian[i], tolerance, row.Where + ", Eq. 18");
                i++;
            }
        }
    }

    [Theory]
    [InlineData(-60.0, 4.0)]
    [InlineData(-50.0, 3.0)]
    [InlineData(-75.0, 2.0)]
    [InlineData(-20.0, 0.5)]
    public void P_of_V_integrates_to_the_non_refractory_time_and_has_the_stated_mean_and_sd(double mu, double sigma)
    {
        var input = new InputMoments(0.005, mu, sigma, sigma / Math.Sqrt(2));
        Response response = Siegert.Respond(Neuron.Paper, input);
        double[] m = Moments(v => Siegert.Density(Neuron.Paper, input, v)!, Math.Min(mu, -65) - 8 * sigma);
        Near.Relative(1 - response.Rate * 0.002, m[0], 1e-8, "integral");
        Near.Relative(m[1] / m[0], response.MeanV, 1e-8, "mean");
        Near.Relative(Math.Sqrt(m[2] / m[0] - Math.Pow(m[1] / m[0], 2)), response.SdV, 1e-5, "SD");
    }

    [Theory]
    [InlineData(-60.0, 4.0)]
    [InlineData(-50.0, 3.0)]
    [InlineData(-75.0, 6.0)]
    public void Rate_and_P_of_V_equal_a_finite_volume_solution_of_the_Fokker_Planck_equation(double mu, double sigma)
    {
        // Scharfetter-Gummel fluxes J = D/h [B(-w) P_i - B(w) P_{i+1}]; J is nu above the reset and 0 below, P is 0 at threshold
        const double tau = 0.005, h = 0.0025;
        double low = Math.Min(mu, -65) - 5 * sigma, diffusion = sigma * sigma / (2 * tau);
        int reset = (int)Math.Round((-65 - low) / h), n = (int)Math.Round((-55 - low) / h);
        low = -55 - n * h;
        var p = new double[n + 1];
        for (int i = n - 1; i >= 0; i--)
        {
            double drift = (mu - (low + (i + 0.5) * h)) / tau, w = drift * h / diffusion;
            double flux = i >= reset ? 1 : 0;
            p[i] = (flux * h / diffusion + Bernoulli(w) * p[i + 1]) / Bernoulli(-w);
        }

        double rate = 1 / (p.Sum() * h + 0.002);
        var input = new InputMoments(tau, mu, sigma, sigma / Math.Sqrt(2));
        Near.Relative(rate, Siegert.Respond(Neuron.Paper, input).Rate, 1e-5, "rate");
        double[] v = [.. Enumerable.Range(0, n).Select(i => low + i * h)];
        double[] density = Siegert.Density(Neuron.Paper, input, v)!;
        double peak = density.Max();
        for (int i = 0; i < n; i++) Near.Absolute(p[i] * rate, density[i], 1e-5 * peak, $"P({v[i]})");

        static double Bernoulli(double w) => Math.Abs(w) < 1e-12 ? 1 : w / double.ExpM1(w);
    }

    [Fact]
    public void The_reported_grid_resolves_the_density()
    {
        MeanFieldSolution solution = SelfConsistency.Solve(Networks.ModelA(1000, 0.0016, 20, 25), new Siegert());
        PopulationObservables e = solution.Observables["E"];
        MembraneDensity density = e.Density!;
        double integral = 0;
        for (int i = 1; i < density.Voltage.Count; i++)
            integral += (density.Voltage[i] - density.Voltage[i - 1]) * (density.Value[i] + density.Value[i - 1]) / 2;
        Near.Relative(1 - e.Rate.Value * 0.002, integral, 1e-4, "integral over the grid");
        Assert.Contains(-65.0, density.Voltage);
        Assert.Equal(-55, density.Voltage[^1]);
        Assert.Equal(density.Voltage.Order(), density.Voltage);
    }

    [Fact]
    public void A_membrane_that_never_fires_has_the_statistics_of_the_free_membrane()
    {
        Neuron free = Neuron.Paper with { Threshold = double.PositiveInfinity };
        Afferent[] afferents = Networks.Single(1000, 0.01, 12, 1.8, 20);
        InputMoments input = InputMoments.Of(free, afferents);
        Response response = new Siegert().Respond(free, afferents);
        Assert.Equal((0, input.Mu, input.FreeMembraneSd), (response.Rate, response.MeanV, response.SdV));
        double peak = new Siegert().Density(free, afferents, [input.Mu])![0];
        Near.Relative(1 / (input.Sigma * Math.Sqrt(Math.PI)), peak, 1e-12, "peak of Eq. 18");
    }

    private static Afferent[] NetworkAfferents(int k, double a, double g, double nuX)
    {
        double nu = SelfConsistency.Solve(Networks.ModelA(k, a, g, nuX), new Siegert()).Observables["E"].Rate.Value;
        return [new(k * (nuX + nu), Synapse.Conductance(a, 0)), new(0.25 * k * nu, Synapse.Conductance(g * a, -75))];
    }

    // Simpson's rule on either side of the kink at the reset
    private static double[] Moments(Func<double[], double[]> density, double low)
    {
        double[] moments = new double[3];
        foreach ((double from, double to) in new[] { (low, -65.0), (-65.0, -55.0) })
        {
            const int n = 20000;
            double h = (to - from) / n;
            double[] v = [.. Enumerable.Range(0, n + 1).Select(i => from + i * h)];
            double[] p = density(v);
            for (int i = 0; i <= n; i++)
            {
                double weight = h / 3 * (i is 0 or n ? 1 : i % 2 == 1 ? 4 : 2) * p[i];
                for (int order = 0; order < 3; order++) moments[order] += weight * Math.Pow(v[i], order);
            }
        }

        return moments;
    }
}
