using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Tests.Experiments;

/// <summary>Results as theory and simulation would hand them over.</summary>
internal static class Runs
{
    internal static PointResult Point(Experiment experiment, bool complete = true)
    {
        PopulationObservables Predicted(string name) => new()
        {
            Population = name,
            Rate = Estimate.Exactly(33.5),
            Tau = Estimate.Exactly(0.00125),
            Mu = Estimate.Exactly(-57.25),
            Sigma = Estimate.Exactly(4.5),
            Density = new MembraneDensity([-60, -59.5], [0.25, 0.125]),
        };
        PopulationObservables Measured(string name) => new()
        {
            Population = name,
            Rate = new Estimate(32.5, 0.25),
            CvIsi = new Estimate(0.7),
            Density = new MembraneDensity([-60.05], [0.2]),
        };
        PopulationRecord Record(string name) => new()
        {
            Population = name,
            NeuronRates = [30, 35],
            NeuronCvs = [0.7, double.NaN],
            RateSeries = [31, 34],
            CountFanoFactor = 1.5,
            VoltageSynchrony = double.NaN,
            Traces = [],
            RasterTimes = [],
            RasterNeurons = [],
        };
        string[] names = [.. experiment.Model.Populations.Select(p => p.Name)];
        return new PointResult
        {
            Experiment = experiment,
            Theory = new MeanFieldSolution
            {
                Method = "siegert",
                Status = SolutionStatus.NotConverged,
                Message = "one < two",
                Observables = new Observables([.. names.Select(Predicted)]),
                FixedPoints = [new FixedPoint([.. names.Select(_ => 33.5)], true, -0.5, 1e-12)],
                Warnings = [],
            },
            Simulation = new SimulationRecord
            {
                Observables = new Observables([.. names.Select(Measured)]),
                Populations = [.. names.Select(Record)],
                Start = 0.25,
                Duration = complete ? 1 : 0.125,
                RateBin = 1e-3,
                Spikes = 123,
                SpikesSha256 = "abc",
                Counters = new SimulationCounters { Steps = 10, Synapses = 7, BytesPerSynapse = 1.5 },
                Complete = complete,
                Warnings = ["a warning"],
            },
            Performance = new Performance { BuildSeconds = 0.5, SimulationSeconds = 2, SimulationCpuSeconds = 2, PeakResidentMegabytes = 100, RealTimeFactor = 1.6 },
        };
    }

    internal static RunResult Run(ExperimentGrid grid, bool complete = true) => new(
        grid.Points[0].Name,
        grid.Axes,
        [.. grid.Points.Select(p => Point(p, complete))],
        Provenance.Of(grid.Points, "shunt run f.yaml", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "complete"));
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class PassingFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("shunt-test-").FullName;

    internal string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
