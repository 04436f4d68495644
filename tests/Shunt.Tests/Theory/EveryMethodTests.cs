using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>What holds of every theory of one neuron, in every regime it claims.</summary>
public class EveryMethodTests
{
    // escape limits know nothing near or above threshold; the adiabatic ones nothing of fast synapses
    private static readonly string[] BelowThresholdOnly = ["kramers", "rice", "adiabatic-strong"];

    public static TheoryData<string> Names => [.. TransferFunctions.Names];

    public static TheoryData<string> NamesAtThreshold => [.. TransferFunctions.Names.Except(BelowThresholdOnly)];

    /// <summary>K = 10,000 inputs of each kind; excitation varies.</summary>
    private static Afferent[] Input(TransferFunction transfer, double excitation, double a = 5e-4, double inhibition = 20)
    {
        double tauS = transfer.UsesSynapticTime ? 1e-3 : 0;
        return
        [
            new(1e4 * excitation, Synapse.Conductance(a, 0) with { TimeConstant = tauS }),
            new(2500 * inhibition, Synapse.Conductance(12 * a, -75) with { TimeConstant = tauS }),
        ];
    }

    // excitation at which mu has a value
    private static double At(double mu, double a = 5e-4, double inhibition = 20) =>
        ((mu + 80) / 0.02 + 2500 * 12 * a * inhibition * (mu + 75)) / (-mu * 1e4 * a);

    [Theory]
    [MemberData(nameof(Names))]
    public void Rates_rise_with_excitation_and_fall_with_inhibition(string name)
    {
        TransferFunction transfer = TransferFunctions.Named(name);
        double highest = BelowThresholdOnly.Contains(name) ? -57.5 : -50, lowest = name.EndsWith("small-a", StringComparison.Ordinal) ? -62 : -68;
        double previous = double.NegativeInfinity;
        int compared = 0;
        for (double mu = lowest; mu <= highest; mu += 0.5)
        {
            // the small-a forms join at threshold with a gap
            if (name.EndsWith("small-a", StringComparison.Ordinal) && mu is > -57 and < -53) continue;
            Afferent[] afferents = Input(transfer, At(mu));
            double rate = transfer.LogRate(Neuron.Paper, afferents);
            Assert.True(rate > previous, FormattableString.Invariant($"mu = {mu}: ln nu {rate} after {previous}"));
            previous = rate;
            double inhibited = transfer.LogRate(Neuron.Paper, [afferents[0], afferents[1] with { Rate = 1.01 * afferents[1].Rate }]);
            Assert.True(inhibited < rate, FormattableString.Invariant($"mu = {mu}: more inhibition {inhibited} than {rate}"));
            compared++;
        }

        Assert.True(compared > 10);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void P_of_V_integrates_to_the_time_outside_refractoriness(string name)
    {
        TransferFunction transfer = TransferFunctions.Named(name);
        foreach (double mu in new[] { -67.0, -60, -54 })
        {
            if (mu > -55 && BelowThresholdOnly.Contains(name)) continue;
            Afferent[] afferents = Input(transfer, At(mu));
            double[] v = [.. Enumerable.Range(0, 8000).Select(i => -95 + (i + 0.5) * 0.005)];
            double[]? density = transfer.Density(Neuron.Paper, afferents, v);
            if (density is null) continue;
            double rate = transfer.Rate(Neuron.Paper, afferents);
            double tolerance = name == "kramers" || name.EndsWith("small-a", StringComparison.Ordinal) ? 0.05 : 2e-3; // limits, and a midpoint rule
            Near.Relative(1 - rate * 0.002, density.Sum() * 0.005, tolerance, FormattableString.Invariant($"mu = {mu}"));
        }
    }

    [Theory]
    [MemberData(nameof(NamesAtThreshold))]
    public void Strong_excitation_leads_to_the_refractory_rate(string name)
    {
        TransferFunction transfer = TransferFunctions.Named(name);
        double rate = transfer.Rate(Neuron.Paper, Input(transfer, 1e6));
        Assert.InRange(rate, 0.99 * 500, 500);
    }

    [Theory]
    [MemberData(nameof(NamesAtThreshold))]
    public void As_a_vanishes_the_rate_above_threshold_becomes_that_of_the_deterministic_neuron(string name)
    {
        // a K is kept, so noise vanishes and mu and tau remain (B4)
        TransferFunction transfer = TransferFunctions.Named(name);
        double previous = double.NaN;
        foreach (double a in new[] { 1e-4, 1e-5, 1e-6 })
        {
            double tauS = transfer.UsesSynapticTime ? 1e-4 : 0;
            double k = 5 / a, excitation = At(-52);
            Afferent[] afferents =
            [
                new(k * excitation, Synapse.Conductance(a, 0) with { TimeConstant = tauS }),
                new(k / 4 * 20, Synapse.Conductance(12 * a, -75) with { TimeConstant = tauS }),
            ];
            InputMoments input = InputMoments.Of(Neuron.Paper, afferents);
            double deterministic = 1 / (0.002 + input.Tau * Math.Log((input.Mu + 65) / (input.Mu + 55)));
            double off = Math.Abs(transfer.Rate(Neuron.Paper, afferents) / deterministic - 1);
            Assert.True(double.IsNaN(previous) || off < Math.Max(0.5 * previous, 2e-4), FormattableString.Invariant($"a = {a}: {off} after {previous}"));
            previous = off;
        }

        Assert.InRange(previous, 0, 5e-3);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Far_below_threshold_and_below_reset_rates_are_tiny_and_finite_in_the_logarithm(string name)
    {
        TransferFunction transfer = TransferFunctions.Named(name);
        foreach (double a in new[] { 5e-4, 5e-5 })
        {
            double log = transfer.LogRate(Neuron.Paper, Input(transfer, At(-70, a), a)); // mu < V_r
            Assert.True(double.IsFinite(log) && log < -3, FormattableString.Invariant($"a = {a}: ln nu = {log}"));
        }
    }
}
