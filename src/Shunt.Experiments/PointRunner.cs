using System.Diagnostics;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>What a run is doing.</summary>
public enum RunStage
{
    /// <summary>Solving the mean-field equations.</summary>
    Theory,

    /// <summary>Drawing the wiring.</summary>
    Wiring,

    /// <summary>Simulating.</summary>
    Simulation,
}

/// <summary>How far a point has come.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Fraction">Done, from 0 to 1.</param>
public readonly record struct RunProgress(RunStage Stage, double Fraction);

/// <summary>Memory of this machine and what a point would need.</summary>
/// <param name="Estimate">What the point would take.</param>
/// <param name="AvailableBytes">Memory the process may still use.</param>
/// <param name="Processes">Processes on this machine that need as much each.</param>
public sealed record MemoryCheck(CostEstimate Estimate, double AvailableBytes, int Processes = 1)
{
    /// <summary>Share of what is available that points may be planned into: a tenth is spared.</summary>
    internal const double UsableShare = 0.9;

    /// <summary>Whether the point fits, with a tenth to spare.</summary>
    public bool Fits => Processes * Estimate.MemoryBytes <= UsableShare * AvailableBytes;
}

/// <summary>What the share of one rank took.</summary>
/// <param name="Counters">Its counts.</param>
/// <param name="Rate">Mean rate of its neurons, warm-up included (Hz).</param>
/// <param name="ExpectedRate">What theory predicts for it (Hz).</param>
/// <param name="Performance">What it cost; the time in which stand-ins were drawn is left out.</param>
public sealed record PretendedRun(SimulationCounters Counters, double Rate, double ExpectedRate, Performance Performance);

/// <summary>The network that was asked for cannot be wired: the input is wrong, though only drawing the wiring could tell.</summary>
/// <param name="message">Where and why, and what to change.</param>
/// <param name="cause">What the simulator said.</param>
public sealed class WiringException(string message, Exception cause) : Exception(message, cause);

/// <summary>Runs theory and simulation of one point. Neither knows the other: both read the same model.</summary>
public static class PointRunner
{
    /// <summary>What mean field predicts at a point.</summary>
    /// <param name="experiment">The point.</param>
    public static MeanFieldSolution Predict(Experiment experiment)
    {
        MeanFieldSolution solution = SelfConsistency.Solve(experiment.Model, TransferFunctions.Named(experiment.TheoryMethod));
        return solution with { Regimes = Regime.Of(experiment.Model, solution, experiment.Scaling) };
    }

    /// <summary>
    /// What mean field predicts at a point and, for leaky neurons, how far its regime reaches by Siegert's theory: up to which input and which
    /// heterogeneity. Takes about a second.
    /// </summary>
    /// <param name="experiment">The point.</param>
    public static MeanFieldSolution PredictWithLimits(Experiment experiment)
    {
        MeanFieldSolution solution = Predict(experiment);
        TransferFunction siegert = new Siegert();
        return siegert.Objection(experiment.Model) is null
            ? solution with { Regimes = Regime.WithLimits(solution.Regimes, experiment.Model, siegert) }
            : solution;
    }

    /// <summary>What a prediction takes (s), roughly, by experience.</summary>
    /// <param name="method">Name of the theory.</param>
    internal static double TheorySeconds(string method) => method switch { "exact-jump" => 0.15, "coloured-noise" => 0.7, _ => 0.003 };

    /// <summary>What a simulation of a point will take, at the rates that mean field predicts. Nothing is built.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="theory">Its prediction; without one no neuron is taken to fire, which changes the time but not the memory.</param>
    /// <param name="team">The processes that will share it; null when one does everything.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    public static MemoryCheck Estimate(Experiment experiment, MeanFieldSolution? theory, Team? team = null) =>
        Estimate(experiment, theory, team?.Ranks.Count ?? 1) with { Processes = team?.OnThisMachine ?? 1 };

    /// <summary>The same on a number of ranks, wherever they are.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="theory">Its prediction.</param>
    /// <param name="ranks">Ranks.</param>
    /// <param name="rank">The rank whose memory and times are asked for; null for the largest of all.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    public static MemoryCheck Estimate(Experiment experiment, MeanFieldSolution? theory, int ranks, int? rank = null) =>
        new(CostEstimate.Of(experiment.Model, experiment.Simulation, RateOf(theory), ranks, rank), AvailableMemory());

