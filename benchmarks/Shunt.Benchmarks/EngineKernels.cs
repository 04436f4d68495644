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
    private readonly Shard _shard = Shard(Precision.Single), _double = Shard(Precision.Double);
    private readonly SpikeBuffer _spikes = new(64);
    private readonly StoredWiring _constant = Wire(1), _random = Wire(200);
    private readonly DelayQueue _queue = new(200, Neurons, isDense: true);
    private readonly PrivateInputDraw _few, _many;
    private int _step;

    public EngineKernels()
    {
        _few = new PrivateInputDraw(_shard.Population.Inputs[0], _shard);
        _many = new PrivateInputDraw(_shard.Population.Inputs[0] with { InDegree = new InDegreeLaw.Fixed(10_000) }, _shard);
    }

    [Benchmark(OperationsPerInvoke = Neurons, Description = "membrane update, two instantaneous channels, single precision")]
    public void Membrane() => Update(_shard);

    [Benchmark(OperationsPerInvoke = Neurons, Description = "the same in double precision")]
    public void MembraneDouble() => Update(_double);

    [Benchmark(OperationsPerInvoke = Neurons, Description = "Poisson count of mean 1.25, random number included")]
    public unsafe long PoissonFew() => _few.AddTo(_shard.Counts[0].Pointer, Neurons, _step++);

    [Benchmark(OperationsPerInvoke = Neurons, Description = "Poisson count of mean 12.5, random number included")]
    public unsafe long PoissonMany() => _many.AddTo(_shard.Counts[0].Pointer, Neurons, _step++);

    [Benchmark(OperationsPerInvoke = 20 * OutDegree, Description = "synaptic event, constant delay")]
    public unsafe void ConstantDelay()
    {
        _step++;
        for (int k = 0; k < 20; k++) _constant.Deliver(Source(k), _shard.Counts[0].Pointer);
    }

    [Benchmark(OperationsPerInvoke = 20 * OutDegree, Description = "synaptic event, 200 random delays")]
    public unsafe void RandomDelays()
    {
        _step++;
        _queue.Flush(_step, _shard.Counts[0].Pointer);
        for (int k = 0; k < 20; k++) _random.Send(Source(k), 0, _step, _step, _queue);
    }

    [Benchmark(OperationsPerInvoke = Sources * OutDegree, Description = "drawing a synapse")]
    public long Wiring() => Wire(200).Synapses;

    private int Source(int k) => (int)(((_step * 7919L) + (k * 613)) % Sources);

    private void Update(Shard shard)
    {
        if (_spikes.Steps == 64) _spikes.Clear();
        shard.Membrane.Step(_step++, _spikes);
    }

    private static StoredWiring Wire(int delays) => new(
        new Route(
            0, 0, -1, Sources, 0, 1, delays,
            new Projection { Source = "S", Target = "T", InDegree = new InDegreeLaw.Fixed(Sources * OutDegree / Neurons), Synapse = Synapse.Conductance(0.001, 0) }),
        0, Neurons, 1, _ => { });

    private static Shard Shard(Precision precision)
    {
        Projection Input(string source, int k, double a, double reversal) =>
            new() { Source = source, Target = "N", InDegree = new InDegreeLaw.Fixed(k), Synapse = Synapse.Conductance(a, reversal) };
        var model = new NetworkModel(
            "benchmark", [new Population("N", Neurons, Neuron.Paper)], [new ExternalInput("X", 25), new ExternalInput("Y", 37)],
            [Input("X", 1000, 0.0016, 0), Input("Y", 250, 0.032, -75)]);
        var network = new LoweredNetwork(model, new SimulationSettings { TimeStep = 5e-5, WarmUp = 0, Duration = 10_000, Precision = precision });
        return new Shard(network, network.Populations[0], 0, Neurons);
    }
}
