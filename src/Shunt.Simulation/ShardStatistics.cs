using System.Numerics.Tensors;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>What a shard's neurons did in the measured window: sums, so that they can be added up in any sharding.</summary>
internal sealed unsafe class ShardStatistics
{
    /// <summary>Times at which arrivals are summed up, for the errors of tau and mu.</summary>
    internal const int Batches = 20;

    private readonly Shard _shard;
    private readonly TimeGrid _grid;
    private readonly int _rastered;
    private readonly long _traceEnd, _rasterEnd, _half;
    private readonly double _histogramLow, _histogramBin;

    internal ShardStatistics(Shard shard)
    {
        _shard = shard;
        _grid = shard.Network.Grid;
        SimulationSettings settings = shard.Network.Settings;
        SpikeCount = new int[shard.Count];
        Intervals = new IntervalSums[shard.Count];
        IntervalsInHalf = [new IntervalSums[shard.Count], new IntervalSums[shard.Count]];
        _half = _grid.WarmUpSteps + (_grid.MeasuredSteps / 2);
        PotentialSum = new double[shard.Count];
        PotentialSquares = new double[shard.Count];
        PotentialSamples = new int[shard.Count];
        SpikesPerBin = new int[((_grid.MeasuredSteps - 1) / _grid.RateBinSteps) + 1];
        Samples = new List<PotentialSample>((int)(_grid.MeasuredSteps / _grid.SampleSteps));
        (_histogramLow, double high) = HistogramRange(shard.Population);
        _histogramBin = settings.HistogramBin;
        _histogramLow = Math.Floor(_histogramLow / _histogramBin) * _histogramBin;
        Histogram = new long[(int)Math.Ceiling((high - _histogramLow) / _histogramBin) + 1];
        Traced = [.. (settings.ChosenNeurons ?? Enumerable.Range(0, settings.TracedNeurons)).Distinct().Order()
            .Select(i => i - shard.First).Where(i => i >= 0 && i < shard.Count)];
        _rastered = Math.Clamp(settings.RasterNeurons - shard.First, 0, shard.Count);
        _traceEnd = _grid.WarmUpSteps + (long)Math.Round(settings.TraceDuration / _grid.TimeStep);
        _rasterEnd = _grid.WarmUpSteps + (long)Math.Round(settings.RasterDuration / _grid.TimeStep);
        Traces = [.. Traced.Select(_ => new List<double>())];
        TracedSpikes = [.. Traced.Select(_ => new List<int>())];
    }

    /// <summary>Sum, sum of squares and number of the non-refractory potentials at one sampled time.</summary>
    internal readonly record struct PotentialSample(double Sum, double Squares, int Count);

    internal int[] SpikeCount { get; }

    /// <summary>Interspike intervals of each neuron.</summary>
    internal IntervalSums[] Intervals { get; }

    /// <summary>Those that lie within the first and within the second half of the window.</summary>
    internal IntervalSums[][] IntervalsInHalf { get; }

    internal double[] PotentialSum { get; }

    internal double[] PotentialSquares { get; }

    internal int[] PotentialSamples { get; }

    internal int[] SpikesPerBin { get; }

    internal List<PotentialSample> Samples { get; }

    internal long[] Histogram { get; }

    internal double HistogramLow => _histogramLow;

    /// <summary>Non-refractory samples below the histogram.</summary>
    internal long BelowHistogram { get; private set; }

    /// <summary>Neurons (within the shard) whose potential is traced.</summary>
    internal int[] Traced { get; }

    /// <summary>Their potentials at the end of every step of the traced time.</summary>
    internal List<double>[] Traces { get; }

    /// <summary>Steps of their spikes in that time.</summary>
    internal List<int>[] TracedSpikes { get; }

    internal List<(int Step, int Neuron)> Raster { get; } = [];

    /// <summary>Arrivals per channel, summed over neurons from the end of the warm-up up to a step.</summary>
    internal List<(long Step, double[] Arrivals)> ArrivalTotals { get; } = [];

    /// <summary>Arrivals during the warm-up, all channels.</summary>
    internal double WarmUpArrivals { get; private set; }

    /// <summary>Takes note of a spike fired at the end of a step.</summary>
    internal void Spike(int neuron, int step, int lastSpike)
    {
        long since = step - _grid.WarmUpSteps;
        if (since < 0) return;
        SpikeCount[neuron]++;
        SpikesPerBin[since / _grid.RateBinSteps]++;
        if (lastSpike >= _grid.WarmUpSteps)
        {
            int interval = step - lastSpike;
            Intervals[neuron].Add(interval);
            if (step < _half) IntervalsInHalf[0][neuron].Add(interval);
            else if (lastSpike >= _half) IntervalsInHalf[1][neuron].Add(interval);
        }

        if (neuron < _rastered && step < _rasterEnd) Raster.Add((step, neuron));
        if (step < _traceEnd && Array.IndexOf(Traced, neuron) is >= 0 and var traced) TracedSpikes[traced].Add(step);
    }