    private static Func<string, double> RateOf(MeanFieldSolution? theory) =>
        population => theory?.Observables[population].Rate is { IsKnown: true } rate ? rate.Value : 0;

    /// <summary>Simulates the share of one rank on this machine; the others are pretended and fire at the rates that mean field predicts.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="theory">Its prediction.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="ranks">Ranks.</param>
    /// <param name="progress">Told how far the wiring has come.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="WiringException">The settings do not fit the model, or its wiring cannot be drawn.</exception>
    /// <exception cref="SimulationException">The simulation went wrong.</exception>
    public static PretendedRun Pretend(
        Experiment experiment, MeanFieldSolution theory, int rank, int ranks, Action<RunProgress>? progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var others = new PretendedRanks(experiment.Model, experiment.Simulation, RateOf(theory), rank, ranks, () => clock.Elapsed.TotalSeconds);
        clock.Restart();
        var simulator = (Simulator)Wire(experiment, fraction => progress?.Invoke(new RunProgress(RunStage.Wiring, fraction)), others, cancellation);
        double build = clock.Elapsed.TotalSeconds;
        progress?.Invoke(new RunProgress(RunStage.Simulation, 0));
        clock.Restart();
        (SimulationCounters counters, long spikes) = simulator.RunShare(cancellation);
        double loop = others.Seconds;
        cancellation.ThrowIfCancellationRequested();
        using var process = Process.GetCurrentProcess();
        double neuronSeconds = counters.NeuronUpdates * experiment.Simulation.TimeStep;
        return new PretendedRun(counters, neuronSeconds > 0 ? spikes / neuronSeconds : double.NaN, others.ExpectedRate, new Performance
        {
            BuildSeconds = build,
            SimulationSeconds = loop,
            SimulationCpuSeconds = double.NaN,
            PeakResidentMegabytes = process.PeakWorkingSet64 / 1e6,
            RealTimeFactor = loop / (counters.Steps * experiment.Simulation.TimeStep),
        });
    }

    /// <summary>Wires and simulates a point.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="sink">Receives every spike; may be null.</param>
    /// <param name="progress">Told how far it has come, often and from any thread; may be null.</param>
    /// <param name="cancellation">Stops it: during the wiring by an exception, later with an incomplete record.</param>
    /// <exception cref="WiringException">The settings do not fit the model, or its wiring cannot be drawn.</exception>
    /// <exception cref="SimulationException">The simulation went wrong.</exception>
    /// <exception cref="OperationCanceledException">Stopped during the wiring.</exception>
    /// <exception cref="ResultsException">The saved run cannot be read, or does not fit.</exception>
    public static (SimulationRecord Record, Performance Performance) Simulate(
        Experiment experiment, ISpikeSink? sink, Action<RunProgress>? progress, CancellationToken cancellation) =>
        Simulate(experiment, sink, progress, null, null, null, cancellation);

