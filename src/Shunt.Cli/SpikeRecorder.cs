using Shunt.Experiments;
using Shunt.Simulation;

namespace Shunt.Cli;

/// <summary>Records the spikes of a point, if it has a folder. When that fails the run is asked to stop, and keeps everything it measured.</summary>
internal sealed class SpikeRecorder : ISpikeSink, IDisposable
{
    private readonly ResultsFolder? _folder;
    private readonly SpikeSpool? _spool;
    private readonly CancellationTokenSource _source;
    private readonly int _ranks;

    /// <param name="folder">Where to; null to record nothing.</param>
    /// <param name="experiment">The point.</param>
    /// <param name="stop">Stops the run.</param>
    /// <param name="from">The checkpoint whose recording goes on; null to begin one.</param>
    /// <param name="ranks">Processes that record; this one is the first.</param>
    internal SpikeRecorder(ResultsFolder? folder, Experiment experiment, StopSignal stop, Checkpoint? from = null, int ranks = 1)
    {
        _folder = folder;
        _ranks = ranks;
        if (folder is not null)
        {
            _spool = from is null
                ? SpikeSpool.Create(folder.SpikeSpoolPath, experiment.Model, experiment.Simulation.SpikeResolution)
                : SpikeSpool.Continue(folder.SpikeSpoolPath, experiment.Model, experiment.Simulation.SpikeResolution, from.Recorded);
        }

        _source = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
    }

    /// <summary>The spikes recorded before this run went on.</summary>
    internal IEnumerable<(long Step, int[] Neurons)> Past => _spool?.Past() ?? [];

    /// <summary>Why recording failed, or null.</summary>
    internal ResultsException? Failure { get; private set; }

    /// <summary>Stops the run: when the user asks for it, or when recording fails.</summary>
    internal CancellationToken Stop => _source.Token;

    /// <summary>Nothing in one epoch is no reason to keep the last spikes waiting: to be called after each, on the thread that records.</summary>
    internal void EndEpoch() => Try(spool => spool.FlushWhenDue());

    public void Record(long step, ReadOnlySpan<int> neurons)
    {
        if (Failure is not null || _spool is null) return;
        try
        {
            _spool.Record(step, neurons);
        }
        catch (ResultsException e)
        {
            Fail(e);
        }
    }

    /// <summary>Does something with the recording, unless it has failed; when this fails the run is asked to stop.</summary>
    internal void Try(Action<SpikeSpool> action)
    {
        if (Failure is not null || _spool is null) return;
        try
        {
            action(_spool);
        }
        catch (ResultsException e)
        {
            Fail(e);
        }
    }

    private void Fail(ResultsException e)
    {
        Failure = e;
        _source.Cancel();
    }

    /// <summary>
    /// Closes the recording, puts those of other ranks into it and turns it into HDF5, however the run ended. The spool stays as it is after a failure, and while there is a checkpoint
    /// that needs it.
    /// </summary>
    internal void Finish()
    {
        if (_folder is null || _spool is null) return;
        try
        {
            _spool.Dispose();
            if (Failure is not null) return;
            _folder.GatherSpikes(_ranks);
            if (_folder.HasCheckpoint) SonataFile.Write(_folder.SpikeSpoolPath, _folder.SpikesPath);
            else SonataFile.Finish(_folder.SpikeSpoolPath, _folder.SpikesPath);
        }
        catch (ResultsException e)
        {
            Failure ??= e;
        }
    }

    public void Dispose()
    {
        _spool?.Dispose();
        _source.Dispose();
    }
}
