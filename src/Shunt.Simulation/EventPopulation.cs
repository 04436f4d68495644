using System.Runtime.CompilerServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>A neuron between two arrivals.</summary>
internal struct Cell
{
    /// <summary>Potential (mV) at <see cref="Time"/>.</summary>
    internal double V;

    /// <summary>Time of the last arrival that acted (s), or the end of refractoriness.</summary>
    internal double Time;
}

/// <summary>What one arrival on a channel does: V moves by Fraction (Reversal - V) + Charge.</summary>
internal readonly record struct Jump(double Fraction, double Reversal, double Charge)
{
    internal static Jump Of(Channel channel) =>
        channel.IsConductance ? new Jump(channel.MeanEfficacy, channel.Reversal, 0) : new Jump(0, 0, channel.MeanEfficacy);
}

/// <summary>A population whose neurons are brought up to date whenever a spike reaches them, and when they are looked at.</summary>
internal sealed class EventPopulation : IObserved
{
    private readonly LoweredNetwork _network;
    private readonly double _rest, _leak, _threshold, _reset, _refractory;
    private readonly Jump[] _jumps;
    private readonly Jump[] _privateJumps;
    private readonly Cell[] _cells;
    private readonly double[] _lastSpike;
    private readonly uint[][] _received;
    private readonly long[] _handedOver;
    private readonly double[] _potentials;
    private readonly int[] _held;
    private double _now;

    internal EventPopulation(LoweredNetwork network, LoweredPopulation population, int firstChannel)
    {
        _network = network;
        Population = population;
        FirstChannel = firstChannel;
        Neuron neuron = population.Source.Neuron;
        int size = population.Source.Size, padded = (size + Shard.Granule - 1) / Shard.Granule * Shard.Granule;
        (_rest, _leak, _threshold) = (neuron.RestingPotential, 1 / neuron.MembraneTimeConstant, neuron.Threshold);
        (_reset, _refractory) = (neuron.Reset, neuron.RefractoryPeriod);
        _jumps = [.. population.Channels.Select(Jump.Of)];
        _privateJumps = [.. population.Inputs.Select(input => _jumps[input.Channel])];
        _received = [.. population.Channels.Select(_ => new uint[size])];
        _lastSpike = new double[size];
        Array.Fill(_lastSpike, ShardStatistics.Never);
        _cells = new Cell[size];
        var stream = new RandomStream(network.Settings.Seed, RandomPurpose.InitialPotential, (uint)population.Index);
        double span = double.IsFinite(neuron.Threshold) ? neuron.Threshold - neuron.Reset : 0;
        for (int i = 0; i < size; i++) _cells[i].V = neuron.Reset + (stream.Block(0, (ulong)i).X0 / 4294967296.0 * span);
        Private = new PrivateProcesses(network, population);
        _handedOver = new long[Private.Count.Length];
        _potentials = new double[padded];
        _held = new int[padded];
        Array.Fill(_held, int.MaxValue);
        Statistics = new ShardStatistics(network, population, 0, size);
    }

    internal LoweredPopulation Population { get; }

    /// <summary>Number of the first channel, counted through all populations.</summary>
    internal int FirstChannel { get; }

    internal PrivateProcesses Private { get; }

    internal ShardStatistics Statistics { get; }

    /// <summary>Wiring of what these neurons project to, with the channel it ends on.</summary>
    internal List<(EventWiring Wiring, int Channel)> Outgoing { get; } = [];

    /// <summary>Whether spikes of other neurons or of pools arrive, or these neurons' spikes arrive anywhere. If not, the order of what happens to different neurons is free.</summary>
    internal bool IsConnected => Outgoing.Count > 0 || Population.Routes.Count > 0;

    /// <summary>Arrivals that were sent here by neurons and pools.</summary>
    internal long RoutedArrivals { get; private set; }

    /// <summary>Lets an arrival act.</summary>
    /// <param name="channel">Number of the channel, through all populations.</param>
    /// <param name="neuron">The neuron it reaches.</param>
    /// <param name="time">When (s).</param>
    /// <param name="isPrivate">Whether it is private input, which counts its arrivals itself.</param>
    /// <returns>True when the neuron fires.</returns>
    internal bool Receive(int channel, int neuron, double time, bool isPrivate)
    {
        channel -= FirstChannel;
        if (!isPrivate)
        {
            _received[channel][neuron]++;
            RoutedArrivals++;
        }

        return Act(ref _cells[neuron], _jumps[channel], time);
    }

