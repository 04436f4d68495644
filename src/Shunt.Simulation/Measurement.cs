using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>Turns the shards' sums into observables with errors.</summary>
internal sealed class Measurement
{
    /// <summary>Intervals a neuron needs for its CV to count.</summary>
    private const int LeastIntervals = 20;

    /// <summary>Batches for standard errors of time averages: long against correlation times, enough for the error of the error.</summary>
    private const int Batches = ShardStatistics.Batches;

    private const double QuiescentRate = 1e-3;
    private readonly LoweredNetwork _network;
    private readonly ShardStatistics[] _shards;
    private readonly TimeGrid _grid;
    private readonly long _stepsDone;
    private readonly double _duration;
    private readonly List<string> _warnings = [];

    internal Measurement(LoweredNetwork network, ShardStatistics[] shards, long stepsDone)
    {
        _network = network;
        _shards = shards;
        _grid = network.Grid;
        _stepsDone = stepsDone;
        _duration = Math.Max(0, stepsDone - _grid.WarmUpSteps) * _grid.TimeStep;
    }

    internal SimulationRecord Record(long spikes, string hash, SimulationCounters counters)
    {
        var observables = new List<PopulationObservables>();
        var records = new List<PopulationRecord>();
        if (_duration <= 0) _warnings.Add($"the run stopped at {_stepsDone * _grid.TimeStep:G4} s, before the end of the warm-up: nothing was measured");
        foreach (ShardStatistics shard in _shards) shard.AddArrivalTotals(_stepsDone);
        foreach (LoweredPopulation population in _network.Populations)
        {
            var measured = new PopulationMeasurement(this, population, [.. _shards.Where(s => s.Population == population)]);
            observables.Add(measured.Observables());
            records.Add(measured.Record());
        }

        return new SimulationRecord
        {
            Observables = new Observables(observables),
            Populations = records,
            Start = _grid.WarmUpSteps * _grid.TimeStep,
            Duration = _duration,
            RateBin = _grid.RateBinSteps * _grid.TimeStep,
            Spikes = spikes,
            SpikesSha256 = hash,
            Complete = _stepsDone == _grid.TotalSteps,
            Warnings = _warnings,
            Counters = counters,
        };
    }

    /// <summary>A value with the standard error of the mean of independent parts: batches of time, or neurons.</summary>
    private static Estimate WithError(double value, IReadOnlyList<double> parts)
    {
        if (parts.Count < 2) return new Estimate(value);
        double mean = parts.Average();
        double error = Math.Sqrt(parts.Sum(p => (p - mean) * (p - mean)) / (parts.Count - 1) / parts.Count);
        return new Estimate(value, error > 1e-13 * Math.Abs(value) ? error : 0); // below that the parts differ by rounding only
    }

    private sealed class PopulationMeasurement(Measurement run, LoweredPopulation population, ShardStatistics[] shards)
    {
        private readonly int _size = population.Source.Size;
        private readonly double _dt = run._grid.TimeStep;
        private readonly double[] _rates = [.. shards.SelectMany(s => s.SpikeCount).Select(n => n / run._duration)];
        private readonly double[] _cvs = [.. shards.SelectMany(s => s.Intervals).Select(i => i.Count < LeastIntervals ? double.NaN : i.Cv)];
        private readonly int[] _bins = SumBins(shards, (int)(Math.Max(0, run._stepsDone - run._grid.WarmUpSteps) / run._grid.RateBinSteps));

        private readonly Lazy<(Estimate Mean, Estimate Sd)> _potential = new(() => Potential(shards));

        internal PopulationObservables Observables()
        {
            if (run._duration <= 0) return new PopulationObservables { Population = population.Source.Name };
            (Estimate tau, Estimate mu) = Conductances();
            (Estimate mean, Estimate sd) = _potential.Value;
            Estimate rate = Rate();
            WarnOfDrift(rate);
            double quiescent = (double)_rates.Count(r => r < QuiescentRate) / _size;
            double byChance = Math.Exp(-rate.Value * run._duration);
            if (quiescent > 0 && byChance is > 1e-3 and < 0.999)
            {
                run._warnings.Add(
                    $"population {population.Source.Name}: the quiescent fraction counts neurons that did not fire in {run._duration:G4} s; {byChance * 100:G2} % of neurons that all fire at the mean rate would be among them");
            }

            return new PopulationObservables
            {
                Population = population.Source.Name,
                Rate = rate,
                RateSd = RateSd(),
                CvIsi = Cv(),
                MeanV = mean,
                SdV = sd,
                Tau = tau,
                Mu = mu,
                QuiescentFraction = new Estimate(quiescent, Math.Sqrt(quiescent * (1 - quiescent) / _size)),
                Density = Density(),
            };
        }

