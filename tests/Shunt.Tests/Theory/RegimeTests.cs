using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>Table I: in which row a network lies, and the exponents of the rows.</summary>
public class RegimeTests
{
    private static readonly Siegert Theory = new();

    private static NetworkModel WithSynapses(NetworkModel model, double tauS) => new(
        model.Name, model.Populations, model.Inputs,
        [.. model.Projections.Select(p => p with { Synapse = p.Synapse with { TimeConstant = tauS } })]);

    private static NetworkModel Currents(int k, double jump, double g, double nuX)
    {
        var neuron = new Neuron { MembraneTimeConstant = 0.02, LeakReversal = 0, Threshold = 20, Reset = 10, RefractoryPeriod = 0.002 };
        Synapse e = Synapse.Current(jump), i = Synapse.Current(-g * jump);
        return new NetworkModel(
            "currents",
            [new("E", 10 * k, neuron), new("I", 5 * k / 2, neuron)],
            [new("X", nuX)],
            [
                Networks.Fixed("X", "E", k, e), Networks.Fixed("E", "E", k, e), Networks.Fixed("I", "E", k / 4, i),
                Networks.Fixed("X", "I", k, e), Networks.Fixed("E", "I", k, e), Networks.Fixed("I", "I", k / 4, i),
            ]);
    }

    private static Regime Of(NetworkModel model, CouplingScaling? scaling = null) =>
        Regime.Of(model, SelfConsistency.Solve(model, Theory), scaling)[0];

    [Fact]
    public void Every_row_of_Table_I_and_what_lies_outside_is_told_apart()
    {
        NetworkModel fast = Networks.ModelA(1000, 0.0016, 20, 25);
        Assert.Equal(TableRow.FastSynapses, Of(fast).Row);
        Assert.Equal(TableRow.Logarithmic, Of(fast, new CouplingScaling.Escape(1000, 0.0016, 0.09)).Row);
        Assert.Equal(TableRow.PowerLaw, Of(fast, CouplingScaling.InverseSquareRoot(1000, 0.0016)).Row);
        Assert.Equal(TableRow.CurrentBased, Of(Currents(1000, 0.2, 5, 25)).Row);
        Assert.Equal(TableRow.Crossover, Of(WithSynapses(fast, 1e-3)).Row);
        Assert.Equal(TableRow.SlowSynapses, Of(WithSynapses(fast, 10e-3)).Row);
        Assert.Equal(TableRow.MeanDriven, Of(Networks.ModelA(1000, 0.0016, 2, 25)).Row);
        Assert.Equal(TableRow.Silent, Of(Networks.ModelA(1000, 0.0001, 20, 1)).Row);
    }

    [Fact]
    public void At_the_limit_of_the_input_tau_S_is_tau_and_the_critical_heterogeneity_is_the_network_s()
    {
        NetworkModel model = WithSynapses(Networks.ModelA(1000, 0.0016, 20, 25), 1e-3);
        IReadOnlyList<Regime> regimes = Regime.WithLimits(Regime.Of(model, SelfConsistency.Solve(model, Theory)), model, Theory);
        var there = new NetworkModel(
            model.Name, model.Populations, [.. model.Inputs.Select(i => i with { Rate = i.Rate * regimes[0].InputLimit })], model.Projections);
        Assert.True(regimes[0].InputLimit > 1);
        Near.Relative(1, Of(there).SynapticTimeRatio, 1e-6, "tau_S/tau");
        Near.Relative(CriticalHeterogeneity.Find(model, Theory).Cv, regimes[1].CriticalInDegreeCv, 1e-12, "CV_K*");
        NetworkModel instantaneous = Networks.ModelA(1000, 0.0016, 20, 25);
        IReadOnlyList<Regime> any = Regime.WithLimits(Regime.Of(instantaneous, SelfConsistency.Solve(instantaneous, Theory)), instantaneous, Theory);
        Assert.All(any, r => Assert.Equal(double.PositiveInfinity, r.InputLimit));
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(0.75)]
    public void Exponents_of_row_3_are_measured(double alpha)
    {
        var law = new CouplingScaling.Power(1000, 0.0016, alpha);
        NetworkModel At(int k) => Networks.ModelA(k, law.Efficacy(k), 20, 25);
        const int low = 50_000_000, high = 200_000_000;
        Regime a = Of(At(low), law), b = Of(At(high), law);
        double Slope(Func<Regime, double> of) => Math.Log(of(b) / of(a)) / Math.Log((double)high / low);
        Near.Absolute(-alpha / 2, Slope(r => r.FreeMembraneSd), 0.01, "sigma_V");
        Near.Absolute(alpha - 1, Slope(r => r.CorrelationTime), 0.05, "tau_V"); // the rate still grows towards (21)

        // |theta - mu| in units of sigma_V changes with ln a only, so its own exponent is approached slowly
        Near.Absolute(-alpha / 2, Slope(r => r.ThresholdDistance), 0.06, "theta - mu");

        // CV_K*: K^-alpha/2, not the K^-alpha of the printed table
        double Critical(int k) => CriticalHeterogeneity.Find(At(k), Theory).Cv;
        double measured = Math.Log(Critical(4_000_000) / Critical(1_000_000)) / Math.Log(4);
        Near.Absolute(-alpha / 2, measured, 0.06, "CV_K*");
        Assert.True(Math.Abs(measured + alpha) > 0.06, "the printed exponent");
    }

    [Fact]
    public void Exponents_of_rows_1_and_2_are_measured()
    {
        // row 1: sigma_V and theta - mu stay, CV_K* ~ K^-1/2
        NetworkModel Classical(int k) => Currents(k, 0.2 * Math.Sqrt(1000.0 / k), 5, 25 * Math.Sqrt(1000.0 / k) + 5);
        double Critical(NetworkModel model) => CriticalHeterogeneity.Find(model, Theory).Cv;
        Near.Absolute(-0.5, Math.Log(Critical(Classical(1_000_000)) / Critical(Classical(100_000))) / Math.Log(10), 0.06, "row 1, CV_K*");

        // row 2: CV_K* is proportional to a ~ 1/log K
        StrongCoupling strong = new()
        {
            Threshold = -55,
            ExcitatoryReversal = 0,
            InhibitoryReversal = -75,
            G = 20,
            Gamma = 0.25,
            ExcitatoryRatio = 1,
            InhibitoryRatio = 0,
        };
        double rho = NetworkGain.Solve(strong, 0.0016, 1000)[^1];
        CouplingScaling law = (strong with { ExcitatoryRatio = 1 + rho, InhibitoryRatio = rho }).Scaling(1000, 0.0016);
        NetworkModel Logarithmic(int k) => Networks.ModelA(k, law.Efficacy(k), 20, 25);
        const int low = 1_000_000, high = 100_000_000;
        Regime a = Of(Logarithmic(low)), b = Of(Logarithmic(high));
        double ratio = law.Efficacy(high) / law.Efficacy(low);
        Near.Relative(Math.Sqrt(ratio), b.FreeMembraneSd / a.FreeMembraneSd, 0.02, "row 2, sigma_V ~ sqrt(a)");
        Near.Relative(1, b.ThresholdDistance / a.ThresholdDistance, 0.02, "row 2, theta - mu");
        Near.Relative(low / (ratio * high), b.CorrelationTime / a.CorrelationTime, 0.02, "row 2, tau_V ~ 1/(a K)");
        Near.Relative(ratio, Critical(Logarithmic(high)) / Critical(Logarithmic(low)), 0.1, "row 2, CV_K* ~ a");
    }
}
