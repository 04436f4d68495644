using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>What a simulation with events will take: one thread, and work for every arrival instead of every step.</summary>
internal static class EventCost
{
    // Nanoseconds, measured on the single neuron and the network of docs/time-step.md: an arrival at a neuron that has to do with nobody, one that
    // has to be put in order with all others, a look at a neuron's next private arrival in a window, a sample of V, a synapse that is drawn.
    private const double AloneNs = 30, OrderedNs = 60, LookNs = 1, SampleNs = 10, WiringNs = 60;

    /// <summary>A block of the calendar is on average half full, and the windows that are open are held twice.</summary>
    private const double ArrivalBytes = 16;

    /// <summary>State and recorders of a neuron; of one of its private inputs, whose intervals are drawn ahead.</summary>
    private const double NeuronBytes = 64, InputBytes = 168, BlockBytes = 4096;

    internal static CostEstimate Of(LoweredNetwork network, Func<string, double> rate, double baseBytes, double statisticsBytes)
    {
        TimeGrid grid = network.Grid;
        double steps = grid.TotalSteps, time = steps * grid.TimeStep, samples = (double)grid.MeasuredSteps / grid.SampleSteps;
        double synapses = 0, wiringBytes = 0, stateBytes = 0, events = 0, inputs = 0, loopNs = 0, longest = 0;
        foreach (LoweredPopulation population in network.Populations)
        {
            double size = population.Source.Size, arrivals = 0;
            foreach (PrivateInput input in population.Inputs) arrivals += size * input.InDegree.Mean(0) * input.MeanPerUnit * steps;
            inputs += arrivals;
            foreach (Route route in population.Routes)
            {
                double stored = size * route.Projection.InDegree.Mean(route.SourceSize);
                bool isPool = route.SourcePopulation < 0;
                double sourceRate = isPool
                    ? network.Model.Inputs[network.Pools[route.SourcePool].Index].Rate
                    : rate(network.Model.Populations[route.SourcePopulation].Name);
                synapses += stored;
                wiringBytes += (sizeof(int) * stored) + ((sizeof(long) + sizeof(uint)) * (double)route.SourceSize);
                if (isPool) inputs += stored * sourceRate * time;
                else events += stored * sourceRate * time;
                arrivals += stored * sourceRate * time;
                (double mean, double most) = route.Projection.Delay switch
                {
                    DelayLaw.Constant(var d) => (d, d),
                    DelayLaw.Uniform(var min, var max) => ((min + max) / 2, max),
                    _ => (0.0, 0.0),
                };
                stateBytes += stored * sourceRate * mean * ArrivalBytes;
                longest = Math.Max(longest, most);
            }

            bool isConnected = population.Routes.Count > 0 || network.Model.Projections.Any(p => p.Source == population.Source.Name);
            loopNs += (arrivals * (isConnected ? OrderedNs : AloneNs)) + (size * samples * SampleNs)
                + (isConnected ? steps * size * population.Inputs.Count * LookNs : 0);
            stateBytes += ShardStatistics.SeriesBytes(grid) + (4 * ArrivalBytes * arrivals / steps)
                + (size * (NeuronBytes + statisticsBytes + (population.Inputs.Count * InputBytes)))
                + (size * population.Channels.Count * (sizeof(double) + sizeof(uint)));
        }

        return new CostEstimate
        {
            Synapses = synapses,
            BytesPerSynapse = synapses > 0 ? wiringBytes / synapses : 0,
            MemoryBytes = baseBytes + wiringBytes + stateBytes + (longest / grid.TimeStep * BlockBytes / 2),
            NeuronUpdates = events + inputs,
            SynapticEvents = events,
            InputEvents = inputs,
            BuildSeconds = synapses * WiringNs * 1e-9,
            SimulationSeconds = loopNs * 1e-9,
        };
    }
}