        internal PopulationRecord Record()
        {
            (double Time, int Neuron)[] raster = [.. Raster()];
            return new PopulationRecord
            {
                Population = population.Source.Name,
                NeuronRates = run._duration > 0 ? _rates : [],
                NeuronCvs = run._duration > 0 ? _cvs : [],
                RateSeries = [.. _bins.Select(n => n / (run._grid.RateBinSteps * _dt * _size))],
                CountFanoFactor = Fano(),
                VoltageSynchrony = VoltageSynchrony(),
                Traces = [.. shards.SelectMany(Traces)],
                RasterTimes = [.. raster.Select(r => r.Time * _dt)],
                RasterNeurons = [.. raster.Select(r => r.Neuron)],
            };
        }

        private Estimate Rate()
        {
            double binTime = run._grid.RateBinSteps * _dt;
            double[] batches = [.. Batched(_bins.Length).Select(b => _bins[b].Sum(n => (long)n) / (_size * binTime * (b.End.Value - b.Start.Value)))];
            return WithError(_rates.Average(), batches);
        }

        /// <summary>
        /// SD over neurons of their long-run rates. Counts of the two halves share nothing but the rate, so their covariance over neurons is its variance,
        /// without that of the counts.
        /// </summary>
        private Estimate RateSd()
        {
            long steps = run._grid.MeasuredSteps;
            if (run._stepsDone != run._grid.TotalSteps || _size < 2 || steps < 2) return Estimate.Unknown; // an interrupted run has no second half
            double first = steps / 2 * _dt, second = (steps - (steps / 2)) * _dt;
            double[] early = [.. shards.SelectMany(s => s.SpikesInFirstHalf).Select(n => n / first)];
            double[] late = [.. shards.SelectMany(s => s.SpikeCount.Zip(s.SpikesInFirstHalf, (n, f) => (n - f) / second))];
            double earlyMean = early.Average(), lateMean = late.Average();
            double Moment(Func<int, double> of) => Enumerable.Range(0, _size).Sum(of) / (_size - 1);
            double covariance = Moment(i => (early[i] - earlyMean) * (late[i] - lateMean));
            double squares = Moment(i => Math.Pow((early[i] - earlyMean) * (late[i] - lateMean), 2));
            double error = Math.Sqrt(Math.Max(0, squares - (covariance * covariance)) / _size), variance = Math.Max(0, covariance);
            double sd = Math.Sqrt(variance);
            return new Estimate(sd, error > 0 ? error / (sd + Math.Sqrt(variance + error)) : 0); // error/(2 sd), and finite without spread
        }

        /// <summary>
        /// Mean CV over the neurons with enough intervals. A CV from few intervals is too low, because the sample CV is biased and because a finite window misses long
        /// intervals; both errors fall as one over the length of the window, so twice the CV of the whole window minus the mean of its halves is free of them.
        /// </summary>
        private Estimate Cv()
        {
            double[] known = [.. shards.SelectMany(s => ExtrapolatedCvs(s)).Where(cv => !double.IsNaN(cv))];
            if (known.Length == 0)
            {
                run._warnings.Add(
                    $"population {population.Source.Name}: no neuron had {LeastIntervals} interspike intervals in {run._duration:G4} s, so there is no CV; simulate longer");
                return Estimate.Unknown;
            }

            if (known.Length < 0.9 * _size)
            {
                run._warnings.Add(
                    $"population {population.Source.Name}: the CV is the mean over the {known.Length} of {_size} neurons with at least {LeastIntervals} intervals, the faster ones; simulate longer");
            }

            return WithError(known.Average(), known);
        }

        private IEnumerable<double> ExtrapolatedCvs(ShardStatistics statistics)
        {
            // An interrupted run has no second half; its CV stays as it was measured.
            bool hasHalves = run._stepsDone == run._grid.TotalSteps;
            for (int i = 0; i < statistics.Intervals.Length; i++)
            {
                if (statistics.Intervals[i].Count < LeastIntervals)
                {
                    yield return double.NaN;
                    continue;
                }

                double whole = statistics.Intervals[i].Cv, halves = (statistics.IntervalsInHalf[0][i].Cv + statistics.IntervalsInHalf[1][i].Cv) / 2;
                yield return hasHalves && !double.IsNaN(halves) ? (2 * whole) - halves : whole;
            }
        }

