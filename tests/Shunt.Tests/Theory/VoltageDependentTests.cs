using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>Neurons whose membrane current depends on V (App. C): diffusion and kramers.</summary>
public class VoltageDependentTests
{
    private static readonly Neuron Rectifier = Neuron.Paper with { Current = new MembraneCurrent.InwardRectifier(1.5, -85, 15) };

    internal static Neuron Eif(double sharpness, double onset = -55, double peak = 0) =>
        Neuron.Paper with { Threshold = peak, Current = new MembraneCurrent.SpikeInitiation(sharpness, onset) };

    internal static InputMoments Moments(double tau, double mu, double sigma) => new(tau, mu, sigma, sigma / Math.Sqrt(2));

    [Fact]
    public void Rates_cvs_and_the_escape_rate_of_an_eif_equal_the_reference_table()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("eif"))
        {
            Neuron neuron = Eif(row["DeltaT_mV"], row["V_T_mV"]) with { MembraneTimeConstant = row["tauL_ms"] * 1e-3 };
            InputMoments input = Moments(row["tau_ms"] * 1e-3, row["mu_mV"], row["sigma_mV"]);
            Response response = Diffusion.Respond(neuron, input);
            Near.Relative(row["nu_exact_spk_s"], response.Rate, 1e-9, row.Where + ", nu");
            Near.Relative(row["cv"], response.Cv, 1e-9, row.Where + ", CV");
            Near.Relative(row["nu_LIF_same_mu_sigma_spk_s"], Siegert.Respond(Neuron.Paper, input).Rate, 1e-9, row.Where + ", nu without the exponential");
            double escape = Math.Exp(TransferFunction.LogRate(Kramers.LogPassageTime(neuron, input), neuron.RefractoryPeriod));
            if (double.IsNaN(row["nu_Kramers_C4corrected_spk_s"])) Assert.True(double.IsNaN(escape));
            else Near.Relative(row["nu_Kramers_C4corrected_spk_s"], escape, 1e-9, row.Where + ", nu of kramers");
            var drift = new MembraneDrift(neuron, input);
            if (double.IsNaN(row["mu_star_mV"])) continue;
            Near.Relative(row["mu_star_mV"], drift.Rest, 1e-12, row.Where + ", mu*");
            Near.Relative(row["theta_star_mV"], drift.Barrier, 1e-12, row.Where + ", theta*");
        }
    }
}
