using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Tests.Figures;

/// <summary>Runs made up by hand: plausible numbers, no network behind them.</summary>
internal static class SyntheticRun
{
    public static RunResult Point(
        bool theory = true, bool simulation = true, double rate = 30, int size = 2500, string[]? populations = null,
            string title = "synthetic network")
    {
        PointResult point = PointOf(populations ?? ["E", "I"], size, rate, theory, simulation);
        return new RunResult(title, [], [point], Provenance);
    }

    public static RunResult Sweep(bool logarithmic = true, int values = 12, bool theory = true, bool simulation = true, int curves = 1)
    {
        double[] x = [.. Enumerable.Range(0, values).Select(i => logarithmic ? 5 * Math.Pow(40, i / (values - 1.0)) : 5.0 * (i + 1))];
        var axis = new SweepAxis("input.rate", [.. x.Select(v => FormattableString.Invariant($"{v:0.###} Hz"))], x, "Hz", logarithmic);
        var points = new List<PointResult>();
        for (int c = 0; c < curves; c++)
        {
            for (int i = 0; i < values; i++)
                points.Add(PointOf(["E", "I"], 50, (1.2 * x[i] * (1 + (0.5 * c))) + 2, theory, simulation && i % 2 == 0, detailed: false));
        }

        if (curves == 1) return new RunResult("a sweep", [axis], points, Provenance);
        double[] k = [.. Enumerable.Range(0, curves).Select(c => 100.0 * Math.Pow(2, c))];
        var other = new SweepAxis("coupling.K", [.. k.Select(v => FormattableString.Invariant($"{v:0}"))], k, "", true);
        return new RunResult("a sweep", [other, axis], points, Provenance);
    }

    public static NetworkModel Network(string[] populations, int size) =>
        new("synthetic", [.. populations.Select(p => new Population(p, size, Neuron.Paper))], [new ExternalInput("X", 25)], []);

    private static KeyValuePair<string, string>[] Provenance =>
    [
        new("version", "0.1.0"), new("commit", "0123456789abcdef"), new("runtime", ".NET 10.0.1"), new("machine", "x64, 2 cores, AVX-512"),
        new("date", "2025-01-02T03:04:05Z"), new("seed", "1"),
    ];

