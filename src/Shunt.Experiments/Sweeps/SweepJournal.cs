using System.Text;
using System.Text.Json;

namespace Shunt.Experiments;

/// <summary>What became of a point of a sweep.</summary>
public sealed record SweepEntry
{
    /// <summary>Which point: its resolved experiment and what was asked of it, as a hash.</summary>
    public required string Key { get; init; }

    /// <summary>Why it failed; empty when it did not.</summary>
    public string Error { get; init; } = "";

    /// <summary>Wall time (s).</summary>
    public required double Seconds { get; init; }

    /// <summary>Version and commit of the program.</summary>
    public required string Program { get; init; }

    /// <summary>When it ended, UTC.</summary>
    public required string Finished { get; init; }

    /// <summary>The point's JSON object, as <c>--json</c> prints it; null when it failed.</summary>
    public JsonElement? Result { get; init; }
}

/// <summary>
/// Where a process writes what it has finished, one line of JSON a point, each handed to the system at once: a process that is killed loses no finished
/// point, and whoever reads meanwhile sees whole lines only. Every process that works on a sweep has a journal of its own.
/// </summary>
public sealed class SweepJournal : IDisposable
{
    private const byte NewLine = (byte)'\n';
    private static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(1);

    private readonly FileStream stream, claim;
    private readonly Lock gate = new();
    private readonly string path;
    private DateTime synced = DateTime.UtcNow;

    private SweepJournal(string path, FileStream stream, FileStream claim) => (this.path, this.stream, this.claim) = (path, stream, claim);

    /// <summary>Opens a journal to write at its end; a line that was cut off is removed.</summary>
    /// <param name="path">The file; made when it is not there.</param>
    /// <exception cref="ResultsException">Another process writes it, or it cannot be written.</exception>
    public static SweepJournal Open(string path)
    {
        FileStream? stream = null, claim = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // readers must not be kept out, so that the lock is on a file of its own
            claim = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            long end = stream.Length;
            while (end > 0)
            {
                stream.Position = end - 1;
                if (stream.ReadByte() == NewLine) break;
                end--;
            }

            stream.SetLength(end);
            stream.Position = end;
            return new SweepJournal(path, stream, claim);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            stream?.Dispose();
            claim?.Dispose();
            throw new ResultsException($"{path}: cannot be written ({e.Message}); is the sweep still going?", cause: e);
        }
    }

    /// <summary>Adds a point.</summary>
    /// <param name="entry">What became of it.</param>
    /// <exception cref="ResultsException">The file cannot be written.</exception>
    public void Add(SweepEntry entry)
    {
        byte[] line = Encoding.UTF8.GetBytes(PointJson.Text(w => JsonSerializer.Serialize(w, entry), indented: false) + "\n");
        try
        {
            lock (gate)
            {
                stream.Write(line);
                // killed processes lose nothing that the system has; a machine that fails may lose the last second
                bool isDue = DateTime.UtcNow - synced > SyncInterval;
                stream.Flush(flushToDisk: isDue);
                if (isDue) synced = DateTime.UtcNow;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{path}: cannot be written ({e.Message})", cause: e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        stream.Dispose();
        claim.Dispose();
    }

    /// <summary>The whole lines of a journal from some place on, while others may be writing it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="from">Where to begin (bytes); moved behind the last whole line.</param>
    /// <exception cref="ResultsException">It cannot be read, or a line is damaged.</exception>
    public static IReadOnlyList<SweepEntry> Read(string path, ref long from)
    {
        var entries = new List<SweepEntry>();
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Position = from;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            ReadOnlySpan<byte> rest = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
            for (int end; (end = rest.IndexOf(NewLine)) >= 0; rest = rest[(end + 1)..])
            {
                from += end + 1;
                if (end > 0) entries.Add(JsonSerializer.Deserialize<SweepEntry>(rest[..end])!);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ResultsException($"{path}: cannot be read ({e.Message}); what was finished after byte {from} is lost with it, if the line is removed", cause: e);
        }

        return entries;
    }
}
