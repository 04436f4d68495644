using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Shunt.Simulation;

/// <summary>Whose state a checkpoint holds: it fits only the same experiment in the same program.</summary>
/// <param name="Experiment">Title of the experiment, for messages.</param>
/// <param name="Fingerprint">What tells experiments apart; everything that can change a spike is in it, the number of threads is not.</param>
/// <param name="Program">Program, version and commit.</param>
public sealed record CheckpointIdentity(string Experiment, string Fingerprint, string Program);

/// <summary>Saves the state of a run now and then.</summary>
public interface ICheckpointSink
{
    /// <summary>Whether the state should be saved soon. Asked after exchanges of spikes, on the calling thread.</summary>
    /// <param name="progress">How far the run has come.</param>
    bool IsDue(SimulationProgress progress);

    /// <summary>
    /// Makes sure that the spikes this rank has recorded are on the disk. Called on every rank before <see cref="Save"/>, which only rank 0 is asked for.
    /// </summary>
    void Prepare()
    {
    }

    /// <summary>
    /// Saves the state. All threads of the run wait meanwhile, and every spike up to the state has been handed to the <see cref="ISpikeSink"/>.
    /// Also called at the end of a run that is cancelled.
    /// </summary>
    /// <param name="state">The state; valid during the call only.</param>
    void Save(SimulationState state);
}

/// <summary>The state of a run between two steps, ready to be written.</summary>
public sealed class SimulationState
{
    private readonly Action<CheckpointOutput> _write;
    private readonly string _shape;

    internal SimulationState(long step, SpikeHash spikes, string shape, Action<CheckpointOutput> write)
    {
        Step = step;
        Spikes = spikes.Spikes;
        StepsWithSpikes = spikes.Steps;
        SpikesSha256 = spikes.TextSoFar();
        _shape = shape;
        _write = write;
    }

    /// <summary>Steps done.</summary>
    public long Step { get; }

    /// <summary>Spikes fired until then.</summary>
    public long Spikes { get; }

    /// <summary>Steps in which there were any.</summary>
    public long StepsWithSpikes { get; }

    /// <summary>SHA-256 over (step, neuron) of these spikes in order.</summary>
    public string SpikesSha256 { get; }

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="stream">Where to; left open.</param>
    /// <param name="identity">Whose state it is.</param>
    /// <param name="recorded">A number for whoever keeps the spikes: how much of its recording belongs to this state.</param>
    public void WriteTo(Stream stream, CheckpointIdentity identity, long recorded)
    {
        using var output = new CheckpointOutput(stream);
        output.Bytes(Checkpoint.Magic);
        output.Number(Checkpoint.Version);
        output.Text(identity.Experiment);
        output.Text(identity.Fingerprint);
        output.Text(identity.Program);
        output.Number(Step);
        output.Number(Spikes);
        output.Text(SpikesSha256);
        output.Number(recorded);
        output.Text(_shape);
        _write(output);
        output.Finish();
    }
}

/// <summary>
/// A checkpoint that has been found whole and fitting. Layout, little-endian: eight letters <c>SHUNTCKP</c>, version, identity, step, spikes and
/// their hash, length of the
/// recording and shape of the network (numbers of 64 bits; texts as length and UTF-8), then population by population in the order of neurons, so
/// that any division into shards can read it,
/// and last, in every version, the SHA-256 of everything before.
/// </summary>
public sealed class Checkpoint
{
    internal const long Version = 3;
    private readonly Stream _stream;
    private readonly string _name, _shape;

    private Checkpoint(Stream stream, string name, CheckpointIdentity identity, CheckpointInput header)
    {
        _stream = stream;
        _name = name;
        Identity = identity;
        Step = header.Number();
        Spikes = header.Number();
        SpikesSha256 = header.Text();
        Recorded = header.Number();
        _shape = header.Text();
    }

    internal static ReadOnlySpan<byte> Magic => "SHUNTCKP"u8;

    /// <summary>Whose state it is.</summary>
    public CheckpointIdentity Identity { get; }

    /// <summary>Steps done.</summary>
    public long Step { get; }

    /// <summary>Spikes fired until then.</summary>
    public long Spikes { get; }

    /// <summary>SHA-256 over (step, neuron) of these spikes in order.</summary>
    public string SpikesSha256 { get; }

    /// <summary>What <see cref="SimulationState.WriteTo"/> was told about the recording.</summary>
    public long Recorded { get; }

