using System.Runtime.InteropServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// Simulates a network with instantaneous synapses exactly, event by event: spikes, arrivals and delays have continuous times, and between arrivals V decays by the closed formula. It
/// is the yardstick of <see cref="Simulator"/>, which has a time step. <see cref="SimulationSettings.TimeStep"/> only says when V may be looked at: the spikes do not depend on it.
/// One thread does it all, and the same model, settings and seed give the same spikes. The wiring and the delays are those of the grid from the same seed (delays before they are
/// rounded); the input is not, because it is drawn as intervals and not as counts.
/// </summary>
public sealed class EventSimulator : ISimulator
{
    /// <summary>Steps after which a run looks up, even if nothing is due: to be stopped, and to say how far it is.</summary>
    private const long LongestStretch = 256;

    private readonly LoweredNetwork _network;
    private readonly EventPopulation[] _populations;
    private readonly EventPopulation[] _ofChannel;
    private readonly PoolProcess[] _pools;
    private readonly List<(EventWiring Wiring, int Channel)>[] _poolWirings;
    private readonly List<EventWiring> _wirings = [];
    private readonly ArrivalQueue _queue;
    private readonly Runaway _runaway;
    private readonly SpikeHash _hash = new();
    private readonly List<(long Tick, int Neuron)> _fired = [];
    private readonly List<int> _together = [];
    private long _synapticEvents, _poolEvents;
    private bool _started;

    /// <summary>Checks the settings, draws the wiring and the initial potentials.</summary>
    /// <param name="model">The network.</param>
    /// <param name="settings">How it is simulated. The engine, the precision, the threads and the shard size do not matter.</param>
    /// <param name="wired">Told the fraction of the wiring that is drawn, now and then; may be null.</param>
    /// <param name="cancellation">Stops the wiring.</param>
    /// <exception cref="SimulationException">The settings do not fit the model, or the network cannot be simulated event by event: synapses that are not instantaneous, a resting potential at or above threshold, neurons connected without a delay.</exception>
    /// <exception cref="OperationCanceledException">The wiring was stopped.</exception>
    public EventSimulator(NetworkModel model, SimulationSettings settings, Action<double>? wired = null, CancellationToken cancellation = default)
    {
        _network = new LoweredNetwork(model, settings with { Engine = Engine.Events });
        int channels = 0;
        _populations = new EventPopulation[_network.Populations.Count];
        for (int p = 0; p < _populations.Length; p++)
        {
            _populations[p] = new EventPopulation(_network, _network.Populations[p], channels);
            channels += _network.Populations[p].Channels.Count;
        }

        _ofChannel = [.. _populations.SelectMany(p => p.Population.Channels.Select(_ => p))];
        _pools = [.. _network.Pools.Select(pool => new PoolProcess(_network, pool))];
        _poolWirings = [.. _pools.Select(_ => new List<(EventWiring, int)>())];
        DrawWiring(wired, cancellation);
        _queue = new ArrivalQueue(_network.Grid.TimeStep, _wirings.Select(w => w.LongestDelay).DefaultIfEmpty(0).Max());
        _runaway = new Runaway(_network);
    }

    /// <inheritdoc/>
    public long Synapses => _wirings.Sum(w => w.Synapses);

    /// <inheritdoc/>
    public long WiringBytes => _wirings.Sum(w => w.Bytes);

    /// <inheritdoc/>
    public SimulationRecord Run(ISpikeSink? sink = null, Action<SimulationProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_started) throw new InvalidOperationException("a simulator runs once; make another for another run");
        _started = true;
        long steps = _network.Grid.TotalSteps, done = 0;
        while (done < steps && !cancellation.IsCancellationRequested)
        {
            long last = _runaway.IsWatching ? done : Math.Min(done + LongestStretch, steps) - 1;
            foreach (EventPopulation population in _populations) last = Math.Min(last, population.Statistics.NextObserved(done));
            Advance(done, last);
            done = last + 1;
            // What is left of the tick that the stretch ends in may still come.
            HandOn(TickOf(done * _network.Grid.TimeStep * (1 - 1e-15)), sink);
            foreach (EventPopulation population in _populations) population.EndStep(last);
            _runaway.EndEpoch(last);
            progress?.Invoke(new SimulationProgress(done, steps, _hash.Spikes));
        }

