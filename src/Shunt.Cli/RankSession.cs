using Shunt.Experiments;
using Shunt.Simulation.Mpi;

namespace Shunt.Cli;

/// <summary>The program as one process or as many. With many, the first runs the command and speaks; the others do what it announces.</summary>
internal static class RankSession
{
    /// <summary>The processes that share the network; null when this one is alone.</summary>
    internal static Team? Team { get; private set; }

    internal static int Invoke(string[] args)
    {
        try
        {
            return Launch.Of(Environment.GetEnvironmentVariable) is { } launch ? Share(launch, args) : CommandLine.Invoke(args);
        }
        catch (MpiException e)
        {
            if (Launch.RankOf(Environment.GetEnvironmentVariable) == 0) Console.Error.WriteLine($"shunt: {e.Message}");
            return CommandLine.Failed;
        }
    }

    private static int Share(Launch launch, string[] args)
    {
        MpiRanks ranks = MpiRanks.Join(launch);
        Team = Team.Meet(ranks);
        int code = 0;
        if (ranks.Rank == 0)
        {
            code = CommandLine.Invoke(args, ranks.Count);
            SharedPoint.AnnounceEnd(ranks);
        }
        else
        {
            using var stop = new StopSignal(terminal: null);
            SharedPoint.Serve(Team, stop.Token);
        }

        ranks.Dispose(); // not after an exception: it would wait for the others
        return code;
    }
}
