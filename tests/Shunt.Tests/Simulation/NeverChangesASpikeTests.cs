using System.Text.Json;
using CsCheck;
using Shunt.Experiments;
using Shunt.Simulation;
using Shunt.Tests.Cli;
using Xunit;
using CommandLineProgram = Shunt.Tests.Cli.Program;

namespace Shunt.Tests.Simulation;

/// <summary>
/// What must never change a spike, over networks of all kinds. Every statement is exact, so there are no false alarms; the first network of each
/// test is fixed, the others are new every
/// time, and a failure names its own.
/// </summary>
public class NeverChangesASpikeTests
{
    private const string Seed = "0000000000001";
    private static readonly Gen<int> Networks = Gen.Int[0, 1_000_000_000];
    private static readonly Gen<int> Threads = Gen.Int[1, 4];
    private static readonly Gen<int> ShardSizes = Gen.Int[0, 3].Select(n => 64 * n);

    [Fact]
    public void Threads_and_shards() => Gen.Select(Networks, Threads, ShardSizes, Gen.Bool).Sample(
        (number, threads, shardSize, isDouble) =>
        {
            Experiment network = RandomNetwork.Of(number);
            SimulationSettings settings = network.Simulation with { Threads = 1, Precision = isDouble ? Precision.Double : Precision.Single };
            SimulationRecord expected = new Simulator(network.Model, settings).Run();
            SimulationRecord actual = new Simulator(network.Model, settings with { Threads = threads, ShardSize = shardSize }).Run();
            CheckpointTests.AssertSame(expected, actual);
        },
        iter: 60, threads: 1, seed: Seed);

    [Fact]
    public void A_checkpoint_anywhere_and_the_threads_and_shards_after_it()
    {
        Gen.Select(Gen.Select(Networks, Gen.Double[0, 1], Gen.Bool), Gen.Select(Threads, ShardSizes), Gen.Select(Threads, ShardSizes)).Sample(
            (run, before, after) =>
            {
                (int number, double position, bool isDouble) = run;
                Experiment network = RandomNetwork.Of(number);
                SimulationSettings settings = network.Simulation with { Threads = 1, Precision = isDouble ? Precision.Double : Precision.Single };
                SimulationRecord expected = new Simulator(network.Model, settings).Run();
                // Two epochs before the end, of 64 steps at most, is the last moment for a stop that leaves a checkpoint.
                long step = (long)(position * (expected.Counters.Steps - 130));
                (byte[] state, List<(long, int[])> past) =
                    CheckpointTests.RunUntil(network.Model, settings with { Threads = before.Item1, ShardSize = before.Item2 }, step);
                CheckpointTests.AssertSame(expected, CheckpointTests.Resume(
                    network.Model, settings with { Threads = after.Item1, ShardSize = after.Item2 }, state, past));
            },
            iter: 60, threads: 1, seed: Seed);
    }

    [Fact]
    public void The_vectors_of_the_processor()
    {
        // These are the variables that .NET 10 heeds; the older DOTNET_EnableAVX512F is not among them.
        string[] levels = ["DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableAVX", "DOTNET_EnableHWIntrinsic"];
        using var program = new CommandLineProgram();
        for (int number = 1; number <= 4; number++)
        {
            string file = FormattableString.Invariant($"{number}.yaml");
            program.Write(file, RandomNetwork.Yaml(number));
            string widest = Hash(new Dictionary<string, string>());
            foreach (string level in levels) Assert.Equal((level, widest), (level, Hash(new Dictionary<string, string> { [level] = "0" })));

            string Hash(Dictionary<string, string> environment)
            {
                using CommandLineProgram.Running running = program.Start(environment, "simulate", file, "--json", "--quiet");
                Outcome outcome = running.Wait();
                Assert.Equal(0, outcome.ExitCode);
                JsonElement simulation = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("simulation");
                Assert.True(simulation.GetProperty("spikes").GetInt64() > 50);
                return simulation.GetProperty("spikes_sha256").GetString()!;
            }
        }
    }
}
