using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>How far a run has come.</summary>
/// <param name="StepsDone">Steps done.</param>
/// <param name="Steps">Steps in all, warm-up included.</param>
/// <param name="Spikes">Spikes so far.</param>
public readonly record struct SimulationProgress(long StepsDone, long Steps, long Spikes);

/// <summary>
/// A wired network, ready to run once. A network is a set of shards that exchange spikes, and every random number is a function of identity, not of order;
/// arrivals are integer counts, so their order cannot matter either. Therefore the same model, settings and seed give the same spikes, bit for bit, for any
/// number of threads and any shard size.
/// </summary>
public sealed class Simulator : ISimulator
{
    private readonly LoweredNetwork _network;
    private readonly Shard[] _shards;
    private readonly Shard[][] _owned;
    private readonly int _threads;
    private readonly SpinBarrier _barrier;
    private readonly SpikeHash _hash = new();
    private readonly long[][] _outDegrees, _poolOutDegrees;
    private readonly List<int> _fired = [];
    private readonly Runaway _runaway;
    private readonly StateTransfer _state;
    private long _firstEpoch, _lastEpoch = long.MaxValue, _saveAfter = -1, _savedSteps = -1;
    private Exception? _failure;
    private long _synapticEvents, _poolEvents;
    private bool _started;

    /// <summary>Checks the settings, draws the wiring and the initial potentials.</summary>
    /// <param name="model">The network.</param>
    /// <param name="settings">How it is simulated.</param>
    /// <param name="wired">Told the fraction of the wiring that is drawn, now and then, from any thread, and 0 before it begins; may be null.</param>
    /// <param name="cancellation">Stops the wiring.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The wiring was stopped.</exception>
    public Simulator(NetworkModel model, SimulationSettings settings, Action<double>? wired = null, CancellationToken cancellation = default)
    {
        if (settings.Engine != Engine.Grid) throw new ArgumentException($"the engine is {settings.Engine}; this is the grid: use {nameof(ISimulator)}.{nameof(ISimulator.Of)}", nameof(settings));
        _network = new LoweredNetwork(model, settings);
        _threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        IReadOnlyList<ShardPlan.Piece> plan = ShardPlan.Of(_network, _threads);
        _shards = [.. plan.Select(p => new Shard(_network, p.Population, p.First, p.Count))];
        _owned = [.. Enumerable.Range(0, _threads).Select(t => _shards.Where((_, i) => plan[i].Owner == t).ToArray()).Where(shards => shards.Length > 0)];
        _threads = _owned.Length;
        _barrier = new SpinBarrier(_threads);
        _runaway = new Runaway(_network);
        _state = new StateTransfer(_network, _shards);
        Rehearse();
        DrawWiring(wired, cancellation);
        _outDegrees = [.. _network.Populations.Select(p => OutDegrees(p.Source.Size, w => w.Route.SourcePopulation == p.Index))];
        _poolOutDegrees = [.. _network.Pools.Select((p, i) => OutDegrees(p.Size, w => w.Route.SourcePool == i))];
    }

    /// <summary>Stored synapses, those from pools included.</summary>
    public long Synapses => _shards.Sum(s => s.Wirings.Sum(w => w.Synapses));

    /// <summary>Bytes of stored wiring.</summary>
    public long WiringBytes => _shards.Sum(s => s.Wirings.Sum(w => w.Bytes));

    /// <summary>The shards, for tests that disturb them.</summary>
    internal IReadOnlyList<Shard> Shards => _shards;

    /// <summary>Saves the state now and then, and when the run is cancelled; null for never.</summary>
    public ICheckpointSink? Checkpoints { get; set; }

