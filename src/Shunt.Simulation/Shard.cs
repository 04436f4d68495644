using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// A run of consecutive neurons of one population with everything that ends in them: state, arrival counts, incoming synapses, private inputs, statistics.
/// A shard never looks into another; spikes are all they exchange. Who owns which shard never changes a result.
/// </summary>
internal sealed unsafe class Shard
{
    /// <summary>A shard starts and is padded at multiples of this, so that vectors of random numbers fall on the same neurons in any sharding.</summary>
    internal const int Granule = 32;

    /// <summary>Most neurons in a shard: targets are stored in 16 bits.</summary>
    internal const int MostNeurons = 65_536;

    private readonly AlignedBuffer<ushort>[] _rings;
    private readonly DrawnInput[] _inputs;
    private readonly uint[] _numbers;
    private readonly SpikeBuffer[] _spikes;

    internal Shard(LoweredNetwork network, LoweredPopulation population, int first, int count)
    {
        Network = network;
        Population = population;
        First = first;
        Count = count;
        Padded = (count + Granule - 1) / Granule * Granule;
        Potential = new AlignedBuffer<double>(Padded);
        LastSpike = new AlignedBuffer<int>(Padded);
        int channels = population.Channels.Count;
        _rings = new AlignedBuffer<ushort>[channels];
        Reservoirs = new AlignedBuffer<double>?[channels];
        Arrivals = new AlignedBuffer<double>[channels];
        for (int c = 0; c < channels; c++)
        {
            _rings[c] = new AlignedBuffer<ushort>((long)population.RingSlots[c] * Padded);
            Reservoirs[c] = population.Channels[c].HasReservoir ? new AlignedBuffer<double>(Padded) : null;
            Arrivals[c] = new AlignedBuffer<double>(Padded);
        }

        _inputs = [.. population.Inputs.Select(input => new DrawnInput(input, this))];
        _numbers = new uint[Padded];
        _spikes = [new SpikeBuffer(network.EpochSteps), new SpikeBuffer(network.EpochSteps)];
        Statistics = new ShardStatistics(this);
        Initialise();
    }

    internal LoweredNetwork Network { get; }

    internal LoweredPopulation Population { get; }

    /// <summary>Index of the first neuron within its population; a multiple of <see cref="Granule"/>.</summary>
    internal int First { get; }

    internal int Count { get; }

    internal int Padded { get; }

    /// <summary>V (mV).</summary>
    internal AlignedBuffer<double> Potential { get; }

    /// <summary>Step of each neuron's last spike; far in the past before the first, far in the future in the padding, which therefore never fires.</summary>
    internal AlignedBuffer<int> LastSpike { get; }

    /// <summary>What each finite synaptic channel still has to release, or null for instantaneous ones.</summary>
    internal AlignedBuffer<double>?[] Reservoirs { get; }

    /// <summary>Arrivals per channel and neuron since the last reset.</summary>
    internal AlignedBuffer<double>[] Arrivals { get; }

    internal List<Wiring> Wirings { get; } = [];

    internal ShardStatistics Statistics { get; }

    /// <summary>Deliveries to recurrent and to pool synapses.</summary>
    internal long RecurrentEvents { get; private set; }

    /// <summary>Spikes of the given epoch.</summary>
    internal SpikeBuffer Spikes(long epoch) => _spikes[epoch & 1];

    /// <summary>Delivers the spikes that a source shard fired in an epoch.</summary>
    internal void Deliver(Wiring wiring, Shard source, long epoch, long firstStep)
    {
        int c = wiring.Route.Channel, mask = Population.RingSlots[c] - 1;
        ushort* ring = _rings[c].Pointer;
        SpikeBuffer spikes = source.Spikes(epoch);
        for (int s = 0; s < spikes.Steps; s++)
        {
            foreach (int neuron in spikes.OfStep(s))
            {
                wiring.Deliver(source.First + neuron, firstStep + s, ring, mask, Padded);
                RecurrentEvents += wiring.OutDegree(source.First + neuron);
            }
        }
    }

    /// <summary>Delivers the spikes that a pool's units fire in this step.</summary>
    internal void DeliverPool(Wiring wiring, ReadOnlySpan<int> units, long step)
    {
        int c = wiring.Route.Channel;
        foreach (int unit in units) wiring.Deliver(unit, step, _rings[c].Pointer, Population.RingSlots[c] - 1, Padded);
    }

