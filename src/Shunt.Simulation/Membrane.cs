using System.Numerics;
using System.Runtime.CompilerServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>The membranes of one shard, in the precision that was chosen.</summary>
internal abstract class Membrane
{
    internal static Membrane Of(Shard shard, SimulationSettings settings) =>
        settings.Precision == Precision.Double ? Of<double>(shard, settings.Integration) : Of<float>(shard, settings.Integration);

    private static Membrane Of<T>(Shard shard, Integration integration)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => shard.Population.Source.Neuron.Current switch
        {
            null when integration == Integration.Euler => new Membrane<T, EulerFlow<T>>(shard, default),
            null => new Membrane<T, LinearFlow<T>>(shard, default),
            MembraneCurrent.SpikeInitiation spike => new Membrane<T, SpikeFlow<T>>(shard, new SpikeFlow<T>(shard.Population, spike)),
            MembraneCurrent.InwardRectifier rectifier => new Membrane<T, RectifierFlow<T>>(shard, new RectifierFlow<T>(shard.Population, rectifier)),
            var other => throw new SimulationException($"populations.{shard.Population.Source.Name}.neuron: the grid does not know the current of '{other.Model}'"),
        };

    /// <summary>Advances every neuron by one step with the arrivals in <see cref="Shard.Counts"/> and appends those that fire.</summary>
    internal abstract void Step(long step, SpikeBuffer spikes);

    /// <summary>V of a neuron (mV).</summary>
    internal abstract double Potential(int neuron);

    internal abstract void SetPotential(int neuron, double potential);

    internal abstract void Sample(long step);

    /// <summary>Arrays of state: potentials, then the reservoir of each channel that has one.</summary>
    internal abstract int Arrays { get; }

    /// <summary>The bytes of an array of state, without padding.</summary>
    internal abstract Span<byte> State(int array);

    /// <summary>Bytes of state per neuron.</summary>
    internal static int BytesPerNeuron(LoweredPopulation population, Precision precision) =>
        (precision == Precision.Double ? sizeof(double) : sizeof(float)) * (1 + population.Channels.Count(c => c.HasReservoir));
}