    /// <summary>Checks a checkpoint from its first byte to its last and reads its header.</summary>
    /// <param name="stream">The checkpoint; must allow seeking, and stay open until the simulator has taken it.</param>
    /// <param name="name">What messages call it: the name of its file.</param>
    /// <param name="expected">The experiment and the program that want to go on.</param>
    /// <exception cref="SimulationException">It is no checkpoint, or not a whole one, or one of another version, program or experiment.</exception>
    public static Checkpoint Open(Stream stream, string name, CheckpointIdentity expected)
    {
        CheckWhole(stream, name);
        stream.Position = 0;
        var input = new CheckpointInput(stream);
        input.Bytes(stackalloc byte[Magic.Length]);
        long version = input.Number();
        if (version != Version) throw new SimulationException($"{name}: is a checkpoint of version {version}; this program reads version {Version}");
        var identity = new CheckpointIdentity(input.Text(), input.Text(), input.Text());
        if (identity.Program != expected.Program)
        {
            throw new SimulationException(
                $"{name}: was written by {identity.Program}, and this is {expected.Program}: only the program that wrote it is sure to go on "
                + $"with the same spikes");
        }

        if (identity.Fingerprint != expected.Fingerprint)
        {
            throw new SimulationException(
                $"{name}: belongs to another experiment, '{identity.Experiment}' (fingerprint {Short(identity)}); this one is "
                + $"'{expected.Experiment}' ({Short(expected)})");
        }

        return new Checkpoint(stream, name, identity, input);
    }

    /// <summary>Refuses a network of another shape.</summary>
    internal void RequireShape(string shape)
    {
        if (shape != _shape) throw new SimulationException($"{_name}: holds the state of another network: {_shape}; this one is {shape}");
    }

    /// <summary>Hands over the state.</summary>
    internal void Read(Action<CheckpointInput> read)
    {
        var input = new CheckpointInput(_stream);
        read(input);
        if (_stream.Position != _stream.Length - SHA256.HashSizeInBytes)
            throw new SimulationException($"{_name}: has {_stream.Length:N0} bytes, and the state ends at {_stream.Position:N0}");
    }

    private static string Short(CheckpointIdentity identity) => identity.Fingerprint[..Math.Min(12, identity.Fingerprint.Length)];

    private static void CheckWhole(Stream stream, string name)
    {
        stream.Position = 0;
        byte[] buffer = new byte[1 << 20];
        int first = stream.ReadAtLeast(buffer, Magic.Length, throwOnEndOfStream: false);
        if (!buffer.AsSpan(0, Math.Min(first, Magic.Length)).SequenceEqual(Magic))
            throw new SimulationException($"{name}: is not a checkpoint of shunt");
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] stored = new byte[SHA256.HashSizeInBytes];
        for (long left = stream.Length - stored.Length; left > 0;)
        {
            int n = stream.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (n == 0) break;
            hash.AppendData(buffer, 0, n);
            left -= n;
        }

        int end = stream.ReadAtLeast(stored, stored.Length, throwOnEndOfStream: false);
        if (end < stored.Length || !hash.GetHashAndReset().AsSpan().SequenceEqual(stored))
            throw new SimulationException($"{name}: is cut short or damaged: its checksum is not that of its {stream.Length:N0} bytes");
    }
}

/// <summary>Writes numbers and arrays, and the checksum of all of them.</summary>
internal sealed class CheckpointOutput(Stream stream) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[1 << 20];
    private int _used;

    internal void Bytes(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_used == _buffer.Length) Flush();
            int n = Math.Min(bytes.Length, _buffer.Length - _used);
            bytes[..n].CopyTo(_buffer.AsSpan(_used));
            _used += n;
            bytes = bytes[n..];
        }
    }

    internal void Number(long number) => Bytes(BitConverter.GetBytes(number));

    internal void Array<T>(ReadOnlySpan<T> array)
        where T : unmanaged
    {
        Number(array.Length);
        Bytes(MemoryMarshal.AsBytes(array));
    }

    internal void Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Number(bytes.Length);
        Bytes(bytes);
    }

    /// <summary>Writes the checksum.</summary>
    internal void Finish()
    {
        Flush();
        stream.Write(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        stream.Write(_buffer, 0, _used);
        _used = 0;
    }
}

/// <summary>Reads what <see cref="CheckpointOutput"/> has written; the checksum has been checked before.</summary>
internal sealed class CheckpointInput(Stream stream)
{
    internal void Bytes(Span<byte> bytes) => stream.ReadExactly(bytes);

    internal long Number()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Bytes(bytes);
        return BitConverter.ToInt64(bytes);
    }

    internal T[] Array<T>()
        where T : unmanaged
    {
        var array = new T[Number()];
        Bytes(MemoryMarshal.AsBytes(array.AsSpan()));
        return array;
    }

    internal string Text()
    {
        byte[] bytes = new byte[Number()];
        Bytes(bytes);
        return Encoding.UTF8.GetString(bytes);
    }
}
