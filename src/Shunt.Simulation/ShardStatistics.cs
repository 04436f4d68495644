using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>What statistics ask of whoever advances the neurons.</summary>
internal interface IObserved
{
    /// <summary>Potential of a neuron (mV) at the end of the step that was just done.</summary>
    /// <param name="neuron">Index within the shard.</param>
    double Potential(int neuron);

    /// <summary>Hands all potentials to <see cref="ShardStatistics.Sample{T}"/>.</summary>
    /// <param name="step">The step that was just done.</param>
    void Sample(long step);

    /// <summary>Adds the arrivals since the last call to <see cref="ShardStatistics.Arrivals"/>.</summary>
    void HandOverArrivals();
}

/// <summary>
/// What a shard's neurons did in the measured window: sums, so that they can be added up in any sharding. Times are in steps: a spike at the end of step s has time s + 1.
/// </summary>
internal sealed class ShardStatistics
{
    /// <summary>Times at which arrivals are summed up, for the errors of tau and mu.</summary>
    internal const int Batches = 20;

    /// <summary>Time of the last spike of a neuron that has not fired.</summary>
    internal const int Never = int.MinValue / 2;

    private const int Lanes = 8;
    private readonly TimeGrid _grid;
    private readonly int _rastered;
    private readonly long _traceEnd, _rasterEnd;
    private readonly double _half, _histogramLow, _histogramBin;

    internal ShardStatistics(LoweredNetwork network, LoweredPopulation population, int first, int count)
    {
        Population = population;
        First = first;
        Count = count;
        _grid = network.Grid;
        SimulationSettings settings = network.Settings;
        SpikeCount = new int[count];
        SpikesInFirstHalf = new int[count];
        Intervals = new IntervalSums[count];
        IntervalsInHalf = [new IntervalSums[count], new IntervalSums[count]];
        _half = _grid.WarmUpSteps + (_grid.MeasuredSteps / 2);
        int padded = (count + Lanes - 1) / Lanes * Lanes;
        PotentialSum = new double[padded];
        PotentialSquares = new double[padded];
        PotentialSamples = new int[padded];
        Arrivals = [.. population.Channels.Select(_ => new double[count])];
        SpikesPerBin = new int[((_grid.MeasuredSteps - 1) / _grid.RateBinSteps) + 1];
        Samples = new List<PotentialSample>((int)(_grid.MeasuredSteps / _grid.SampleSteps));
        (_histogramLow, double high) = HistogramRange(population);
        _histogramBin = settings.HistogramBin;
        _histogramLow = Math.Floor(_histogramLow / _histogramBin) * _histogramBin;
        Histogram = new long[(int)Math.Ceiling((high - _histogramLow) / _histogramBin) + 1];
        Traced = TracedOf(settings, first, count);
        _rastered = Math.Clamp(settings.RasterNeurons - first, 0, count);
        long traceSteps = Math.Min(_grid.MeasuredSteps, (long)Math.Round(settings.TraceDuration / _grid.TimeStep));
        _traceEnd = _grid.WarmUpSteps + traceSteps;
        _rasterEnd = _grid.WarmUpSteps + (long)Math.Round(settings.RasterDuration / _grid.TimeStep);
        Traces = [.. Traced.Select(_ => new List<double>((int)traceSteps))];
        TracedSpikes = [.. Traced.Select(_ => new List<double>())];
    }

    /// <summary>Sum, sum of squares and number of the non-refractory potentials at one sampled time, relative to <see cref="LoweredPopulation.Reference"/>.</summary>
    internal readonly record struct PotentialSample(double Sum, double Squares, int Count);

    internal LoweredPopulation Population { get; }

    /// <summary>Index of the first neuron within its population.</summary>
    internal int First { get; }

    internal int Count { get; }

    internal int[] SpikeCount { get; }

    internal int[] SpikesInFirstHalf { get; }

    /// <summary>Interspike intervals of each neuron.</summary>
    internal IntervalSums[] Intervals { get; }

    /// <summary>Those that lie within the first and within the second half of the window.</summary>
    internal IntervalSums[][] IntervalsInHalf { get; }

    /// <summary>Sums of the samples of V, relative to <see cref="LoweredPopulation.Reference"/>.</summary>
    internal double[] PotentialSum { get; }

    internal double[] PotentialSquares { get; }

    internal int[] PotentialSamples { get; }

    /// <summary>Arrivals per channel and neuron since the end of the warm-up (since the start, before it).</summary>
    internal double[][] Arrivals { get; }

    internal int[] SpikesPerBin { get; }

    internal List<PotentialSample> Samples { get; }

    internal long[] Histogram { get; }

    internal double HistogramLow => _histogramLow;

    /// <summary>Non-refractory samples outside the histogram.</summary>
    internal long OutsideHistogram { get; set; }

