namespace Shunt.Experiments;

/// <summary>Spikes that were recovered.</summary>
/// <param name="SonataPath">The file they are in now.</param>
/// <param name="Spikes">How many.</param>
/// <param name="LastTime">Time of the last one (s); 0 when there are none.</param>
/// <param name="CanGoOn">Whether the run can still be resumed.</param>
/// <param name="Ranks">Ranks whose recordings were put together. With several, some may have come further than others: the last second of the run's
/// wall time may lack the spikes of some.</param>
public sealed record RecoveredSpikes(string SonataPath, long Spikes, double LastTime, bool CanGoOn, int Ranks);

/// <summary>Turns what a killed run has recorded into files that can be opened.</summary>
public static class Recovery
{
    /// <summary>Spools in a results folder and in its points; none when every recording was finished.</summary>
    /// <param name="folder">The results folder.</param>
    /// <exception cref="ResultsException">There is no such folder, or it cannot be read.</exception>
    public static IReadOnlyList<string> Spools(string folder)
    {
        if (!Directory.Exists(folder)) throw new ResultsException($"{folder}: there is no such folder", exitCode: 2);
        try
        {
            string points = Path.Combine(folder, "points");
            string[] folders =
                Directory.Exists(points) ? [folder, .. Directory.EnumerateDirectories(points).Order(StringComparer.Ordinal)] : [folder];
            return [.. folders.Select(f => Path.Combine(f, "spikes.spool")).Where(File.Exists)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{folder}: cannot be read ({e.Message})", exitCode: 2, e);
        }
    }

    /// <summary>Converts a spool to HDF5 beside it and deletes it, unless a checkpoint needs it.</summary>
    /// <param name="spoolPath">The spool.</param>
    /// <exception cref="ResultsException">A run is still writing it, it cannot be read, or the HDF5 file cannot be written;
    /// the spool is kept.</exception>
    public static RecoveredSpikes Convert(string spoolPath)
    {
        RefuseWhileWritten(spoolPath);
        ResultsFolder folder = ResultsFolder.Existing(Path.GetDirectoryName(Path.GetFullPath(spoolPath))!);
        int ranks = folder.RankSpools.Count + 1;
        folder.GatherSpikes();
        long spikes = 0, last = 0;
        foreach ((long step, int[] neurons) in SpikeSpool.Read(spoolPath))
        {
            spikes += neurons.Length;
            if (neurons.Length > 0) last = step;
        }

        string sonataPath = Path.ChangeExtension(spoolPath, ".h5");
        double timeStep = SpikeSpool.ReadHeader(spoolPath).TimeStep;
        bool canGoOn = folder.HasCheckpoint;
        if (canGoOn) SonataFile.Write(spoolPath, sonataPath);
        else SonataFile.Finish(spoolPath, sonataPath);
        return new RecoveredSpikes(sonataPath, spikes, SpikeSpool.TimeInMilliseconds(last, timeStep) * 1e-3, canGoOn, ranks);
    }

    /// <summary>A running recorder holds its spool open; whoever asks for it alone is refused.</summary>
    internal static void RefuseWhileWritten(string spoolPath)
    {
        try
        {
            using FileStream alone = new(spoolPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{spoolPath}: is in use or cannot be changed ({e.Message}); is the run still going?", cause: e);
        }
    }
}
