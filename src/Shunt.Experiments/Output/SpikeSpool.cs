using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>A population as spikes know it.</summary>
/// <param name="Name">Name of the population.</param>
/// <param name="Size">Number of neurons; global indices count through the populations in order.</param>
public sealed record SpikePopulation(string Name, int Size);

/// <summary>What a spool says about itself.</summary>
/// <param name="TimeStep">Time step (s).</param>
/// <param name="Populations">Populations in the order that numbers their neurons.</param>
public sealed record SpikeSpoolHeader(double TimeStep, IReadOnlyList<SpikePopulation> Populations);

/// <summary>
/// Records spikes while a simulation runs, in a file that can be read whatever happens to the run.
/// Layout, little-endian: the eight letters <c>SHUNTSPK</c>, int32 version, float64 time step (s), int32 number of populations, for each the
/// int32 length and UTF-8 text of its name and its int32 size; then for every step with spikes int64 step, int32 count and count int32 neurons.
/// </summary>
public sealed class SpikeSpool : IDisposable
{
    private const int Version = 1;
    private const int FlushBytes = 4 << 20;
    private const int FrameHeader = sizeof(long) + sizeof(int);
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly string path;
    private readonly Stream stream;
    private readonly byte[] buffer = new byte[FlushBytes];
    private readonly Stopwatch sinceFlush = Stopwatch.StartNew();
    private long written;
    private int used;
    private bool failed;

    private SpikeSpool(string path, Stream stream)
    {
        this.path = path;
        this.stream = stream;
    }

