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
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    internal static string Write(Experiment point, MemoryCheck check, PretendedRun? measured = null)
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
                    Exchange = e.Exchange is { } x
                        ? new { x.Ranks, x.Exchanges, x.BytesSent, x.BytesReceived, CodingS = x.CodingSeconds, NetworkS = x.NetworkSeconds }
                        : null,
                },
                Measured = measured is null ? null : new
                {
                    MemoryMb = measured.Performance.PeakResidentMegabytes,
                    BuildS = measured.Performance.BuildSeconds,
                    SimS = measured.Performance.SimulationSeconds,
                    RateHz = measured.Rate,
                    ExpectedRateHz = measured.ExpectedRate,
                    measured.Counters.Synapses,
                    measured.Counters.SynapticEvents,
                    Exchange = measured.Counters.Exchange is { } y ? new { y.Ranks, y.Exchanges, y.BytesSent, y.BytesReceived, CodingS = y.CodingSeconds } : null,
                },
            },
            Options);
    }
}
