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
    private readonly IRanks? _ranks;
    private readonly Shard[] _shards;
    private readonly SpikeSource[] _sources;
    private readonly Shard[][] _owned;
    private readonly RankExchange? _exchange;
    private readonly int _threads;
    private readonly SpinBarrier _barrier;
    private readonly SpikeHash _hash = new();
    private readonly int[][] _outDegrees, _poolOutDegrees;
    private readonly List<int> _fired = [], _own = [];
    private readonly Runaway _runaway;
    private readonly StateTransfer _state;
    private long _firstEpoch, _lastEpoch = long.MaxValue, _saveAfter = -1, _savedSteps = -1;
    private Exception? _failure;
    private long _synapticEvents, _poolEvents, _earlierPrivateEvents;
    private bool _started, _isLost;

    /// <summary>Checks the settings, draws the wiring and the initial potentials.</summary>
    /// <param name="model">The network.</param>
    /// <param name="settings">How it is simulated.</param>
    /// <param name="wired">Told the fraction of the wiring that is drawn, now and then, from any thread, and 0 before it begins; may be null.</param>
    /// <param name="ranks">
    /// The processes that simulate the network together; null when this one does it all. Each makes a simulator of the same model and settings (the
    /// threads may differ), calls <see cref="Resume"/> or <see cref="ResumeWithOthers"/> or neither, and runs: rank 0 with <see cref="Run"/>, the others
    /// with <see cref="RunWithOthers"/>. What goes wrong on one is thrown on all.
    /// </param>
    /// <param name="cancellation">Stops the wiring.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The wiring was stopped.</exception>
    /// <exception cref="OtherRankException">Something else went wrong on another rank.</exception>
    public Simulator(
        NetworkModel model, SimulationSettings settings, Action<double>? wired = null, IRanks? ranks = null, CancellationToken cancellation = default)
    {
        if (settings.Engine != Engine.Grid) throw new ArgumentException($"the engine is {settings.Engine}; this is the grid: use {nameof(ISimulator)}.{nameof(ISimulator.Of)}", nameof(settings));
        _ranks = ranks;
        _network = ranks.Together(() => new LoweredNetwork(model, settings));
        ShardPlan.Slice[][] slices = ShardPlan.OfRanks(_network, ranks?.Count ?? 1);
        _threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        IReadOnlyList<ShardPlan.Piece> plan = ShardPlan.Of(_network, slices[ranks?.Rank ?? 0], _threads);
        (_shards, _outDegrees, _poolOutDegrees) = ranks.Together(() => Build(plan, wired, cancellation));
        _owned = [.. Enumerable.Range(0, _threads).Select(t => _shards.Where((_, i) => plan[i].Owner == t).ToArray()).Where(shards => shards.Length > 0)];
        if (_owned.Length == 0) _owned = [[]];
        _threads = _owned.Length;
        _barrier = new SpinBarrier(_threads);
        _runaway = new Runaway(_network, IsFirst);
        _exchange = ranks is null ? null : new RankExchange(ranks, _network, slices, _shards);
        // By population, and there the own ones first: rank 0, which puts spikes in order, has the first neurons.
        _sources =
        [
            .. _network.Populations.SelectMany(p => _shards.Where(s => s.Population == p).Select(s => s.Source)
                .Concat(_exchange is null ? [] : [_exchange.Others[p.Index]])),
        ];
        _state = new StateTransfer(
            _network, _shards, () => [_synapticEvents, _poolEvents, _earlierPrivateEvents + _shards.Sum(s => s.PrivateEvents), Synapses, WiringBytes], ranks, slices, _exchange?.Others ?? []);
    }

    private (Shard[] Shards, int[][] Out, int[][] PoolOut) Build(IReadOnlyList<ShardPlan.Piece> plan, Action<double>? wired, CancellationToken cancellation)
    {
        Shard[] shards = [.. plan.Select(p => new Shard(_network, p.Population, p.First, p.Count))];
        Rehearse();
        DrawWiring(shards, wired, cancellation);
        return (
            shards,
            [.. _network.Populations.Select(p => OutDegrees(shards, p.Source.Size, w => w.Route.SourcePopulation == p.Index))],
            [.. _network.Pools.Select((p, i) => OutDegrees(shards, p.Size, w => w.Route.SourcePool == i))]);
    }

    /// <summary>Stored synapses of this rank, those from pools included.</summary>
    public long Synapses => _shards.Sum(s => s.Wirings.Sum(w => w.Synapses));

    /// <summary>Bytes of stored wiring of this rank.</summary>
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
        RefuseToResumeTwice();
        _ranks.Together(() => checkpoint.RequireShape(_state.Shape()));
        ShareFirstEpoch(checkpoint.Step / _network.EpochSteps);
        _ranks.Together(() =>
        {
            checkpoint.Read(input =>
            {
                long[] counters = _state.Read(input, _firstEpoch);
                (_synapticEvents, _poolEvents, _earlierPrivateEvents) = (counters[0], counters[1], counters[2]);
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
        });
    }

    /// <summary>On a rank other than 0: takes the part of the checkpoint that rank 0 gives to <see cref="Resume"/>.</summary>
    /// <exception cref="SimulationException">As there.</exception>
    /// <exception cref="OtherRankException">Something else went wrong on another rank.</exception>
    public void ResumeWithOthers()
    {
        RefuseToResumeTwice();
        _ranks!.Agree(null);
        ShareFirstEpoch(0);
        _ranks.Together(() => _state.Read(null, _firstEpoch));
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
        if (_ranks is { Rank: > 0 }) throw new InvalidOperationException($"rank {_ranks.Rank} runs with {nameof(RunWithOthers)}");
        long done = Loop(sink, progress, cancellation);
        try
        {
            long[] counters = _state.SumOfCounters();
            return new Measurement(_network, _state.Statistics(), done).Record(_hash.Spikes, _hash.Text(), new SimulationCounters
            {
                Steps = done,
                NeuronUpdates = done * _network.Model.Size,
                SynapticEvents = counters[0],
                InputEvents = counters[1] + counters[2],
                Synapses = counters[3],
                BytesPerSynapse = counters[3] > 0 ? (double)counters[4] / counters[3] : 0,
                Exchange = _exchange?.Counters,
            });
        }
        finally
        {
            _state.Dismiss();
        }
    }

    /// <summary>On a rank other than 0: runs its part of the network. One call per simulator.</summary>
    /// <param name="sink">Receives the spikes of this rank's neurons; may be null.</param>
    /// <param name="cancellation">Stops the run on all ranks.</param>
    /// <exception cref="SimulationException">As in <see cref="Run"/>.</exception>
    /// <exception cref="OtherRankException">Something else went wrong on another rank.</exception>
    public void RunWithOthers(ISpikeSink? sink = null, CancellationToken cancellation = default)
    {
        Loop(sink, null, cancellation);
        _state.Serve();
    }

    /// <summary>Runs the part of one rank beside <see cref="PretendedRanks"/>, and measures nothing but what that takes.</summary>
    /// <param name="cancellation">Stops the run.</param>
    /// <returns>The counts of this rank, not of the network.</returns>
    /// <exception cref="SimulationException">As in <see cref="Run"/>.</exception>
    public (SimulationCounters Counters, long OwnSpikes) RunShare(CancellationToken cancellation = default)
    {
        var own = new Count();
        long done = Loop(own, null, cancellation);
        return (new SimulationCounters
        {
            Steps = done,
            NeuronUpdates = done * _shards.Sum(s => (long)s.Count),
            SynapticEvents = _synapticEvents,
            InputEvents = _poolEvents + _shards.Sum(s => s.PrivateEvents),
            Synapses = Synapses,
            BytesPerSynapse = Synapses > 0 ? (double)WiringBytes / Synapses : 0,
            Exchange = _exchange?.Counters,
        }, own.Spikes);
    }

    private sealed class Count : ISpikeSink
    {
        internal long Spikes { get; private set; }

        public void Record(long step, ReadOnlySpan<int> neurons) => Spikes += neurons.Length;
    }

    /// <summary>Runs to the end, or to where it is stopped, and returns the steps done. What goes wrong on any rank is thrown on all.</summary>
    private long Loop(ISpikeSink? sink, Action<SimulationProgress>? progress, CancellationToken cancellation)
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
            if (!save && IsFirst && Checkpoints?.IsDue(now) == true) Volatile.Write(ref _saveAfter, epoch + 1);
            return !cancellation.IsCancellationRequested;
        });
        foreach (Thread helper in helpers) helper.Join();
        _ranks.Together(() =>
        {
            if (_failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
            HandOver(done);
        });
        _ranks.Together(() => Save(done));
        return done;
    }

    private bool IsFirst => _ranks is null or { Rank: 0 };

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
                    if (epoch == _firstEpoch) shard.Requeue(first, _sources);
                    shard.History.Of(epoch).Clear();
                    for (long step = first; step < end; step++) shard.Advance(step, epoch, _sources, poolSpikes);
                }

                if (thread == 0) _poolEvents += PoolEvents(poolSpikes);
            }