    private static PointResult PointOf(string[] names, int size, double rate, bool theory, bool simulation, bool detailed = true)
    {
        var settings = new SimulationSettings();
        NetworkModel model = Network(names, size);
        return new PointResult
        {
            Experiment = new Experiment
            {
                Name = "synthetic network",
                Model = model,
                TheoryMethod = "siegert",
                Simulation = settings,
                Set = [],
                ResolvedYaml = "name: synthetic network\nneuron: {model: lif, tau_m: 20 ms}\n# <not> & markup\n",
                Conventions = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["jump"] = "linear", ["arrivals"] = "same step" },
            },
            Theory = theory ? TheoryOf(names, rate) : null,
            Simulation = simulation ? SimulationOf(names, size, rate, settings, detailed) : null,
            Performance = simulation
                ? new Performance { BuildSeconds = 1.24, SimulationSeconds = 21.5, SimulationCpuSeconds = 40, PeakResidentMegabytes = 312.4, RealTimeFactor = 4.3 }
                : null,
        };
    }

    private static MeanFieldSolution TheoryOf(string[] names, double rate)
    {
        double[] v = [.. Enumerable.Range(0, 400).Select(i => -95 + (i * 0.1))];
        return new MeanFieldSolution
        {
            Method = "siegert",
            Status = rate > 1e-3 ? SolutionStatus.Converged : SolutionStatus.Silent,
            Message = "one stable fixed point, residual 2.1e-15",
            FixedPoints = [new FixedPoint([.. names.Select(_ => rate)], true, -0.83, 2.1e-15)],
            Warnings = ["the efficacy a = 0.05 is not small: first-passage theory is off by about 5 %"],
            Observables = new Observables([.. names.Select((n, i) => new PopulationObservables
            {
                Population = n,
                Rate = Estimate.Exactly(rate * (1 + (0.1 * i))),
                CvIsi = Estimate.Exactly(0.83),
                MeanV = Estimate.Exactly(-60.31),
                SdV = Estimate.Exactly(2.94),
                Tau = Estimate.Exactly(0.00312),
                Mu = Estimate.Exactly(-59.87),
                Density = new MembraneDensity(v, [.. v.Select(x => x > -55 ? 0 : Gauss(x, -60.3 + (0.7 * i), 3) * (1 - Math.Exp((x + 55) / 1.5)))]),
            })]),
        };
    }

    private static SimulationRecord SimulationOf(string[] names, int size, double rate, SimulationSettings settings, bool detailed)
    {
        var random = new Random(7);
        PopulationRecord[] records = [.. names.Select(n => Record(n, size, rate, settings, random, detailed))];
        double[] v = [.. Enumerable.Range(0, 500).Select(i => -99.95 + (i * 0.1))];
        return new SimulationRecord
        {
            Observables = new Observables([.. names.Select((n, i) => new PopulationObservables
            {
                Population = n,
                Rate = new Estimate(rate * (1 + (0.1 * i)) * 0.985, rate > 0 ? 0.06 : 0),
                CvIsi = rate > 0 ? new Estimate(0.812 + (0.02 * i), 0.003) : Estimate.Unknown,
                MeanV = new Estimate(-60.42, 0.011),
                SdV = new Estimate(3.05, 0.006),
                Tau = new Estimate(0.00308, 0.00002),
                Mu = new Estimate(-59.95, 0.02),
                QuiescentFraction = new Estimate(rate > 0 ? 0.012 : 1, 0.002),
                Density = new MembraneDensity(
                    v, [.. v.Select(x => x > -55 ? 0 : Gauss(x, -60.3 + (0.7 * i), 3) * (1 - Math.Exp((x + 55) / 1.5))
                        * (1 + (0.05 * Normal(random))))]),
            })]),
            Populations = records,
            Start = settings.WarmUp,
            Duration = settings.Duration,
            RateBin = settings.RateBin,
            Spikes = (long)(rate * size * names.Length * (settings.Duration + settings.WarmUp)),
            SpikesSha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            Counters = new SimulationCounters
            {
                Steps = 110_000,
                NeuronUpdates = 2_200_000_000,
                SynapticEvents = 640_000_000,
                Synapses = 25_000_000,
                BytesPerSynapse = 1.6
            },
            Complete = true,
            Warnings = ["12 of 5000 neurons fired fewer than 3 spikes and have no CV"],
        };
    }

    private static PopulationRecord Record(string name, int size, double rate, SimulationSettings settings, Random random, bool detailed)
    {
        var times = new List<double>();
        var neurons = new List<int>();
        for (int n = 0; detailed && n < Math.Min(size, settings.RasterNeurons); n++)
        {
            for (double t = Interval(); t < settings.RasterDuration; t += Interval())
            {
                times.Add(settings.WarmUp + t);
                neurons.Add(n);
            }
        }

        return new PopulationRecord
        {
            Population = name,
            NeuronRates = [.. Enumerable.Range(0, size)
                .Select(_ => Math.Round(rate * Math.Exp((0.5 * Normal(random)) - 0.125) * settings.Duration) / settings.Duration)],
            NeuronCvs = [.. Enumerable.Range(0, size).Select(i => rate <= 0 || i % 50 == 0 ? double.NaN : 0.82 + (0.07 * Normal(random)))],
            RateSeries = [.. Enumerable.Range(0, detailed ? 5000 : 10)
                .Select(_ => rate <= 0 ? 0 : Math.Max(0, rate + (0.15 * rate * Normal(random))))],
            CountFanoFactor = 1.31,
            VoltageSynchrony = size == 1 ? double.NaN : 0.021,
            Traces = detailed ? [.. Enumerable.Range(0, Math.Min(size, settings.TracedNeurons)).Select(n => Trace(n, rate, settings, random))] : [],
            RasterTimes = times,
            RasterNeurons = neurons,
        };

        double Interval() => rate > 0 ? 0.002 - (Math.Log(1 - random.NextDouble()) / rate) : double.PositiveInfinity;
    }

    private static VoltageTrace Trace(int neuron, double rate, SimulationSettings settings, Random random)
    {
        const double Step = 1e-4;
        var time = new List<double>();
        var voltage = new List<double>();
        var spikes = new List<double>();
        double v = -60, free = 0;
        for (double t = 0; t < settings.TraceDuration; t += Step)
        {
            if (t >= free) v += (Step / 0.003 * ((rate > 0 ? -59 : -70) - v)) + (4 * Math.Sqrt(2 * Step / 0.003) * Normal(random));
            if (v > -55)
            {
                spikes.Add(settings.WarmUp + t);
                v = -65;
                free = t + 0.002;
            }

            time.Add(settings.WarmUp + t);
            voltage.Add(v);
        }

        return new VoltageTrace(neuron, time, voltage, spikes);
    }

    private static double Gauss(double x, double mean, double sd) =>
        Math.Exp(-(x - mean) * (x - mean) / (2 * sd * sd)) / (sd * Math.Sqrt(2 * Math.PI));

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
