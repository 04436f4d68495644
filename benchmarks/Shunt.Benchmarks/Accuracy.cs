using System.Diagnostics;
using System.Globalization;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Benchmarks;

/// <summary>
/// How far is each theory from the truth, and what does it cost? The truth is a simulation of single neurons with independent Poisson input: event by
/// event for instantaneous synapses, on a fine grid for others. In a network the neurons' recurrent input is Poisson of their own rate, as every mean
/// field has it: the truth is the most exact theory there.
/// </summary>
internal static class Accuracy
{
    private const int TimedMilliseconds = 300;

    internal static void Write(TextWriter output)
    {
        (string Name, NetworkModel Model)[] neurons = [.. Neurons()], networks = [.. Networks()];
        Estimate[] truth = [.. neurons.Select(n => Simulate(n.Model))];
        Table(output, ["", "input", "simulation (spk/s)"], neurons.Select((n, i) =>
            new[] { Letter(i), n.Name, FormattableString.Invariant($"{truth[i].Value:G4} ± {truth[i].StandardError:G2}") }));
        Table(output, ["deviation of", .. neurons.Select((_, i) => Letter(i))], TransferFunctions.Names.Select(method =>
            (string[])[Code(method), .. neurons.Select((n, i) => Cell(n.Model, method, rate => Deviation(rate / truth[i].Value)))]));
        Table(output, ["rate (spk/s)", .. networks.Select(n => n.Name)], TransferFunctions.Names.Select(method =>
            (string[])[Code(method), .. networks.Select(n => Cell(n.Model, method, rate => rate.ToString("G4", CultureInfo.InvariantCulture)))]));

        NetworkModel NeuronAt(double tauS) => Single(1000, 0.01, 12, 1.8, 10, tauS);
        NetworkModel NetworkAt(double tauS) => ModelA(1000, 0.0016, 20, 25, tauS);
        (string What, Func<double, NetworkModel> Of, Action<NetworkModel, TransferFunction> Act)[] timed =
        [
            ("neuron", NeuronAt, (m, t) => SelfConsistency.Solve(m, t)),
            ("average over two in-degrees, CV_K 0.1", NeuronAt, (m, t) => RateDistribution.Of(t, Neuron.Paper, Spread(m, 0.1))),
            ("network", NetworkAt, (m, t) => SelfConsistency.Solve(m, t)),
            ("network, CV_K 0.1", tauS => CriticalHeterogeneity.WithCv(NetworkAt(tauS), 0.1), (m, t) => SelfConsistency.Solve(m, t)),
        ];
        Table(output, ["time (ms)", .. timed.Select(t => t.What)], TransferFunctions.Names.Select(method =>
            (string[])[Code(method), .. timed.Select(t => Time(method, t.Of(0), t.Of(1e-3), t.Act))]));
    }

    private static SpreadAfferent[] Spread(NetworkModel single, double cv) => [.. single.Projections.Select(p =>
    {
        double rate = single.MeanInDegree(p) * single.Inputs.First(i => i.Name == p.Source).Rate;
        return new SpreadAfferent(new Afferent(rate, p.Synapse), cv * rate);
    })];

    private static string Letter(int index) => ((char)('a' + index)).ToString();

    private static string Code(string name) => $"`{name}`";

    private static void Table(TextWriter output, string[] head, IEnumerable<string[]> rows)
    {
        output.WriteLine($"| {string.Join(" | ", head)} |");
        output.WriteLine($"|{string.Concat(head.Select(_ => "---|"))}");
        foreach (string[] row in rows) output.WriteLine($"| {string.Join(" | ", row)} |");
        output.WriteLine();
    }

    private static IEnumerable<(string Name, NetworkModel Model)> Neurons() =>
    [
        ("K = 1e3, a = 0.01, nu_X = 5", Single(1000, 0.01, 12, 1.8, 5, 0)),
        ("same, nu_X = 10", Single(1000, 0.01, 12, 1.8, 10, 0)),
        ("same, nu_X = 27", Single(1000, 0.01, 12, 1.8, 27, 0)),
        ("K = 1e4, a = 0.00622, nu_X = 2", Single(10_000, 0.00622, 12, 1.8, 2, 0)),
        ("K = 1e4, a = 0.00622, nu_X = 5", Single(10_000, 0.00622, 12, 1.8, 5, 0)),
        ("above threshold: K = 1e3, a = 0.01, eta = 0.6, nu_X = 20", Single(1000, 0.01, 12, 0.6, 20, 0)),
        ("few large inputs: K = 100, a = 0.05, nu_X = 20", Single(100, 0.05, 12, 1.8, 20, 0)),
        ("many small inputs: K = 1e5, a = 1e-3, g = 8, eta = 1.45, nu_X = 5", Single(100_000, 0.001, 8, 1.45, 5, 0)),
        ("Fig. 6A, nu_X = 5, tau_S = 0.1 ms (tau_S/tau = 0.025)", Single(1000, 0.01, 8, 1.5, 5, 1e-4)),
        ("same, tau_S = 1 ms (0.25)", Single(1000, 0.01, 8, 1.5, 5, 1e-3)),
        ("same, tau_S = 10 ms (2.5)", Single(1000, 0.01, 8, 1.5, 5, 1e-2)),
        ("same, tau_S = 10 ms, nu_X = 20 (9)", Single(1000, 0.01, 8, 1.5, 20, 1e-2)),
    ];