#pragma warning disable CA1031 // Whatever goes wrong in a thread must reach the caller of Run, and the other threads must still be met at the exchange.
            catch (Exception e)
#pragma warning restore CA1031
            {
                FailAfter(epoch, e);
            }

            _barrier.SignalAndWait();
            if (_exchange is not null)
            {
                if (thread == 0) Exchange(_exchange, epoch);
                _barrier.SignalAndWait();
            }

            bool save = Volatile.Read(ref _saveAfter) == epoch;
            if (afterExchange is not null) Observe(epoch, save, afterExchange);
            if (save) _barrier.SignalAndWait();
            if (epoch >= Volatile.Read(ref _lastEpoch)) break;
        }
    }

    /// <summary>Exchanges the spikes of an epoch with the other ranks, on the thread that owns the connection, while the others wait.</summary>
    private void Exchange(RankExchange exchange, long epoch)
    {
        long first = epoch * _network.EpochSteps;
        RankSignals own = (_failure is not null ? RankSignals.Failed : 0) | (epoch >= Volatile.Read(ref _lastEpoch) ? RankSignals.Stop : 0)
            | (Volatile.Read(ref _saveAfter) == epoch ? RankSignals.Save : 0);
        try
        {
            int steps = (int)Math.Min(_network.EpochSteps, _network.Grid.TotalSteps - first);
            RankSignals all = exchange.Exchange(epoch, steps, own);
            if (all.HasFlag(RankSignals.Save)) Volatile.Write(ref _saveAfter, epoch);
            if ((all & (RankSignals.Stop | RankSignals.Failed)) != 0) StopAfter(epoch);
            _isLost = all.HasFlag(RankSignals.Failed);
        }
#pragma warning disable CA1031 // The spikes of the others are lost, and they go on; they learn of it at the next exchange.
        catch (Exception e)
#pragma warning restore CA1031
        {
            FailAfter(epoch + 1, e);
        }
    }

    private void HandOver(long done)
    {
        foreach (Shard shard in _shards)
        {
            shard.HandOverArrivals();
            shard.Statistics.CheckFinite(done - 1, shard);
        }
    }

    private void RefuseToResumeTwice()
    {
        if (_started || _firstEpoch > 0) throw new InvalidOperationException("a simulator takes one checkpoint, before it runs");
    }

    private void ShareFirstEpoch(long epoch)
    {
        Span<long> shared = [epoch];
        _ranks?.Broadcast(System.Runtime.InteropServices.MemoryMarshal.AsBytes(shared));
        _firstEpoch = shared[0];
    }

    /// <summary>
    /// Saves the state after some steps, unless it has been saved or the run is at its end. Rank 0 decides and writes; the others serve their state.
    /// </summary>
    private void Save(long done)
    {
        if (!ShareWhetherToSave(_failure is null && Checkpoints is not null && done != _savedSteps && done != _network.Grid.TotalSteps)) return;
        _ranks.Together(() =>
        {
            if (_failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
            HandOver(done);
            Checkpoints?.Prepare();
        });
        if (!IsFirst)
        {
            _state.Serve();
            return;
        }

        try
        {
            Checkpoints!.Save(new SimulationState(done, _hash, _state.Shape(), output => _state.Write(output, done / _network.EpochSteps)));
        }
        finally
        {
            _state.Dismiss();
        }

        _savedSteps = done;
    }

    /// <summary>What rank 0 says.</summary>
    private bool ShareWhetherToSave(bool saves)
    {
        Span<byte> shared = [saves ? (byte)1 : (byte)0];
        _ranks?.Broadcast(shared);
        return shared[0] != 0;
    }

    /// <summary>
    /// Runs what follows an exchange. Whether to stop must be known to all before the next exchange, so it takes effect at that one. All ranks save or
    /// none, so one on which something has gone wrong is there as well.
    /// </summary>
    private void Observe(long epoch, bool save, Func<long, bool, bool> afterExchange)
    {
        if (_isLost) return;
        try
        {
            if (_failure is null && !afterExchange(epoch, save)) StopAfter(epoch + 1);
        }
#pragma warning disable CA1031 // As above: the other threads wait at the next exchange.
        catch (Exception e)
#pragma warning restore CA1031
        {
            FailAfter(epoch + 1, e);
        }

        if (!save) return;
        try
        {
            Save(Math.Min((epoch + 1) * _network.EpochSteps, _network.Grid.TotalSteps));
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            FailAfter(epoch + 1, e);
        }
    }

    private void FailAfter(long epoch, Exception e)
    {
        Interlocked.CompareExchange(ref _failure, e, null);
        StopAfter(epoch);
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

    // Of many neurons few fire in a step, so that what is known of each has to come from far.
    private const int Ahead = 8;

    private static unsafe void Prefetch(ref int number)
    {
        // Only a hint: it does no harm if the array moves.
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) System.Runtime.Intrinsics.X86.Sse.Prefetch0(System.Runtime.CompilerServices.Unsafe.AsPointer(ref number));
    }

    /// <summary>Hashes the spikes of an epoch and hands them on; a rank other than 0 only its own.</summary>
    private void Record(long epoch, ISpikeSink? sink)
    {
        int steps = (int)Math.Min(_network.EpochSteps, _network.Grid.TotalSteps - (epoch * _network.EpochSteps));
        for (int s = 0; s < steps; s++)
        {
            _fired.Clear();
            _own.Clear();
            foreach (SpikeSource source in _sources)
            {
                int first = source.First, firstNeuron = _network.Populations[source.Population].FirstNeuron + first;
                bool isOwn = _exchange is null || source != _exchange.Others[source.Population];
                int[] outDegrees = _outDegrees[source.Population];
                ReadOnlySpan<int> neurons = source.History.Of(epoch).OfStep(s);
                for (int i = 0; i < neurons.Length; i++)
                {
                    int neuron = neurons[i];
                    if (i + Ahead < neurons.Length) Prefetch(ref outDegrees[first + neurons[i + Ahead]]);
                    if (IsFirst) _fired.Add(firstNeuron + neuron);
                    if (isOwn && _exchange is not null) _own.Add(firstNeuron + neuron);
                    _synapticEvents += outDegrees[first + neuron];
                }
            }

            long step = (epoch * _network.EpochSteps) + s + 1;
            ReadOnlySpan<int> fired = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_fired);
            ReadOnlySpan<int> own = _exchange is null ? fired : System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_own);
            if (fired.Length > 0)
            {
                _hash.Add(step, fired);
                _runaway.Add(fired);
            }

            if (own.Length > 0) sink?.Record(step, own);
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

            for (long step = 0; step < Math.Min(_network.EpochSteps, _network.Grid.TotalSteps); step++) shard.Advance(step, 0, [shard.Source], pools);
            shard.Statistics.Spike(0, _network.Grid.WarmUpSteps + 1, 0);
            shard.Sample(_network.Grid.WarmUpSteps);
        }
    }

    private Wiring Wire(Route route, Shard shard, Action<int> targetsDone) => _network.Settings.Wiring == WiringStorage.Procedural
        ? new ProceduralWiring(route, shard.First, shard.Count, _network.Settings.Seed, targetsDone)
        : new StoredWiring(route, shard.First, shard.Count, _network.Settings.Seed, targetsDone);

    /// <summary>Synapses of every neuron of a population, or unit of a pool, over the shards of this rank.</summary>
    private static int[] OutDegrees(Shard[] shards, int size, Func<Wiring, bool> isFrom)
    {
        int[] degrees = new int[size];
        foreach (Wiring wiring in shards.SelectMany(s => s.Wirings).Where(isFrom))
        {
            for (int source = 0; source < size; source++) degrees[source] = checked(degrees[source] + wiring.OutDegree(source));
        }

        return degrees;
    }

    private void DrawWiring(Shard[] shards, Action<double>? wired, CancellationToken cancellation)
    {
        long targets = Math.Max(1, 2 * shards.Sum(s => (long)s.Count * s.Population.Routes.Count)), done = 0, step = Math.Max(1, targets / 200);
        void Tick(int count)
        {
            long now = Interlocked.Add(ref done, count);
            if (now % step != 0) return;
            cancellation.ThrowIfCancellationRequested();
            wired?.Invoke((double)now / targets);
        }

        wired?.Invoke(0);
        // Of several errors the same is reported whatever the threads do: after one, only the shards before it are still wired.
        var errors = new SimulationException?[shards.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, shards.Length, parallel, (i, loop) =>
            {
                try
                {
                    foreach (Route route in shards[i].Population.Routes) shards[i].Wirings.Add(Wire(route, shards[i], Tick));
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
