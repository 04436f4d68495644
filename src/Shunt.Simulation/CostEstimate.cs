using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// What a simulation will take, before anything is built: memory from the sizes of the arrays, time from the numbers of updates, arrivals and draws and the
/// measured cost of each.
/// </summary>
public sealed record CostEstimate
{
    // Nanoseconds on one core with AVX-512, fitted to whole networks (benchmarks/README.md has the record and docs/engine.md the model): per neuron and step; per
    // synaptic event; per list of targets that a spike looks up, per spike, per shard and step, per sample of V; per synapse that is drawn.
    private const double UpdateNs = 0.38, ChannelNs = 0.1, ReservoirNs = 0.1, DoubleFactor = 3, DrawNs = 0.5;
    private const double EventNs = 0.5, CountedEventNs = 1.6, ListedEventNs = 2.5, ProceduralNs = 1.2;
    private const double LookUpNs = 25, SpikeNs = 150, StepNs = 250, SampleNs = 3, WiringNs = 40, OutDegreeNs = 250;

    // The same where the index of the lists is larger than the caches, to lists that are delivered at once and to those whose targets go into lists again.
    private const double FarIndexBytes = 8e6, FarLookUpNs = 40, FarListedLookUpNs = 95;

    // The same for what ranks add: per spike that is sent, received, and whose synapses are counted; per step and part of a population that is sent and received; per exchange; per spike on
    // rank 0, which puts all in order.
    private const double SendNs = 7, ReceiveNs = 4, CountNs = 13, SendStepNs = 40, ReceiveStepNs = 8, ExchangeNs = 300, OrderNs = 20;

    // A cluster's network, where it is not measured: for each of the stages in which a collective call doubles its reach, and for each byte that a rank receives.
    private const double StageNs = 2000, ByteNs = 0.2;

    /// <summary>The runtime and its libraries (bytes).</summary>
    private const double BaseBytes = 66e6;

    /// <summary>Per-neuron sums of the recorders (bytes).</summary>
    private const double StatisticsBytes = 96;

    /// <summary>Synapses that will be stored, on average over in-degree laws.</summary>
    public required double Synapses { get; init; }

    /// <summary>Bytes of wiring per synapse.</summary>
    public required double BytesPerSynapse { get; init; }

    /// <summary>
    /// Peak memory of the process up to the end of the simulation (bytes); drawing the report takes some tens of megabytes more. With ranks, of the one that takes most.
    /// </summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Membrane updates.</summary>
    public required double NeuronUpdates { get; init; }

    /// <summary>Spikes times their synapses, at the given rates.</summary>
    public required double SynapticEvents { get; init; }

    /// <summary>Arrivals from external inputs.</summary>
    public required double InputEvents { get; init; }

    /// <summary>Wall time of wiring the network (s).</summary>
    public required double BuildSeconds { get; init; }

    /// <summary>Wall time of the simulation loop (s), exchange included.</summary>
    public required double SimulationSeconds { get; init; }

    /// <summary>What ranks exchange; null for one process.</summary>
    public ExchangeEstimate? Exchange { get; init; }

