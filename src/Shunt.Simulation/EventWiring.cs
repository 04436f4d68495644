using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// The synapses of one route, by source: the same graph that the grid simulates from this seed, and the same delays before they are rounded up to the
/// grid.
/// </summary>
internal sealed class EventWiring
{
    private readonly long[] _start;
    private readonly int[] _targets;
    private readonly uint[] _delayKeys;
    private readonly double _shortest, _range;

    /// <summary>Draws the synapses.</summary>
    /// <param name="route">The route.</param>
    /// <param name="targets">Neurons of the target population.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="targetsDone">Told how many targets more are done; every target twice.</param>
    internal EventWiring(Route route, int targets, ulong seed, Action<int> targetsDone)
    {
        Route = route;
        var draw = new SourceDraw(route, seed);
        _start = new long[route.SourceSize + 2];
        for (int t = 0; t < targets; t++)
        {
            foreach (int source in draw.Of(t)) _start[source + 2]++;
            targetsDone(1);
        }

        for (int s = 2; s < _start.Length; s++) _start[s] += _start[s - 1];
        if (_start[^1] > Array.MaxLength)
        {
            throw new SimulationException(
                $"projections[{route.Stream}]: {_start[^1]:N0} synapses; at most {Array.MaxLength:N0} can be stored with events: "
                + "make the network smaller, or use simulation.engine: grid");
        }

        // Filling moves each start, which is stored one place too far, to its end: that is the start of the next. Targets of a source ascend.
        _targets = new int[_start[^1]];
        for (int t = 0; t < targets; t++)
        {
            foreach (int source in draw.Of(t)) _targets[_start[source + 1]++] = t;
            targetsDone(1);
        }

        if (route.SourcePopulation < 0)
        {
            _delayKeys = [];
            return;
        }

        (_shortest, _range) = route.Projection.Delay switch
        {
            DelayLaw.Constant(var delay) => (delay, 0.0),
            DelayLaw.Uniform(var min, var max) => (min, max - min),
            _ => throw new InvalidOperationException("neurons without a delay have been refused"),
        };
        _delayKeys = _range == 0 ? [] : Wiring.DelayKeys(route, seed);
    }

    internal Route Route { get; }

    internal long Synapses => _targets.LongLength;

    internal long Bytes => (_start.LongLength * sizeof(long)) + (_targets.LongLength * sizeof(int)) + (_delayKeys.LongLength * sizeof(uint));

    internal double LongestDelay => _shortest + _range;

    /// <summary>Targets of a source (within their population), ascending.</summary>
    internal ReadOnlySpan<int> Targets(int source) => _targets.AsSpan((int)_start[source], (int)(_start[source + 1] - _start[source]));

    /// <summary>Sends a spike to every target.</summary>
    /// <param name="source">The neuron or unit that fired.</param>
    /// <param name="time">When (s).</param>
    /// <param name="channel">Number of the channel, through all populations.</param>
    /// <param name="queue">Receives the arrivals.</param>
    internal void Send(int source, double time, int channel, ArrivalQueue queue)
    {
        ReadOnlySpan<int> targets = Targets(source);
        if (_range == 0)
        {
            double arrival = time + _shortest;
            foreach (int target in targets) queue.Add(new Arrival(arrival, target, channel));
            return;
        }

        uint key = _delayKeys[source];
        foreach (int target in targets)
        {
            // In (0, 1]: the shortest delay itself has no weight, the longest has.
            double share = (Wiring.DelayNumber((uint)target, key) + 1.0) / 4294967296.0;
            queue.Add(new Arrival(time + _shortest + (_range * share), target, channel));
        }
    }
}
