using System.Text.Json;
using System.Text.Json.Serialization;
using Shunt.Experiments;
using Shunt.Simulation;

namespace Shunt.Cli;

/// <summary>An estimate as one line of JSON.</summary>
internal static class EstimateJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    internal static string Write(Experiment point, MemoryCheck check)
    {
        CostEstimate e = check.Estimate;
        return JsonSerializer.Serialize(
            new
            {
                Name = point.Name,
                Set = point.Set.ToDictionary(s => s.Key, s => s.Value),
                Estimate = new
                {
                    e.Synapses,
                    e.BytesPerSynapse,
                    MemoryMb = e.MemoryBytes / 1e6,
                    AvailableMb = check.AvailableBytes / 1e6,
                    check.Fits,
                    BuildS = e.BuildSeconds,
                    SimS = e.SimulationSeconds,
                    e.NeuronUpdates,
                    e.SynapticEvents,
                    e.InputEvents,
                },
            },
            Options);
    }
}
