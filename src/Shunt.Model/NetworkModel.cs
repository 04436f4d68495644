namespace Shunt.Model;

/// <summary>A population of identical neurons.</summary>
/// <param name="Name">Unique name, for instance <c>E</c>.</param>
/// <param name="Size">Number of neurons; positive.</param>
/// <param name="Neuron">Their parameters.</param>
public sealed record Population(string Name, int Size, Neuron Neuron);

/// <summary>How external spikes reach the neurons. The two are not the same model: a pool correlates the neurons that share its units.</summary>
public enum InputWiring
{
    /// <summary>Every neuron has Poisson units of its own, as mean field assumes.</summary>
    Independent,

    /// <summary>A finite pool of Poisson units, wired at random like a population.</summary>
    Pool,
}

/// <summary>External Poisson units.</summary>
/// <param name="Name">Unique name, for instance <c>X</c>.</param>
/// <param name="Rate">Rate of each unit, nu_X (Hz); zero or more.</param>
/// <param name="Wiring">Private units or a shared pool.</param>
/// <param name="PoolSize">Units in the pool N_X; 0 when the wiring is independent.</param>
public sealed record ExternalInput(string Name, double Rate, InputWiring Wiring = InputWiring.Independent, int PoolSize = 0);

/// <summary>The synapses from one source onto one population. A projection has one efficacy.</summary>
public sealed record Projection
{
    /// <summary>Name of a population or an external input.</summary>
    public required string Source { get; init; }

    /// <summary>Name of the population that receives.</summary>
    public required string Target { get; init; }

    /// <summary>How many inputs each target neuron has.</summary>
    public required InDegreeLaw InDegree { get; init; }

    /// <summary>What an arriving spike does.</summary>
    public required Synapse Synapse { get; init; }

    /// <summary>How long a spike travels; external inputs have no delay.</summary>
    public DelayLaw Delay { get; init; } = new DelayLaw.None();

    /// <summary>Whether a source may be drawn more than once for the same target neuron.</summary>
    public bool AllowMultapses { get; init; }

    /// <summary>Whether a neuron may be its own source.</summary>
    public bool AllowAutapses { get; init; }
}

/// <summary>
/// What a paper's methods section writes down: populations, external inputs and the projections between them. Immutable and checked on construction.
/// Internal units throughout the library: mV, s, Hz. (Voltage never meets another dimension in these equations, so mV costs no conversion factor.)
/// </summary>
public sealed record NetworkModel
{
    /// <summary>Creates and checks a network.</summary>
    /// <param name="name">What the network is called in reports.</param>
    /// <param name="populations">At least one.</param>
    /// <param name="inputs">External inputs; may be empty.</param>
    /// <param name="projections">Projections; sources and targets must exist.</param>
    /// <exception cref="ModelException">A value is impossible; the message names the place, the value and what is allowed.</exception>
    public NetworkModel(
        string name,
        IReadOnlyList<Population> populations,
        IReadOnlyList<ExternalInput> inputs,
        IReadOnlyList<Projection> projections)
    {
        Name = name;
        Populations = populations;
        Inputs = inputs;
        Projections = projections;
        ModelChecks.Check(this);
    }

    /// <summary>What the network is called in reports.</summary>
    public string Name { get; }

    /// <summary>Populations, in the order that numbers their neurons.</summary>
    public IReadOnlyList<Population> Populations { get; }

    /// <summary>External inputs.</summary>
    public IReadOnlyList<ExternalInput> Inputs { get; }

    /// <summary>Projections.</summary>
    public IReadOnlyList<Projection> Projections { get; }

    /// <summary>Number of neurons in all populations.</summary>
    public long Size => Populations.Sum(p => (long)p.Size);

    /// <summary>The projections that end on a population.</summary>
    /// <param name="population">Name of the population.</param>
    public IEnumerable<Projection> Onto(string population) => Projections.Where(p => p.Target == population);

    /// <summary>The population of this name, or null.</summary>
    /// <param name="name">Name to look up.</param>
    public Population? FindPopulation(string name) => Populations.FirstOrDefault(p => p.Name == name);

    /// <summary>The external input of this name, or null.</summary>
    /// <param name="name">Name to look up.</param>
    public ExternalInput? FindInput(string name) => Inputs.FirstOrDefault(i => i.Name == name);

    /// <summary>
    /// Units a projection's source offers to one target neuron: the size of the population or pool; for an independent input, whose units are
    /// private, the mean in-degree.
    /// </summary>
    /// <param name="projection">A projection of this network.</param>
    public int SourceSize(Projection projection)
    {
        if (FindPopulation(projection.Source) is { } population) return population.Size;
        ExternalInput input = FindInput(projection.Source)!;
        return input.Wiring == InputWiring.Pool ? input.PoolSize : (int)Math.Ceiling(projection.InDegree.Mean(0));
    }

    /// <summary>Mean number of inputs a target neuron has through a projection.</summary>
    /// <param name="projection">A projection of this network.</param>
    public double MeanInDegree(Projection projection) => projection.InDegree.Mean(SourceSize(projection));
}
