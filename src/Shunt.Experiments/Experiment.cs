using Shunt.Model;
using Shunt.Simulation;

namespace Shunt.Experiments;

/// <summary>One point of an experiment file, read, checked and lowered: everything theory and simulation need.</summary>
public sealed record Experiment
{
    /// <summary>Title of the experiment.</summary>
    public required string Name { get; init; }

    /// <summary>The network.</summary>
    public required NetworkModel Model { get; init; }

    /// <summary>How the efficacy changes with K, as <c>coupling.scaling</c> says; null when the file says nothing about it.</summary>
    public CouplingScaling? Scaling { get; init; }

    /// <summary>Name of the transfer function that theory uses, for instance <c>siegert</c>.</summary>
    public required string TheoryMethod { get; init; }

    /// <summary>How the network is simulated.</summary>
    public required SimulationSettings Simulation { get; init; }

    /// <summary>Values that <c>--set</c> and <c>--sweep</c> gave this point, dotted path to text, in order; empty for the file as it is.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Set { get; init; }

    /// <summary>The file with every override applied and every default written out: running it gives the same spikes.</summary>
    public required string ResolvedYaml { get; init; }

    /// <summary>Every convention that changes results, name to choice, as recorded in the provenance.</summary>
    public required IReadOnlyDictionary<string, string> Conventions { get; init; }
}