        /// <summary>Mean over neurons and time; SD in time, the root mean over neurons of each neuron's variance.</summary>
        private static (Estimate Mean, Estimate Sd) Potential(ShardStatistics[] shards)
        {
            double sum = 0, count = 0, variance = 0, neurons = 0, reference = shards[0].Population.Reference;
            foreach (ShardStatistics s in shards)
            {
                for (int i = 0; i < s.PotentialSamples.Length; i++)
                {
                    int n = s.PotentialSamples[i];
                    if (n < 2) continue;
                    double mean = s.PotentialSum[i] / n;
                    sum += s.PotentialSum[i];
                    count += n;
                    variance += Math.Max(0, (s.PotentialSquares[i] / n) - (mean * mean));
                    neurons++;
                }
            }

            if (count == 0) return (Estimate.Unknown, Estimate.Unknown);
            var means = new List<double>();
            var deviations = new List<double>();
            foreach (Range batch in Batched(shards.Min(s => s.Samples.Count)))
            {
                double batchSum = 0, batchSquares = 0, batchCount = 0;
                foreach (ShardStatistics shard in shards)
                {
                    for (int k = batch.Start.Value; k < batch.End.Value; k++)
                    {
                        ShardStatistics.PotentialSample sample = shard.Samples[k];
                        batchSum += sample.Sum;
                        batchSquares += sample.Squares;
                        batchCount += sample.Count;
                    }
                }

                if (batchCount == 0) continue;
                double mean = batchSum / batchCount;
                means.Add(reference + mean);
                deviations.Add(Math.Sqrt(Math.Max(0, (batchSquares / batchCount) - (mean * mean))));
            }

            return (WithError(reference + (sum / count), means), WithError(Math.Sqrt(variance / neurons), deviations));
        }

        /// <summary>tau and mu (Eq. 5) as each neuron saw them: from the arrivals it received, averaged over time, then over neurons.</summary>
        private (Estimate Tau, Estimate Mu) Conductances()
        {
            double tau = 0, mu = 0;
            foreach (ShardStatistics shard in shards)
            {
                for (int i = 0; i < shard.Count; i++)
                {
                    (double t, double m) = population.TauAndMu(_dt, c => ArrivalRate(shard, c, i));
                    tau += t;
                    mu += m;
                }
            }

            var taus = new List<double>();
            var mus = new List<double>();
            int totals = shards.Min(s => s.ArrivalTotals.Count);
            for (int b = 0; b < totals; b++)
            {
                long from = b == 0 ? run._grid.WarmUpSteps : shards[0].ArrivalTotals[b - 1].Step;
                double time = (shards[0].ArrivalTotals[b].Step - from) * _dt;
                int batch = b;
                (double t, double m) = population.TauAndMu(_dt, c =>
                    shards.Sum(s => s.ArrivalTotals[batch].Arrivals[c] - (batch == 0 ? 0 : s.ArrivalTotals[batch - 1].Arrivals[c])) / time / _size);
                taus.Add(t);
                mus.Add(m);
            }

            WarnOfStep(tau / _size);
            return (WithError(tau / _size, taus), WithError(mu / _size, mus));
        }

        private double ArrivalRate(ShardStatistics shard, int channel, int neuron) => shard.Arrivals[channel][neuron] / run._duration;

        private MembraneDensity? Density()
        {
            int bins = shards[0].Histogram.Length;
            long[] counts = new long[bins];
            long below = shards.Sum(s => s.OutsideHistogram);
            foreach (ShardStatistics shard in shards)
            {
                for (int b = 0; b < bins; b++) counts[b] += shard.Histogram[b];
            }

            long kept = counts.Sum();
            if (below > 0)
            {
                run._warnings.Add(
                    $"population {population.Source.Name}: {below} of {kept + below} samples of V lie outside the histogram, which starts at {shards[0].HistogramLow:G4} mV");
            }

            if (kept == 0) return null;
            int first = Array.FindIndex(counts, n => n > 0), last = Array.FindLastIndex(counts, n => n > 0);
            double width = run._network.Settings.HistogramBin, samples = (double)shards.Sum(s => (long)s.Samples.Count * s.Count);
            return new MembraneDensity(
                [.. Enumerable.Range(first, last - first + 1).Select(b => shards[0].HistogramLow + ((b + 0.5) * width))],
                [.. Enumerable.Range(first, last - first + 1).Select(b => counts[b] / samples / width)]);
        }