    /// <summary>Takes what is due at the end of a step.</summary>
    internal void EndStep(long step)
    {
        long done = step + 1 - _grid.WarmUpSteps;
        if (done < 0) return;
        if (done == 0)
        {
            EndWarmUp(step);
            return;
        }

        if (step < _traceEnd)
        {
            for (int i = 0; i < Traced.Length; i++) Traces[i].Add(_shard.Potential.Pointer[Traced[i]]);
        }

        if (done % _grid.SampleSteps == 0) Sample(step);
        if (done * Batches / _grid.MeasuredSteps > (done - 1) * Batches / _grid.MeasuredSteps) AddArrivalTotals(step + 1);
    }

    /// <summary>Arrivals since the end of the warm-up, per channel, summed over neurons.</summary>
    internal void AddArrivalTotals(long stepsDone)
    {
        if (ArrivalTotals.Count > 0 && ArrivalTotals[^1].Step == stepsDone) return;
        ArrivalTotals.Add((stepsDone, [.. _shard.Arrivals.Select(Total)]));
    }

    /// <summary>Sum over the shard's neurons; exact, the counts being integers.</summary>
    private double Total(AlignedBuffer<double> arrivals) => TensorPrimitives.Sum<double>(arrivals.Span[.._shard.Count]);

    /// <summary>Bytes that grow with the measured time: samples of the potential and spikes per bin.</summary>
    internal static double SeriesBytes(TimeGrid grid) =>
        (24.0 * grid.MeasuredSteps / grid.SampleSteps) + (4.0 * grid.MeasuredSteps / grid.RateBinSteps);

    /// <summary>Ends the warm-up; a membrane that is not finite, or faster than the step, would make everything after it wrong.</summary>
    private void EndWarmUp(long step)
    {
        ReadOnlySpan<double> potential = _shard.Potential.Span[.._shard.Count];
        if (!double.IsFinite(TensorPrimitives.Sum(potential))) throw NotFinite(step);
        double neuronTime = _shard.Count * _grid.WarmUpSteps * _grid.TimeStep;
        double tau = _shard.Population.TauAndMu(_grid.TimeStep, c => Total(_shard.Arrivals[c]) / neuronTime).Tau;
        if (tau < _grid.TimeStep)
        {
            throw new SimulationException(
                $"population '{_shard.Population.Source.Name}': during the warm-up the effective time constant was {tau * 1e3:G3} ms, which no step of dt = {_grid.TimeStep * 1e3:G3} ms can resolve; use dt below {0.1 * tau * 1e3:G2} ms");
        }

        foreach (AlignedBuffer<double> arrivals in _shard.Arrivals)
        {
            WarmUpArrivals += Total(arrivals);
            arrivals.Span.Clear();
        }
    }

    private void Sample(long step)
    {
        double* potential = _shard.Potential.Pointer;
        int* lastSpike = _shard.LastSpike.Pointer;
        int heldSince = (int)(step - _shard.Population.RefractorySteps);
        double sum = 0, squares = 0, perBin = 1 / _histogramBin;
        int count = 0;
        for (int i = 0; i < _shard.Count; i++)
        {
            if (lastSpike[i] > heldSince) continue;
            double v = potential[i];
            sum += v;
            squares += v * v;
            count++;
            PotentialSum[i] += v;
            PotentialSquares[i] += v * v;
            PotentialSamples[i]++;
            double bin = (v - _histogramLow) * perBin;
            if (bin >= 0 && bin < Histogram.Length) Histogram[(int)bin]++;
            else BelowHistogram++;
        }

        if (!double.IsFinite(sum)) throw NotFinite(step);
        Samples.Add(new PotentialSample(sum, squares, count));
    }

    private SimulationException NotFinite(long step)
    {
        int neuron = 0;
        while (neuron < _shard.Count - 1 && double.IsFinite(_shard.Potential.Pointer[neuron])) neuron++;
        return new SimulationException(
            $"at {(step + 1) * _grid.TimeStep:G6} s the membrane potential of neuron {_shard.First + neuron} of population '{_shard.Population.Source.Name}' is {_shard.Potential.Pointer[neuron]}, not a finite number");
    }

    /// <summary>Potentials a neuron can reach: no conductance carries V beyond its reversal; currents can, so their range is generous.</summary>
    private static (double Low, double High) HistogramRange(LoweredPopulation population)
    {
        Neuron neuron = population.Source.Neuron;
        double[] reached = [neuron.RestingPotential, neuron.Reset, .. population.Channels.Where(c => c.IsConductance).Select(c => c.Reversal)];
        bool hasCurrents = population.Channels.Any(c => !c.IsConductance);
        double low = reached.Min() - (hasCurrents ? 300 : 0);
        double high = double.IsFinite(neuron.Threshold) ? neuron.Threshold : reached.Max() + (hasCurrents ? 300 : 0);
        return (low, high);
    }
}

/// <summary>Number, sum and sum of squares of interspike intervals (steps).</summary>
internal struct IntervalSums
{
    private double _sum, _squares;

    internal int Count { get; private set; }

    /// <summary>Coefficient of variation; NaN below two intervals.</summary>
    internal readonly double Cv
    {
        get
        {
            double mean = _sum / Count;
            return Count < 2 ? double.NaN : Math.Sqrt(Math.Max(0, (_squares - (Count * mean * mean)) / (Count - 1))) / mean;
        }
    }

    internal void Add(double interval)
    {
        Count++;
        _sum += interval;
        _squares += interval * interval;
    }
}
