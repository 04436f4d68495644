using System.Diagnostics;
using Shunt.Experiments;
using Shunt.Simulation;

namespace Shunt.Cli;

/// <summary>
/// Saves the state of a point into its folder now and then, the spikes before it first. When that fails the run is asked to stop, as when its spikes
/// cannot be recorded: the
/// checkpoint before is still there.
/// </summary>
internal sealed class CheckpointSaver(ResultsFolder folder, SpikeRecorder recorder, Experiment experiment, TimeSpan interval) : ICheckpointSink
{
    private readonly CheckpointIdentity _identity = SavedRun.IdentityOf(experiment);
    private readonly Stopwatch _sinceLast = new();

    public bool IsDue(SimulationProgress progress)
    {
        _sinceLast.Start(); // with the first step, not while the network is wired
        return _sinceLast.Elapsed >= interval && recorder.Failure is null;
    }

    public void Save(SimulationState state)
    {
        recorder.Try(spool =>
        {
            spool.Save();
            // of the whole recording, though that may be in several parts still
            long recorded = SpikeSpool.LengthOf(experiment.Model, state.Spikes, state.StepsWithSpikes);
            folder.WriteCheckpoint(stream => state.WriteTo(stream, _identity, recorded));
        });
        _sinceLast.Restart();
    }
}