    /// <inheritdoc cref="Simulate(Experiment, ISpikeSink?, Action{RunProgress}?, CancellationToken)"/>
    /// <param name="checkpoints">Saves the state now and then; may be null.</param>
    /// <param name="from">The state to go on from; null for the beginning. Closed when it has been taken.</param>
    /// <param name="ranks">The processes that share the network, of which this is rank 0; null when it does everything. See <see cref="SharedPoint"/>.</param>
#pragma warning disable CS1573 // The other parameters have inherited their documentation.
    public static (SimulationRecord Record, Performance Performance) Simulate(
        Experiment experiment, ISpikeSink? sink, Action<RunProgress>? progress, ICheckpointSink? checkpoints, SavedRun? from,
        IRanks? ranks, CancellationToken cancellation)
#pragma warning restore CS1573
    {
        var clock = Stopwatch.StartNew();
        long withoutWiring = 0;
        ISimulator simulator = Wire(experiment, Wired, ranks, cancellation);
        double build = clock.Elapsed.TotalSeconds;
        double bytesPerSynapse = MeasuredBytesPerSynapse(simulator, withoutWiring);
        if (simulator is Simulator grid)
        {
            // With events the state cannot be saved, so there is never one to go on from.
            grid.Checkpoints = checkpoints;
            GoOnFrom(from, grid);
        }

        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        (double Wall, double Cpu) loop = default;
        clock.Restart();
        SimulationRecord record = simulator.Run(sink, Progress, cancellation);
        if (!record.Complete) loop = Elapsed();
        return (record with { Counters = record.Counters with { BytesPerSynapse = bytesPerSynapse } }, new Performance
        {
            BuildSeconds = build,
            SimulationSeconds = loop.Wall,
            SimulationCpuSeconds = loop.Cpu,
            PeakResidentMegabytes = process.PeakWorkingSet64 / 1e6,
            RealTimeFactor = loop.Wall / ((record.Counters.Steps - (from?.Checkpoint.Step ?? 0)) * experiment.Simulation.TimeStep),
        });

        (double Wall, double Cpu) Elapsed()
        {
            process.Refresh();
            return (clock.Elapsed.TotalSeconds, (process.TotalProcessorTime - before).TotalSeconds);
        }

        void Wired(double fraction)
        {
            if (fraction == 0) withoutWiring = ResidentBytes();
            progress?.Invoke(new RunProgress(RunStage.Wiring, fraction));
        }

        // The loop ends with its last step; what follows turns sums into observables.
        void Progress(SimulationProgress p)
        {
            if (p.StepsDone == p.Steps) loop = Elapsed();
            progress?.Invoke(new RunProgress(RunStage.Simulation, (double)p.StepsDone / p.Steps));
        }
    }

    /// <summary>
    /// Bytes per synapse as the process has grown by the wiring. Where that is too little to be seen in the growth of a process that also compiles and collects, the sizes of
    /// what was allocated.
    /// </summary>
    private static double MeasuredBytesPerSynapse(ISimulator simulator, long withoutWiring)
    {
        const long visible = 256 << 20;
        if (simulator.Synapses == 0) return 0;
        return (double)(withoutWiring == 0 || simulator.WiringBytes < visible ? simulator.WiringBytes : ResidentBytes() - withoutWiring) / simulator.Synapses;
    }

    private static long ResidentBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }

    private static void GoOnFrom(SavedRun? from, Simulator simulator)
    {
        if (from is null) return;
        try
        {
            simulator.Resume(from.Checkpoint, from.Past);
        }
        catch (SimulationException e)
        {
            throw new ResultsException(e.Message, cause: e);
        }
        finally
        {
            from.Dispose();
        }
    }

    private static ISimulator Wire(Experiment experiment, Action<double> progress, IRanks? ranks, CancellationToken cancellation)
    {
        try
        {
            return ISimulator.Of(experiment.Model, experiment.Simulation, progress, ranks, cancellation);
        }
        catch (SimulationException e)
        {
            throw new WiringException(e.Message, e);
        }
    }

    /// <summary>What to tell of something that went wrong at a point.</summary>
    /// <param name="e">What was thrown.</param>
    public static string Reason(Exception e) => e switch
    {
        SimulationException or WiringException or ResultsException or ModelException or OtherRankException => e.Message,
        _ when RanOutOfMemory(e) => "memory ran out; make the network smaller ('shunt estimate' says what it takes)",
        _ => $"internal error, please report it: {e}",
    };

    private static bool RanOutOfMemory(Exception e) =>
        e is OutOfMemoryException || (e is AggregateException all && all.InnerExceptions.Any(RanOutOfMemory));

    /// <summary>Memory the process may still use: what the system says is available, or the limit the runtime knows.</summary>
    internal static double AvailableMemory()
    {
        const string meminfo = "/proc/meminfo";
        GCMemoryInfo limit = GC.GetGCMemoryInfo();
        double free = limit.TotalAvailableMemoryBytes - limit.MemoryLoadBytes;
        if (!File.Exists(meminfo)) return free;
        string? line = File.ReadLines(meminfo).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        string? kilobytes = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1);
        return long.TryParse(kilobytes, out long kb) ? Math.Min(kb * 1024.0, limit.TotalAvailableMemoryBytes) : free;
    }
}
