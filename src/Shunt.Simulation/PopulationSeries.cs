using System.Runtime.InteropServices;
using PotentialSample = Shunt.Simulation.ShardStatistics.PotentialSample;

namespace Shunt.Simulation;

/// <summary>What the statistics of a population, or of some of its shards, hold besides numbers per neuron: sums over neurons, traces, and the raster.</summary>
internal sealed class PopulationSeries
{
    private readonly int[] _bins;
    private readonly long[] _histogram;
    private readonly PotentialSample[] _samples;
    private readonly List<(long Step, double[] Arrivals)> _totals = [];
    private readonly List<(int Neuron, double[] Potentials, double[] Spikes)> _traces = [];
    private readonly List<(double Time, int Neuron)> _raster = [];
    private long _outside;

    private PopulationSeries(int[] bins, long[] histogram, PotentialSample[] samples)
    {
        _bins = bins;
        _histogram = histogram;
        _samples = samples;
    }

    /// <summary>Of some shards of one population, in the order of their neurons; at least one.</summary>
    internal static PopulationSeries Of(IReadOnlyList<ShardStatistics> shards)
    {
        var series = new PopulationSeries(new int[shards[0].SpikesPerBin.Length], new long[shards[0].Histogram.Length], new PotentialSample[shards[0].Samples.Count]);
        foreach (ShardStatistics shard in shards)
        {
            var one = new PopulationSeries(shard.SpikesPerBin, shard.Histogram, [.. shard.Samples]) { _outside = shard.OutsideHistogram };
            one._totals.AddRange(shard.ArrivalTotals.Select(t => (t.Step, (double[])[.. t.Arrivals])));
            one._traces.AddRange(shard.Traced.Select((neuron, i) => (shard.First + neuron, (double[])[.. shard.Traces[i]], (double[])[.. shard.TracedSpikes[i]])));
            one._raster.AddRange(shard.Raster.Select(r => (r.Time, shard.First + r.Neuron)));
            series.Add(one);
        }

        return series;
    }

    /// <summary>Adds those of later neurons of the population.</summary>
    internal void Add(PopulationSeries later)
    {
        for (int b = 0; b < _bins.Length; b++) _bins[b] += later._bins[b];
        for (int b = 0; b < _histogram.Length; b++) _histogram[b] += later._histogram[b];
        for (int k = 0; k < _samples.Length; k++)
        {
            (double sum, double squares, int count) = later._samples[k];
            _samples[k] = new PotentialSample(_samples[k].Sum + sum, _samples[k].Squares + squares, _samples[k].Count + count);
        }

        for (int k = 0; k < later._totals.Count; k++)
        {
            (long step, double[] arrivals) = later._totals[k];
            if (k == _totals.Count) _totals.Add((step, new double[arrivals.Length]));
            for (int c = 0; c < arrivals.Length; c++) _totals[k].Arrivals[c] += arrivals[c];
        }

        _outside += later._outside;
        _traces.AddRange(later._traces);
        _raster.AddRange(later._raster);
    }

    internal void Write(CheckpointOutput output)
    {
        output.Array<int>(_bins);
        output.Array<long>(_histogram);
        output.Array<PotentialSample>(_samples);
        output.Number(_outside);
        output.Number(_totals.Count);
        foreach ((long step, double[] arrivals) in _totals)
        {
            output.Number(step);
            output.Array<double>(arrivals);
        }

        output.Number(_traces.Count);
        foreach ((int neuron, double[] potentials, double[] spikes) in _traces)
        {
            output.Number(neuron);
            output.Array<double>(potentials);
            output.Array<double>(spikes);
        }

        output.Array<(double, int)>(CollectionsMarshal.AsSpan(_raster));
    }

    internal static PopulationSeries Read(CheckpointInput input)
    {
        var series = new PopulationSeries(input.Array<int>(), input.Array<long>(), input.Array<PotentialSample>()) { _outside = input.Number() };
        for (long k = input.Number(); k > 0; k--) series._totals.Add((input.Number(), input.Array<double>()));
        for (long k = input.Number(); k > 0; k--) series._traces.Add(((int)input.Number(), input.Array<double>(), input.Array<double>()));
        series._raster.AddRange(input.Array<(double, int)>());
        return series;
    }

    /// <summary>
    /// Gives everything to shards that hold nothing yet: to each what belongs to its neurons, and the sums to one of them; whoever uses them adds them up again.
    /// </summary>
    /// <param name="shards">Shards of the population, or some of them.</param>
    /// <param name="first">The one that gets the sums; null if it is not here.</param>
    internal void GiveTo(IReadOnlyList<ShardStatistics> shards, ShardStatistics? first)
    {
        foreach (ShardStatistics shard in shards)
        {
            bool gets = shard == first;
            shard.Samples.AddRange(gets ? _samples : new PotentialSample[_samples.Length]);
            shard.ArrivalTotals.AddRange(_totals.Select(t => (t.Step, gets ? t.Arrivals : new double[t.Arrivals.Length])));
            bool IsOwn(int neuron) => neuron >= shard.First && neuron < shard.First + shard.Count;
            foreach ((int neuron, double[] potentials, double[] spikes) in _traces.Where(t => IsOwn(t.Neuron)))
            {
                int i = Array.IndexOf(shard.Traced, neuron - shard.First);
                shard.Traces[i].AddRange(potentials);
                shard.TracedSpikes[i].AddRange(spikes);
            }

            shard.Raster.AddRange(_raster.Where(r => IsOwn(r.Neuron)).Select(r => (r.Time, r.Neuron - shard.First)));
        }

        if (first is null) return;
        _bins.CopyTo(first.SpikesPerBin, 0);
        _histogram.CopyTo(first.Histogram, 0);
        first.OutsideHistogram = _outside;
    }
}
