using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// What a simulation will take, before anything is built: memory from the sizes of the arrays, time from the numbers of updates, arrivals and draws and the
/// measured cost of each.
/// </summary>
public sealed record CostEstimate
{
    // Nanoseconds on one core, measured by benchmarks/ (kernels) and, for events that miss the cache, on whole networks; benchmarks/README.md has the record.
    private const double UpdateNs = 2.2, ChannelNs = 0.9, DrawNs = 2.5, EventNs = 3.5, DelayedEventNs = 9, WiringNs = 50;

    /// <summary>The runtime, its libraries and the drawing of the report (bytes).</summary>
    private const double BaseBytes = 100e6;

    /// <summary>Per-neuron sums of the recorders (bytes).</summary>
    private const double StatisticsBytes = 92;

    /// <summary>Synapses that will be stored, on average over in-degree laws.</summary>
    public required double Synapses { get; init; }

    /// <summary>Bytes of stored wiring per synapse.</summary>
    public required double BytesPerSynapse { get; init; }

    /// <summary>Peak memory of the process (bytes).</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Membrane updates.</summary>
    public required double NeuronUpdates { get; init; }

    /// <summary>Spikes times their synapses, at the given rates.</summary>
    public required double SynapticEvents { get; init; }

    /// <summary>Arrivals from external inputs.</summary>
    public required double InputEvents { get; init; }

    /// <summary>Wall time of wiring the network (s).</summary>
    public required double BuildSeconds { get; init; }

    /// <summary>Wall time of the simulation loop (s).</summary>
    public required double SimulationSeconds { get; init; }

    /// <summary>Estimates a run.</summary>
    /// <param name="model">The network.</param>
    /// <param name="settings">How it will be simulated.</param>
    /// <param name="rate">Expected rate (Hz) of a population, by name; theory's prediction, usually.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    public static CostEstimate Of(NetworkModel model, SimulationSettings settings, Func<string, double> rate)
    {
        var network = new LoweredNetwork(model, settings);
        int threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        double steps = network.Grid.TotalSteps, time = steps * network.Grid.TimeStep;
        IReadOnlyList<ShardPlan.Piece> plan = ShardPlan.Of(network, threads);
        double synapses = 0, wiringBytes = 0, stateBytes = 0, events = 0, inputs = 0, loopNs = 0, shards = 0;
        foreach (LoweredPopulation population in network.Populations)
        {
            int populationShards = plan.Count(p => p.Population == population);
            shards += populationShards;
            stateBytes += populationShards * ShardStatistics.SeriesBytes(network.Grid);
            double size = population.Source.Size, channels = population.Channels.Count;
            loopNs += steps * size * (UpdateNs + (channels * ChannelNs) + (population.Inputs.Count * DrawNs));
            stateBytes += size * (12 + (channels * 8) + (population.Channels.Count(c => c.HasReservoir) * 8) + 4 + StatisticsBytes);
            foreach (Route route in population.Routes)
            {
                double stored = size * route.Projection.InDegree.Mean(route.SourceSize);
                bool delayed = route.DelayValues > 1;
                synapses += stored;
                wiringBytes += (stored * (2 + (route.DelayValues > 256 ? 2 : delayed ? 1 : 0))) + (8.0 * (route.SourceSize + 1) * populationShards);
                double sourceRate = route.SourcePopulation >= 0
                    ? rate(model.Populations[route.SourcePopulation].Name)
                    : model.Inputs[network.Pools[route.SourcePool].Index].Rate;
                double arrivals = stored * sourceRate * time;
                if (route.SourcePopulation >= 0) events += arrivals;
                else inputs += arrivals;
                loopNs += arrivals * (delayed ? DelayedEventNs : EventNs);
            }

            foreach (PrivateInput input in population.Inputs) inputs += steps * size * input.InDegree.Mean(0) * input.MeanPerUnit;
        }

        double workers = Math.Min(threads, shards);
        return new CostEstimate
        {
            Synapses = synapses,
            BytesPerSynapse = synapses > 0 ? wiringBytes / synapses : 0,
            MemoryBytes = BaseBytes + wiringBytes + stateBytes,
            NeuronUpdates = steps * model.Size,
            SynapticEvents = events,
            InputEvents = inputs,
            BuildSeconds = synapses * WiringNs * 1e-9 / workers,
            SimulationSeconds = loopNs * 1e-9 / workers,
        };
    }
}
