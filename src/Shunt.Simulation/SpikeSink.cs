namespace Shunt.Simulation;

/// <summary>Receives the spikes of a run as they happen, in order.</summary>
public interface ISpikeSink
{
    /// <summary>
    /// Takes the spikes of one step. Called once for every step that has spikes, steps increasing, from one thread.
    /// </summary>
    /// <param name="step">Spike time in units of <see cref="SimulationSettings.SpikeResolution"/>: on a grid, the time is step times dt.</param>
    /// <param name="neurons">Neurons that fired, numbered through all populations in the model's order; increasing.</param>
    void Record(long step, ReadOnlySpan<int> neurons);
}
