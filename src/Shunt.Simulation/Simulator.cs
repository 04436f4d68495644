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
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<int> _fired = [];
    private long _lastEpoch = long.MaxValue;
    private Exception? _failure;
    private long _spikes;
    private long _poolEvents;
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
        DrawWiring(wired, cancellation);
    }

    /// <summary>Stored synapses, those from pools included.</summary>
    public long Synapses => _shards.Sum(s => s.Wirings.Sum(w => w.Synapses));

    /// <summary>Bytes of stored wiring.</summary>
    public long WiringBytes => _shards.Sum(s => s.Wirings.Sum(w => w.Bytes));

    /// <summary>
    /// Runs the network. One call per simulator.
    /// </summary>
    /// <param name="sink">Receives every spike; may be null.</param>
    /// <param name="progress">Told how far the run has come after every exchange of spikes, on the calling thread; may be null.</param>
    /// <param name="cancellation">Stops the run; what was measured until then is returned with <see cref="SimulationRecord.Complete"/> false.</param>
    /// <exception cref="SimulationException">A potential stopped being a finite number.</exception>
    /// <remarks>What <paramref name="sink"/> throws stops the run and reaches the caller.</remarks>
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
        Work(0, epoch =>
        {
            done = Math.Min((epoch + 1) * _network.EpochSteps, _network.Grid.TotalSteps);
            Record(epoch, sink);
            progress?.Invoke(new SimulationProgress(done, _network.Grid.TotalSteps, _spikes));
            return !cancellation.IsCancellationRequested;
        });
        foreach (Thread helper in helpers) helper.Join();
        if (_failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        return new Measurement(_network, _shards, done).Record(_spikes, Convert.ToHexStringLower(_hash.GetHashAndReset()), _poolEvents, Synapses, WiringBytes);
    }

    // The time loop. An epoch is as long as the shortest delay, so what is fired in one can only arrive in a later one. The rules that make the result
    // independent of the threads:
    //   1. deliver: every shard receives all spikes of the previous epoch, before its first step of this one. Counts are added, so their order is free.
    //   2. update:  each step, pool spikes arrive, then every neuron advances with the arrivals of that step; spikes are fired at the step's end.
    //   3. record:  shard by shard, right after the update, into sums that belong to the shard.
    //   4. exchange: all wait; then the epoch's spikes are complete and may be read until the end of the next epoch, since buffers alternate.
    // The first thread hashes and hands on the spikes of an epoch after the exchange, in order of step and neuron, while the others go on.
    private void Work(int thread, Func<long, bool>? afterExchange)
    {
        Shard[] mine = [.. _shards.Where((_, i) => i % _threads == thread)];
        PoolDraw[] pools = [.. _network.Pools.Select(p => new PoolDraw(p, _network.Settings.Seed))];
        long steps = _network.Grid.TotalSteps, epochSteps = _network.EpochSteps, poolEvents = 0;
        for (long epoch = 0; epoch * epochSteps < steps; epoch++)
        {
            try
            {
                long first = epoch * epochSteps, end = Math.Min(first + epochSteps, steps);
                foreach (Shard shard in mine) Deliver(shard, epoch);
                for (long step = first; step < end; step++)
                {
                    foreach (PoolDraw pool in pools) pool.Draw(step);
                    foreach (Shard shard in mine)
                    {
                        poolEvents += DeliverPools(shard, pools, step);
                        shard.Update(step, epoch);
                        shard.Statistics.EndStep(step);
                    }
                }
            }
#pragma warning disable CA1031 // Whatever goes wrong in a thread must reach the caller of Run, and the other threads must still be met at the exchange.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, e, null);
                StopAfter(epoch);
            }

            _barrier.SignalAndWait();
            if (afterExchange is not null) Observe(epoch, afterExchange);
            if (epoch >= Volatile.Read(ref _lastEpoch)) break;
        }

        Interlocked.Add(ref _poolEvents, poolEvents);
    }

    /// <summary>Runs what follows an exchange. Whether to stop must be known to all before the next exchange, so it takes effect at that one.</summary>
    private void Observe(long epoch, Func<long, bool> afterExchange)
    {
        if (Volatile.Read(ref _failure) is not null) return;
        try
        {
            if (!afterExchange(epoch)) StopAfter(epoch + 1);
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

    private void Deliver(Shard shard, long epoch)
    {
        shard.Spikes(epoch).Clear();
        if (epoch == 0) return;
        long firstStep = (epoch - 1) * _network.EpochSteps;
        foreach (Wiring wiring in shard.Wirings)
        {
            if (wiring.Route.SourcePopulation < 0) continue;
            foreach (Shard source in _shards)
            {
                if (source.Population.Index == wiring.Route.SourcePopulation) shard.Deliver(wiring, source, epoch - 1, firstStep);
            }
        }
    }

    private static long DeliverPools(Shard shard, PoolDraw[] pools, long step)
    {
        long events = 0;
        foreach (Wiring wiring in shard.Wirings)
        {
            if (wiring.Route.SourcePool < 0) continue;
            ReadOnlySpan<int> units = pools[wiring.Route.SourcePool].Units;
            shard.DeliverPool(wiring, units, step);
            foreach (int unit in units) events += wiring.OutDegree(unit);
        }

        return events;
    }

    private void Record(long epoch, ISpikeSink? sink)
    {
        Span<byte> bytes = stackalloc byte[12];
        int steps = _shards.Max(s => s.Spikes(epoch).Steps);
        for (int s = 0; s < steps; s++)
        {
            long step = (epoch * _network.EpochSteps) + s + 1;
            BinaryPrimitives.WriteInt64LittleEndian(bytes, step);
            _fired.Clear();
            foreach (Shard shard in _shards)
            {
                foreach (int neuron in shard.Spikes(epoch).OfStep(s)) _fired.Add(shard.Population.FirstNeuron + shard.First + neuron);
            }

            foreach (int neuron in _fired)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], neuron);
                _hash.AppendData(bytes);
            }

            _spikes += _fired.Count;
            if (_fired.Count > 0) sink?.Record(step, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_fired));
        }
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
                    shard.Wirings.Add(new Wiring(route, shard.First, shard.Count, _network.Settings.Seed, Tick));
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
    private readonly RandomStream _units = new(seed, RandomPurpose.PoolUnit, (uint)pool.Index);
    private int[] _fired = new int[64];
    private int _count;

    internal ReadOnlySpan<int> Units => _fired.AsSpan(0, _count);

    internal void Draw(long step)
    {
        _count = pool.Counts.Draw(_counts.Block(0, (ulong)step).X0);
        if (_fired.Length < _count) Array.Resize(ref _fired, 2 * _count);
        for (int i = 0; i < _count; i += 4)
        {
            Philox.Block block = _units.Block((uint)i, (ulong)step);
            for (int k = 0; k < 4 && i + k < _count; k++) _fired[i + k] = (int)(((ulong)block[k] * (uint)pool.Size) >> 32);
        }
    }
}

/// <summary>Cuts populations into shards.</summary>
internal static class ShardPlan
{
    /// <summary>Most bytes of targets in one array.</summary>
    private const double MostTargetBytes = 1.5e9;

    internal static IEnumerable<(int First, int Count)> Of(LoweredPopulation population, int shardSize, int threads)
    {
        int size = population.Source.Size;
        if (shardSize <= 0)
        {
            double inputs = population.Routes.Select(r => r.Projection.InDegree.Mean(r.SourceSize)).DefaultIfEmpty(0).Max();
            double most = Math.Min(Shard.MostNeurons, MostTargetBytes / (2 * Math.Max(1, inputs)));
            shardSize = (int)Math.Min(most, (size + threads - 1) / threads);
        }

        shardSize = Math.Clamp((shardSize + Shard.Granule - 1) / Shard.Granule * Shard.Granule, Shard.Granule, Shard.MostNeurons);
        for (int first = 0; first < size; first += shardSize) yield return (first, Math.Min(shardSize, size - first));
    }
}