    /// <summary>
    /// Lets <see cref="Run"/> go on from a checkpoint instead of the beginning. The spikes that follow, and all of them together with those of the
    /// past, are the same as those of
    /// a run without an interruption, whatever the threads and the shards were and are.
    /// </summary>
    /// <param name="checkpoint">The state.</param>
    /// <param name="past">The spikes up to the checkpoint as <see cref="ISpikeSink.Record"/> received them; what is beyond it is not used.</param>
    /// <exception cref="SimulationException">The checkpoint is that of another network, or the spikes are not those up to the checkpoint. The
    /// simulator is of no use then.</exception>
    public void Resume(Checkpoint checkpoint, IEnumerable<(long Step, int[] Neurons)> past)
    {
        if (_started || _firstEpoch > 0) throw new InvalidOperationException("a simulator takes one checkpoint, before it runs");
        _firstEpoch = checkpoint.Step / _network.EpochSteps;
        checkpoint.Read(_state.Shape(), input =>
        {
            _synapticEvents = input.Number();
            _poolEvents = input.Number();
            _shards[0].PrivateEvents = input.Number();
            _state.Read(input, _firstEpoch);
        });
        foreach ((long step, int[] neurons) in past.TakeWhile(p => p.Step <= checkpoint.Step))
        {
            _hash.Add(step, neurons);
            _runaway.AddPast(step, neurons, _firstEpoch);
        }

        if (_hash.Spikes != checkpoint.Spikes || _hash.TextSoFar() != checkpoint.SpikesSha256)
        {
            throw new SimulationException(
                $"the recording of the spikes up to {checkpoint.Step * _network.Grid.TimeStep:G6} s ({_hash.Spikes:N0} of them) is not the one "
                + $"that belongs to the checkpoint ({checkpoint.Spikes:N0}), or is damaged");
        }
    }

    /// <summary>
    /// Runs the network. One call per simulator.
    /// </summary>
    /// <param name="sink">Receives every spike; may be null. After <see cref="Resume"/> only those that follow.</param>
    /// <param name="progress">Told how far the run has come after every exchange of spikes, on the calling thread; may be null.</param>
    /// <param name="cancellation">Stops the run; what was measured until then is returned with <see cref="SimulationRecord.Complete"/> false.</param>
    /// <exception cref="SimulationException">A potential stopped being a finite number, or activity ran away.</exception>
    /// <remarks>What <paramref name="sink"/> and <see cref="Checkpoints"/> throw stops the run and reaches the caller.</remarks>
    public SimulationRecord Run(ISpikeSink? sink = null, Action<SimulationProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_started) throw new InvalidOperationException("a simulator runs once; make another for another run");
        _started = true;
        var helpers = new Thread[_threads - 1];
        for (int t = 1; t < _threads; t++)
        {
            int thread = t;
            helpers[t - 1] = new Thread(() => Work(thread, null)) { IsBackground = true, Name = $"shunt {thread}" };
            helpers[t - 1].Start();
        }

        long done = 0;
        Work(0, (epoch, save) =>
        {
            done = Math.Min((epoch + 1) * _network.EpochSteps, _network.Grid.TotalSteps);
            Record(epoch, sink);
            var now = new SimulationProgress(done, _network.Grid.TotalSteps, _hash.Spikes);
            _runaway.EndEpoch(epoch);
            progress?.Invoke(now);
            if (save) Save(done);
            else if (Checkpoints?.IsDue(now) == true) Volatile.Write(ref _saveAfter, epoch + 1);
            return !cancellation.IsCancellationRequested;
        });
        foreach (Thread helper in helpers) helper.Join();
        if (_failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        foreach (Shard shard in _shards)
        {
            shard.HandOverArrivals();
            shard.Statistics.CheckFinite(done - 1, shard);
        }

        Save(done);
        return new Measurement(_network, [.. _shards.Select(s => s.Statistics)], done).Record(_hash.Spikes, _hash.Text(), new SimulationCounters
        {
            Steps = done,
            NeuronUpdates = done * _network.Model.Size,
            SynapticEvents = _synapticEvents,
            InputEvents = _poolEvents + _shards.Sum(s => s.PrivateEvents),
            Synapses = Synapses,
            BytesPerSynapse = Synapses > 0 ? (double)WiringBytes / Synapses : 0,
        });
    }

