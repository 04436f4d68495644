using Shunt.Experiments;

namespace Shunt.Tests.Experiments;

/// <summary>A right file to spoil, and what is said about it afterwards.</summary>
internal static class Wrong
{
    internal const string Quickstart =
        """
        name: test
        neuron: {tau_m: 20 ms, t_ref: 2 ms}
        populations: {E: {size: 4000}, I: {size: 1000}}
        coupling: {K: 1000, gamma: 0.25, a: 0.0016, g: 20}
        input: {rate: 25 Hz}
        delays: {E: 0..10 ms, I: 1 ms}
        simulation: {dt: 0.05 ms, warmup: 0.25 s, duration: 1 s}
        """;

    internal static string[] ProblemsOf(string yaml, params string[] set)
    {
        try
        {
            ExperimentFile.Parse(yaml, "f.yaml").With(set).Bind();
            return [];
        }
        catch (ExperimentFileException e)
        {
            return [.. e.Problems.Select(p => p.ToString())];
        }
    }
}