/// <summary>
/// One step of the membrane. With the conductances held at their average over the step, Eq. 1 is linear in V and its solution is exact:
/// <code>
/// Gamma = dt/tau_L + sum_c G_c               total conductance, integrated over the step
/// N     = dt/tau_L E_L + sum_c G_c E_c       drive (mV), integrated over the step
/// V    := V + (N - Gamma V) phi(Gamma),      phi(x) = (1 - e^-x)/x
/// </code>
/// Instantaneous synapses are the limit in which each arrival brings G = -ln(1 - b): n arrivals alone move V to E + (V - E)(1 - b)^n exactly, so jumps compose, V never
/// overshoots a reversal potential, and excitation and inhibition within a step have no order. A current adds its charge to N alone.
/// A neuron whose current depends on V has another flow from V to V, see <see cref="IMembraneFlow{T}"/>.
/// Then: a refractory neuron is put back to the reset; one at or above threshold fires, at the end of the step.
/// Potentials are kept relative to the threshold: single precision is then finest where it decides.
/// </summary>
internal sealed unsafe class Membrane<T, TFlow> : Membrane
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TFlow : struct, IMembraneFlow<T>
{
    /// <summary>Neurons that are advanced together: channel by channel, while what they sum up stays in the first-level cache.</summary>
    private const int Block = 8 * Shard.Granule;

    private readonly Shard _shard;
    private readonly AlignedBuffer<T> _potential;
    private readonly AlignedBuffer<T>?[] _reservoirs;
    private readonly AlignedBuffer<ChannelView> _channels;

    /// <summary>Vectors in which a neuron fires: the first neuron of each.</summary>
    private readonly AlignedBuffer<int> _firing;

    /// <summary>Their masks of lanes.</summary>
    private readonly AlignedBuffer<T> _fires;

    /// <summary>Gamma and N of a block of neurons.</summary>
    private readonly AlignedBuffer<T> _gamma = new(Block), _drive = new(Block);

    private readonly T _leak, _leakDrive, _threshold, _reset;
    private readonly double _reference;
    private readonly TFlow _flow;

    internal Membrane(Shard shard, TFlow flow)
    {
        _flow = flow;
        _shard = shard;
        LoweredPopulation population = shard.Population;
        _reference = population.Reference;
        _potential = new AlignedBuffer<T>(shard.Padded);
        _reservoirs = [.. population.Channels.Select(c => c.HasReservoir ? new AlignedBuffer<T>(shard.Padded) : null)];
        _firing = new AlignedBuffer<int>((shard.Padded / Vector<T>.Count) + 1);
        _fires = new AlignedBuffer<T>(shard.Padded + Vector<T>.Count);
        _channels = new AlignedBuffer<ChannelView>(population.Channels.Count);
        for (int c = 0; c < population.Channels.Count; c++)
        {
            Channel channel = population.Channels[c];
            _channels.Pointer[c] = new ChannelView
            {
                IsConductance = channel.IsConductance,
                Reversal = T.CreateChecked(channel.IsConductance ? channel.Reversal - _reference : 1),
                Instant = T.CreateChecked(channel.Instant),
                Carry = T.CreateChecked(channel.Carry * channel.Release),
                Decay = T.CreateChecked(channel.Decay),
                Counts = shard.Counts[c].Pointer,
                Received = shard.Received[c].Pointer,
                Reservoir = _reservoirs[c] is { } reservoir ? reservoir.Pointer : null,
            };
        }

        _leak = T.CreateChecked(population.Leak);
        _leakDrive = T.CreateChecked(population.Leak * (population.Source.Neuron.RestingPotential - _reference));
        _threshold = T.CreateChecked(population.Source.Neuron.Threshold - _reference);
        _reset = T.CreateChecked(population.Source.Neuron.Reset - _reference);
    }

    internal override double Potential(int neuron) => double.CreateChecked(_potential.Pointer[neuron]) + _reference;

    internal override void SetPotential(int neuron, double potential) => _potential.Pointer[neuron] = T.CreateChecked(potential - _reference);

    internal override void Sample(long step) => _shard.Statistics.Sample<T>(step, _potential.Span, _shard.LastSpike.Span);

    internal override int Arrays => 1 + _reservoirs.Count(r => r is not null);

    internal override Span<byte> State(int array) => (array == 0 ? _potential : _reservoirs.Where(r => r is not null).ElementAt(array - 1)!).BytesOf(_shard.Count);

    internal override void Step(long step, SpikeBuffer spikes)
    {
        int heldSince = (int)(step - _shard.Population.RefractorySteps), padded = _shard.Padded, firing = 0;
        for (int first = 0; first < padded; first += Block)
        {
            int count = Math.Min(Block, padded - first);
            new Span<T>(_gamma.Pointer, count).Fill(_leak);
            new Span<T>(_drive.Pointer, count).Fill(_leakDrive);
            for (int c = 0; c < _channels.Length; c++) _channels.Pointer[c].Release(first, count, _gamma.Pointer, _drive.Pointer);
            firing = Advance(first, count, heldSince, firing);
        }

        for (int k = 0; k < firing; k++) Fire(_fires.Pointer + (k * Vector<T>.Count), _firing.Pointer[k], (int)step, spikes);
        spikes.EndStep();
    }

    /// <summary>Advances a block of neurons. Vectors in which one fires are only noted: without calls the loop keeps its registers.</summary>
    private int Advance(int first, int count, int heldSince, int firing)
    {
        Vector<T> threshold = Vector.Create(_threshold), reset = Vector.Create(_reset);
        T* potential = _potential.Pointer + first, gamma = _gamma.Pointer, drive = _drive.Pointer;
        int* lastSpike = _shard.LastSpike.Pointer + first;
        TFlow flow = _flow;
        for (nint i = 0; i < count; i += Vector<T>.Count)
        {
            Vector<T> v = flow.Over(Vector.Load(potential + i), Vector.Load(gamma + i), Vector.Load(drive + i));
            Vector<T> refractory = Lanes.AtLeast<T>(lastSpike + i, heldSince);
            v = Vector.ConditionalSelect(refractory, reset, v);
            Vector<T> fires = Vector.AndNot(Vector.GreaterThanOrEqual(v, threshold), refractory);
            Vector.ConditionalSelect(fires, reset, v).Store(potential + i);
            if (Vector.EqualsAll(fires.As<T, int>(), Vector<int>.Zero)) continue;
            fires.Store(_fires.Pointer + (firing * Vector<T>.Count));
            _firing.Pointer[firing++] = first + (int)i;
        }

        return firing;
    }

    private void Fire(T* mask, int first, int step, SpikeBuffer spikes)
    {
        int* lastSpike = _shard.LastSpike.Pointer;
        for (int lane = 0; lane < Vector<T>.Count; lane++)
        {
            if (*(byte*)(mask + lane) == 0) continue;
            int neuron = first + lane;
            spikes.Add(neuron);
            _shard.Statistics.Spike(neuron, step + 1.0, lastSpike[neuron] + 1.0);
            lastSpike[neuron] = step;
        }
    }

    /// <summary>A channel's numbers and this step's arrivals, laid out for the loop.</summary>
    private struct ChannelView
    {
        internal bool IsConductance;
        internal T Reversal, Instant, Carry, Decay;
        internal ushort* Counts;
        internal ushort* Received;

        /// <summary>What the channel holds, times the share of it that a step releases.</summary>
        internal T* Reservoir;

        /// <summary>Adds what the channel releases in this step to Gamma and N of a block of neurons; advances the reservoir; adds the arrivals to their sums and sets them to zero.</summary>
        internal readonly void Release(int first, int count, T* gamma, T* drive)
        {
            Vector<T> reversal = Vector.Create(Reversal), instant = Vector.Create(Instant), carry = Vector.Create(Carry), decay = Vector.Create(Decay);
            ushort* counts = Counts + first, received = Received + first;
            T* reservoir = Reservoir == null ? null : Reservoir + first;
            bool isConductance = IsConductance;
            for (nint i = 0; i < count; i += Vector<T>.Count)
            {
                Vector<T> n = Lanes.Counts<T>(counts + i), release = n * instant;
                if (reservoir != null)
                {
                    Vector<T> s = Vector.Load(reservoir + i);
                    Lanes.Fma(s, decay, n * carry).Store(reservoir + i);
                    release = Lanes.Fma(n, instant, s);
                }

                Lanes.Fma(release, reversal, Vector.Load(drive + i)).Store(drive + i);
                if (isConductance) (Vector.Load(gamma + i) + release).Store(gamma + i);
            }

            Lanes.Move(counts, received, count);
        }
    }
}