    /// <summary>Advances neurons that are not connected through all their arrivals up to the end of a step.</summary>
    /// <param name="lastStep">The step.</param>
    /// <param name="fire">Told of spikes.</param>
    internal void AdvanceAlone(long lastStep, Action<EventPopulation, int, double> fire)
    {
        int perNeuron = Private.PerNeuron;
        if (perNeuron == 0) return;
        double[] next = Private.Next;
        double end = lastStep + 1, perSecond = 1 / _network.Grid.TimeStep;
        for (int i = 0, first = 0; i < _cells.Length; i++, first += perNeuron)
        {
            ref Cell cell = ref _cells[i];
            while (true)
            {
                int earliest = 0;
                double time = next[first];
                for (int p = 1; p < perNeuron; p++)
                {
                    if (next[first + p] < time) (earliest, time) = (p, next[first + p]);
                }

                if (time * perSecond > end) break;
                Private.Advance(first + earliest);
                if (Act(ref cell, _privateJumps[earliest], time)) fire(this, i, time);
            }
        }
    }

    /// <summary>Puts the private arrivals of a window into the queue, marked by the complement of their channel.</summary>
    internal void QueuePrivate(long window, ArrivalQueue queue)
    {
        double[] next = Private.Next;
        for (int k = 0, neuron = 0, p = 0; k < next.Length; k++)
        {
            while (queue.WindowOf(next[k]) <= window)
            {
                queue.AddNow(new Arrival(next[k], neuron, ~(FirstChannel + Population.Inputs[p].Channel)));
                Private.Advance(k);
            }

            if (++p < Private.PerNeuron) continue;
            p = 0;
            neuron++;
        }
    }

    /// <summary>Takes note of a spike.</summary>
    internal void Spike(int neuron, double time)
    {
        double perSecond = 1 / _network.Grid.TimeStep;
        Statistics.Spike(neuron, time * perSecond, _lastSpike[neuron] * perSecond);
        _lastSpike[neuron] = time;
    }

    /// <summary>Does what is due at the end of a step.</summary>
    internal void EndStep(long step)
    {
        _now = (step + 1) * _network.Grid.TimeStep;
        Statistics.EndStep(step, this);
    }

    /// <summary>Ends the measurement after some steps.</summary>
    internal void Finish(long steps)
    {
        _now = steps * _network.Grid.TimeStep;
        HandOverArrivals();
        if (steps > 0) Statistics.CheckFinite(steps - 1, this);
    }

    public double Potential(int neuron) => PotentialAt(_cells[neuron], _now);

    public void Sample(long step)
    {
        for (int i = 0; i < _cells.Length; i++)
        {
            _potentials[i] = PotentialAt(_cells[i], _now) - Population.Reference;
            _held[i] = _now < _cells[i].Time ? int.MaxValue : ShardStatistics.Never;
        }

        Statistics.Sample<double>(step, _potentials, _held);
    }

    public void HandOverArrivals()
    {
        for (int c = 0; c < _received.Length; c++)
        {
            double[] arrivals = Statistics.Arrivals[c];
            uint[] received = _received[c];
            for (int i = 0; i < received.Length; i++) arrivals[i] += received[i];
            Array.Clear(received);
        }

        for (int p = 0; p < Private.PerNeuron; p++)
        {
            double[] arrivals = Statistics.Arrivals[Population.Inputs[p].Channel];
            for (int i = 0, k = p; i < arrivals.Length; i++, k += Private.PerNeuron)
            {
                arrivals[i] += Private.Count[k] - _handedOver[k];
                _handedOver[k] = Private.Count[k];
            }
        }
    }

    private double PotentialAt(in Cell cell, double time) =>
        time <= cell.Time ? cell.V : _rest + ((cell.V - _rest) * Math.Exp((cell.Time - time) * _leak));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Act(ref Cell cell, in Jump jump, double time)
    {
        double since = cell.Time - time;
        if (since > 0) return false; // refractory
        double v = _rest + ((cell.V - _rest) * Math.Exp(since * _leak));
        v += (jump.Fraction * (jump.Reversal - v)) + jump.Charge;
        cell.V = v;
        cell.Time = time;
        return !(v < _threshold) && Fire(ref cell, time);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Fire(ref Cell cell, double time)
    {
        if (!double.IsFinite(cell.V))
        {
            int neuron = (int)(Unsafe.ByteOffset(ref _cells[0], ref cell) / Unsafe.SizeOf<Cell>());
            throw new SimulationException(
                $"at {time:G6} s the membrane potential of neuron {neuron} of population '{Population.Source.Name}' is not a finite number");
        }

        cell.V = _reset;
        cell.Time = time + _refractory;
        return true;
    }
}
