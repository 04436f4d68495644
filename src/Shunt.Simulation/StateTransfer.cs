using System.Globalization;
using System.Runtime.InteropServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// Moves the state of a network to a checkpoint and back, and between ranks. All random numbers are functions of identity and step, so the step is all
/// there is of the generator. Arrivals on their way are not stored: they follow from the spikes of the last epochs. What is one number per neuron is
/// written in the order of neurons, sums that belong to shards added up, so that any division into ranks and shards can read it.
/// Only rank 0 reads and writes. It asks the others for one array of one population at a time, and tells them when it has had enough
/// (<see cref="Serve"/>, <see cref="Dismiss"/>), so that whatever happens to it nobody waits for ever.
/// </summary>
internal sealed class StateTransfer
{
    private const long Enough = -1, Counters = -2, Series = -1;
    private readonly LoweredNetwork _network;
    private readonly IRanks? _ranks;
    private readonly ShardPlan.Slice[][] _slices;
    private readonly Part[] _parts;
    private readonly Func<long[]> _counters;

    /// <param name="network">The network.</param>
    /// <param name="shards">Shards of this rank.</param>
    /// <param name="counters">Counts of this rank that are summed over ranks.</param>
    /// <param name="ranks">The ranks; null when there is only this process.</param>
    /// <param name="slices">Who has which neurons.</param>
    /// <param name="others">The spikes of the other ranks, by population; empty without any.</param>
    internal StateTransfer(LoweredNetwork network, IReadOnlyList<Shard> shards, Func<long[]> counters, IRanks? ranks, ShardPlan.Slice[][] slices, SpikeSource[] others)
    {
        _network = network;
        _ranks = ranks;
        _slices = slices;
        _counters = counters;
        _parts =
        [
            .. network.Populations.Select(p =>
                new Part(p, [.. shards.Where(s => s.Population == p)], Arrays(p, network.Settings.Precision), others.ElementAtOrDefault(p.Index))),
        ];
    }

    private delegate Span<byte> BytesOf(Shard shard);

    private delegate Span<byte> MeasuredBytesOf(ShardStatistics statistics);

    /// <summary>One number, or record, per neuron.</summary>
    /// <param name="Size">Bytes per neuron.</param>
    /// <param name="Of">The bytes of a shard, without padding.</param>
    /// <param name="Measured">The same if it belongs to the statistics; null for the state of the membrane.</param>
    private sealed record NeuronArray(int Size, BytesOf Of, MeasuredBytesOf? Measured = null);

    /// <summary>A population and what this rank has of it.</summary>
    private sealed record Part(LoweredPopulation Population, Shard[] Shards, NeuronArray[] Arrays, SpikeSource? Others)
    {
        internal ShardStatistics[] Statistics => [.. Shards.Select(s => s.Statistics)];
    }