        private double Fano()
        {
            if (_bins.Length < 2) return double.NaN;
            double mean = _bins.Average();
            return mean > 0 ? _bins.Sum(n => (n - mean) * (n - mean)) / (_bins.Length - 1) / mean : double.NaN;
        }

        private double VoltageSynchrony()
        {
            int samples = shards.Min(s => s.Samples.Count);
            double sd = _potential.Value.Sd.Value;
            if (_size < 2 || samples < 2 || !(sd > 0)) return double.NaN;
            double[] means = new double[samples];
            for (int k = 0; k < samples; k++)
                means[k] = shards.Sum(s => s.Samples[k].Sum) / Math.Max(1, shards.Sum(s => s.Samples[k].Count));
            double mean = means.Average();
            return Math.Sqrt(means.Sum(m => (m - mean) * (m - mean)) / (samples - 1)) / sd;
        }

        /// <summary>What a step does not resolve, it gets wrong: the membrane, or the course of a synaptic conductance, whose integral alone is exact.</summary>
        private void WarnOfStep(double tau)
        {
            if (!population.IsOnGrid) return;
            if (_dt > 0.1 * tau)
            {
                run._warnings.Add(
                    $"population {population.Source.Name}: dt = {_dt * 1e3:G3} ms does not resolve the effective time constant, {tau * 1e3:G3} ms; use dt below {tau * 1e2:G2} ms");
            }

            double[] synaptic = [.. population.Channels.Where(c => c.HasReservoir).Select(c => c.TimeConstant)];
            if (synaptic.Length > 0 && _dt > 0.2 * synaptic.Min() * (1 + 1e-9))
            {
                run._warnings.Add(
                    $"population {population.Source.Name}: dt = {_dt * 1e3:G3} ms does not resolve the synaptic time constant, {synaptic.Min() * 1e3:G3} ms; use dt of {synaptic.Min() * 200:G2} ms or less");
            }
        }

        private void WarnOfDrift(Estimate rate)
        {
            if (_bins.Length < 2 * Batches) return;
            double half = _bins.Length / 2 * run._grid.RateBinSteps * _dt * _size;
            double first = _bins[..(_bins.Length / 2)].Sum(n => (long)n) / half, second = _bins[^(_bins.Length / 2)..].Sum(n => (long)n) / half;
            // Each half has twice the variance of the whole: their difference has standard deviation 2 SE.
            if (Math.Abs(first - second) <= Math.Max(4 * 2 * rate.StandardError, 0.05 * rate.Value)) return;
            run._warnings.Add(
                $"population {population.Source.Name}: the rate drifts, {first:G4} Hz in the first half and {second:G4} Hz in the second; a longer warm-up may be needed");
        }

        private IEnumerable<VoltageTrace> Traces(ShardStatistics statistics)
        {
            double start = run._grid.WarmUpSteps * _dt;
            for (int i = 0; i < statistics.Traced.Length; i++)
            {
                yield return new VoltageTrace(
                    statistics.First + statistics.Traced[i],
                    [.. Enumerable.Range(1, statistics.Traces[i].Count).Select(k => start + (k * _dt))],
                    statistics.Traces[i],
                    [.. statistics.TracedSpikes[i].Select(time => time * _dt)]);
            }
        }

        private IEnumerable<(double Time, int Neuron)> Raster() => shards
            .SelectMany(s => s.Raster.Select(r => (r.Time, Neuron: s.First + r.Neuron)))
            .OrderBy(r => r.Time).ThenBy(r => r.Neuron);

        private static int[] SumBins(ShardStatistics[] shards, int bins)
        {
            int[] sum = new int[bins];
            foreach (ShardStatistics shard in shards)
            {
                for (int b = 0; b < bins; b++) sum[b] += shard.SpikesPerBin[b];
            }

            return sum;
        }

        private static IEnumerable<Range> Batched(int count)
        {
            for (int b = 0; b < Batches && count >= Batches; b++) yield return (int)((long)count * b / Batches)..(int)((long)count * (b + 1) / Batches);
        }
    }
}