    // The time loop. An epoch is as long as the shortest delay, so what is fired in one can only arrive in a later one. The rules that make the result
    // independent of the threads:
    //   1. deliver: each step, a shard looks at the spikes whose delay is over, and at those whose random delays begin to be; what is due becomes counts, so
    //               their order is free. Then come the spikes of pools and private input.
    //   2. update:  every neuron advances with the counts of the step; spikes are fired at the step's end.
    //   3. record:  shard by shard, right after the update, into sums that belong to the shard.
    //   4. exchange: after the last step of the epoch all wait; then its spikes are complete, and buffers take turns so that nobody writes what others read.
    // The first thread hashes and hands on the spikes of an epoch after the exchange, in order of step and neuron, while the others go on.
    // Whether an epoch ends with a checkpoint is known before it begins; after the exchange the others then wait until the first thread has saved
    // the state.
    private void Work(int thread, Func<long, bool, bool>? afterExchange)
    {
        PoolDraw[] pools = [.. _network.Pools.Select(p => new PoolDraw(p, _network.Settings.Seed))];
        SpikeBuffer[] poolSpikes = [.. pools.Select(_ => new SpikeBuffer(_network.EpochSteps))];
        long steps = _network.Grid.TotalSteps, epochSteps = _network.EpochSteps;
        for (long epoch = _firstEpoch; epoch * epochSteps < steps; epoch++)
        {
            try
            {
                long first = epoch * epochSteps, end = Math.Min(first + epochSteps, steps);
                for (int p = 0; p < pools.Length; p++) pools[p].Draw(first, end, poolSpikes[p]);
                foreach (Shard shard in _owned[thread])
                {
                    if (epoch == _firstEpoch) shard.Requeue(first, _shards);
                    shard.History.Of(epoch).Clear();
                    for (long step = first; step < end; step++) shard.Advance(step, epoch, _shards, poolSpikes);
                }

                if (thread == 0) _poolEvents += PoolEvents(poolSpikes);
            }
#pragma warning disable CA1031 // Whatever goes wrong in a thread must reach the caller of Run, and the other threads must still be met at the exchange.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, e, null);
                StopAfter(epoch);
            }

            _barrier.SignalAndWait();
            bool save = Volatile.Read(ref _saveAfter) == epoch;
            if (afterExchange is not null) Observe(epoch, save, afterExchange);
            if (save) _barrier.SignalAndWait();
            if (epoch >= Volatile.Read(ref _lastEpoch)) break;
        }
    }

    /// <summary>Saves the state after some steps, unless it has been saved or the run is at its end.</summary>
    private void Save(long done)
    {
        if (Checkpoints is null || done == _savedSteps || done == _network.Grid.TotalSteps) return;
        foreach (Shard shard in _shards)
        {
            shard.HandOverArrivals();
            shard.Statistics.CheckFinite(done - 1, shard);
        }

        Checkpoints.Save(new SimulationState(done, _hash.Spikes, _hash.TextSoFar(), _state.Shape(), output =>
        {
            output.Number(_synapticEvents);
            output.Number(_poolEvents);
            output.Number(_shards.Sum(s => s.PrivateEvents));
            _state.Write(output, done / _network.EpochSteps);
        }));
        _savedSteps = done;
    }

    /// <summary>Runs what follows an exchange. Whether to stop must be known to all before the next exchange, so it takes effect at that one.</summary>
    private void Observe(long epoch, bool save, Func<long, bool, bool> afterExchange)
    {
        if (Volatile.Read(ref _failure) is not null) return;
        try
        {
            if (!afterExchange(epoch, save)) StopAfter(epoch + 1);
        }
#pragma warning disable CA1031 // As above: the other threads wait at the next exchange.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            StopAfter(epoch + 1);
        }
    }

    private void StopAfter(long epoch)
    {
        long seen;
        while (epoch < (seen = Volatile.Read(ref _lastEpoch))) Interlocked.CompareExchange(ref _lastEpoch, epoch, seen);
    }

    private long PoolEvents(SpikeBuffer[] spikes)
    {
        long events = 0;
        for (int p = 0; p < spikes.Length; p++)
        {
            for (int s = 0; s < spikes[p].Steps; s++)
            {
                foreach (int unit in spikes[p].OfStep(s)) events += _poolOutDegrees[p][unit];
            }
        }

        return events;
    }

    private void Record(long epoch, ISpikeSink? sink)
    {
        int steps = _shards[0].History.Of(epoch).Steps;
        for (int s = 0; s < steps; s++)
        {
            _fired.Clear();
            foreach (Shard shard in _shards)
            {
                int population = shard.Population.Index, first = shard.First, firstNeuron = shard.Population.FirstNeuron + shard.First;
                long[] outDegrees = _outDegrees[population];
                foreach (int neuron in shard.History.Of(epoch).OfStep(s))
                {
                    _fired.Add(firstNeuron + neuron);
                    _synapticEvents += outDegrees[first + neuron];
                }
            }

            if (_fired.Count == 0) continue;
            long step = (epoch * _network.EpochSteps) + s + 1;
            ReadOnlySpan<int> fired = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_fired);
            _hash.Add(step, fired);
            _runaway.Add(fired);
            sink?.Record(step, fired);
        }
    }

    /// <summary>
    /// Puts one neuron of each population through a few steps, so that every kernel is compiled before the time loop: while one thread compiled there, the others would wait.
    /// </summary>
    private unsafe void Rehearse()
    {
        SpikeBuffer[] pools = [.. _network.Pools.Select(_ => new SpikeBuffer(_network.EpochSteps))];
        foreach (SpikeBuffer pool in pools)
        {
            for (int s = 0; s < _network.EpochSteps; s++) pool.EndStep();
        }

        foreach (LoweredPopulation population in _network.Populations)
        {
            var shard = new Shard(_network, population, 0, 1);
            foreach (Route route in population.Routes)
            {
                Wiring wiring = Wire(route with { Projection = route.Projection with { InDegree = new InDegreeLaw.Fixed(0) } }, shard, _ => { });
                wiring.Prefetch(0, 0);
                wiring.PrefetchIndex(0, 0);
                wiring.Deliver(0, shard.Counts[route.Channel].Pointer);
                if (route.DelayValues > 1) wiring.Send(0, 0, 0, 0, shard.Queues[route.Channel]!);
            }

            for (long step = 0; step < Math.Min(_network.EpochSteps, _network.Grid.TotalSteps); step++) shard.Advance(step, 0, [shard], pools);
            shard.Statistics.Spike(0, _network.Grid.WarmUpSteps + 1, 0);
            shard.Sample(_network.Grid.WarmUpSteps);
        }
    }

    private Wiring Wire(Route route, Shard shard, Action<int> targetsDone) => _network.Settings.Wiring == WiringStorage.Procedural
        ? new ProceduralWiring(route, shard.First, shard.Count, _network.Settings.Seed, targetsDone)
        : new StoredWiring(route, shard.First, shard.Count, _network.Settings.Seed, targetsDone);

    /// <summary>Synapses of every neuron of a population, or unit of a pool, over all shards.</summary>
    private long[] OutDegrees(int size, Func<Wiring, bool> isFrom)
    {
        long[] degrees = new long[size];
        foreach (Wiring wiring in _shards.SelectMany(s => s.Wirings).Where(isFrom))
        {
            for (int source = 0; source < size; source++) degrees[source] += wiring.OutDegree(source);
        }

        return degrees;
    }

    private void DrawWiring(Action<double>? wired, CancellationToken cancellation)
    {
        long targets = Math.Max(1, 2 * _shards.Sum(s => (long)s.Count * s.Population.Routes.Count)), done = 0, step = Math.Max(1, targets / 200);
        void Tick(int count)
        {
            long now = Interlocked.Add(ref done, count);
            if (now % step != 0) return;
            cancellation.ThrowIfCancellationRequested();
            wired?.Invoke((double)now / targets);
        }

        wired?.Invoke(0);
        // Of several errors the same is reported whatever the threads do: after one, only the shards before it are still wired.
        var errors = new SimulationException?[_shards.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, _shards.Length, parallel, (i, loop) =>
            {
                try
                {
                    foreach (Route route in _shards[i].Population.Routes) _shards[i].Wirings.Add(Wire(route, _shards[i], Tick));
                }
                catch (SimulationException e)
                {
                    errors[i] = e;
                    loop.Break();
                }
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.FirstOrDefault(x => x is OperationCanceledException) is { } cause)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }

        if (errors.FirstOrDefault(e => e is not null) is { } error) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
    }
}
