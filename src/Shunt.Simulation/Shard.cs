using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// A run of consecutive neurons of one population with everything that ends in them: state, arrivals, incoming synapses, private inputs, statistics.
/// A shard never looks into another; spikes are all they exchange. Who owns which shard never changes a result.
/// </summary>
internal sealed unsafe class Shard : IObserved
{
    /// <summary>A shard starts and is padded at multiples of this, so that vectors of random numbers fall on the same neurons in any sharding.</summary>
    internal const int Granule = PrivateInputDraw.Batch;

    /// <summary>Most neurons in a shard: targets are numbered in 16 bits.</summary>
    internal const int MostNeurons = 65_536;

    private readonly PrivateInputDraw[] _inputs;

    internal Shard(LoweredNetwork network, LoweredPopulation population, int first, int count)
    {
        Network = network;
        Population = population;
        First = first;
        Count = count;
        Padded = (count + Granule - 1) / Granule * Granule;
        LastSpike = new AlignedBuffer<int>(Padded);
        Counts = [.. population.Channels.Select(_ => new AlignedBuffer<ushort>(Padded))];
        Received = [.. population.Channels.Select(_ => new AlignedBuffer<ushort>(Padded))];
        Queues = [.. population.QueuedSteps.Select(steps => steps > 0 ? new DelayQueue(steps, Padded, network.QueuesAreDense) : null)];
        _inputs = [.. population.Inputs.Select(input => new PrivateInputDraw(input, this))];
        Source = new SpikeSource(population.Index, first, new SpikeHistory(network.EpochSteps, network.HistoryEpochs));
        Statistics = new ShardStatistics(network, population, first, count);
        Membrane = Membrane.Of(this, network.Settings);
        Initialise();
    }

    internal LoweredNetwork Network { get; }

    internal LoweredPopulation Population { get; }

    /// <summary>Index of the first neuron within its population; a multiple of <see cref="Granule"/>.</summary>
    internal int First { get; }

    internal int Count { get; }

    internal int Padded { get; }

    internal Membrane Membrane { get; }

    /// <summary>Step of each neuron's last spike; far in the past before the first, far in the future in the padding, which therefore never fires.</summary>
    internal AlignedBuffer<int> LastSpike { get; }

    /// <summary>Arrivals per channel and neuron in the step at hand; zero before and after it.</summary>
    internal AlignedBuffer<ushort>[] Counts { get; }

    /// <summary>Arrivals per channel and neuron that the statistics have not taken yet.</summary>
    internal AlignedBuffer<ushort>[] Received { get; }

    /// <summary>Arrivals on their way, for channels with random delays.</summary>
    internal DelayQueue?[] Queues { get; }

    internal List<Wiring> Wirings { get; } = [];

    /// <summary>Its spikes, as other shards see them.</summary>
    internal SpikeSource Source { get; }

    internal SpikeHistory History => Source.History;

    internal ShardStatistics Statistics { get; }

    /// <summary>Arrivals from private input.</summary>
    internal long PrivateEvents { get; set; }

    /// <summary>
    /// Puts arrivals that are on their way at the start of a step into the queues again, from the spikes they come from: everything else that a shard needs to go on from there is
    /// state and history.
    /// </summary>
    internal void Requeue(long firstStep, SpikeSource[] sources)
    {
        foreach (Wiring wiring in Wirings)
        {
            Route route = wiring.Route;
            if (route.DelayValues == 1) continue;
            for (int group = 0; group < route.Groups; group++)
            {
                long shortest = route.ShortestDelay + ((long)group * route.GroupDelays);
                for (long fired = Math.Max(0, firstStep - shortest - route.GroupDelays + 1); fired < firstStep - shortest; fired++) Send(wiring, group, fired, firstStep, sources);
            }
        }
    }

    /// <summary>Advances every neuron by one step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="sources">All neurons: their spikes of earlier epochs arrive.</param>
    /// <param name="pools">Spikes of the pools in this epoch.</param>
    internal void Advance(long step, long epoch, SpikeSource[] sources, SpikeBuffer[] pools)
    {
        foreach (Wiring wiring in Wirings)
        {
            Route route = wiring.Route;
            if (route.SourcePool >= 0)
            {
                Deliver(wiring, 0, pools[route.SourcePool].OfStep((int)(step - (epoch * Network.EpochSteps))));
            }
            else if (route.DelayValues == 1)
            {
                if (step >= route.ShortestDelay) Deliver(wiring, step - route.ShortestDelay, sources);
            }
            else
            {
                long fired = step - route.ShortestDelay;
                for (int group = 0; group < route.Groups && fired >= 0; group++, fired -= route.GroupDelays) Send(wiring, group, fired, step, sources);
            }
        }

        for (int c = 0; c < Counts.Length; c++) Queues[c]?.Flush(step, Counts[c].Pointer);
        foreach (PrivateInputDraw input in _inputs) PrivateEvents += input.AddTo(Counts[input.Channel].Pointer, Count, step);
        Membrane.Step(step, History.Of(epoch));
        if (step % Population.StepsWithoutOverflow == 0) HandOverArrivals();
        Statistics.EndStep(step, this);
    }