    /// <summary>Estimates a run.</summary>
    /// <param name="model">The network.</param>
    /// <param name="settings">How it will be simulated.</param>
    /// <param name="rate">Expected rate (Hz) of a population, by name; theory's prediction, usually.</param>
    /// <param name="ranks">Processes that share the network.</param>
    /// <param name="rank">The rank whose memory and times are asked for; null for the largest of all.</param>
    /// <exception cref="SimulationException">The settings do not fit the model.</exception>
    public static CostEstimate Of(NetworkModel model, SimulationSettings settings, Func<string, double> rate, int ranks = 1, int? rank = null)
    {
        var network = new LoweredNetwork(model, settings);
        if (settings.Engine == Engine.Events) return EventCost.Of(network, rate, BaseBytes, StatisticsBytes);
        ShardPlan.Slice[][] slices = ShardPlan.OfRanks(network, ranks);
        Share[] shares = [.. slices.Select(s => Share.Of(network, s, rate))];
        double steps = network.Grid.TotalSteps, exchanges = Math.Ceiling(steps / network.EpochSteps);
        double synapses = shares.Sum(s => s.Synapses), allBytes = shares.Sum(s => s.BytesSent), allSpikes = shares.Sum(s => s.Spikes), parts = slices.Sum(s => s.Length);
        ExchangeEstimate[] exchange =
        [
            .. shares.Select((share, r) => new ExchangeEstimate(
                ranks, exchanges, share.BytesSent, allBytes - share.BytesSent,
                1e-9 * ((share.Spikes * SendNs) + ((allSpikes - share.Spikes) * ReceiveNs) + (steps * ((slices[r].Length * SendStepNs) + ((parts - slices[r].Length) * ReceiveStepNs)))
                    + (exchanges * ExchangeNs)),
                1e-9 * ((2 * exchanges * Math.Ceiling(Math.Log2(ranks)) * StageNs) + ((allBytes - share.BytesSent) * ByteNs)))),
        ];
        // A single process exchanges nothing.
        double Loop(int r) => shares[r].LoopSeconds
            + (ranks > 1 ? exchange[r].CodingSeconds + exchange[r].NetworkSeconds + (1e-9 * (allSpikes - shares[r].Spikes) * (CountNs + (r == 0 ? OrderNs : 0))) : 0);
        int slowest = rank ?? Enumerable.Range(0, ranks).MaxBy(Loop);
        double Largest(Func<Share, double> of) => rank is { } one ? of(shares[one]) : shares.Max(of);
        // Every rank keeps, of all neurons, how many synapses they have on it, and the spikes of the last epochs in arrays that grow and leave smaller ones behind.
        double kept = allSpikes / steps * network.EpochSteps * network.HistoryEpochs;
        double others = ranks > 1 ? sizeof(int) * (model.Size + (4 * kept)) : 0;
        return new CostEstimate
        {
            Synapses = synapses,
            BytesPerSynapse = synapses > 0 ? shares.Sum(s => s.WiringBytes) / synapses : 0,
            MemoryBytes = BaseBytes + others + Largest(s => s.WiringBytes + s.StateBytes),
            NeuronUpdates = steps * model.Size,
            SynapticEvents = shares.Sum(s => s.SynapticEvents),
            InputEvents = shares.Sum(s => s.InputEvents),
            BuildSeconds = Largest(s => s.BuildSeconds),
            SimulationSeconds = Loop(slowest),
            Exchange = ranks > 1 ? exchange[slowest] : null,
        };
    }

