using System.Globalization;
using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>The caption of Fig. 13 as printed in the preprint, and as it must be.</summary>
public class ErrataCaptionTests
{
    [Fact]
    public void Panels_G_to_I_of_Fig_13_are_at_an_input_not_at_a_rate_of_0_05_over_tau_rp()
    {
        (double V, double P)[] curve = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "reference", "figures", "fig13h.csv"))
            .Where(line => line.StartsWith("mean_field,", StringComparison.Ordinal))
            .Select(line => line.Split(',').Skip(1).Select(x => double.Parse(x, CultureInfo.InvariantCulture)).ToArray())
            .Select(x => (x[0], x[1])).Where(x => x.Item1 is > -61 and < -58)];
        Assert.True(curve.Length > 20);
        var ito = new MultiplicativeNoise(NoiseReading.Ito);
        double RateAt(double nuX) => SelfConsistency.Solve(Networks.ModelA(1000, 1.625e-3, 20, nuX), ito).Observables["E"].Rate.Value;
        double Deviation(double nuX)
        {
            double nu = RateAt(nuX);
            Afferent[] afferents =
            [
                new(1000 * (nuX + nu), Synapse.Conductance(1.625e-3, Networks.Excitation)),
                new(250 * nu, Synapse.Conductance(20 * 1.625e-3, Networks.Inhibition)),
            ];
            double[] density = ito.Density(Neuron.Paper, afferents, [.. curve.Select(x => x.V)])!;
            return Math.Sqrt(curve.Zip(density, (drawn, ours) => Math.Pow(0.1 * ours / drawn.P - 1, 2)).Average());
        }

        const double meant = 0.05 / 0.002;
        double low = 10, high = meant; // where the network itself fires at 0.05/tau_rp
        for (int i = 0; i < 30; i++)
        {
            double middle = (low + high) / 2;
            if (RateAt(middle) < meant) low = middle;
            else high = middle;
        }

        double ofInput = Deviation(meant), ofRate = Deviation(low);
        Assert.True(ofInput < 0.012 && ofRate > 2 * ofInput, FormattableString.Invariant($"{ofInput:G3} as input, {ofRate:G3} as rate, nu_X = {low:F2}"));
    }
}
