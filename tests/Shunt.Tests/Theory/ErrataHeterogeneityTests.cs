using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>Eqs. F5 and F7 as printed in the preprint, and as they must be.</summary>
public class ErrataHeterogeneityTests
{
    private static readonly TransferFunction Siegert = new Siegert();

    [Theory]
    [InlineData(0.5)]
    [InlineData(2.5)]
    public void The_variance_of_the_excitatory_input_of_F5_has_the_first_power_of_1_plus_rho_squared(double rho)
    {
        // in-degrees of the external and of the recurrent excitation, drawn for 200,000 neurons
        const double cv = 0.1, k = 1000, nuX = 25;
        var random = new Random(1);
        double sum = 0, squares = 0;
        const int n = 200_000;
        for (int i = 0; i < n; i++)
        {
            double rate = k * (1 + cv * Normal(random)) * nuX + k * (1 + cv * Normal(random)) * rho * nuX;
            sum += rate;
            squares += rate * rate;
        }

        double relative = (squares / n - sum / n * (sum / n)) / Math.Pow(k * nuX * cv, 2);
        Near.Relative(rho * rho + 1, relative, 0.015, "corrected");
        Assert.True(Math.Abs(Math.Pow(rho * rho + 1, 2) / relative - 1) > 0.2, "as printed");

        // and our Gamma is made of it
        NetworkModel model = Networks.Spread(Networks.ModelA(1000, 0.0016, 20, nuX), cv);
        double nu = SelfConsistency.Solve(Networks.Spread(model, 0), Siegert).Observables["E"].Rate.Value, gain = nu / nuX;
        double LogRate(double excitation, double inhibition) => Siegert.LogRate(
            Neuron.Paper,
            [new(k * (nuX + nu) * excitation, Synapse.Conductance(0.0016, 0)), new(0.25 * k * nu * inhibition, Synapse.Conductance(0.032, -75))]);
        double slopeE = (LogRate(1.0001, 1) - LogRate(0.9999, 1)) / 2e-4 / (1 + gain), slopeI = (LogRate(1, 1.0001) - LogRate(1, 0.9999)) / 2e-4;
        double Gamma(double factor) => cv * Math.Sqrt(slopeE * slopeE * factor + slopeI * slopeI);
        double ours = CriticalHeterogeneity.Lognormal(model, Siegert, "E").Gamma;
        Near.Relative(Gamma(gain * gain + 1), ours, 1e-5, "Gamma");
        Assert.True(Math.Abs(Gamma(Math.Pow(gain * gain + 1, 2)) / ours - 1) > 0.02);
    }

    [Fact]
    public void The_spread_of_rates_of_F7_is_that_of_a_lognormal_and_so_of_the_network()
    {
        var random = new Random(2);
        foreach (double gamma in new[] { 0.05, 0.5 })
        {
            double sum = 0, squares = 0;
            const int n = 400_000;
            for (int i = 0; i < n; i++)
            {
                double rate = Math.Exp(gamma * Normal(random));
                sum += rate;
                squares += rate * rate;
            }

            double relative = squares / n / (sum / n * (sum / n)) - 1;
            Near.Relative(double.ExpM1(gamma * gamma), relative, 0.02, "corrected");
            Assert.True(double.ExpM1(gamma * gamma / 2) < 0.6 * relative, "as printed");
            Near.Relative(Math.Sqrt(relative), new LognormalLimit(gamma, 0).RelativeSd, 0.01, "ours");
        }

        // weak heterogeneity of a network: Delta nu/nu is Gamma, not Gamma/2
        NetworkModel model = Networks.Spread(Networks.ModelA(1000, 0.0016, 20, 15), 1e-3);
        PopulationObservables e = SelfConsistency.Solve(model, Siegert, withRateSpread: false).Observables["E"];
        Near.Relative(CriticalHeterogeneity.Lognormal(model, Siegert, "E").Gamma, e.RateSd.Value / e.Rate.Value, 1e-3, "Delta nu/nu");
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