    /// <summary>Neurons (within the shard) whose potential is traced.</summary>
    internal int[] Traced { get; }

    /// <summary>Their potentials at the end of every step of the traced time.</summary>
    internal List<double>[] Traces { get; }

    /// <summary>Times of their spikes in that time.</summary>
    internal List<double>[] TracedSpikes { get; }

    internal List<(double Time, int Neuron)> Raster { get; } = [];

    /// <summary>Arrivals per channel, summed over neurons from the end of the warm-up up to a step.</summary>
    internal List<(long Step, double[] Arrivals)> ArrivalTotals { get; } = [];

    /// <summary>Which of some neurons are traced, by their index among them.</summary>
    internal static int[] TracedOf(SimulationSettings settings, int first, int count) =>
        [.. (settings.ChosenNeurons ?? Enumerable.Range(0, settings.TracedNeurons)).Distinct().Order().Select(i => i - first).Where(i => i >= 0 && i < count)];

    /// <summary>Takes note of a spike.</summary>
    /// <param name="neuron">Index within the shard.</param>
    /// <param name="time">Time of the spike (steps).</param>
    /// <param name="lastTime">Time of the neuron's spike before (steps).</param>
    internal void Spike(int neuron, double time, double lastTime)
    {
        long step = (long)Math.Ceiling(time) - 1, since = step - _grid.WarmUpSteps;
        if (since < 0) return;
        SpikeCount[neuron]++;
        if (time <= _half) SpikesInFirstHalf[neuron]++;
        SpikesPerBin[since / _grid.RateBinSteps]++;
        if (lastTime > _grid.WarmUpSteps)
        {
            double interval = time - lastTime;
            Intervals[neuron].Add(interval);
            if (time <= _half) IntervalsInHalf[0][neuron].Add(interval);
            else if (lastTime > _half) IntervalsInHalf[1][neuron].Add(interval);
        }

        if (neuron < _rastered && step < _rasterEnd) Raster.Add((time, neuron));
        if (step < _traceEnd && Array.IndexOf(Traced, neuron) is >= 0 and var traced) TracedSpikes[traced].Add(time);
    }

    /// <summary>Takes what is due at the end of a step.</summary>
    internal void EndStep(long step, IObserved observed)
    {
        long done = step + 1 - _grid.WarmUpSteps;
        if (done < 0) return;
        if (done == 0)
        {
            observed.HandOverArrivals();
            EndWarmUp(step, observed);
            return;
        }

        if (step < _traceEnd)
        {
            for (int i = 0; i < Traced.Length; i++) Traces[i].Add(observed.Potential(Traced[i]));
        }

        if (done % _grid.SampleSteps == 0) observed.Sample(step);
        if (done * Batches / _grid.MeasuredSteps > (done - 1) * Batches / _grid.MeasuredSteps)
        {
            observed.HandOverArrivals();
            AddArrivalTotals(step + 1);
        }
    }

    /// <summary>The first step, from one on, at whose end <see cref="EndStep"/> takes anything.</summary>
    internal long NextObserved(long step)
    {
        if (step < _grid.WarmUpSteps) return _grid.WarmUpSteps - 1;
        if (step < _traceEnd) return step;
        long done = step + 1 - _grid.WarmUpSteps;
        long sampled = (done + _grid.SampleSteps - 1) / _grid.SampleSteps * _grid.SampleSteps;
        long batch = ((done - 1) * Batches / _grid.MeasuredSteps) + 1, batchEnd = ((batch * _grid.MeasuredSteps) + Batches - 1) / Batches;
        return _grid.WarmUpSteps + Math.Min(sampled, batchEnd) - 1;
    }

    /// <summary>Arrivals since the end of the warm-up, per channel, summed over neurons.</summary>
    internal void AddArrivalTotals(long stepsDone)
    {
        if (ArrivalTotals.Count > 0 && ArrivalTotals[^1].Step == stepsDone) return;
        ArrivalTotals.Add((stepsDone, [.. Arrivals.Select(a => TensorPrimitives.Sum<double>(a))])); // exact: the counts are integers
    }

    /// <summary>Bytes that grow with the measured time: samples of the potential and spikes per bin.</summary>
    internal static double SeriesBytes(TimeGrid grid) =>
        (24.0 * grid.MeasuredSteps / grid.SampleSteps) + (4.0 * grid.MeasuredSteps / grid.RateBinSteps);