    /// <summary>What one rank takes.</summary>
    private sealed record Share(
        double Synapses, double WiringBytes, double StateBytes, double SynapticEvents, double InputEvents, double Spikes, double BytesSent, double BuildSeconds, double LoopSeconds)
    {
        internal static Share Of(LoweredNetwork network, ShardPlan.Slice[] slices, Func<string, double> rate)
        {
            NetworkModel model = network.Model;
            SimulationSettings settings = network.Settings;
            int threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
            bool isProcedural = settings.Wiring == WiringStorage.Procedural;
            double steps = network.Grid.TotalSteps, time = steps * network.Grid.TimeStep, precision = settings.Precision == Precision.Double ? DoubleFactor : 1;
            double synapses = 0, wiringBytes = 0, stateBytes = 0, events = 0, inputs = 0, loopNs = 0, buildNs = 0, spikes = 0, sent = 0;
            IReadOnlyList<ShardPlan.Piece> plan = ShardPlan.Of(network, slices, threads);
            foreach ((LoweredPopulation population, double size) in slices.Select(s => (s.Population, (double)s.Count)))
            {
                int shards = plan.Count(p => p.Population == population), reservoirs = population.Channels.Count(c => c.HasReservoir);
                double channels = population.Channels.Count, ownRate = rate(population.Source.Name), fired = ownRate * size * time;
                double draws = population.Inputs.Sum(i => Math.Max(1, Math.Ceiling(i.InDegree.Mean(0) * i.MeanPerUnit / PoissonTable.LargestPart)));
                double samples = (double)network.Grid.MeasuredSteps / network.Grid.SampleSteps;
                spikes += fired;
                sent += steps + (fired * BytesPerSpike(ownRate * network.Grid.TimeStep));
                loopNs += (steps * ((size * ((precision * (UpdateNs + (channels * ChannelNs) + (reservoirs * ReservoirNs))) + (draws * DrawNs))) + (shards * StepNs)))
                    + (size * samples * SampleNs) + (fired * SpikeNs);
                stateBytes += (shards * ShardStatistics.SeriesBytes(network.Grid))
                    + (size * (sizeof(int) + Membrane.BytesPerNeuron(population, settings.Precision) + (channels * (sizeof(double) + (2 * sizeof(ushort)))) + StatisticsBytes));
                if (network.QueuesAreDense) stateBytes += size * population.QueuedSteps.Sum(q => q > 0 ? DelayQueue.SlotsFor(q) * (double)sizeof(ushort) : 0);
                foreach (Route route in population.Routes)
                {
                    double stored = size * route.Projection.InDegree.Mean(route.SourceSize), lists = (double)shards * route.SourceSize * route.Groups;
                    bool isQueued = route.DelayValues > 1, isFar = sizeof(uint) * (double)route.SourceSize * route.Groups > FarIndexBytes;
                    double lookUpNs = !isFar ? LookUpNs : isQueued && !network.QueuesAreDense ? FarListedLookUpNs : FarLookUpNs;
                    synapses += stored;
                    wiringBytes += (isProcedural ? 0 : stored * StoredWiring.BytesPerSynapse(route)) + (sizeof(uint) * lists);
                    // keys of the delays, and what filling the lists needs
                    stateBytes += (isQueued ? sizeof(uint) * (double)shards * route.SourceSize : 0) + (isProcedural ? 0 : sizeof(ushort) * lists);
                    buildNs += isProcedural ? shards * (double)route.SourceSize * OutDegreeNs : stored * WiringNs;
                    double sourceRate = route.SourcePopulation >= 0
                        ? rate(model.Populations[route.SourcePopulation].Name)
                        : model.Inputs[network.Pools[route.SourcePool].Index].Rate;
                    double arrivals = stored * sourceRate * time;
                    if (route.SourcePopulation >= 0) events += arrivals;
                    else inputs += arrivals;
                    if (isQueued && !network.QueuesAreDense)
                        stateBytes += stored * sourceRate * (route.ShortestDelay + route.LongestDelay) / 2 * network.Grid.TimeStep * sizeof(ushort);
                    loopNs += (arrivals * ((!isQueued ? EventNs : network.QueuesAreDense ? CountedEventNs : ListedEventNs) + (isProcedural ? ProceduralNs : 0)))
                        + (lists * sourceRate * time * lookUpNs);
                }

                foreach (PrivateInput input in population.Inputs) inputs += steps * size * input.InDegree.Mean(0) * input.MeanPerUnit;
            }

            double workers = Math.Max(1, Math.Min(threads, plan.Select(p => p.Owner).Distinct().Count()));
            return new Share(synapses, wiringBytes, stateBytes, events, inputs, spikes, sent, buildNs * 1e-9 / workers, loopNs * 1e-9 / workers);
        }

        /// <summary>A spike is sent as its distance from the one before it in the same step, seven bits a byte; neurons fire in a step with some probability.</summary>
        private static double BytesPerSpike(double probability) => 1 + Math.Exp(-0x80 * probability) + Math.Exp(-0x4000 * probability) + Math.Exp(-0x200000 * probability);
    }
}

/// <summary>What ranks will exchange.</summary>
/// <param name="Ranks">Ranks.</param>
/// <param name="Exchanges">Exchanges, one an epoch.</param>
/// <param name="BytesSent">Bytes that a rank sends to every other, in the whole run.</param>
/// <param name="BytesReceived">Bytes that it receives.</param>
/// <param name="CodingSeconds">Time of turning spikes into bytes and back (s).</param>
/// <param name="NetworkSeconds">Time that the bytes are on their way, over the network of a cluster (s).</param>
public sealed record ExchangeEstimate(int Ranks, double Exchanges, double BytesSent, double BytesReceived, double CodingSeconds, double NetworkSeconds);
