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
public sealed record MemoryCheck(CostEstimate Estimate, double AvailableBytes)
{
    /// <summary>Whether the point fits, with a tenth to spare.</summary>
    public bool Fits => Estimate.MemoryBytes <= 0.9 * AvailableBytes;
}

/// <summary>The network that was asked for cannot be wired: the input is wrong, though only drawing the wiring could tell.</summary>
/// <param name="message">Where and why, and what to change.</param>
/// <param name="cause">What the simulator said.</param>
public sealed class WiringException(string message, Exception cause) : Exception(message, cause);

/// <summary>Runs theory and simulation of one point. Neither knows the other: both read the same model.</summary>
public static class PointRunner
{
    /// <summary>What mean field predicts at a point.</summary>
    /// <param name="experiment">The point.</param>
    public static MeanFieldSolution Predict(Experiment experiment) =>
        SelfConsistency.Solve(experiment.Model, TransferFunctions.Named(experiment.TheoryMethod));

    /// <summary>What a simulation of a point will take, at the rates that mean field predicts. Nothing is built.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="theory">Its prediction; without one no neuron is taken to fire, which changes the time but not the memory.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    public static MemoryCheck Estimate(Experiment experiment, MeanFieldSolution? theory)
    {
        double Rate(string population) => theory?.Observables[population].Rate is { IsKnown: true } rate ? rate.Value : 0;
        return new MemoryCheck(CostEstimate.Of(experiment.Model, experiment.Simulation, Rate), AvailableMemory());
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
        Simulate(experiment, sink, progress, null, null, cancellation);

    /// <inheritdoc cref="Simulate(Experiment, ISpikeSink?, Action{RunProgress}?, CancellationToken)"/>
    /// <param name="checkpoints">Saves the state now and then; may be null.</param>
    /// <param name="from">The state to go on from; null for the beginning. Closed when it has been taken.</param>
#pragma warning disable CS1573 // The other parameters have inherited their documentation.
    public static (SimulationRecord Record, Performance Performance) Simulate(
        Experiment experiment, ISpikeSink? sink, Action<RunProgress>? progress, ICheckpointSink? checkpoints, SavedRun? from,
        CancellationToken cancellation)
#pragma warning restore CS1573
    {
        var clock = Stopwatch.StartNew();
        Simulator simulator = Wire(experiment, f => progress?.Invoke(new RunProgress(RunStage.Wiring, f)), cancellation);
        double build = clock.Elapsed.TotalSeconds;
        clock.Restart();
        simulator.Checkpoints = checkpoints;
        GoOnFrom(from, simulator);
        SimulationRecord record = simulator.Run(
            sink, p => progress?.Invoke(new RunProgress(RunStage.Simulation, (double)p.StepsDone / p.Steps)), cancellation);
        double run = clock.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        return (record, new Performance
        {
            BuildSeconds = build,
            SimulationSeconds = run,
            PeakResidentMegabytes = process.PeakWorkingSet64 / 1e6,
            RealTimeFactor = run / ((record.Counters.Steps - (from?.Checkpoint.Step ?? 0)) * experiment.Simulation.TimeStep),
        });
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

    private static Simulator Wire(Experiment experiment, Action<double> progress, CancellationToken cancellation)
    {
        try
        {
            return new Simulator(experiment.Model, experiment.Simulation, progress, cancellation);
        }
        catch (SimulationException e)
        {
            throw new WiringException(e.Message, e);
        }
    }

    /// <summary>Memory the process may still use: what the system says is available, or the limit the runtime knows.</summary>
    private static double AvailableMemory()
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
