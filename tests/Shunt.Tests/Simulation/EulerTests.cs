using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

/// <summary>Forward Euler on the grid: what it computes, and what it refuses.</summary>
public class EulerTests
{
    private static readonly SimulationSettings Settings = new() { TimeStep = 1e-4, WarmUp = 0.1, Duration = 1, Integration = Integration.Euler };
    private static readonly Neuron Free = Neuron.Paper with { Threshold = double.PositiveInfinity };

    [Theory]
    [InlineData(Precision.Double, 1e-9)]
    [InlineData(Precision.Single, 1e-3)]
    public void Without_input_V_relaxes_by_a_factor_a_step(Precision precision, double tolerance)
    {
        NetworkModel model = new("drive", [new Population("N", 3, Free with { ConstantDrive = 20 })], [], []);
        var settings = Settings with { WarmUp = 0, Duration = 0.05, TimeStep = 1e-3, Precision = precision };
        foreach (VoltageTrace trace in new Simulator(model, settings).Run().Populations[0].Traces)
        {
            for (int n = 1; n < trace.Voltage.Count; n++)
                Assert.Equal(-60 + ((trace.Voltage[0] + 60) * Math.Pow(1 - (1.0 / 20), n)), trace.Voltage[n], tolerance);
        }
    }

    /// <summary>
    /// V := (1 - Gamma) V + N with Poisson counts has closed moments. An exponential synapse with tau_S = dt lasts for one step, so it is a jump a step later. At 0.1 ms and
    /// tau = 0.15 ms the SD is a fifth above that of the continuous membrane.
    /// </summary>
    [Theory]
    [InlineData(0, 12)]
    [InlineData(1e-4, 12)]
    [InlineData(0, 160)]
    [InlineData(1e-4, 160)]
    public void A_free_membrane_has_the_moments_of_the_discrete_process(double tauSyn, double rate)
    {
        const double a = 0.01, g = 8;
        (double Rate, double Jump, double Reversal)[] afferents = [(1000 * rate, a, 0), (375 * rate, g * a, -75)];
        NetworkModel model = new(
            "free", [new Population("N", 500, Free)], [.. afferents.Select((_, i) => new ExternalInput($"X{i}", i == 0 ? rate : 1.5 * rate))],
            [.. afferents.Select((x, i) => Networks.Connect($"X{i}", "N", new InDegreeLaw.Fixed(i == 0 ? 1000 : 250), Synapse.Conductance(x.Jump, x.Reversal) with { TimeConstant = tauSyn }))]);
        double dt = Settings.TimeStep, leak = dt / 0.020;
        double gamma = leak + afferents.Sum(x => x.Rate * dt * x.Jump), spread = afferents.Sum(x => x.Rate * dt * x.Jump * x.Jump);
        double mean = ((leak * -80) + afferents.Sum(x => x.Rate * dt * x.Jump * x.Reversal)) / gamma;
        double kicks = afferents.Sum(x => x.Rate * dt * x.Jump * x.Jump * (x.Reversal - mean) * (x.Reversal - mean));
        double sd = Math.Sqrt(kicks / (1 - ((1 - gamma) * (1 - gamma)) - spread));
        PopulationObservables found = new Simulator(model, Settings).Run().Observables["N"];
        TestContext.Current.TestOutputHelper?.WriteLine($"mean {found.MeanV.Value:F4} ± {found.MeanV.StandardError:F4}, {mean:F4}; SD {found.SdV.Value:F4} ± {found.SdV.StandardError:F4}, {sd:F4}");
        Assert.InRange(Math.Abs(found.MeanV.Value - mean), 0, 5 * found.MeanV.StandardError);
        Assert.InRange(Math.Abs(found.SdV.Value - sd), 0, (5 * found.SdV.StandardError) + 1e-3);
        Assert.InRange(found.SdV.StandardError, 1e-5, 0.01);
        if (rate < 100) return;
        PopulationObservables usual = new Simulator(model, Settings with { Integration = Integration.Exponential }).Run().Observables["N"];
        Assert.True(Math.Abs(usual.SdV.Value - sd) > 10 * (usual.SdV.StandardError + found.SdV.StandardError));
    }

    [Fact]
    public void With_small_steps_both_integrations_agree()
    {
        NetworkModel model = Networks.ModelA(800, 200, 100, 0.009, 20, 60, tauSyn: 2e-3);
        SimulationSettings settings = Settings with { TimeStep = 2e-5, WarmUp = 0.2, Duration = 2 };
        PopulationObservables euler = new Simulator(model, settings).Run().Observables["E"];
        PopulationObservables usual = new Simulator(model, settings with { Integration = Integration.Exponential }).Run().Observables["E"];
        Assert.True(usual.Rate.Value > 5);
        foreach ((Estimate x, Estimate y) in new[] { (euler.Rate, usual.Rate), (euler.CvIsi, usual.CvIsi), (euler.MeanV, usual.MeanV), (euler.SdV, usual.SdV) })
            Assert.InRange(Math.Abs(x.Value - y.Value), 0, 5 * Math.Sqrt((x.StandardError * x.StandardError) + (y.StandardError * y.StandardError)));
    }

    [Fact]
    public void Threads_and_shards_change_nothing()
    {
        NetworkModel model = Networks.ModelA(700, 300, 100, 0.009, 20, 60, tauSyn: 1e-3);
        SimulationSettings settings = Settings with { Duration = 0.3, Threads = 1 };
        string expected = new Simulator(model, settings).Run().SpikesSha256;
        Assert.Equal(expected, new Simulator(model, settings with { Threads = 3, ShardSize = 128 }).Run().SpikesSha256);
        Assert.NotEqual(expected, new Simulator(model, settings with { Integration = Integration.Exponential }).Run().SpikesSha256);
    }

    [Fact]
    public void What_it_cannot_do_is_refused_by_name()
    {
        NetworkModel slow = Networks.ModelA(80, 20, 10, 0.009, 20, 60, tauSyn: 5e-5);
        Assert.StartsWith("projections[0].tau_syn: 0.05 ms; with forward Euler", Refusal(slow, Settings));
        NetworkModel alone = new("n", [new Population("N", 1, Neuron.Paper with { RefractoryPeriod = 0 })], [], []);
        Assert.StartsWith("populations.N.neuron.tau_m: 20 ms; with forward Euler", Refusal(alone, Settings with { TimeStep = 0.025, SampleInterval = 0.025, RateBin = 0.025, Duration = 1, WarmUp = 0 }));
        Neuron eif = Neuron.Paper with { Threshold = 0, Current = new MembraneCurrent.SpikeInitiation(2, -55) };
        Assert.StartsWith("populations.N.neuron.model: eif; forward Euler", Refusal(new("n", [new Population("N", 1, eif)], [], []), Settings));
    }

    private static string Refusal(NetworkModel model, SimulationSettings settings) => Assert.Throws<SimulationException>(() => new Simulator(model, settings)).Message;
}
