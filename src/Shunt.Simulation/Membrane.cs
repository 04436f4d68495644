using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
    private readonly Shard _shard;
    private readonly AlignedBuffer<T> _potential;
    private readonly AlignedBuffer<T>?[] _reservoirs;
    private readonly AlignedBuffer<ChannelView> _channels;

    /// <summary>Vectors in which a neuron fires, as (mask of lanes, first neuron): dealt with after the loop, which has no calls and keeps its registers.</summary>
    private readonly AlignedBuffer<ulong> _firing;

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
        _firing = new AlignedBuffer<ulong>((shard.Padded / Vector512<T>.Count) + 1);
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
        Vector512<T> leak = Vector512.Create(_leak), leakDrive = Vector512.Create(_leakDrive), threshold = Vector512.Create(_threshold), reset = Vector512.Create(_reset);
        int heldSince = (int)(step - _shard.Population.RefractorySteps), padded = _shard.Padded;
        T* potential = _potential.Pointer;
        int* lastSpike = _shard.LastSpike.Pointer;
        ulong* firing = _firing.Pointer;
        TFlow flow = _flow;
        int vectors = 0;
        ChannelView* channels = _channels.Pointer, end = channels + _channels.Length;
        for (int i = 0; i < padded; i += Vector512<T>.Count)
        {
            Vector512<T> gamma = leak, drive = leakDrive;
            for (ChannelView* channel = channels; channel < end; channel++)
            {
                Vector512<T> release = channel->ReleaseInto(i);
                drive = Lanes.Fma(release, Vector512.Create(channel->Reversal), drive);
                if (channel->IsConductance) gamma += release;
            }

            Vector512<T> v = flow.Over(Vector512.Load(potential + i), gamma, drive);
            Vector512<T> refractory = Lanes.AtLeast<T>(lastSpike + i, heldSince);
            v = Vector512.ConditionalSelect(refractory, reset, v);
            Vector512<T> fires = Vector512.AndNot(Vector512.GreaterThanOrEqual(v, threshold), refractory);
            Vector512.ConditionalSelect(fires, reset, v).Store(potential + i);
            ulong mask = fires.ExtractMostSignificantBits();
            firing[vectors] = (mask << 32) | (uint)i;
            vectors += mask != 0 ? 1 : 0;
        }

        for (int k = 0; k < vectors; k++) Fire((uint)(firing[k] >> 32), (int)firing[k], (int)step, spikes);
        spikes.EndStep();
    }

    private void Fire(uint mask, int first, int step, SpikeBuffer spikes)
    {
        int* lastSpike = _shard.LastSpike.Pointer;
        for (; mask != 0; mask &= mask - 1)
        {
            int neuron = first + BitOperations.TrailingZeroCount(mask);
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

        /// <summary>What the channel releases in this step to one vector of neurons; adds up the arrivals and advances the reservoir.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector512<T> ReleaseInto(int i)
        {
            Vector512<T> n = Lanes.TakeCounts<T>(Counts + i, Received + i);
            if (Reservoir == null) return n * Vector512.Create(Instant);
            Vector512<T> s = Vector512.Load(Reservoir + i);
            Lanes.Fma(s, Vector512.Create(Decay), n * Vector512.Create(Carry)).Store(Reservoir + i);
            return Lanes.Fma(n, Vector512.Create(Instant), s);
        }
    }
}

/// <summary>Operations on a vector of float or double that the framework has only per type.</summary>
internal static unsafe class Lanes
{
    /// <summary>a b + c, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<T> Fma<T>(Vector512<T> a, Vector512<T> b, Vector512<T> c) => typeof(T) == typeof(float)
        ? Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector512.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    /// <summary>16-bit counts as floating-point numbers; on the way they are added to sums, and set to zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<T> TakeCounts<T>(ushort* counts, ushort* sums)
    {
        if (typeof(T) == typeof(float))
        {
            var n = Vector256.Load(counts);
            (Vector256.Load(sums) + n).Store(sums);
            Vector256<ushort>.Zero.Store(counts);
            if (Avx512F.IsSupported) return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(n)).As<float, T>();
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(n);
            return Vector512.ConvertToSingle(Vector512.Create(low, high).AsInt32()).As<float, T>();
        }

        var m = Vector128.Load(counts);
        (Vector128.Load(sums) + m).Store(sums);
        Vector128<ushort>.Zero.Store(counts);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Double(Avx2.ConvertToVector256Int32(m)).As<double, T>();
        (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(m);
        (Vector256<long> lowest, Vector256<long> highest) = Vector256.Widen(Vector256.Create(lower, upper).AsInt32());
        return Vector512.Create(Vector256.ConvertToDouble(lowest), Vector256.ConvertToDouble(highest)).As<double, T>();
    }

    /// <summary>All bits set in the lanes whose 32-bit number is at least a bound.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<T> AtLeast<T>(int* numbers, int bound)
    {
        if (typeof(T) == typeof(float)) return Vector512.GreaterThanOrEqual(Vector512.Load(numbers), Vector512.Create(bound)).As<int, T>();
        Vector256<int> mask = Vector256.GreaterThanOrEqual(Vector256.Load(numbers), Vector256.Create(bound));
        (Vector256<long> low, Vector256<long> high) = Vector256.Widen(mask);
        return Vector512.Create(low, high).As<long, T>();
    }
}
