using System.Buffers.Binary;
using System.Security.Cryptography;
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
public sealed class Simulator
{
    private readonly LoweredNetwork _network;
    private readonly Shard[] _shards;
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
    /// <param name="wired">Told the fraction of the wiring that is drawn, now and then, from any thread; may be null.</param>
    /// <param name="cancellation">Stops the wiring.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The wiring was stopped.</exception>
    public Simulator(NetworkModel model, SimulationSettings settings, Action<double>? wired = null, CancellationToken cancellation = default)
    {
        _network = new LoweredNetwork(model, settings);
        _threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        _shards = [.. _network.Populations.SelectMany(p => ShardPlan.Of(p, settings.ShardSize, _threads).Select(s => new Shard(_network, p, s.First, s.Count)))];
        _threads = Math.Min(_threads, _shards.Length);
        _barrier = new SpinBarrier(_threads);
        _runaway = new Runaway(_network);
        _state = new StateTransfer(_network, _shards);
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
    //   1. send:    before its first step of an epoch, a shard sends off all spikes of the epoch before on their random delays. Lists of arrivals are added
    //               up as counts, so their order is free.
    //   2. deliver: each step, the arrivals that are due become counts: those sent off, those with a constant delay, those of pools, then private input.
    //   3. update:  every neuron advances with the counts of the step; spikes are fired at the step's end.
    //   4. record:  shard by shard, right after the update, into sums that belong to the shard.
    //   5. exchange: after the last step of the epoch all wait; then its spikes are complete, and buffers take turns so that nobody writes what others read.
    // The first thread hashes and hands on the spikes of an epoch after the exchange, in order of step and neuron, while the others go on.
    // Whether an epoch ends with a checkpoint is known before it begins; after the exchange the others then wait until the first thread has saved
    // the state.
    private void Work(int thread, Func<long, bool, bool>? afterExchange)
    {
        Shard[] mine = [.. _shards.Where((_, i) => i % _threads == thread)];
        PoolDraw[] pools = [.. _network.Pools.Select(p => new PoolDraw(p, _network.Settings.Seed))];
        SpikeBuffer[] poolSpikes = [.. pools.Select(_ => new SpikeBuffer(_network.EpochSteps))];
        long steps = _network.Grid.TotalSteps, epochSteps = _network.EpochSteps;
        for (long epoch = _firstEpoch; epoch * epochSteps < steps; epoch++)
        {
            try
            {
                long first = epoch * epochSteps, end = Math.Min(first + epochSteps, steps);
                for (int p = 0; p < pools.Length; p++) pools[p].Draw(first, end, poolSpikes[p]);
                foreach (Shard shard in mine)
                {
                    shard.History.Of(epoch).Clear();
                    for (long fired = SentUntil(epoch); fired < epoch; fired++)
                    {
                        foreach (Shard source in _shards) shard.Send(source, fired, first);
                    }

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

    /// <summary>
    /// The first epoch whose spikes have not been sent off before an epoch begins: the one before it. After a checkpoint, which does not hold the
    /// arrivals on their way, all that may
    /// have some.
    /// </summary>
    private long SentUntil(long epoch) => Math.Max(0, epoch == _firstEpoch ? epoch + 1 - _network.HistoryEpochs : epoch - 1);

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
        int steps = _shards.Max(s => s.History.Of(epoch).Steps);
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

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellation };
        try
        {
            Parallel.ForEach(_shards, parallel, shard =>
            {
                foreach (Route route in shard.Population.Routes)
                    shard.Wirings.Add(new StoredWiring(route, shard.First, shard.Count, _network.Settings.Seed, Tick));
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.FirstOrDefault(x => x is SimulationException or OperationCanceledException) is { } cause)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }
    }
}

/// <summary>
/// The units of a pool that fire in a step: a Poisson number of them, each chosen at random, which is the superposition of independent Poisson units. Every
/// thread draws the same ones.
/// </summary>
internal sealed class PoolDraw(PoolSource pool, ulong seed)
{
    private readonly RandomStream _counts = new(seed, RandomPurpose.PoolCount, (uint)pool.Index);
    private readonly RandomStream _ties = new(seed, RandomPurpose.PoissonTie, (uint)pool.Index | 1u << 23);
    private readonly RandomStream _units = new(seed, RandomPurpose.PoolUnit, (uint)pool.Index);

    /// <summary>Draws the spikes of some steps.</summary>
    internal void Draw(long firstStep, long endStep, SpikeBuffer spikes)
    {
        spikes.Clear();
        for (long step = firstStep; step < endStep; step++)
        {
            int count = 0;
            for (int part = 0; part < pool.Counts.Parts; part++)
                count += pool.Counts.Draw((ushort)_counts.Block((uint)part, (ulong)step).X0, _ties, (uint)part, (ulong)step);
            for (int i = 0; i < count; i += 4)
            {
                Philox.Block block = _units.Block((uint)i, (ulong)step);
                for (int k = 0; k < 4 && i + k < count; k++) spikes.Add((int)(((ulong)block[k] * (uint)pool.Size) >> 32));
            }

            spikes.EndStep();
        }
    }
}

/// <summary>SHA-256 over (step, neuron) of every spike in order.</summary>
internal sealed class SpikeHash
{
    private const int Record = sizeof(long) + sizeof(int);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[4096 * Record];
    private int _used;

    /// <summary>Spikes so far.</summary>
    internal long Spikes { get; private set; }

    internal void Add(long step, ReadOnlySpan<int> neurons)
    {
        Spikes += neurons.Length;
        foreach (int neuron in neurons)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_used), step);
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_used + sizeof(long)), neuron);
            _used += Record;
            if (_used == _buffer.Length) Flush();
        }
    }

    /// <summary>The hash in lower-case hexadecimal; ends the series.</summary>
    internal string Text()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>The hash of the spikes until now.</summary>
    internal string TextSoFar()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }
}

/// <summary>Cuts populations into shards.</summary>
internal static class ShardPlan
{
    /// <summary>Neurons of a shard unless it is told otherwise: the counts of a channel then fill the first-level cache, and a spike still has long runs of targets.</summary>
    private const int MostByDefault = 16_384;

    internal static IEnumerable<(int First, int Count)> Of(LoweredPopulation population, int shardSize, int threads)
    {
        int size = population.Source.Size;
        if (shardSize <= 0)
        {
            int parts = Math.Max(threads, (size + MostByDefault - 1) / MostByDefault);
            parts = (parts + threads - 1) / threads * threads;
            shardSize = (size + parts - 1) / parts;
        }

        shardSize = Math.Clamp((shardSize + Shard.Granule - 1) / Shard.Granule * Shard.Granule, Shard.Granule, Shard.MostNeurons);
        for (int first = 0; first < size; first += shardSize) yield return (first, Math.Min(shardSize, size - first));
    }
}