    public double Potential(int neuron) => Membrane.Potential(neuron);

    public void Sample(long step) => Membrane.Sample(step);

    public void HandOverArrivals()
    {
        for (int c = 0; c < Received.Length; c++)
        {
            double[] arrivals = Statistics.Arrivals[c];
            ushort* received = Received[c].Pointer;
            for (int i = 0; i < Count; i++) arrivals[i] += received[i];
            Received[c].Span.Clear();
        }
    }

    // How many spikes ahead of the one that is delivered memory is asked for.
    private const int IndexAhead = 8, TargetsAhead = 4;

    private void Send(Wiring wiring, int group, long fired, long earliest, SpikeSource[] sources)
    {
        DelayQueue queue = Queues[wiring.Route.Channel]!;
        foreach (SpikeSource source in sources)
        {
            if (source.Population != wiring.Route.SourcePopulation) continue;
            ReadOnlySpan<int> neurons = source.History.OfStep(fired);
            for (int i = 0; i < neurons.Length; i++)
            {
                if (i + IndexAhead < neurons.Length) wiring.PrefetchIndex(source.First + neurons[i + IndexAhead], group);
                if (i + TargetsAhead < neurons.Length) wiring.Prefetch(source.First + neurons[i + TargetsAhead], group);
                wiring.Send(source.First + neurons[i], group, fired, earliest, queue);
            }
        }
    }

    private void Deliver(Wiring wiring, long fired, SpikeSource[] sources)
    {
        foreach (SpikeSource source in sources)
        {
            if (source.Population == wiring.Route.SourcePopulation) Deliver(wiring, source.First, source.History.OfStep(fired));
        }
    }

    private void Deliver(Wiring wiring, int firstSource, ReadOnlySpan<int> fired)
    {
        ushort* counts = Counts[wiring.Route.Channel].Pointer;
        for (int i = 0; i < fired.Length; i++)
        {
            if (i + IndexAhead < fired.Length) wiring.PrefetchIndex(firstSource + fired[i + IndexAhead], 0);
            if (i + TargetsAhead < fired.Length) wiring.Prefetch(firstSource + fired[i + TargetsAhead], 0);
            wiring.Deliver(firstSource + fired[i], counts);
        }
    }

    private void Initialise()
    {
        Neuron neuron = Population.Source.Neuron;
        var stream = new RandomStream(Network.Settings.Seed, RandomPurpose.InitialPotential, (uint)Population.Index);
        double span = double.IsFinite(neuron.SpikeOnset) ? neuron.SpikeOnset - neuron.Reset : 0;
        for (int i = 0; i < Padded; i++)
        {
            double u = stream.Block(0, (ulong)(First + i)).X0 / 4294967296.0;
            Membrane.SetPotential(i, neuron.Reset + (i < Count ? u * span : 0));
            LastSpike.Pointer[i] = i < Count ? ShardStatistics.Never : int.MaxValue;
        }
    }
}

/// <summary>Neurons whose spikes arrive elsewhere: those of a shard, or all of a population that belong to other ranks.</summary>
/// <param name="Population">Index of their population.</param>
/// <param name="First">The neuron that is 0 in the history, within the population.</param>
/// <param name="History">Their spikes.</param>
internal sealed record SpikeSource(int Population, int First, SpikeHistory History);

/// <summary>The spikes of one shard or pool in one epoch, by step.</summary>
internal sealed class SpikeBuffer(int epochSteps)
{
    private readonly int[] _end = new int[epochSteps];
    private int[] _neurons = [];
    private int _count;

    /// <summary>Steps of the epoch done so far.</summary>
    internal int Steps { get; private set; }

    internal void Clear()
    {
        Steps = 0;
        _count = 0;
    }

    internal void Add(int neuron)
    {
        if (_count == _neurons.Length) Array.Resize(ref _neurons, Math.Max(64, 2 * _count));
        _neurons[_count++] = neuron;
    }

    internal void EndStep() => _end[Steps++] = _count;

    /// <summary>Neurons (within the shard, ascending) or units that fired in a step of the epoch.</summary>
    internal ReadOnlySpan<int> OfStep(int step)
    {
        int from = step == 0 ? 0 : _end[step - 1];
        return _neurons.AsSpan(from, _end[step] - from);
    }
}

/// <summary>The spikes of a shard in the last epochs. Buffers take turns: what an epoch writes, nobody reads any more.</summary>
internal sealed class SpikeHistory(int epochSteps, int epochs)
{
    private readonly SpikeBuffer[] _buffers = [.. Enumerable.Range(0, epochs).Select(_ => new SpikeBuffer(epochSteps))];

    /// <summary>Spikes of an epoch.</summary>
    internal SpikeBuffer Of(long epoch) => _buffers[epoch % _buffers.Length];

    /// <summary>Neurons that fired in a step.</summary>
    internal ReadOnlySpan<int> OfStep(long step) => Of(step / epochSteps).OfStep((int)(step % epochSteps));
}
