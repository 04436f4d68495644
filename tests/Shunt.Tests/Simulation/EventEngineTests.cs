using System.Diagnostics;
using System.Globalization;
using Shunt.Model;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class EventEngineTests
{
    private static readonly Neuron Free = Neuron.Paper with { Threshold = double.PositiveInfinity };
    private static readonly SimulationSettings Events = new() { Engine = Engine.Events, TimeStep = 1e-4 };

    /// <summary>
    /// Event-driven simulations of others: the table of shared/paper.md, section 9 (what it gives as +- is taken as one standard error), and the reference table mc_sde_shot.
    /// Differences beyond 4 combined standard errors: false alarm 6e-5 each.
    /// </summary>
    [Theory]
    [InlineData(1000, 0.01, 12, 1.8, 5, JumpConvention.Linear, 1.07, 0.02, 40, 12)]
    [InlineData(1000, 0.01, 12, 1.8, 10, JumpConvention.Linear, 8.55, 0.06, 40, 6)]
    [InlineData(10_000, 0.00622, 12, 1.8, 1, JumpConvention.Linear, 0.183, 0.010, 40, 20)]
    [InlineData(1000, 0.015, 12, 0.6, 10, JumpConvention.Linear, 229.44092, 0.134, 100, 4)]
    [InlineData(1000, 0.015, 12, 0.6, 10, JumpConvention.Exponential, 234.32404, 0.128, 100, 4)]
    public void A_single_neuron_fires_as_other_exact_simulations_say(
        int k, double a, double g, double eta, double nu, JumpConvention jump, double rate, double error, int neurons, double duration)
    {
        NetworkModel model = Networks.Single(neurons, k, a, g, eta, nu, jump);
        var clock = Stopwatch.StartNew();
        SimulationRecord record = new EventSimulator(model, Events with { WarmUp = 0.05, Duration = duration }).Run();
        double ns = clock.Elapsed.TotalSeconds * 1e9 / record.Counters.NeuronUpdates;
        Estimate measured = record.Observables["N"].Rate;
        Log($"{measured.Value:F4} +- {measured.StandardError:F4} Hz, {rate} +- {error}; {record.Counters.NeuronUpdates / 1e6:F1} M arrivals, {ns:F0} ns each");
        Assert.InRange(Math.Abs(measured.Value - rate), 0, 4 * Math.Sqrt((error * error) + (measured.StandardError * measured.StandardError)));
    }

    [Fact]
    public void Spikes_do_not_depend_on_the_windows_of_the_calendar()
    {
        NetworkModel model = Networks.ModelA(200, 50, 40, 0.02, 15, 60, pool: true, delayE: 0.003);
        string[] hashes = [.. new[] { 1e-3, 1e-4, 1e-5 }.Select(dt =>
            new EventSimulator(model, Events with { TimeStep = dt, WarmUp = 0, Duration = 0.2, TracedNeurons = 0 }).Run().SpikesSha256)];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(hashes[0], hashes[2]);
    }

    private static void Log(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
