using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Shunt.Simulation;

/// <summary>
/// One step of the membrane. With the conductances held at their average over the step, Eq. 1 is linear in V and its solution is exact:
/// <code>
/// Gamma = dt/tau_L + sum_c G_c               total conductance, integrated over the step
/// N     = dt/tau_L E_L + sum_c G_c E_c       drive (mV), integrated over the step
/// V    := V + (N - Gamma V) phi(Gamma),      phi(x) = (1 - e^-x)/x
/// </code>
/// Instantaneous synapses are the limit in which each arrival brings G = -ln(1 - b): n arrivals alone move V to E + (V - E)(1 - b)^n exactly, so jumps compose, V never
/// overshoots a reversal potential, and excitation and inhibition within a step have no order. A current adds its charge to N alone.
/// Then: a refractory neuron is put back to the reset; one at or above threshold fires, at the end of the step.
/// </summary>
internal static unsafe class MembraneKernel
{
    private const int Lanes = 8;

    internal static void Step(Shard shard, long step, SpikeBuffer spikes)
    {
        LoweredPopulation population = shard.Population;
        int channels = population.Channels.Count;
        ChannelView* views = stackalloc ChannelView[channels];
        for (int c = 0; c < channels; c++) views[c] = new ChannelView(shard, c, step);

        Vector512<double> leak = Vector512.Create(population.Leak), leakDrive = Vector512.Create(population.LeakDrive);
        Vector512<double> threshold = Vector512.Create(population.Source.Neuron.Threshold), reset = Vector512.Create(population.Source.Neuron.Reset);
        var heldSince = Vector256.Create((int)(step - population.RefractorySteps));
        double* potential = shard.Potential.Pointer;
        int* lastSpike = shard.LastSpike.Pointer;

        for (int i = 0; i < shard.Padded; i += Lanes)
        {
            Vector512<double> gamma = leak, drive = leakDrive;
            for (int c = 0; c < channels; c++)
            {
                Vector512<double> release = views[c].Release(i);
                if (views[c].IsConductance)
                {
                    gamma += release;
                    drive += release * views[c].Reversal;
                }
                else
                {
                    drive += release;
                }
            }

            Vector512<double> v = Vector512.Load(potential + i);
            v += (drive - (gamma * v)) * Relaxation.Phi(gamma);
            Vector512<double> refractory = Widen(Vector256.GreaterThanOrEqual(Vector256.Load(lastSpike + i), heldSince));
            v = Vector512.ConditionalSelect(refractory, reset, v);
            Vector512<double> fires = Vector512.AndNot(Vector512.GreaterThanOrEqual(v, threshold), refractory);
            ulong mask = fires.ExtractMostSignificantBits();
            if (mask != 0)
            {
                v = Vector512.ConditionalSelect(fires, reset, v);
                for (; mask != 0; mask &= mask - 1)
                {
                    int neuron = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
                    spikes.Add(neuron);
                    shard.Statistics.Spike(neuron, (int)step, lastSpike[neuron]);
                    lastSpike[neuron] = (int)step;
                }
            }

            v.Store(potential + i);
        }

        spikes.EndStep();
    }

    /// <summary>Eight 16-bit counts as doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Counts(ushort* counts)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Double(Avx2.ConvertToVector256Int32(counts));
        if (Avx2.IsSupported)
        {
            return Vector512.Create(
                Avx.ConvertToVector256Double(Sse41.ConvertToVector128Int32(counts)), Avx.ConvertToVector256Double(Sse41.ConvertToVector128Int32(counts + 4)));
        }

        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load(counts));
        (Vector256<long> lowest, Vector256<long> highest) = Vector256.Widen(Vector256.Create(low, high).AsInt32());
        return Vector512.Create(Vector256.ConvertToDouble(lowest), Vector256.ConvertToDouble(highest));
    }

    /// <summary>A 32-bit mask as a 64-bit one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Widen(Vector256<int> mask)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int64(mask).AsDouble();
        (Vector256<long> low, Vector256<long> high) = Vector256.Widen(mask);
        return Vector512.Create(low, high).AsDouble();
    }

    /// <summary>A channel's numbers and this step's arrivals, laid out for the loop.</summary>
    private readonly struct ChannelView
    {
        internal readonly bool IsConductance;
        internal readonly double Reversal;
        private readonly double _instant, _carry, _decay, _release;
        private readonly ushort* _row;
        private readonly double* _reservoir;
        private readonly double* _arrivals;

        internal ChannelView(Shard shard, int c, long step)
        {
            Channel channel = shard.Population.Channels[c];
            IsConductance = channel.IsConductance;
            Reversal = channel.Reversal;
            (_instant, _carry, _decay, _release) = (channel.Instant, channel.Carry, channel.Decay, channel.Release);
            _row = shard.RowPointer(c, step);
            _reservoir = channel.HasReservoir ? shard.Reservoirs[c]!.Pointer : null;
            _arrivals = shard.Arrivals[c].Pointer;
        }

        /// <summary>What the channel releases in this step to eight neurons; counts the arrivals and advances the reservoir.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector512<double> Release(int i)
        {
            Vector512<double> n = Counts(_row + i);
            (Vector512.Load(_arrivals + i) + n).Store(_arrivals + i);
            Vector512<double> release = n * _instant;
            if (_reservoir != null)
            {
                Vector512<double> s = Vector512.Load(_reservoir + i);
                release += s * _release;
                ((s * _decay) + (n * _carry)).Store(_reservoir + i);
            }

            return release;
        }
    }
}
