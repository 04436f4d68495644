using System.Numerics;
using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class LinearResponseTests
{
    /// <summary>Currents of +J and -J: their mean response is that to noise, half their difference that to the drift.</summary>
    private static (Neuron Neuron, Afferent[] Afferents) Membrane(double vMin, double vMax, double refractory)
    {
        const double tau = 0.02, jump = 0.1, sigma = 3;
        double total = sigma * sigma / (tau * jump * jump);
        var neuron = new Neuron { MembraneTimeConstant = tau, LeakReversal = 0, Threshold = vMax * sigma, Reset = vMin * sigma, RefractoryPeriod = refractory * tau };
        return (neuron, [new(total / 2, Synapse.Current(jump)), new(total / 2, Synapse.Current(-jump))]);
    }

    [Fact]
    public void Response_to_drift_and_noise_and_intervals_are_the_closed_forms_of_the_white_noise_neuron()
    {
        const double tau = 0.02, ratio = 0.1 / 3; // J/sigma
        double worst = 0;
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("linear_response"))
        {
            (Neuron neuron, Afferent[] afferents) = Membrane(row["v_min"], row["v_max"], row["refractory_over_tau"]);
            var response = new LinearResponse(neuron, afferents);
            ResponseAt at = response.At(new Complex(row["lambda_re"], row["lambda_im"]) / tau);
            Complex drift = (at.Susceptibilities[0] - at.Susceptibilities[1]) / (2 * ratio);
            Complex noise = (at.Susceptibilities[0] + at.Susceptibilities[1]) / (ratio * ratio);
            Near.Relative(row["rate_tau"], response.Rate * tau, 1e-12, row.Where + ", rate");
            Check("drift", drift, new Complex(row["drift_re"], row["drift_im"]));
            Check("noise", noise, new Complex(row["noise_re"], row["noise_im"]));
            Check("rho", at.IntervalTransform, new Complex(row["rho_re"], row["rho_im"]));

            void Check(string what, Complex actual, Complex expected)
            {
                double error = Complex.Abs(actual - expected) / Complex.Abs(expected);
                worst = Math.Max(worst, error);
                Assert.True(error < 1e-10, FormattableString.Invariant($"{row.Where}, {what}: {actual}, expected {expected}, error {error:G3}"));
            }
        }

        TestContext.Current.SendDiagnosticMessage(FormattableString.Invariant($"worst relative error {worst:G3}"));
        Assert.True(worst > 0);
    }

    public static TheoryData<string> Inputs => ["conductances, low rate", "conductances, above threshold", "currents", "strong"];

    private static (Neuron Neuron, Afferent[] Afferents) Case(string name) => name switch
    {
        "conductances, low rate" => (Neuron.Paper, Networks.Single(1000, 0.0016, 20, 0.5, 30)),
        "conductances, above threshold" => (Neuron.Paper with { RefractoryPeriod = 0 }, Networks.Single(1000, 0.003, 12, 0.4, 20)),
        "currents" => (
            Neuron.Paper with { LeakReversal = 0, Threshold = 20, Reset = 10 },
            [new Afferent(30_000, Synapse.Current(0.1)), new Afferent(4_200, Synapse.Current(-0.5))]),
        _ => (Neuron.Paper, Networks.Single(1000, 0.01, 12, 1.8, 10)),
    };

    [Theory]
    [MemberData(nameof(Inputs))]
    public void At_rest_the_response_is_the_slope_of_the_transfer_function(string name)
    {
        (Neuron neuron, Afferent[] afferents) = Case(name);
        var siegert = new Siegert();
        var response = new LinearResponse(neuron, afferents);
        Near.Relative(siegert.Rate(neuron, afferents), response.Rate, 1e-11, "rate");
        ResponseAt rest = response.At(0);
        for (int j = 0; j < afferents.Length; j++)
        {
            double step = 2e-3 * afferents[j].Rate;
            double At(double k)
            {
                Afferent[] moved = [.. afferents];
                moved[j] = moved[j] with { Rate = moved[j].Rate + k * step };
                return siegert.Rate(neuron, moved);
            }

            double slope = (45 * (At(1) - At(-1)) - 9 * (At(2) - At(-2)) + At(3) - At(-3)) / (60 * step);
            Near.Relative(slope, rest.Susceptibilities[j].Real, 1e-8, $"afferent {j}");
            Assert.Equal(0, rest.Susceptibilities[j].Imaginary);
        }
    }
}
