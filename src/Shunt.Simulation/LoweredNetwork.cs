using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// One way in which arrivals act on a neuron. Over a step, n arrivals and the content s of the synaptic reservoir release
/// <c>G = n Instant + s Release</c>, and <c>s := s Decay + n Carry</c>; arrivals are spread evenly over the step. For a conductance G is the time
/// integral of g/(g_L tau_L), for a current the charge in mV. Nothing is lost: Instant + Carry is the whole efficacy. With forward Euler, arrivals
/// come at the end of the step, and a jump is the whole change of V that it makes on its own.
/// </summary>
internal readonly record struct Channel
{
    internal Channel(Synapse synapse, double dt, Integration integration = Integration.Exponential)
    {
        IsConductance = synapse.Model == SynapseModel.Conductance;
        Reversal = IsConductance ? synapse.Reversal : 1;
        double total = IsConductance ? synapse.ConductanceIntegral : synapse.Efficacy;
        MeanEfficacy = IsConductance && synapse.IsInstantaneous ? synapse.JumpFraction : synapse.Efficacy;
        TimeConstant = synapse.TimeConstant;
        bool isEuler = integration == Integration.Euler;
        if (synapse.IsInstantaneous)
        {
            Instant = isEuler ? MeanEfficacy : total;
            return;
        }

        double x = dt / synapse.TimeConstant, kept = Relaxation.Phi(x);
        if (isEuler)
        {
            (Carry, Decay, Release) = (total, 1 - x, x);
            return;
        }

        Instant = total * (1 - kept);
        Carry = total * kept;
        Decay = Math.Exp(-x);
        Release = x * kept;
    }

    internal bool IsConductance { get; }

    /// <summary>Reversal potential (mV); 1 for a current, whose release enters the drive as it is.</summary>
    internal double Reversal { get; }

    /// <summary>Synaptic time constant tau_S (s); 0 is instantaneous.</summary>
    internal double TimeConstant { get; }

    internal double Instant { get; }

    internal double Carry { get; }

    internal double Decay { get; }

    internal double Release { get; }

    /// <summary>Efficacy per arrival for the time-averaged tau and mu: the jump fraction b or a; J (mV) for currents.</summary>
    internal double MeanEfficacy { get; }

    internal bool HasReservoir => Carry != 0;
}

/// <summary>Stored synapses onto one population from one population or pool.</summary>
/// <param name="Stream">Index of the projection in the model: names its random numbers.</param>
/// <param name="SourcePopulation">Index of the source population, or -1 when the source is a pool.</param>
/// <param name="SourcePool">Index of the pool, or -1 when the source is a population.</param>
/// <param name="SourceSize">Neurons or units in the source.</param>
/// <param name="Channel">Channel of the target population that counts the arrivals.</param>
/// <param name="ShortestDelay">Shortest delay (steps); 0 for a pool.</param>
/// <param name="DelayValues">Number of consecutive delays, equally likely; 1 is a constant delay.</param>
/// <param name="Projection">The projection.</param>
internal sealed record Route(
    int Stream, int SourcePopulation, int SourcePool, int SourceSize, int Channel, int ShortestDelay, int DelayValues, Projection Projection)
{
    internal int LongestDelay => ShortestDelay + DelayValues - 1;

    /// <summary>Consecutive delays whose synapses are looked at together, when the first of them is over.</summary>
    internal int GroupDelays { get; init; } = DelayValues;

    /// <summary>Groups of delays.</summary>
    internal int Groups => (DelayValues + GroupDelays - 1) / GroupDelays;
}

/// <summary>Private Poisson units of each neuron of one population, drawn as one process.</summary>
/// <param name="Stream">Index of the projection in the model.</param>
/// <param name="Channel">Channel that counts the arrivals.</param>
/// <param name="MeanPerUnit">Mean spikes of one unit in one step.</param>
/// <param name="InDegree">Units per neuron.</param>
internal sealed record PrivateInput(int Stream, int Channel, double MeanPerUnit, InDegreeLaw InDegree);

/// <summary>A pool of Poisson units.</summary>
/// <param name="Index">Index of the input in the model: names its random numbers.</param>
/// <param name="Size">Units.</param>
/// <param name="Counts">Distribution of the spikes of the whole pool in one step.</param>
internal sealed record PoolSource(int Index, int Size, PoissonTable Counts);