    private static IEnumerable<(string Name, NetworkModel Model)> Networks() =>
    [
        ("K = 1e2, a = 8.8e-3, nu_X = 25", ModelA(100, 0.0088, 20, 25, 0)),
        ("K = 1e3, a = 1.6e-3, nu_X = 15", ModelA(1000, 0.0016, 20, 15, 0)),
        ("same, nu_X = 25", ModelA(1000, 0.0016, 20, 25, 0)),
        ("same, tau_S = 1 ms", ModelA(1000, 0.0016, 20, 25, 1e-3)),
        ("same, tau_S = 10 ms", ModelA(1000, 0.0016, 20, 25, 1e-2)),
    ];

    private static string Cell(NetworkModel model, string method, Func<double, string> show)
    {
        TransferFunction transfer = TransferFunctions.Named(method);
        if (transfer.Objection(model) is not null) return "–";
        MeanFieldSolution solution = SelfConsistency.Solve(model, transfer);
        double rate = solution.Observables.Populations[0].Rate.Value;
        return solution.Status == SolutionStatus.NotConverged || double.IsNaN(rate) ? "undefined" : show(rate);
    }

    // in percent, or as a factor where percents say little
    private static string Deviation(double ratio)
    {
        if (ratio is > 2 or < 0.5)
        {
            double factor = Math.Max(ratio, 1 / ratio);
            return (ratio > 1 ? "× " : "÷ ") + factor.ToString(factor < 100 ? "G2" : "F0", CultureInfo.InvariantCulture);
        }

        double percent = Math.Round(100 * (ratio - 1), Math.Abs(ratio - 1) < 0.1 ? 1 : 0);
        return percent.ToString("+0.#;-0.#;0", CultureInfo.InvariantCulture) + " %";
    }

    private static string Time(string method, NetworkModel instantaneous, NetworkModel filtered, Action<NetworkModel, TransferFunction> act)
    {
        TransferFunction transfer = TransferFunctions.Named(method);
        NetworkModel? model = transfer.Objection(instantaneous) is null ? instantaneous : transfer.Objection(filtered) is null ? filtered : null;
        if (model is null) return "–";
        var clock = Stopwatch.StartNew();
        act(model, transfer); // compilation does not matter where this takes long
        int done = 1;
        if (clock.ElapsedMilliseconds < TimedMilliseconds) (clock, done) = (Stopwatch.StartNew(), 0);
        for (; clock.ElapsedMilliseconds < TimedMilliseconds || done == 0; done++) act(model, transfer);
        double milliseconds = clock.Elapsed.TotalMilliseconds / done;
        return milliseconds.ToString(milliseconds < 100 ? "G2" : "F0", CultureInfo.InvariantCulture);
    }

    // as many neurons and as long as a relative error of about 0.3 % of a Poisson count takes, within reason
    private static Estimate Simulate(NetworkModel model)
    {
        bool isInstantaneous = model.Projections.All(p => p.Synapse.IsInstantaneous);
        var settings = new SimulationSettings
        {
            Engine = isInstantaneous ? Engine.Events : Engine.Grid,
            TimeStep = 1e-5,
            WarmUp = 0.1,
            Duration = 20,
            Seed = 1,
            SampleInterval = 0.01,
            TracedNeurons = 0,
            RasterNeurons = 0,
            StopAbove = double.PositiveInfinity,
        };
        return ISimulator.Of(model, settings).Run().Observables.Populations[0].Rate;
    }

    private static NetworkModel Single(int k, double a, double g, double eta, double nuX, double tauS)
    {
        (Synapse e, Synapse i) = Synapses(a, g, tauS);

        // so many that the arrivals of all fit into a few seconds
        int size = (int)Math.Clamp(2e7 / (k * nuX), 20, 2000);
        return new NetworkModel(
            "neuron",
            [new("N", size, Neuron.Paper)],
            [new("X", nuX), new("Y", eta * nuX)],
            [From("X", "N", k, e), From("Y", "N", k / 4, i)]);
    }

    private static NetworkModel ModelA(int k, double a, double g, double nuX, double tauS)
    {
        (Synapse e, Synapse i) = Synapses(a, g, tauS);
        return new NetworkModel(
            "network",
            [new("E", 10 * k, Neuron.Paper), new("I", 10 * k / 4, Neuron.Paper)],
            [new("X", nuX)],
            [
                From("X", "E", k, e), From("E", "E", k, e), From("I", "E", k / 4, i),
                From("X", "I", k, e), From("E", "I", k, e), From("I", "I", k / 4, i),
            ]);
    }

    private static (Synapse E, Synapse I) Synapses(double a, double g, double tauS)
    {
        Synapse e = Synapse.Conductance(a, reversal: 0), i = Synapse.Conductance(g * a, reversal: -75);
        return (e with { TimeConstant = tauS }, i with { TimeConstant = tauS });
    }

    private static Projection From(string source, string target, int k, Synapse synapse) =>
        new() { Source = source, Target = target, InDegree = new InDegreeLaw.Fixed(k), Synapse = synapse };
}
