using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// What a simulation will take, before anything is built: memory from the sizes of the arrays, time from the numbers of updates, arrivals and draws and the
/// measured cost of each.
/// </summary>
public sealed record CostEstimate
{
    // Nanoseconds on one core with 512-bit vectors, fitted to whole networks (benchmarks/README.md has the record and docs/engine.md the model): per neuron and step; per
    // synaptic event; per list of targets that a spike looks up, per spike, per shard and step, per sample of V; per synapse that is drawn.
    private const double UpdateNs = 0.38, ChannelNs = 0.1, ReservoirNs = 0.1, DoubleFactor = 3, DrawNs = 0.5;
    private const double EventNs = 0.5, CountedEventNs = 1.6, ListedEventNs = 2.5, ProceduralNs = 1.2;
    private const double LookUpNs = 25, SpikeNs = 150, StepNs = 250, SampleNs = 3, WiringNs = 40, OutDegreeNs = 250;

    /// <summary>The runtime and its libraries (bytes).</summary>
    private const double BaseBytes = 66e6;

    /// <summary>Per-neuron sums of the recorders (bytes).</summary>
    private const double StatisticsBytes = 96;

    /// <summary>Synapses that will be stored, on average over in-degree laws.</summary>
    public required double Synapses { get; init; }

    /// <summary>Bytes of wiring per synapse.</summary>
    public required double BytesPerSynapse { get; init; }

    /// <summary>Peak memory of the process up to the end of the simulation (bytes); drawing the report takes some tens of megabytes more.</summary>
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
        if (settings.Engine == Engine.Events) return EventCost.Of(network, rate, BaseBytes, StatisticsBytes);
        int threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        bool isProcedural = settings.Wiring == WiringStorage.Procedural;
        double steps = network.Grid.TotalSteps, time = steps * network.Grid.TimeStep, precision = settings.Precision == Precision.Double ? DoubleFactor : 1;
        double synapses = 0, wiringBytes = 0, stateBytes = 0, events = 0, inputs = 0, loopNs = 0, buildNs = 0;
        IReadOnlyList<ShardPlan.Piece> plan = ShardPlan.Of(network, threads);
        foreach (LoweredPopulation population in network.Populations)
        {
            int shards = plan.Count(p => p.Population == population), reservoirs = population.Channels.Count(c => c.HasReservoir);
            double size = population.Source.Size, channels = population.Channels.Count;
            double draws = population.Inputs.Sum(i => Math.Max(1, Math.Ceiling(i.InDegree.Mean(0) * i.MeanPerUnit / PoissonTable.LargestPart)));
            double samples = (double)network.Grid.MeasuredSteps / network.Grid.SampleSteps;
            loopNs += (steps * ((size * ((precision * (UpdateNs + (channels * ChannelNs) + (reservoirs * ReservoirNs))) + (draws * DrawNs))) + (shards * StepNs)))
                + (size * samples * SampleNs) + (rate(population.Source.Name) * size * time * SpikeNs);
            stateBytes += (shards * ShardStatistics.SeriesBytes(network.Grid))
                + (size * (sizeof(int) + Membrane.BytesPerNeuron(population, settings.Precision) + (channels * (sizeof(double) + (2 * sizeof(ushort)))) + StatisticsBytes));
            if (network.QueuesAreDense) stateBytes += size * population.QueuedSteps.Sum(q => q > 0 ? DelayQueue.SlotsFor(q) * (double)sizeof(ushort) : 0);
            foreach (Route route in population.Routes)
            {
                double stored = size * route.Projection.InDegree.Mean(route.SourceSize), lists = (double)shards * route.SourceSize * route.Groups;
                synapses += stored;
                wiringBytes += (isProcedural ? 0 : stored * StoredWiring.BytesPerSynapse(route)) + (sizeof(uint) * lists);
                buildNs += isProcedural ? shards * (double)route.SourceSize * OutDegreeNs : stored * WiringNs;
                double sourceRate = route.SourcePopulation >= 0
                    ? rate(model.Populations[route.SourcePopulation].Name)
                    : model.Inputs[network.Pools[route.SourcePool].Index].Rate;
                double arrivals = stored * sourceRate * time;
                if (route.SourcePopulation >= 0) events += arrivals;
                else inputs += arrivals;
                bool isQueued = route.DelayValues > 1;
                if (isQueued && !network.QueuesAreDense)
                    stateBytes += stored * sourceRate * (route.ShortestDelay + route.LongestDelay) / 2 * network.Grid.TimeStep * sizeof(ushort);
                loopNs += (arrivals * ((!isQueued ? EventNs : network.QueuesAreDense ? CountedEventNs : ListedEventNs) + (isProcedural ? ProceduralNs : 0)))
                    + (lists * sourceRate * time * LookUpNs);
            }

            foreach (PrivateInput input in population.Inputs) inputs += steps * size * input.InDegree.Mean(0) * input.MeanPerUnit;
        }

        double workers = Math.Min(threads, plan.Select(p => p.Owner).Distinct().Count());
        return new CostEstimate
        {
            Synapses = synapses,
            BytesPerSynapse = synapses > 0 ? wiringBytes / synapses : 0,
            MemoryBytes = BaseBytes + wiringBytes + stateBytes,
            NeuronUpdates = steps * model.Size,
            SynapticEvents = events,
            InputEvents = inputs,
            BuildSeconds = buildNs * 1e-9 / workers,
            SimulationSeconds = loopNs * 1e-9 / workers,
        };
    }
}
