using BenchmarkDotNet.Attributes;
using Shunt.Model;
using Shunt.Simulation;

namespace Shunt.Benchmarks;

/// <summary>What does a step cost, piece by piece? All results are per neuron or per synaptic event; the estimate's constants come from here.</summary>
[MemoryDiagnoser]
public class EngineKernels
{
    private const int Neurons = 6272;
    private const int Sources = 12_500;
    private const int OutDegree = 500;
    private readonly uint[] _numbers = new uint[Neurons];
    private readonly ushort[] _counts = new ushort[Neurons];
    private readonly PoissonTable _few = new(1.25), _many = new(12.5);
    private readonly RandomStream _stream = new(1, RandomPurpose.PoissonInput, 0);
    private readonly Shard _shard = Shard();
    private readonly SpikeBuffer _spikes = new(64);
    private readonly AlignedBuffer<ushort> _ring = new(256L * Neurons);
    private readonly Wiring _constant = Wire(1), _random = Wire(200);
    private int _step;

    [Benchmark(OperationsPerInvoke = Neurons, Description = "membrane update, two instantaneous channels")]
    public void Membrane()
    {
        if (_spikes.Steps == 64) _spikes.Clear();
        MembraneKernel.Step(_shard, _step++, _spikes);
    }

    [Benchmark(OperationsPerInvoke = Neurons, Description = "random number")]
    public void Random() => _stream.Fill(_numbers, 0, (ulong)_step++);

    [Benchmark(OperationsPerInvoke = Neurons, Description = "Poisson count of mean 1.25 from a random number")]
    public void PoissonFew() => _few.AddDraws(_numbers, _counts);

    [Benchmark(OperationsPerInvoke = Neurons, Description = "Poisson count of mean 12.5 from a random number")]
    public void PoissonMany() => _many.AddDraws(_numbers, _counts);

    [Benchmark(OperationsPerInvoke = 20 * OutDegree, Description = "synaptic event, constant delay")]
    public void ConstantDelay() => Deliver(_constant);

    [Benchmark(OperationsPerInvoke = 20 * OutDegree, Description = "synaptic event, 200 random delays")]
    public void RandomDelays() => Deliver(_random);

    [Benchmark(OperationsPerInvoke = Sources * OutDegree, Description = "drawing a synapse, random delays")]
    public long Wiring() => Wire(200).Synapses;

    private unsafe void Deliver(Wiring wiring)
    {
        _step++;
        for (int k = 0; k < 20; k++) wiring.Deliver((int)((_step * 7919L + k * 613) % Sources), _step, _ring.Pointer, 255, Neurons);
    }

    private static Wiring Wire(int delays) => new(
        new Route(
            0, 0, -1, Sources, 0, 1, delays,
            new Projection { Source = "S", Target = "T", InDegree = new InDegreeLaw.Fixed(Sources * OutDegree / Neurons), Synapse = Synapse.Conductance(0.001, 0) }),
        0, Neurons, 1, _ => { });

    private static Shard Shard()
    {
        Projection Input(string source, int k, double a, double reversal) =>
            new() { Source = source, Target = "N", InDegree = new InDegreeLaw.Fixed(k), Synapse = Synapse.Conductance(a, reversal) };
        var model = new NetworkModel(
            "benchmark", [new Population("N", Neurons, Neuron.Paper)], [new ExternalInput("X", 25), new ExternalInput("Y", 37)],
            [Input("X", 1000, 0.0016, 0), Input("Y", 250, 0.032, -75)]);
        var network = new LoweredNetwork(model, new SimulationSettings { TimeStep = 5e-5, WarmUp = 0, Duration = 10_000 });
        return new Shard(network, network.Populations[0], 0, Neurons);
    }
}