        HandOn(long.MaxValue, sink);
        foreach (EventPopulation population in _populations) population.Finish(done);
        long privateEvents = _populations.Sum(p => p.Private.Count.Sum());
        return new Measurement(_network, [.. _populations.Select(p => p.Statistics)], done).Record(_hash.Spikes, _hash.Text(), new SimulationCounters
        {
            Steps = done,
            NeuronUpdates = privateEvents + _populations.Sum(p => p.RoutedArrivals),
            SynapticEvents = _synapticEvents,
            InputEvents = privateEvents + _poolEvents,
            Synapses = Synapses,
            BytesPerSynapse = Synapses > 0 ? (double)WiringBytes / Synapses : 0,
        });
    }

    private static long TickOf(double time) => (long)Math.Ceiling(time * (1 / SimulationSettings.EventResolution));

    // Neurons that have to do with nobody are advanced one by one. What happens to all others is put in one order, window by window: first what is due by its
    // window (arrivals that were sent off before, private input, spikes of pools), and into it what is sent while the window is open.
    private void Advance(long first, long last)
    {
        foreach (EventPopulation population in _populations)
        {
            if (!population.IsConnected) population.AdvanceAlone(last, Fire);
        }

        if (_wirings.Count == 0) return;
        for (long window = first; window <= last; window++)
        {
            _queue.Open(window);
            foreach (EventPopulation population in _populations)
            {
                if (population.IsConnected) population.QueuePrivate(window, _queue);
            }

            for (int p = 0; p < _pools.Length; p++)
            {
                while (_queue.WindowOf(_pools[p].Next) <= window) QueuePool(p);
            }

            _queue.Sort();
            while (_queue.TryNext(out Arrival arrival))
            {
                bool isPrivate = arrival.Channel < 0;
                int channel = isPrivate ? ~arrival.Channel : arrival.Channel;
                EventPopulation population = _ofChannel[channel];
                if (population.Receive(channel, arrival.Target, arrival.Time, isPrivate)) Fire(population, arrival.Target, arrival.Time);
            }
        }
    }

    private void QueuePool(int pool)
    {
        double time = _pools[pool].Next;
        int unit = _pools[pool].Take();
        foreach ((EventWiring wiring, int channel) in CollectionsMarshal.AsSpan(_poolWirings[pool]))
        {
            ReadOnlySpan<int> targets = wiring.Targets(unit);
            _poolEvents += targets.Length;
            foreach (int target in targets) _queue.AddNow(new Arrival(time, target, channel));
        }
    }

    private void Fire(EventPopulation population, int neuron, double time)
    {
        population.Spike(neuron, time);
        int number = population.Population.FirstNeuron + neuron;
        _fired.Add((TickOf(time), number));
        _runaway.Add(new ReadOnlySpan<int>(in number));
        foreach ((EventWiring wiring, int channel) in CollectionsMarshal.AsSpan(population.Outgoing))
        {
            _synapticEvents += wiring.Targets(neuron).Length;
            wiring.Send(neuron, time, channel, _queue);
        }
    }

    /// <summary>Hashes and hands on the spikes before a tick, in order of tick and neuron.</summary>
    private void HandOn(long tick, ISpikeSink? sink)
    {
        _fired.Sort();
        int i = 0;
        while (i < _fired.Count && _fired[i].Tick < tick)
        {
            long now = _fired[i].Tick;
            _together.Clear();
            for (; i < _fired.Count && _fired[i].Tick == now; i++) _together.Add(_fired[i].Neuron);
            ReadOnlySpan<int> neurons = CollectionsMarshal.AsSpan(_together);
            _hash.Add(now, neurons);
            sink?.Record(now, neurons);
        }

        _fired.RemoveRange(0, i);
    }

    private void DrawWiring(Action<double>? wired, CancellationToken cancellation)
    {
        long targets = Math.Max(1, 2 * _populations.Sum(p => (long)p.Population.Source.Size * p.Population.Routes.Count)), done = 0;
        long step = Math.Max(1, targets / 200);
        void Tick(int count)
        {
            done += count;
            if (done % step != 0) return;
            cancellation.ThrowIfCancellationRequested();
            wired?.Invoke((double)done / targets);
        }

        foreach (EventPopulation population in _populations)
        {
            foreach (Route route in population.Population.Routes)
            {
                var wiring = new EventWiring(route, population.Population.Source.Size, _network.Settings.Seed, Tick);
                _wirings.Add(wiring);
                List<(EventWiring, int)> outgoing = route.SourcePool >= 0 ? _poolWirings[route.SourcePool] : _populations[route.SourcePopulation].Outgoing;
                outgoing.Add((wiring, population.FirstChannel + route.Channel));
            }
        }
    }
}