    /// <summary>Starts a spool.</summary>
    /// <param name="path">File to create.</param>
    /// <param name="model">The network whose spikes come.</param>
    /// <param name="timeStep">Time step (s).</param>
    /// <exception cref="ResultsException">The file cannot be created.</exception>
    public static SpikeSpool Create(string path, NetworkModel model, double timeStep)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            // No buffer of its own: what Flush hands over has reached the operating system.
            var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            return Create(file, path, model, timeStep);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{path}: cannot be created ({e.Message})", cause: e);
        }
    }

    /// <summary>Starts a spool on a stream, which it will dispose of.</summary>
    /// <param name="stream">Where the bytes go.</param>
    /// <param name="path">What messages call it.</param>
    /// <param name="model">The network whose spikes come.</param>
    /// <param name="timeStep">Time step (s).</param>
    /// <exception cref="ResultsException">The stream cannot be written.</exception>
    public static SpikeSpool Create(Stream stream, string path, NetworkModel model, double timeStep) =>
        Create(stream, path, new SpikeSpoolHeader(timeStep, [.. model.Populations.Select(p => new SpikePopulation(p.Name, p.Size))]));

    private static SpikeSpool Create(Stream stream, string path, SpikeSpoolHeader described)
    {
        var spool = new SpikeSpool(path, stream);
        using (var header = new BinaryWriter(new MemoryStream()))
        {
            header.Write("SHUNTSPK"u8);
            header.Write(Version);
            header.Write(described.TimeStep);
            header.Write(described.Populations.Count);
            foreach (SpikePopulation p in described.Populations)
            {
                byte[] name = Encoding.UTF8.GetBytes(p.Name);
                header.Write(name.Length);
                header.Write(name);
                header.Write(p.Size);
            }

            spool.Append(((MemoryStream)header.BaseStream).ToArray());
        }

        spool.Flush();
        return spool;
    }

    /// <summary>Goes on with a spool that another run has left.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The network whose spikes come.</param>
    /// <param name="timeStep">Time step (s).</param>
    /// <param name="length">What <see cref="Save"/> returned: what is beyond it is cut off.</param>
    /// <exception cref="ResultsException">It is not the spool of this network or is too short, another run writes it, or it cannot be
    /// changed.</exception>
    public static SpikeSpool Continue(string path, NetworkModel model, double timeStep, long length)
    {
        FileStream? file = null;
        bool done = false;
        try
        {
            // Whoever asks for it alone is refused while a run writes it.
            file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            SpikeSpoolHeader header = ReadHeader(new BinaryReader(file), path);
            if (header.TimeStep != timeStep || !header.Populations.SequenceEqual(model.Populations.Select(p => new SpikePopulation(p.Name, p.Size))))
                throw new ResultsException($"{path}: is the recording of another network");
            if (file.Length < length || file.Position > length)
                throw new ResultsException($"{path}: has {file.Length:N0} bytes, and the checkpoint needs the first {length:N0}");
            file.SetLength(length);
            file.Position = length;
            done = true;
            return new SpikeSpool(path, file) { written = length };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{path}: cannot be continued ({e.Message}); is the run still going?", cause: e);
        }
        finally
        {
            if (!done) file?.Dispose();
        }
    }

    /// <summary>Bytes of the spool that holds certain spikes.</summary>
    /// <param name="model">The network.</param>
    /// <param name="spikes">Number of spikes.</param>
    /// <param name="steps">Number of steps that have any.</param>
    public static long LengthOf(NetworkModel model, long spikes, long steps) =>
        8 + sizeof(int) + sizeof(double) + sizeof(int) + model.Populations.Sum(p => (2L * sizeof(int)) + Encoding.UTF8.GetByteCount(p.Name))
        + (steps * FrameHeader) + (spikes * sizeof(int));

    /// <summary>Puts the spools of one network together, in the order of steps and neurons; a spike that is in several counts once.</summary>
    /// <param name="paths">The spools.</param>
    /// <param name="merged">File to create.</param>
    /// <exception cref="ResultsException">A file is no spool or cannot be read, they belong to different networks, or the disk is full.</exception>
    internal static void Merge(IReadOnlyList<string> paths, string merged)
    {
        var readers = new List<BinaryReader>();
        try
        {
            var next = new PriorityQueue<(IEnumerator<(long Step, int[] Neurons)> Frames, int Spool), (long Step, int Spool)>();
            SpikeSpoolHeader? first = null;
            foreach (string path in paths)
            {
                (BinaryReader reader, SpikeSpoolHeader header) = Open(path, (r, h) => (r, h), keepOpen: true);
                readers.Add(reader);
                if (first is not null && (header.TimeStep != first.TimeStep || !header.Populations.SequenceEqual(first.Populations)))
                    throw new ResultsException($"{path}: is the recording of another network than {paths[0]}");
                first ??= header;
                Enqueue(Frames(reader, path, reader.BaseStream.Length).GetEnumerator(), readers.Count);
            }

            using SpikeSpool whole = Create(new FileStream(merged, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0), merged, first!);
            var fired = new List<int>();
            while (next.TryDequeue(out var source, out (long Step, int Spool) at))
            {
                fired.AddRange(source.Frames.Current.Neurons);
                Enqueue(source.Frames, source.Spool);
                if (next.TryPeek(out _, out (long Step, int Spool) later) && later.Step == at.Step) continue;
                fired.Sort();
                whole.Record(at.Step, fired.Distinct().ToArray());
                fired.Clear();
            }

            whole.Save();

            void Enqueue(IEnumerator<(long Step, int[] Neurons)> frames, int spool)
            {
                if (frames.MoveNext()) next.Enqueue((frames, spool), (frames.Current.Step, spool));
                else frames.Dispose();
            }
        }
        finally
        {
            foreach (BinaryReader reader in readers) reader.Dispose();
        }
    }

    /// <summary>What a spool that is continued holds already; to be read before anything is recorded.</summary>
    /// <exception cref="ResultsException">It is damaged.</exception>
    public IEnumerable<(long Step, int[] Neurons)> Past()
    {
        stream.Position = 0;
        var reader = new BinaryReader(new BufferedStream(stream, 1 << 20), Encoding.UTF8, leaveOpen: true);
        ReadHeader(reader, path);
        foreach ((long, int[]) frame in Frames(reader, path, written)) yield return frame;
        stream.Position = written;
    }

    /// <summary>Time of a spike (ms).</summary>
    /// <param name="step">Grid index of the spike time: the end of the step in which the threshold was reached.</param>
    /// <param name="timeStep">Time step (s).</param>
    public static double TimeInMilliseconds(long step, double timeStep) => step * (timeStep * 1e3);

    /// <summary>Records the spikes of one step. Reaches the disk at the latest with the first call after a second, or after 4 MB.</summary>
    /// <param name="step">Grid index of the spike time; ascending from call to call.</param>
    /// <param name="neurons">Global indices of the neurons that fired, ascending.</param>
    /// <exception cref="ResultsException">The disk is full or fails; everything up to the last flush stays readable.</exception>
    public void Record(long step, ReadOnlySpan<int> neurons)
    {
        if (neurons.Length > 0)
        {
            Span<byte> head = stackalloc byte[FrameHeader];
            BinaryPrimitives.WriteInt64LittleEndian(head, step);
            BinaryPrimitives.WriteInt32LittleEndian(head[sizeof(long)..], neurons.Length);
            Append(head);
            if (BitConverter.IsLittleEndian)
            {
                Append(MemoryMarshal.AsBytes(neurons));
            }
            else
            {
                Span<byte> one = stackalloc byte[sizeof(int)];
                foreach (int neuron in neurons)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(one, neuron);
                    Append(one);
                }
            }
        }

        FlushWhenDue();
    }

    /// <summary>
    /// Hands on what has waited for a second; to be called now and then, so that the last spikes before a silence do not wait for the next.
    /// </summary>
    /// <exception cref="ResultsException">The disk is full or fails.</exception>
    public void FlushWhenDue()
    {
        if (used > 0 && sinceFlush.Elapsed >= FlushInterval) Flush();
    }

    /// <summary>Hands everything recorded so far to the operating system.</summary>
    /// <exception cref="ResultsException">The disk is full or fails.</exception>
    public void Flush()
    {
        if (failed) return;
        try
        {
            stream.Write(buffer, 0, used);
            stream.Flush();
            written += used;
            used = 0;
            sinceFlush.Restart();
        }
        catch (IOException e)
        {
            failed = true;
            throw new ResultsException(
                $"{path}: recording spikes failed ({e.Message}); what was written before is kept: 'shunt recover FOLDER' converts it", cause: e);
        }
    }

    /// <summary>Hands everything recorded so far to the disk itself, so that it survives a loss of power, and returns how many bytes that
    /// is.</summary>
    /// <exception cref="ResultsException">The disk is full or fails.</exception>
    public long Save()
    {
        Flush();
        try
        {
            (stream as FileStream)?.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            failed = true;
            throw new ResultsException($"{path}: recording spikes failed ({e.Message})", cause: e);
        }

        return written;
    }

    /// <summary>Flushes and closes the file. After a failed write it only closes; a second time it does nothing.</summary>
    /// <exception cref="ResultsException">The last spikes cannot be written.</exception>
    public void Dispose()
    {
        if (!stream.CanWrite) return;
        try
        {
            Flush();
        }
        finally
        {
            stream.Dispose();
        }
    }

    /// <summary>Reads the header of a spool.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ResultsException">It is not a spool, or cannot be read.</exception>
    public static SpikeSpoolHeader ReadHeader(string path) => Open(path, (_, header) => header);

    /// <summary>Reads a spool step by step. A last record that a crash cut short is read as far as it goes.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ResultsException">It is not a spool, or cannot be read.</exception>
    public static IEnumerable<(long Step, int[] Neurons)> Read(string path)
    {
        using BinaryReader reader = Open(path, (r, _) => r, keepOpen: true);
        foreach ((long, int[]) frame in Frames(reader, path, reader.BaseStream.Length)) yield return frame;
    }

    private static IEnumerable<(long Step, int[] Neurons)> Frames(BinaryReader reader, string path, long end)
    {
        var head = new byte[FrameHeader];
        while (end - reader.BaseStream.Position >= FrameHeader)
        {
            reader.BaseStream.ReadExactly(head);
            long step = BinaryPrimitives.ReadInt64LittleEndian(head);
            int count = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(sizeof(long)));
            long left = (end - reader.BaseStream.Position) / sizeof(int);
            if (count < 0) throw new ResultsException($"{path}: is damaged at byte {reader.BaseStream.Position}");
            byte[] bytes = reader.ReadBytes((int)Math.Min(count, left) * sizeof(int));
            var neurons = new int[bytes.Length / sizeof(int)];
            for (int i = 0; i < neurons.Length; i++) neurons[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(int)));
            yield return (step, neurons);
        }
    }

    private static SpikeSpoolHeader ReadHeader(BinaryReader reader, string path)
    {
        if (!reader.ReadBytes(8).AsSpan().SequenceEqual("SHUNTSPK"u8)) throw new ResultsException($"{path}: is not a spike spool");
        int version = reader.ReadInt32();
        if (version != Version) throw new ResultsException($"{path}: is a spike spool of version {version}; this program reads version {Version}");
        double timeStep = reader.ReadDouble();
        var populations = new SpikePopulation[reader.ReadInt32()];
        for (int i = 0; i < populations.Length; i++)
        {
            string name = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
            populations[i] = new SpikePopulation(name, reader.ReadInt32());
        }

        return new SpikeSpoolHeader(timeStep, populations);
    }

    private static T Open<T>(string path, Func<BinaryReader, SpikeSpoolHeader, T> use, bool keepOpen = false)
    {
        BinaryReader? reader = null;
        bool done = false;
        try
        {
            reader = new BinaryReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16));
            T result = use(reader, ReadHeader(reader, path));
            done = true;
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"{path}: cannot be read as a spike spool ({e.Message})", cause: e);
        }
        finally
        {
            if (!done || !keepOpen) reader?.Dispose();
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (used == buffer.Length) Flush();
            if (failed) return;
            int n = Math.Min(bytes.Length, buffer.Length - used);
            bytes[..n].CopyTo(buffer.AsSpan(used));
            used += n;
            bytes = bytes[n..];
        }
    }
}
