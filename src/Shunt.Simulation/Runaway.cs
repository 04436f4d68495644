using System.Globalization;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// Notices activity that has run away: a population that fires faster than a limit through a whole window. Without a limit of the user's own it is a
/// population that excites
/// itself, directly or through others, at more than 90 % of the fastest that refractoriness allows; a neuron that nothing but its input drives may
/// fire as fast as it can.
/// The windows lie on the grid of epochs, so that threads, shards and checkpoints do not move them.
/// </summary>
internal sealed class Runaway
{
    /// <summary>How long the rate must be too high (s): long against bursts, short against waiting.</summary>
    private const double Window = 0.1;

    private const double ShareOfCeiling = 0.9;
    private readonly LoweredNetwork _network;
    private readonly double[] _limits;
    private readonly long _windowEpochs;
    private readonly int[] _spikes;

    /// <param name="network">The network.</param>
    /// <param name="sees">Whether it is told all spikes; without them it watches nothing.</param>
    internal Runaway(LoweredNetwork network, bool sees = true)
    {
        _network = network;
        _limits = [.. network.Populations.Select(Limit)];
        _windowEpochs = Math.Max(1, (long)Math.Ceiling((Window / (network.EpochSteps * network.Grid.TimeStep)) - 1e-6));
        _spikes = new int[!sees || _limits.All(double.IsPositiveInfinity) ? 0 : network.Model.Size];
    }

    /// <summary>Whether any population has a limit.</summary>
    internal bool IsWatching => _spikes.Length > 0;

    /// <summary>Takes the spikes of a step, numbered through all populations.</summary>
    internal void Add(ReadOnlySpan<int> neurons)
    {
        if (_spikes.Length == 0) return;
        foreach (int neuron in neurons) _spikes[neuron]++;
    }

    /// <summary>Takes the spikes of a step of the past, if the window that the next epoch lies in has seen them.</summary>
    internal void AddPast(long step, ReadOnlySpan<int> neurons, long nextEpoch)
    {
        if ((step - 1) / _network.EpochSteps / _windowEpochs == nextEpoch / _windowEpochs) Add(neurons);
    }

    /// <summary>Ends an epoch.</summary>
    /// <exception cref="SimulationException">A population has run away.</exception>
    internal void EndEpoch(long epoch)
    {
        if (_spikes.Length == 0 || (epoch + 1) % _windowEpochs != 0) return;
        double window = _windowEpochs * _network.EpochSteps * _network.Grid.TimeStep;
        foreach (LoweredPopulation population in _network.Populations)
        {
            ReadOnlySpan<int> spikes = _spikes.AsSpan(population.FirstNeuron, population.Source.Size);
            long sum = 0;
            foreach (int n in spikes) sum += n;
            double rate = sum / (window * spikes.Length);
            if (rate > _limits[population.Index]) throw RanAway(population, epoch, window, rate, spikes);
        }

        Array.Clear(_spikes);
    }

    private SimulationException RanAway(LoweredPopulation population, long epoch, double window, double rate, ReadOnlySpan<int> spikes)
    {
        int fastest = 0;
        for (int i = 1; i < spikes.Length; i++) fastest = spikes[i] > spikes[fastest] ? i : fastest;
        double end = (epoch + 1) * _network.EpochSteps * _network.Grid.TimeStep, limit = _limits[population.Index], ceiling = Ceiling(population);
        string over = _network.Settings.StopAbove is not null
            ? $"simulation.stop_above is {Hz(limit)}"
            : $"{ShareOfCeiling * 100:F0} % of the most that t_ref and dt allow, {Hz(ceiling)}, is {Hz(limit)}";
        return new SimulationException(string.Create(CultureInfo.InvariantCulture,
            $"at {end:G6} s activity has run away: population '{population.Source.Name}' fired at {Hz(rate)} during the last {window * 1e3:G4} "
            + $"ms ({over}); the fastest is neuron {fastest}, at {Hz(spikes[fastest] / window)}. Weaken excitation or its input, strengthen "
            + $"inhibition, or set simulation.stop_above to a higher rate (inf Hz: never stop)"));
    }

    private double Limit(LoweredPopulation population) => _network.Settings.StopAbove
        ?? (ExcitesItself(population.Source.Name) ? ShareOfCeiling * Ceiling(population) : double.PositiveInfinity);

    /// <summary>The rate of a neuron that fires in the first step in which it may, again and again.</summary>
    private double Ceiling(LoweredPopulation population) => population.IsOnGrid
        ? 1 / ((population.RefractorySteps + 1) * _network.Grid.TimeStep)
        : 1 / population.Source.Neuron.RefractoryPeriod;

    private bool ExcitesItself(string population)
    {
        var reached = new HashSet<string>();
        var ahead = new Queue<string>([population]);
        while (ahead.TryDequeue(out string? source))
        {
            foreach (Projection projection in _network.Model.Projections.Where(p => p.Source == source && Excites(p)))
            {
                if (projection.Target == population) return true;
                if (reached.Add(projection.Target)) ahead.Enqueue(projection.Target);
            }
        }

        return false;
    }

    private bool Excites(Projection projection)
    {
        Neuron target = _network.Model.FindPopulation(projection.Target)!.Neuron;
        Synapse synapse = projection.Synapse;
        bool upwards = synapse.Model == SynapseModel.Current ? synapse.Efficacy > 0 : synapse.Reversal > target.SpikeOnset;
        return upwards && synapse.Efficacy != 0 && _network.Model.MeanInDegree(projection) > 0;
    }

    private static string Hz(double rate) => rate.ToString("G4", CultureInfo.InvariantCulture) + " Hz";
}