    /// <summary>Advances every neuron by one step and appends its spikes to the epoch's buffer.</summary>
    internal void Update(long step, long epoch)
    {
        foreach (DrawnInput input in _inputs) input.Draw(step, _numbers, Row(input.Channel, step));
        MembraneKernel.Step(this, step, _spikes[epoch & 1]);
        for (int c = 0; c < _rings.Length; c++) Row(c, step).Clear();
    }

    /// <summary>Counts of the arrivals at each neuron in a step.</summary>
    internal Span<ushort> Row(int channel, long step) => new(RowPointer(channel, step), Padded);

    internal ushort* RowPointer(int channel, long step) =>
        _rings[channel].Pointer + ((step & (Population.RingSlots[channel] - 1)) * Padded);

    /// <summary>Arrivals waiting in the rings.</summary>
    internal long PendingArrivals()
    {
        long pending = 0;
        foreach (AlignedBuffer<ushort> ring in _rings)
        {
            foreach (ushort count in ring.Span) pending += count;
        }

        return pending;
    }

    /// <summary>Bytes of state, rings and input tables; wiring apart.</summary>
    internal long StateBytes() =>
        Potential.Bytes + LastSpike.Bytes + _rings.Sum(r => r.Bytes) + Arrivals.Sum(a => a.Bytes) + Reservoirs.Sum(r => r?.Bytes ?? 0);

    private void Initialise()
    {
        Neuron neuron = Population.Source.Neuron;
        var stream = new RandomStream(Network.Settings.Seed, RandomPurpose.InitialPotential, (uint)Population.Index);
        double span = double.IsFinite(neuron.Threshold) ? neuron.Threshold - neuron.Reset : 0;
        for (int i = 0; i < Padded; i++)
        {
            double u = stream.Block(0, (ulong)(First + i)).X0 / 4294967296.0;
            Potential.Pointer[i] = neuron.Reset + (i < Count ? u * span : 0);
            LastSpike.Pointer[i] = i < Count ? int.MinValue / 2 : int.MaxValue;
        }
    }
}

/// <summary>The spikes of one shard in one epoch, by step, neurons ascending within a step.</summary>
internal sealed class SpikeBuffer(int epochSteps)
{
    private readonly int[] _end = new int[epochSteps];
    private int[] _neurons = new int[256];
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
        if (_count == _neurons.Length) Array.Resize(ref _neurons, 2 * _count);
        _neurons[_count++] = neuron;
    }

    internal void EndStep() => _end[Steps++] = _count;

    /// <summary>Neurons (within the shard) that fired in a step of the epoch.</summary>
    internal ReadOnlySpan<int> OfStep(int step)
    {
        int from = step == 0 ? 0 : _end[step - 1];
        return _neurons.AsSpan(from, _end[step] - from);
    }
}

/// <summary>The private input of a shard's neurons: one Poisson draw per neuron and step, from a table per distinct in-degree.</summary>
internal sealed class DrawnInput
{
    private readonly RandomStream _stream;
    private readonly uint _firstCounter;
    private readonly PoissonTable[] _tables;
    private readonly int[]? _tableOf;

    internal DrawnInput(PrivateInput input, Shard shard)
    {
        Channel = input.Channel;
        ulong seed = shard.Network.Settings.Seed;
        _stream = new RandomStream(seed, RandomPurpose.PoissonInput, (uint)input.Stream);
        _firstCounter = (uint)(shard.First / 4);
        if (input.InDegree is InDegreeLaw.Fixed(var k))
        {
            _tables = [new PoissonTable(k * input.MeanPerUnit)];
            return;
        }

        var degrees = new RandomStream(seed, RandomPurpose.InDegree, (uint)input.Stream);
        int[] inDegrees = [.. Enumerable.Range(shard.First, shard.Padded).Select(i => InDegreeDraw.Of(input.InDegree, degrees, i))];
        int[] distinct = [.. inDegrees.Distinct().Order()];
        _tables = [.. distinct.Select(d => new PoissonTable(d * input.MeanPerUnit))];
        _tableOf = [.. inDegrees.Select(d => Array.BinarySearch(distinct, d))];
    }

    internal int Channel { get; }

    internal void Draw(long step, Span<uint> numbers, Span<ushort> counts)
    {
        _stream.Fill(numbers, _firstCounter, (ulong)step);
        if (_tableOf is null)
        {
            _tables[0].AddDraws(numbers, counts);
            return;
        }

        for (int i = 0; i < counts.Length; i++) counts[i] += (ushort)_tables[_tableOf[i]].Draw(numbers[i]);
    }
}