/// <summary>A population as the kernels see it: plain numbers per step.</summary>
internal sealed record LoweredPopulation
{
    internal required int Index { get; init; }

    internal required Population Source { get; init; }

    /// <summary>Number of the population's first neuron, counted through all populations.</summary>
    internal required int FirstNeuron { get; init; }

    /// <summary>dt / tau_L.</summary>
    internal required double Leak { get; init; }

    /// <summary>Potential that V is measured from while it is advanced (mV): where spikes begin, or where nothing fires the resting potential.</summary>
    internal double Reference => double.IsFinite(Source.Neuron.SpikeOnset) ? Source.Neuron.SpikeOnset : Source.Neuron.RestingPotential;

    /// <summary>False when spikes and arrivals have continuous times, so that no step has to resolve anything.</summary>
    internal required bool IsOnGrid { get; init; }

    internal required int RefractorySteps { get; init; }

    internal required IReadOnlyList<Channel> Channels { get; init; }

    internal required IReadOnlyList<Route> Routes { get; init; }

    internal required IReadOnlyList<PrivateInput> Inputs { get; init; }

    /// <summary>Steps in which the arrivals of a neuron cannot add up to more than 16 bits hold.</summary>
    internal required int StepsWithoutOverflow { get; init; }

    /// <summary>Steps over which arrivals are queued on each channel: the longest group of random delays, 0 where all are constant.</summary>
    internal IReadOnlyList<int> QueuedSteps =>
        [.. Channels.Select((_, c) => Routes.Where(r => r.Channel == c && r.DelayValues > 1).Select(r => r.GroupDelays).DefaultIfEmpty(0).Max())];

    /// <summary>Effective time constant tau (s) and mean of the free membrane mu (mV), Eq. 5, at given rates of arrival.</summary>
    /// <param name="dt">Time step (s).</param>
    /// <param name="arrivalRate">Rate of arrivals (Hz) on a channel.</param>
    internal (double Tau, double Mu) TauAndMu(double dt, Func<int, double> arrivalRate)
    {
        double rate = Leak / dt, drive = rate * Source.Neuron.RestingPotential;
        for (int c = 0; c < Channels.Count; c++)
        {
            Channel channel = Channels[c];
            double released = channel.MeanEfficacy * arrivalRate(c);
            if (channel.IsConductance) rate += released;
            drive += released * channel.Reversal;
        }

        return (1 / rate, drive / rate);
    }
}

/// <summary>A network and its settings, checked once and turned into plain numbers per step.</summary>
internal sealed class LoweredNetwork
{
    private const int LongestEpoch = 64;

    /// <summary>
    /// Delays in a group where arrivals on their way are counted: the counts of a group should fit the second-level cache, and the targets of a source in a group should neither be
    /// so few that starting on them costs more than they do, nor so far apart that their gaps leave a byte.
    /// </summary>
    private const int DenseGroup = 32, LeastInGroup = 48, WidestGap = 110;

    /// <summary>Bytes of all counts up to which they are kept; beyond, arrivals are listed.</summary>
    private const double MostDenseBytes = 8 << 20;

    /// <summary>Longest random delay (steps): arrivals are queued by step, and a step takes 15 bits.</summary>
    private const int LongestRandomDelay = 32_767;

    internal LoweredNetwork(NetworkModel model, SimulationSettings settings)
    {
        Model = model;
        Settings = settings;
        Grid = new TimeGrid(settings);
        if (model.Size > int.MaxValue) throw new SimulationException($"{model.Size:N0} neurons; at most {int.MaxValue:N0} can be numbered");
        int largest = model.Populations.Max(p => p.Size);
        foreach (int i in settings.ChosenNeurons ?? [])
        {
            if (i < 0 || i >= largest) throw new SimulationException($"record.trace_neurons: {i}; the largest population has neurons 0 to {largest - 1}");
        }

        bool isOnGrid = settings.Engine == Engine.Grid;
        if (!isOnGrid) EventRules.Check(model, settings);
        Pools = [.. model.Inputs.Select((input, index) => (input, index)).Where(x => x.input.Wiring == InputWiring.Pool)
            .Select(x => new PoolSource(x.index, x.input.PoolSize, new PoissonTable(isOnGrid ? x.input.PoolSize * x.input.Rate * Grid.TimeStep : 0)))];
        QueuesAreDense = model.Size * DenseGroup * 2.0 * sizeof(ushort) * 2 <= MostDenseBytes;
        int first = 0;
        var populations = new List<LoweredPopulation>();
        foreach (Population population in model.Populations)
        {
            populations.Add(Lower(population, populations.Count, first));
            first += population.Size;
        }

        Populations = populations;
        EpochSteps = Populations.SelectMany(p => p.Routes).Where(r => r.SourcePopulation >= 0).Select(r => r.ShortestDelay)
            .Append(isOnGrid ? LongestEpoch : 1).Min();
        int longest = Populations.SelectMany(p => p.Routes).Select(r => r.LongestDelay).Append(1).Max();
        HistoryEpochs = ((longest + EpochSteps - 1) / EpochSteps) + 1;
    }

