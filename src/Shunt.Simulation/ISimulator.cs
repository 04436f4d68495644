using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>A network that is wired and ready to run once.</summary>
public interface ISimulator
{
    /// <summary>Stored synapses, those from pools included.</summary>
    long Synapses { get; }

    /// <summary>Bytes of stored wiring.</summary>
    long WiringBytes { get; }

    /// <summary>Wires a network for the engine that the settings choose.</summary>
    /// <param name="model">The network.</param>
    /// <param name="settings">How it is simulated.</param>
    /// <param name="wired">Told the fraction of the wiring that is drawn, now and then, from any thread; may be null.</param>
    /// <param name="ranks">The processes that simulate the network together, see <see cref="Simulator"/>; null when this one does it all, as always with events.</param>
    /// <param name="cancellation">Stops the wiring.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The wiring was stopped.</exception>
    static ISimulator Of(
        NetworkModel model, SimulationSettings settings, Action<double>? wired = null, IRanks? ranks = null, CancellationToken cancellation = default) =>
        settings.Engine == Engine.Events
            ? new EventSimulator(model, settings, wired, cancellation)
            : new Simulator(model, settings, wired, ranks, cancellation);

    /// <summary>Runs the network. One call per simulator.</summary>
    /// <param name="sink">Receives every spike; may be null.</param>
    /// <param name="progress">Told how far the run has come, often, on the calling thread; may be null.</param>
    /// <param name="cancellation">Stops the run; what was measured until then is returned with <see cref="SimulationRecord.Complete"/> false.</param>
    /// <exception cref="SimulationException">A potential stopped being a finite number, or activity ran away.</exception>
    SimulationRecord Run(ISpikeSink? sink = null, Action<SimulationProgress>? progress = null, CancellationToken cancellation = default);
}
