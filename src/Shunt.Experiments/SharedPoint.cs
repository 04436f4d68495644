using System.Buffers.Binary;
using System.Text.Json;
using Shunt.Simulation;

namespace Shunt.Experiments;

/// <summary>The processes that share a network, as one of them sees it.</summary>
/// <param name="Ranks">The processes.</param>
/// <param name="OnThisMachine">How many of them are on this machine.</param>
/// <param name="Threads">Threads that this one gets unless it is told otherwise.</param>
public sealed record Team(IRanks Ranks, int OnThisMachine, int Threads)
{
    /// <summary>Lets the processes find out who shares a machine, and there the cores. All of them call it.</summary>
    /// <param name="ranks">The processes.</param>
    public static Team Meet(IRanks ranks)
    {
        string machine = Environment.MachineName;
        const string status = "/proc/self/status"; // which cores the launcher has bound this process to
        string cores = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(l => l.StartsWith("Cpus_allowed:", StringComparison.Ordinal), "") : "";
        int[] own = [Code(machine), Code(machine + cores)];
        int[] all = new int[2 * ranks.Count];
        ranks.Allgather(System.Runtime.InteropServices.MemoryMarshal.AsBytes(own.AsSpan()), System.Runtime.InteropServices.MemoryMarshal.AsBytes(all.AsSpan()));
        int Same(int what) => Enumerable.Range(0, ranks.Count).Count(r => all[(2 * r) + what] == own[what]);
        return new Team(ranks, Same(0), Math.Max(1, Environment.ProcessorCount / Same(1)));

        // the hash of the runtime is another in each process
        static int Code(string text) =>
            BinaryPrimitives.ReadInt32LittleEndian(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }
}

/// <summary>
/// A point that several processes simulate together. Rank 0 runs the command; the others wait until it announces a point, take part in that, and wait
/// for the next. Whatever goes wrong with a point on one of them ends the point on all, and rank 0 says what it was.
/// </summary>
/// <param name="ResolvedYaml">The experiment.</param>
/// <param name="Folder">Folder of the point's results; null when spikes are not recorded.</param>
/// <param name="Threads">Threads of each process; 0 for its share of the cores.</param>
/// <param name="GoesOn">Whether the run goes on from a checkpoint.</param>
public sealed record SharedPoint(string ResolvedYaml, string? Folder, int Threads, bool GoesOn)
{
    /// <summary>On rank 0: tells the others what to simulate, and waits until they are ready.</summary>
    /// <param name="ranks">The processes.</param>
    /// <exception cref="OtherRankException">One of them cannot take part.</exception>
    public void Announce(IRanks ranks)
    {
        Broadcast(ranks, JsonSerializer.SerializeToUtf8Bytes(this));
        ranks.Agree(null);
    }

    /// <summary>On rank 0: the point is over, however it went; returns when the others have closed their recordings.</summary>
    /// <param name="ranks">The processes.</param>
    /// <exception cref="OtherRankException">The recording of one of them is not complete.</exception>
    public static void End(IRanks ranks) => ranks.Agree(null);

    /// <summary>On rank 0: there are no more points, and the others may leave.</summary>
    /// <param name="ranks">The processes.</param>
    public static void AnnounceEnd(IRanks ranks) => Broadcast(ranks, []);

    /// <summary>On the other ranks: takes part in everything that rank 0 announces, until the end.</summary>
    /// <param name="team">The processes.</param>
    /// <param name="stop">Stops the point that is being simulated, on all of them.</param>
    public static void Serve(Team team, CancellationToken stop)
    {
        IRanks ranks = team.Ranks;
        while (Next(ranks) is { } point) point.TakePart(team, stop);
    }

    private void TakePart(Team team, CancellationToken stop)
    {
        IRanks ranks = team.Ranks;
        Recording? recording = null;
        Experiment? experiment = null;
        try
        {
            ranks.Together(() =>
            {
                experiment = ExperimentFile.Parse(ResolvedYaml, "experiment.yaml").Bind();
                if (Folder is not null) recording = new Recording(ResultsFolder.Existing(Folder).RankSpoolPath(ranks.Rank), experiment);
            });
            try
            {
                SimulationSettings settings = experiment!.Simulation with { Threads = Threads > 0 ? Threads : team.Threads };
                var simulator = new Simulator(experiment.Model, settings, null, ranks, stop) { Checkpoints = recording };
                if (GoesOn) simulator.ResumeWithOthers();
                simulator.RunWithOthers(recording, stop);
            }
            finally
            {
                ranks.Together(() => recording?.Dispose());
            }
        }
#pragma warning disable CA1031 // All ranks know of it, and rank 0 tells the user.
        catch (Exception)
#pragma warning restore CA1031
        {
            recording?.Close();
        }
    }

    private static SharedPoint? Next(IRanks ranks)
    {
        byte[] told = Broadcast(ranks, null);
        return told.Length == 0 ? null : JsonSerializer.Deserialize<SharedPoint>(told);
    }

    private static byte[] Broadcast(IRanks ranks, byte[]? told)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, told?.Length ?? 0);
        ranks.Broadcast(length);
        told ??= new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        if (told.Length > 0) ranks.Broadcast(told);
        return told;
    }

    /// <summary>Records the spikes of a rank. What goes wrong stops the run on all ranks.</summary>
    private sealed class Recording(string path, Experiment experiment) : ISpikeSink, ICheckpointSink, IDisposable
    {
        private readonly SpikeSpool _spool = SpikeSpool.Create(path, experiment.Model, experiment.Simulation.SpikeResolution);

        public void Record(long step, ReadOnlySpan<int> neurons) => _spool.Record(step, neurons);

        public bool IsDue(SimulationProgress progress) => false;

        public void Prepare() => _spool.Save();

        public void Save(SimulationState state) => throw new InvalidOperationException("only rank 0 saves");

        public void Dispose() => _spool.Dispose();

        /// <summary>Closes the file, however that goes.</summary>
        public void Close()
        {
            try
            {
                Dispose();
            }
            catch (ResultsException)
            {
                // What went wrong before is what is told.
            }
        }
    }
}