    internal NetworkModel Model { get; }

    internal SimulationSettings Settings { get; }

    internal TimeGrid Grid { get; }

    internal IReadOnlyList<LoweredPopulation> Populations { get; }

    internal IReadOnlyList<PoolSource> Pools { get; }

    /// <summary>Steps between exchanges of spikes: the shortest delay.</summary>
    internal int EpochSteps { get; }

    /// <summary>Whether arrivals on their way are counted per step and neuron, which is faster while it fits the cache.</summary>
    internal bool QueuesAreDense { get; }

    /// <summary>Epochs whose spikes are kept: the one that is being done and those from which spikes may still be on their way.</summary>
    internal int HistoryEpochs { get; }

    private LoweredPopulation Lower(Population population, int index, int firstNeuron)
    {
        double dt = Grid.TimeStep;
        var channels = new List<Channel>();
        var routes = new List<Route>();
        var inputs = new List<PrivateInput>();
        double mostArrivals = 0;
        for (int i = 0; i < Model.Projections.Count; i++)
        {
            Projection projection = Model.Projections[i];
            if (projection.Target != population.Name) continue;
            if (Settings.Integration == Integration.Euler) EulerRules.Check(projection.Synapse, $"projections[{i}]", dt);
            var channel = new Channel(projection.Synapse, dt, Settings.Integration);
            int c = channels.IndexOf(channel);
            if (c < 0)
            {
                c = channels.Count;
                channels.Add(channel);
            }

            ExternalInput? input = Model.FindInput(projection.Source);
            if (input is { Wiring: InputWiring.Independent })
            {
                inputs.Add(new PrivateInput(i, c, input.Rate * dt, projection.InDegree));
                mostArrivals += ArrivalBound.Poisson(ArrivalBound.InDegree(projection.InDegree, 0) * input.Rate * dt);
            }
            else
            {
                if (Settings.Wiring == WiringStorage.Procedural) CheckProcedural(projection, $"projections[{i}]");
                routes.Add(RouteOf(projection, i, c, input));
                int size = Model.SourceSize(projection);
                mostArrivals += input is null
                    ? ArrivalBound.InDegree(projection.InDegree, size)
                    : ArrivalBound.Pool(projection, size, input.Rate * dt);
            }
        }

        bool isOnGrid = Settings.Engine == Engine.Grid;
        if (isOnGrid && mostArrivals > ushort.MaxValue)
        {
            throw new SimulationException(
                $"populations.{population.Name}: up to {mostArrivals:N0} spikes could reach a neuron in one step; at most {ushort.MaxValue:N0} can be counted: use a smaller in-degree or dt");
        }

        Neuron neuron = population.Neuron;
        int refractory = isOnGrid ? (int)Grid.WholeSteps(neuron.RefractoryPeriod, $"populations.{population.Name}.neuron.t_ref") : (int)(neuron.RefractoryPeriod / dt);
        if (population.Size * ((Grid.RateBinSteps / (refractory + 1.0)) + 1) > int.MaxValue)
        {
            throw new SimulationException(
                $"record.rate_bin: population {population.Name} could fire more than {int.MaxValue:N0} spikes in a bin of "
                + $"{Grid.RateBinSteps * dt * 1e3:G6} ms, which cannot be counted: use shorter bins");
        }

        var lowered = new LoweredPopulation
        {
            Index = index,
            Source = population,
            FirstNeuron = firstNeuron,
            Leak = dt / neuron.MembraneTimeConstant,
            StepsWithoutOverflow = (int)(ushort.MaxValue / Math.Max(1, Math.Ceiling(mostArrivals))),
            IsOnGrid = isOnGrid,
            RefractorySteps = refractory,
            Channels = channels,
            Routes = routes,
            Inputs = inputs,
        };
        FlowRules.Check(lowered, dt);
        if (Settings.Integration == Integration.Euler) EulerRules.Check(population, dt);
        return lowered;
    }

