using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>Membrane potentials of one neuron.</summary>
/// <param name="Neuron">Index within the population.</param>
/// <param name="Time">Times (s).</param>
/// <param name="Voltage">Potentials (mV) at those times; during refractoriness the reset.</param>
/// <param name="Spikes">Times of its spikes (s) in the window.</param>
public sealed record VoltageTrace(int Neuron, IReadOnlyList<double> Time, IReadOnlyList<double> Voltage, IReadOnlyList<double> Spikes);

/// <summary>What a simulation measures of one population beyond <see cref="PopulationObservables"/>.</summary>
public sealed record PopulationRecord
{
    /// <summary>Name of the population.</summary>
    public required string Population { get; init; }

    /// <summary>Rate of every neuron (Hz).</summary>
    public required IReadOnlyList<double> NeuronRates { get; init; }

    /// <summary>CV of the interspike intervals of every neuron; NaN where a neuron has too few intervals.</summary>
    public required IReadOnlyList<double> NeuronCvs { get; init; }

    /// <summary>Population rate (Hz) in consecutive bins of <see cref="SimulationRecord.RateBin"/> from the end of the warm-up.</summary>
    public required IReadOnlyList<double> RateSeries { get; init; }

    /// <summary>Variance over mean of the population's spike counts in those bins: 1 for independent Poisson neurons, of order N when synchronous.</summary>
    public required double CountFanoFactor { get; init; }

    /// <summary>
    /// Voltage synchrony chi: standard deviation of the population-averaged potential over the root mean square of the neurons' own;
    /// about 1/sqrt(N) when asynchronous, 1 when fully synchronous. NaN for a single neuron.
    /// </summary>
    public required double VoltageSynchrony { get; init; }

    /// <summary>Traces of the first few neurons.</summary>
    public required IReadOnlyList<VoltageTrace> Traces { get; init; }

    /// <summary>Raster: times (s) of spikes of the first neurons, parallel to <see cref="RasterNeurons"/>.</summary>
    public required IReadOnlyList<double> RasterTimes { get; init; }

    /// <summary>Raster: index within the population of the neuron that fired.</summary>
    public required IReadOnlyList<int> RasterNeurons { get; init; }
}

/// <summary>What it took.</summary>
public sealed record SimulationCounters
{
    /// <summary>Steps done, warm-up included.</summary>
    public long Steps { get; init; }

    /// <summary>Membrane updates.</summary>
    public long NeuronUpdates { get; init; }

    /// <summary>Spikes times their recurrent synapses.</summary>
    public long SynapticEvents { get; init; }

    /// <summary>Arrivals from external inputs.</summary>
    public long InputEvents { get; init; }

    /// <summary>Stored synapses, those from pools included.</summary>
    public long Synapses { get; init; }

    /// <summary>Bytes of stored wiring per synapse.</summary>
    public double BytesPerSynapse { get; init; }

    /// <summary>The exchange of spikes between ranks, as rank 0 saw it; null where one process did everything.</summary>
    public ExchangeCounters? Exchange { get; init; }
}

/// <summary>What the exchange of spikes between ranks took on one of them.</summary>
/// <param name="Ranks">Ranks.</param>
/// <param name="Exchanges">Exchanges: one an epoch.</param>
/// <param name="BytesSent">Bytes that the rank sent to every other.</param>
/// <param name="BytesReceived">Bytes that it received.</param>
/// <param name="WaitSeconds">Time until all ranks were there and had told their numbers of bytes (s): imbalance and latency.</param>
/// <param name="TransferSeconds">Time of exchanging the bytes (s).</param>
/// <param name="CodingSeconds">Time of turning spikes into bytes and back (s).</param>
public sealed record ExchangeCounters(
    int Ranks, long Exchanges, long BytesSent, long BytesReceived, double WaitSeconds, double TransferSeconds, double CodingSeconds);

/// <summary>Everything a simulation measured.</summary>
public sealed record SimulationRecord
{
    /// <summary>The quantities that a theory predicts too.</summary>
    public required Observables Observables { get; init; }

    /// <summary>The rest, one entry per population.</summary>
    public required IReadOnlyList<PopulationRecord> Populations { get; init; }

    /// <summary>Start of the measured window (s): the warm-up.</summary>
    public required double Start { get; init; }

    /// <summary>Measured time (s); shorter than asked when the run was stopped.</summary>
    public required double Duration { get; init; }

    /// <summary>Width (s) of the bins of the population rates.</summary>
    public required double RateBin { get; init; }

    /// <summary>Spikes fired, warm-up included.</summary>
    public required long Spikes { get; init; }

    /// <summary>SHA-256 over (step, neuron) of every spike in order, warm-up included: equal hashes mean equal runs.</summary>
    public required string SpikesSha256 { get; init; }

    /// <summary>What it took.</summary>
    public required SimulationCounters Counters { get; init; }

    /// <summary>False when the run was stopped before its end.</summary>
    public required bool Complete { get; init; }

    /// <summary>What the reader should know before trusting a number, with the numbers behind it.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
