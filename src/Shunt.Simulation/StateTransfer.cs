using System.Globalization;
using System.Runtime.InteropServices;
using PotentialSample = Shunt.Simulation.ShardStatistics.PotentialSample;

namespace Shunt.Simulation;

/// <summary>
/// Moves the state of a network to a checkpoint and back. All random numbers are functions of identity and step, so the step is all there is of the
/// generator. Arrivals on
/// their way are not stored: they follow from the spikes of the last epochs. What is one number per neuron is written in the order of neurons; sums
/// that belong to shards are
/// written added up, and given to the first shard of a population when they are read: whoever uses them adds them up again.
/// </summary>
internal sealed class StateTransfer
{
    private readonly LoweredNetwork _network;
    private readonly (LoweredPopulation Population, Shard[] Shards)[] _populations;

    internal StateTransfer(LoweredNetwork network, IReadOnlyList<Shard> shards)
    {
        _network = network;
        _populations = [.. network.Populations.Select(p => (p, shards.Where(s => s.Population == p).ToArray()))];
    }

    private delegate void Transfer(Span<byte> bytes);

    /// <summary>Everything that decides how long the parts of a checkpoint are, in words.</summary>
    internal string Shape()
    {
        TimeGrid grid = _network.Grid;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join(", ", _populations.Select(Shape))}; {_network.Settings.Precision} precision, dt {grid.TimeStep:R} s, "
            + $"{grid.WarmUpSteps} + {grid.MeasuredSteps} steps, {_network.EpochSteps} to an epoch, {_network.HistoryEpochs} epochs kept, seed "
            + $"{_network.Settings.Seed}");
    }

    /// <summary>Writes the state after some epochs; every arrival has been handed over to the statistics.</summary>
    internal void Write(CheckpointOutput output, long epochsDone)
    {
        foreach ((LoweredPopulation population, Shard[] shards) in _populations)
        {
            Neurons(shards, bytes => output.Bytes(bytes));
            WriteSeries(output, population, [.. shards.Select(s => s.Statistics)]);
            WriteHistory(output, shards, epochsDone);
        }
    }

    /// <summary>Reads the state after some epochs.</summary>
    internal void Read(CheckpointInput input, long epochsDone)
    {
        foreach ((LoweredPopulation population, Shard[] shards) in _populations)
        {
            Neurons(shards, input.Bytes);
            ReadSeries(input, population, [.. shards.Select(s => s.Statistics)]);
            ReadHistory(input, shards, epochsDone);
        }
    }

    private static string Shape((LoweredPopulation Population, Shard[] Shards) p)
    {
        ShardStatistics first = p.Shards[0].Statistics;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{p.Population.Source.Name} of {p.Population.Source.Size} neurons with {p.Population.Channels.Count} channels, "
            + $"{p.Shards[0].Membrane.Arrays} variables, {first.SpikesPerBin.Length} bins of the rate and {first.Histogram.Length} of V, "
            + $"{p.Shards.Sum(s => s.Statistics.Traced.Length)} traces");
    }

    /// <summary>What there is once per neuron: one list of arrays, whether they are written or read.</summary>
    private static void Neurons(Shard[] shards, Transfer transfer)
    {
        void Each<T>(Func<ShardStatistics, T[]> array)
            where T : unmanaged
        {
            foreach (Shard shard in shards) transfer(MemoryMarshal.AsBytes(array(shard.Statistics).AsSpan(0, shard.Count)));
        }

        for (int a = 0; a < shards[0].Membrane.Arrays; a++)
        {
            foreach (Shard shard in shards) transfer(shard.Membrane.State(a));
        }

        foreach (Shard shard in shards) transfer(shard.LastSpike.BytesOf(shard.Count));
        Each(s => s.SpikeCount);
        Each(s => s.SpikesInFirstHalf);
        Each(s => s.Intervals);
        Each(s => s.IntervalsInHalf[0]);
        Each(s => s.IntervalsInHalf[1]);
        Each(s => s.PotentialSum);
        Each(s => s.PotentialSquares);
        Each(s => s.PotentialSamples);
        for (int c = 0; c < shards[0].Statistics.Arrivals.Length; c++) Each(s => s.Arrivals[c]);
    }

    private static void WriteSeries(CheckpointOutput output, LoweredPopulation population, ShardStatistics[] shards)
    {
        int[] bins = new int[shards[0].SpikesPerBin.Length];
        long[] histogram = new long[shards[0].Histogram.Length];
        PotentialSample[] samples = new PotentialSample[shards[0].Samples.Count];
        foreach (ShardStatistics shard in shards)
        {
            for (int b = 0; b < bins.Length; b++) bins[b] += shard.SpikesPerBin[b];
            for (int b = 0; b < histogram.Length; b++) histogram[b] += shard.Histogram[b];
            for (int k = 0; k < samples.Length; k++)
            {
                (double sum, double squares, int count) = shard.Samples[k];
                samples[k] = new PotentialSample(samples[k].Sum + sum, samples[k].Squares + squares, samples[k].Count + count);
            }
        }

        Array<int>(output, bins);
        Array<long>(output, histogram);
        Array<PotentialSample>(output, samples);
        output.Number(shards.Sum(s => s.OutsideHistogram));
        output.Number(shards[0].ArrivalTotals.Count);
        for (int k = 0; k < shards[0].ArrivalTotals.Count; k++)
        {
            output.Number(shards[0].ArrivalTotals[k].Step);
            double[] totals = [.. population.Channels.Select((_, c) => shards.Sum(s => s.ArrivalTotals[k].Arrivals[c]))];
            output.Bytes(MemoryMarshal.AsBytes(totals.AsSpan()));
        }

        foreach (ShardStatistics shard in shards)
        {
            for (int i = 0; i < shard.Traced.Length; i++)
            {
                Array<double>(output, CollectionsMarshal.AsSpan(shard.Traces[i]));
                Array<double>(output, CollectionsMarshal.AsSpan(shard.TracedSpikes[i]));
            }
        }

        (double Time, int Neuron)[] raster = [.. shards.SelectMany(s => s.Raster.Select(r => (r.Time, s.First + r.Neuron)))];
        Array<(double, int)>(output, raster);
    }

    private static void ReadSeries(CheckpointInput input, LoweredPopulation population, ShardStatistics[] shards)
    {
        Array<int>(input).CopyTo(shards[0].SpikesPerBin, 0);
        Array<long>(input).CopyTo(shards[0].Histogram, 0);
        PotentialSample[] samples = Array<PotentialSample>(input);
        shards[0].Samples.AddRange(samples);
        foreach (ShardStatistics other in shards[1..]) other.Samples.AddRange(Enumerable.Repeat(default(PotentialSample), samples.Length));
        shards[0].OutsideHistogram = input.Number();
        for (long k = input.Number(); k > 0; k--)
        {
            long step = input.Number();
            double[] totals = new double[population.Channels.Count];
            input.Bytes(MemoryMarshal.AsBytes(totals.AsSpan()));
            foreach (ShardStatistics shard in shards) shard.ArrivalTotals.Add((step, shard == shards[0] ? totals : new double[totals.Length]));
        }

        foreach (ShardStatistics shard in shards)
        {
            for (int i = 0; i < shard.Traced.Length; i++)
            {
                shard.Traces[i].AddRange(Array<double>(input));
                shard.TracedSpikes[i].AddRange(Array<double>(input));
            }
        }

        foreach ((double time, int neuron) in Array<(double, int)>(input))
        {
            ShardStatistics owner = shards.Last(s => s.First <= neuron);
            owner.Raster.Add((time, neuron - owner.First));
        }
    }

    private IEnumerable<long> EpochsKept(long epochsDone)
    {
        for (long epoch = Math.Max(0, epochsDone + 1 - _network.HistoryEpochs); epoch < epochsDone; epoch++) yield return epoch;
    }

    private void WriteHistory(CheckpointOutput output, Shard[] shards, long epochsDone)
    {
        var fired = new List<int>();
        foreach (long epoch in EpochsKept(epochsDone))
        {
            for (int step = 0; step < _network.EpochSteps; step++)
            {
                fired.Clear();
                foreach (Shard shard in shards)
                {
                    foreach (int neuron in shard.History.Of(epoch).OfStep(step)) fired.Add(shard.First + neuron);
                }

                Array<int>(output, CollectionsMarshal.AsSpan(fired));
            }
        }
    }

    private void ReadHistory(CheckpointInput input, Shard[] shards, long epochsDone)
    {
        foreach (long epoch in EpochsKept(epochsDone))
        {
            foreach (Shard shard in shards) shard.History.Of(epoch).Clear();
            for (int step = 0; step < _network.EpochSteps; step++)
            {
                ReadOnlySpan<int> fired = Array<int>(input);
                foreach (Shard shard in shards)
                {
                    SpikeBuffer spikes = shard.History.Of(epoch);
                    for (; fired.Length > 0 && fired[0] < shard.First + shard.Count; fired = fired[1..]) spikes.Add(fired[0] - shard.First);
                    spikes.EndStep();
                }
            }
        }
    }

    private static void Array<T>(CheckpointOutput output, ReadOnlySpan<T> array)
        where T : unmanaged
    {
        output.Number(array.Length);
        output.Bytes(MemoryMarshal.AsBytes(array));
    }

    private static T[] Array<T>(CheckpointInput input)
        where T : unmanaged
    {
        var array = new T[input.Number()];
        input.Bytes(MemoryMarshal.AsBytes(array.AsSpan()));
        return array;
    }
}
