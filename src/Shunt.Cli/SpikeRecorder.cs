using Shunt.Experiments;
using Shunt.Simulation;

namespace Shunt.Cli;

/// <summary>Records the spikes of a point, if it has a folder. When that fails the run is asked to stop, and keeps everything it measured.</summary>
internal sealed class SpikeRecorder : ISpikeSink, IDisposable
{
    private readonly ResultsFolder? _folder;
    private readonly SpikeSpool? _spool;
    private readonly CancellationTokenSource _source;

    internal SpikeRecorder(ResultsFolder? folder, Experiment experiment, StopSignal stop)
    {
        _folder = folder;
        _spool = folder is null ? null : SpikeSpool.Create(folder.SpikeSpoolPath, experiment.Model, experiment.Simulation.TimeStep);
        _source = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
    }

    /// <summary>Why recording failed, or null.</summary>
    internal ResultsException? Failure { get; private set; }

    /// <summary>Stops the run: when the user asks for it, or when recording fails.</summary>
    internal CancellationToken Stop => _source.Token;

    /// <summary>Nothing in one epoch is no reason to keep the last spikes waiting: to be called after each, on the thread that records.</summary>
    internal void EndEpoch()
    {
        if (Failure is not null || _spool is null) return;
        try
        {
            _spool.FlushWhenDue();
        }
        catch (ResultsException e)
        {
            Fail(e);
        }
    }

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

    private void Fail(ResultsException e)
    {
        Failure = e;
        _source.Cancel();
    }

    /// <summary>Closes the recording and turns it into HDF5, however the run ended. After a failure the spool stays as it is.</summary>
    internal void Finish()
    {
        if (_folder is null || _spool is null) return;
        try
        {
            _spool.Dispose();
            if (Failure is null) SonataFile.Finish(_folder.SpikeSpoolPath, _folder.SpikesPath);
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