    /// <summary>What procedural wiring cannot do would silently be another network.</summary>
    private static void CheckProcedural(Projection projection, string place)
    {
        if (projection.InDegree is not InDegreeLaw.Fixed(var k))
            throw new SimulationException($"{place}: the in-degree varies; procedural wiring gives every neuron exactly K inputs: use a fixed in-degree, or simulation.wiring: stored");
        if (k > ushort.MaxValue) throw new SimulationException($"{place}: in-degree {k:N0}; procedural wiring allows at most {ushort.MaxValue:N0}");
        if (projection.AllowMultapses && (projection.AllowAutapses || projection.Source != projection.Target)) return;
        throw new SimulationException(
            $"{place}: procedural wiring draws sources with replacement, so a source can occur twice for one neuron, and a neuron be its own source; set multapses: true and autapses: true to accept that, or simulation.wiring: stored");
    }

    private Route RouteOf(Projection projection, int index, int channel, ExternalInput? pool)
    {
        if (pool is not null)
        {
            int p = Pools.Select((x, i) => (x, i)).First(x => Model.Inputs[x.x.Index].Name == pool.Name).i;
            return new Route(index, -1, p, pool.PoolSize, channel, 0, 1, projection);
        }

        int source = Model.Populations.Select((p, i) => (p, i)).First(x => x.p.Name == projection.Source).i;
        if (Settings.Engine != Engine.Grid) return new Route(index, source, -1, Model.Populations[source].Size, channel, 1, 1, projection);
        string place = $"projections[{index}].delay";
        (int shortest, int values) = projection.Delay switch
        {
            DelayLaw.Constant(var d) => (AtLeastOne((int)Grid.WholeSteps(d, place), d, place), 1),
            DelayLaw.Uniform(var min, var max) => UniformDelays(min, max, place),
            _ => (1, 1),
        };
        var route = new Route(index, source, -1, Model.Populations[source].Size, channel, shortest, values, projection);
        return QueuesAreDense && values > 1 && Settings.Wiring == WiringStorage.Stored ? route with { GroupDelays = GroupDelays(route) } : route;
    }

    private int GroupDelays(Route route)
    {
        double sources = route.SourceSize, perTarget = route.Projection.InDegree.Mean(route.SourceSize);
        double outDegree = perTarget * Model.FindPopulation(route.Projection.Target)!.Size / sources;
        int group = DenseGroup;
        while (group < route.DelayValues)
        {
            double share = (double)group / route.DelayValues;
            if (outDegree * share >= LeastInGroup && sources / (perTarget * share) <= WidestGap) return group;
            group *= 2;
        }

        return route.DelayValues;
    }

    private (int Shortest, int Values) UniformDelays(double min, double max, string place)
    {
        int shortest = (int)Math.Floor((min / Grid.TimeStep) + 1e-6) + 1, longest = (int)Math.Floor((max / Grid.TimeStep) + 1e-6);
        AtLeastOne(longest, max, place);
        if (longest < shortest)
            throw new SimulationException($"{place}: no multiple of dt = {Grid.TimeStep * 1e3:G6} ms lies between {min * 1e3:G6} and {max * 1e3:G6} ms");
        if (longest > LongestRandomDelay)
            throw new SimulationException($"{place}: delays of up to {longest:N0} steps of dt = {Grid.TimeStep * 1e3:G6} ms; at most {LongestRandomDelay:N0} steps can be queued: use a larger dt or shorter delays");
        return (shortest, longest - shortest + 1);
    }

    private int AtLeastOne(int steps, double delay, string place) => steps >= 1
        ? steps
        : throw new SimulationException($"{place}: {delay * 1e3:G6} ms is shorter than dt, {Grid.TimeStep * 1e3:G6} ms; a spike cannot arrive within the step that fired it");
}