    /// <summary>Takes the potentials at the end of a step; refractory neurons are left out.</summary>
    /// <param name="step">The step.</param>
    /// <param name="potentials">Potentials relative to the population's reference (mV), padded to a multiple of 8.</param>
    /// <param name="lastSpike">Step of each neuron's last spike, padded alike; padding counts as refractory.</param>
    /// <exception cref="SimulationException">A potential is not a finite number.</exception>
    internal void Sample<T>(long step, ReadOnlySpan<T> potentials, ReadOnlySpan<int> lastSpike)
        where T : unmanaged, INumber<T>
    {
        Vector256<int> heldSince = Vector256.Create((int)(step - Population.RefractorySteps));
        Vector512<double> sums = default, squares = default, perBin = Vector512.Create(1 / _histogramBin);
        var low = Vector512.Create(_histogramLow - Population.Reference);
        int count = 0;
        Span<double> bins = stackalloc double[Lanes];
        for (int i = 0; i < Count; i += Lanes)
        {
            Vector256<int> free = Vector256.LessThanOrEqual(Vector256.Create(lastSpike.Slice(i, Lanes)), heldSince);
            if (free == default) continue;
            Vector512<double> mask = Widen(free).AsDouble(), v = Doubles(potentials.Slice(i, Lanes)) & mask;
            Vector512<double> square = v * v;
            sums += v;
            squares += square;
            Span<double> sum = PotentialSum.AsSpan(i, Lanes), sumSquares = PotentialSquares.AsSpan(i, Lanes);
            (Vector512.Create((ReadOnlySpan<double>)sum) + v).CopyTo(sum);
            (Vector512.Create((ReadOnlySpan<double>)sumSquares) + square).CopyTo(sumSquares);
            Span<int> samples = PotentialSamples.AsSpan(i, Lanes);
            (Vector256.Create((ReadOnlySpan<int>)samples) - free).CopyTo(samples); // a true lane is -1
            Vector512.Floor((v - low) * perBin).CopyTo(bins);
            for (uint lanes = free.ExtractMostSignificantBits(); lanes != 0; lanes &= lanes - 1)
            {
                double b = bins[BitOperations.TrailingZeroCount(lanes)];
                count++;
                if (b >= 0 && b < Histogram.Length) Histogram[(int)b]++;
                else OutsideHistogram++;
            }
        }

        double total = Vector512.Sum(sums);
        if (!double.IsFinite(total)) throw NotFinite(step, NotFiniteAt(potentials));
        Samples.Add(new PotentialSample(total, Vector512.Sum(squares), count));
    }

    /// <summary>Looks at all potentials after a step.</summary>
    /// <exception cref="SimulationException">One is not a finite number.</exception>
    internal void CheckFinite(long step, IObserved observed)
    {
        for (int i = 0; i < Count; i++)
        {
            if (!double.IsFinite(observed.Potential(i))) throw NotFinite(step, i);
        }
    }

    private static Vector512<double> Doubles<T>(ReadOnlySpan<T> potentials)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double)) return Vector512.Create(potentials).AsDouble();
        (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.Create(potentials).AsSingle());
        return Vector512.Create(lower, upper);
    }

    private static Vector512<long> Widen(Vector256<int> mask)
    {
        (Vector256<long> lower, Vector256<long> upper) = Vector256.Widen(mask);
        return Vector512.Create(lower, upper);
    }

    private static int NotFiniteAt<T>(ReadOnlySpan<T> potentials)
        where T : INumber<T>
    {
        int neuron = 0;
        while (neuron < potentials.Length - 1 && T.IsFinite(potentials[neuron])) neuron++;
        return neuron;
    }

    /// <summary>Ends the warm-up; a membrane that is not finite, or faster than the step, would make everything after it wrong.</summary>
    private void EndWarmUp(long step, IObserved observed)
    {
        CheckFinite(step, observed);
        double neuronTime = Count * _grid.WarmUpSteps * _grid.TimeStep;
        double tau = Population.TauAndMu(_grid.TimeStep, c => TensorPrimitives.Sum<double>(Arrivals[c]) / neuronTime).Tau;
        if (Population.IsOnGrid && tau < _grid.TimeStep)
        {
            throw new SimulationException(
                $"population '{Population.Source.Name}': during the warm-up the effective time constant was {tau * 1e3:G3} ms, which no step of dt = {_grid.TimeStep * 1e3:G3} ms can resolve; use dt below {0.1 * tau * 1e3:G2} ms");
        }

        foreach (double[] arrivals in Arrivals) Array.Clear(arrivals);
    }

    private SimulationException NotFinite(long step, int neuron) => new(
        $"at {(step + 1) * _grid.TimeStep:G6} s the membrane potential of neuron {First + neuron} of population '{Population.Source.Name}' is not a finite number");

    /// <summary>Potentials a neuron can reach: no conductance carries V beyond its reversal; currents can, so their range is generous.</summary>
    private static (double Low, double High) HistogramRange(LoweredPopulation population)
    {
        Neuron neuron = population.Source.Neuron;
        double[] reached = [.. FlowRules.Pulls(population)];
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
