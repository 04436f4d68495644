using Shunt.Experiments;
using Shunt.Simulation.Mpi;

namespace Shunt.Cli;

/// <summary>The program as one process or as many. With many, the first runs the command and speaks; the others do what it announces.</summary>
internal static class RankSession
{
    internal static int Invoke(string[] args)
    {
        MpiRanks? ranks;
        try
        {
            ranks = MpiRanks.Connect(Environment.GetEnvironmentVariable);
        }
        catch (MpiException e)
        {
            if (MpiRanks.IsFirst(Environment.GetEnvironmentVariable)) Console.Error.WriteLine($"shunt: {e.Message}");
            return CommandLine.Failed;
        }

        if (ranks is null) return CommandLine.Invoke(args);
        int code = 0;
        Team team = Team.Meet(ranks);
        if (ranks.Rank == 0)
        {
            code = CommandLine.Invoke(args, team);
            SharedPoint.AnnounceEnd(ranks);
        }
        else
        {
            using var stop = new StopSignal(terminal: null);
            SharedPoint.Serve(team, stop.Token);
        }

        ranks.Dispose();
        return code;
    }
}