    /// <summary>Everything that decides how long the parts of a checkpoint are, in words.</summary>
    internal string Shape()
    {
        TimeGrid grid = _network.Grid;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join(", ", _network.Populations.Select(Shape))}; {_network.Settings.Precision} precision, {_network.Settings.Integration} steps, dt {grid.TimeStep:R} s, "
            + $"{grid.WarmUpSteps} + {grid.MeasuredSteps} steps, {_network.EpochSteps} to an epoch, {_network.HistoryEpochs} epochs kept, seed "
            + $"{_network.Settings.Seed}");
    }

    /// <summary>Writes the state after some epochs; every arrival has been handed over to the statistics. The other ranks serve.</summary>
    internal void Write(CheckpointOutput output, long epochsDone)
    {
        foreach (long count in SumOfCounters()) output.Number(count);
        foreach (Part part in _parts)
        {
            for (int a = 0; a < part.Arrays.Length; a++)
            {
                foreach (Shard shard in part.Shards) output.Bytes(part.Arrays[a].Of(shard));
                foreach ((int rank, _) in Elsewhere(part)) output.Bytes(Ask(rank, part.Population.Index, a));
            }

            PopulationSeries? series = part.Shards.Length > 0 ? PopulationSeries.Of(part.Statistics) : null;
            foreach ((int rank, _) in Elsewhere(part))
            {
                PopulationSeries later = SeriesOf(rank, part);
                if (series is null) series = later;
                else series.Add(later);
            }

            series!.Write(output);
            WriteHistory(output, part, epochsDone);
        }
    }

    /// <summary>Reads the state after some epochs, all ranks together.</summary>
    /// <param name="input">The checkpoint on rank 0; null elsewhere.</param>
    /// <param name="epochsDone">The epochs.</param>
    /// <returns>The counters, summed over ranks, on rank 0; elsewhere zeros.</returns>
    internal long[] Read(CheckpointInput? input, long epochsDone)
    {
        long[] counters = [.. _counters().Select(_ => input?.Number() ?? 0)];
        foreach (Part part in _parts)
        {
            foreach (NeuronArray array in part.Arrays)
            {
                if (input is not null)
                {
                    foreach (Shard shard in part.Shards) input.Bytes(array.Of(shard));
                    foreach ((int rank, ShardPlan.Slice slice) in Elsewhere(part))
                    {
                        byte[] bytes = new byte[checked(slice.Count * array.Size)];
                        input.Bytes(bytes);
                        _ranks!.Send(bytes, rank);
                    }
                }
                else if (part.Shards.Length > 0)
                {
                    byte[] bytes = new byte[checked(part.Shards.Sum(s => s.Count) * array.Size)];
                    _ranks!.Receive(bytes, 0);
                    int at = 0;
                    foreach (Shard shard in part.Shards)
                    {
                        Span<byte> own = array.Of(shard);
                        bytes.AsSpan(at, own.Length).CopyTo(own);
                        at += own.Length;
                    }
                }
            }

            ReadSeries(input, part);
            ReadHistory(input, part, epochsDone);
        }

        return counters;
    }

    /// <summary>The statistics of all neurons in their order, those of other ranks copied; rank 0 asks for them, the others serve.</summary>
    internal ShardStatistics[] Statistics()
    {
        var all = new List<ShardStatistics>();
        foreach (Part part in _parts)
        {
            all.AddRange(part.Statistics);
            foreach ((int rank, ShardPlan.Slice slice) in Elsewhere(part))
            {
                var copy = new ShardStatistics(_network, part.Population, slice.First, slice.Count);
                for (int a = 0; a < part.Arrays.Length; a++)
                {
                    if (part.Arrays[a].Measured is { } measured) Ask(rank, part.Population.Index, a).CopyTo(measured(copy));
                }

                SeriesOf(rank, part).GiveTo([copy], copy);
                all.Add(copy);
            }
        }

        return [.. all];
    }

    /// <summary>The counters of all ranks, added up; rank 0 asks for them, the others serve.</summary>
    internal long[] SumOfCounters()
    {
        long[] sum = _counters();
        for (int rank = 1; rank < (_ranks?.Count ?? 1); rank++)
        {
            ReadOnlySpan<long> theirs = MemoryMarshal.Cast<byte, long>(Ask(rank, Counters, 0));
            for (int i = 0; i < sum.Length; i++) sum[i] += theirs[i];
        }

        return sum;
    }

    /// <summary>Answers what rank 0 asks until it has had enough.</summary>
    internal void Serve()
    {
        Span<long> question = [0, 0];
        while (true)
        {
            _ranks!.Receive(MemoryMarshal.AsBytes(question), 0);
            if (question[0] == Enough) return;
            ReadOnlySpan<byte> answer = Answer(question[0], question[1]);
            Span<long> length = [answer.Length];
            _ranks.Send(MemoryMarshal.AsBytes(length), 0);
            _ranks.Send(answer, 0);
        }
    }

    /// <summary>Tells the other ranks that rank 0 has had enough.</summary>
    internal void Dismiss()
    {
        Span<long> question = [Enough, 0];
        for (int rank = 1; rank < (_ranks?.Count ?? 1); rank++) _ranks!.Send(MemoryMarshal.AsBytes(question), rank);
    }

    private byte[] Ask(int rank, long what, long array)
    {
        Span<long> question = [what, array], length = [0];
        _ranks!.Send(MemoryMarshal.AsBytes(question), rank);
        _ranks.Receive(MemoryMarshal.AsBytes(length), rank);
        byte[] answer = new byte[length[0]];
        _ranks.Receive(answer, rank);
        return answer;
    }

    private ReadOnlySpan<byte> Answer(long what, long array)
    {
        if (what == Counters) return MemoryMarshal.AsBytes(_counters().AsSpan());
        Part part = _parts[what];
        using var bytes = new MemoryStream();
        if (array == Series)
        {
            using var output = new CheckpointOutput(bytes);
            PopulationSeries.Of(part.Statistics).Write(output);
            output.Finish();
        }
        else
        {
            foreach (Shard shard in part.Shards) bytes.Write(part.Arrays[array].Of(shard));
        }

        return bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
    }

    private PopulationSeries SeriesOf(int rank, Part part) =>
        PopulationSeries.Read(new CheckpointInput(new MemoryStream(Ask(rank, part.Population.Index, Series))));

    /// <summary>The other ranks that have neurons of a population, in the order of these neurons, after those of rank 0.</summary>
    private IEnumerable<(int Rank, ShardPlan.Slice Slice)> Elsewhere(Part part) => Enumerable.Range(1, _slices.Length - 1)
        .SelectMany(r => _slices[r].Where(s => s.Population == part.Population).Select(s => (r, s)));

    private string Shape(LoweredPopulation population)
    {
        var empty = new ShardStatistics(_network, population, 0, 0);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{population.Source.Name} of {population.Source.Size} neurons with {population.Channels.Count} channels, "
            + $"{MembraneArrays(population)} variables, {empty.SpikesPerBin.Length} bins of the rate and {empty.Histogram.Length} of V, "
            + $"{ShardStatistics.TracedOf(_network.Settings, 0, population.Source.Size).Length} traces");
    }

    private static int MembraneArrays(LoweredPopulation population) => 1 + population.Channels.Count(c => c.HasReservoir);

    /// <summary>What there is once per neuron: one list, whether it is written, read, or gathered.</summary>
    private static NeuronArray[] Arrays(LoweredPopulation population, Precision precision)
    {
        static unsafe NeuronArray Measured<T>(Func<ShardStatistics, T[]> array)
            where T : unmanaged
        {
            Span<byte> Of(ShardStatistics s) => MemoryMarshal.AsBytes(array(s).AsSpan(0, s.Count));
            return new NeuronArray(sizeof(T), shard => Of(shard.Statistics), Of);
        }

        int real = precision == Precision.Double ? sizeof(double) : sizeof(float);
        return
        [
            .. Enumerable.Range(0, MembraneArrays(population)).Select(a => new NeuronArray(real, shard => shard.Membrane.State(a))),
            new NeuronArray(sizeof(int), shard => shard.LastSpike.BytesOf(shard.Count)),
            Measured(s => s.SpikeCount),
            Measured(s => s.SpikesInFirstHalf),
            Measured(s => s.Intervals),
            Measured(s => s.IntervalsInHalf[0]),
            Measured(s => s.IntervalsInHalf[1]),
            Measured(s => s.PotentialSum),
            Measured(s => s.PotentialSquares),
            Measured(s => s.PotentialSamples),
            .. population.Channels.Select((_, c) => Measured(s => s.Arrivals[c])),
        ];
    }

    private void ReadSeries(CheckpointInput? input, Part part)
    {
        using var bytes = new MemoryStream();
        if (input is not null)
        {
            using var output = new CheckpointOutput(bytes);
            PopulationSeries.Read(input).Write(output);
            output.Finish();
        }

        var shared = new CheckpointInput(new MemoryStream(Shared(bytes.ToArray())));
        PopulationSeries.Read(shared).GiveTo(part.Statistics, part.Shards.FirstOrDefault(s => s.First == 0)?.Statistics);
    }

    /// <summary>What rank 0 has, on every rank.</summary>
    private byte[] Shared(byte[] bytes)
    {
        if (_ranks is null) return bytes;
        Span<long> length = [bytes.Length];
        _ranks.Broadcast(MemoryMarshal.AsBytes(length));
        byte[] shared = _ranks.Rank == 0 ? bytes : new byte[length[0]];
        _ranks.Broadcast(shared);
        return shared;
    }

    private IEnumerable<long> EpochsKept(long epochsDone)
    {
        for (long epoch = Math.Max(0, epochsDone + 1 - _network.HistoryEpochs); epoch < epochsDone; epoch++) yield return epoch;
    }

    /// <summary>Rank 0 knows the spikes of all; its own neurons come first.</summary>
    private void WriteHistory(CheckpointOutput output, Part part, long epochsDone)
    {
        var fired = new List<int>();
        foreach (long epoch in EpochsKept(epochsDone))
        {
            for (int step = 0; step < _network.EpochSteps; step++)
            {
                fired.Clear();
                foreach (SpikeSource source in Sources(part))
                {
                    foreach (int neuron in source.History.Of(epoch).OfStep(step)) fired.Add(source.First + neuron);
                }

                output.Array<int>(CollectionsMarshal.AsSpan(fired));
            }
        }
    }

    private void ReadHistory(CheckpointInput? input, Part part, long epochsDone)
    {
        foreach (long epoch in EpochsKept(epochsDone))
        {
            foreach (SpikeSource source in Sources(part)) source.History.Of(epoch).Clear();
            for (int step = 0; step < _network.EpochSteps; step++)
            {
                byte[] bytes = input is null ? [] : MemoryMarshal.AsBytes(input.Array<int>().AsSpan()).ToArray();
                foreach (int neuron in MemoryMarshal.Cast<byte, int>(Shared(bytes)))
                {
                    Shard? owner = part.Shards.LastOrDefault(s => s.First <= neuron);
                    if (owner is not null && neuron < owner.First + owner.Count) owner.History.Of(epoch).Add(neuron - owner.First);
                    else part.Others!.History.Of(epoch).Add(neuron);
                }

                foreach (SpikeSource source in Sources(part)) source.History.Of(epoch).EndStep();
            }
        }
    }

    private static IEnumerable<SpikeSource> Sources(Part part) => part.Shards.Select(s => s.Source).Concat(part.Others is null ? [] : [part.Others]);
}
