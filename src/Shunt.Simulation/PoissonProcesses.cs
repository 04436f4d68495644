using System.Runtime.CompilerServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// Private Poisson input of a population in continuous time: per neuron and projection one process of the rate of all its units together. Interval n of a process is a function of
/// (seed, projection, neuron, n). Process k belongs to neuron k / <see cref="PerNeuron"/>.
/// </summary>
internal sealed class PrivateProcesses
{
    /// <summary>Intervals drawn at once: eight blocks of the generator side by side.</summary>
    private const int Batch = 16;

    private readonly RandomStream[] _streams;
    private readonly double[] _next, _meanInterval, _intervals;
    private readonly long[] _count;

    internal PrivateProcesses(LoweredNetwork network, LoweredPopulation population)
    {
        PerNeuron = population.Inputs.Count;
        _streams = [.. population.Inputs.Select(input => new RandomStream(network.Settings.Seed, RandomPurpose.ArrivalInterval, (uint)input.Stream))];
        int processes = population.Source.Size * PerNeuron;
        _next = new double[processes];
        _meanInterval = new double[processes];
        _intervals = new double[processes * Batch];
        _count = new long[processes];
        for (int p = 0; p < PerNeuron; p++)
        {
            PrivateInput input = population.Inputs[p];
            double rate = network.Model.FindInput(network.Model.Projections[input.Stream].Source)!.Rate;
            var degrees = new RandomStream(network.Settings.Seed, RandomPurpose.InDegree, (uint)input.Stream);
            for (int i = 0; i < population.Source.Size; i++)
            {
                int k = (i * PerNeuron) + p;
                _meanInterval[k] = 1 / (rate * InDegreeDraw.Of(input.InDegree, degrees, i));
                Refill(k);
                _next[k] = _intervals[k * Batch];
            }
        }
    }

    /// <summary>Processes of a neuron: its private inputs.</summary>
    internal int PerNeuron { get; }

    /// <summary>Time of the next arrival of every process (s); infinite where the rate is zero.</summary>
    internal double[] Next => _next;

    /// <summary>Arrivals of every process so far.</summary>
    internal long[] Count => _count;

    /// <summary>Goes on to the arrival after the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Advance(int k)
    {
        int within = (int)++_count[k] & (Batch - 1);
        if (within == 0) Refill(k);
        _next[k] += _intervals[(k * Batch) + within];
    }

    private void Refill(int k)
    {
        int neuron = k / PerNeuron;
        Span<double> intervals = _intervals.AsSpan(k * Batch, Batch);
        if (double.IsPositiveInfinity(_meanInterval[k]))
        {
            intervals.Fill(double.PositiveInfinity);
            return;
        }

        Span<uint> numbers = stackalloc uint[2 * Batch];
        long block = _count[k] / 2; // two intervals to a block
        _streams[k - (neuron * PerNeuron)].Fill(numbers, (uint)block, (uint)neuron | ((ulong)block >> 32 << 32));
        double scale = -_meanInterval[k];
        for (int j = 0; j < Batch; j++)
        {
            // Word pairs: number 8 w + l is word w of block l.
            int at = (j & 7) + ((j >> 3) * Batch);
            intervals[j] = scale * Math.Log(Uniform.Open(numbers[at], numbers[at + 8]));
        }
    }
}

/// <summary>A pool of Poisson units in continuous time: one process, each of whose spikes is given to a unit at random. Spike n is a function of (seed, input, n).</summary>
internal sealed class PoolProcess
{
    private readonly RandomStream _stream;
    private readonly double _meanInterval;
    private ulong _count;
    private uint _unit0, _unit1;

    internal PoolProcess(LoweredNetwork network, PoolSource pool)
    {
        Size = pool.Size;
        _stream = new RandomStream(network.Settings.Seed, RandomPurpose.PoolInterval, (uint)pool.Index);
        _meanInterval = 1 / (network.Model.Inputs[pool.Index].Rate * pool.Size);
        if (double.IsPositiveInfinity(_meanInterval)) Next = _meanInterval;
        else Draw();
    }

    internal int Size { get; }

    /// <summary>Time of the next spike (s).</summary>
    internal double Next { get; private set; }

    /// <summary>Takes the next spike and returns its unit.</summary>
    internal int Take()
    {
        int unit = (int)Math.BigMul(((ulong)_unit0 << 32) | _unit1, (ulong)Size, out _);
        Draw();
        return unit;
    }

    private void Draw()
    {
        Philox.Block block = _stream.Block((uint)_count, _count >> 32);
        _count++;
        Next -= _meanInterval * Math.Log(Uniform.Open(block.X0, block.X1));
        (_unit0, _unit1) = (block.X2, block.X3);
    }
}

/// <summary>Uniform numbers from random bits.</summary>
internal static class Uniform
{
    /// <summary>One of 2^52 equally likely numbers, equally spaced within (0, 1).</summary>
    internal static double Open(uint high, uint low) => ((((ulong)high << 32 | low) >> 12) + 0.5) / 4503599627370496.0;
}