/// <summary>Operations on a vector of float or double that the framework has only per type.</summary>
internal static unsafe class Lanes
{
    /// <summary>a b + c, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<T> Fma<T>(Vector<T> a, Vector<T> b, Vector<T> c) => typeof(T) == typeof(float)
        ? Vector.FusedMultiplyAdd(a.As<T, float>(), b.As<T, float>(), c.As<T, float>()).As<float, T>()
        : Vector.FusedMultiplyAdd(a.As<T, double>(), b.As<T, double>(), c.As<T, double>()).As<double, T>();

    /// <summary>16-bit counts as floating-point numbers. Reads a whole vector of counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<T> Counts<T>(ushort* counts)
    {
        Vector<uint> n = Vector.WidenLower(Vector.Load(counts));
        if (typeof(T) == typeof(float)) return Vector.ConvertToSingle(n.As<uint, int>()).As<float, T>();

        // Below 2^52, a whole number in the last bits of 2^52 is added to it.
        return ((Vector.WidenLower(n) | Vector.Create(0x4330000000000000ul)).As<ulong, double>() - Vector.Create(4503599627370496.0)).As<double, T>();
    }

    /// <summary>Adds 16-bit numbers to others, and sets them to zero; whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Move(ushort* from, ushort* to, int count)
    {
        for (int i = 0; i < count; i += Vector<ushort>.Count)
        {
            (Vector.Load(to + i) + Vector.Load(from + i)).Store(to + i);
            Vector<ushort>.Zero.Store(from + i);
        }
    }

    /// <summary>All bits set in the lanes whose 32-bit number is at least a bound. Reads a whole vector of numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<T> AtLeast<T>(int* numbers, int bound)
    {
        Vector<int> mask = Vector.GreaterThanOrEqual(Vector.Load(numbers), Vector.Create(bound));
        return typeof(T) == typeof(float) ? mask.As<int, T>() : Vector.WidenLower(mask).As<long, T>();
    }
}
