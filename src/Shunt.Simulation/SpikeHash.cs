using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Shunt.Simulation;

/// <summary>SHA-256 over (step, neuron) of every spike in order.</summary>
internal sealed class SpikeHash
{
    private const int Record = sizeof(long) + sizeof(int);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[4096 * Record];
    private int _used;

    /// <summary>Spikes so far.</summary>
    internal long Spikes { get; private set; }

    /// <summary>Steps with spikes so far.</summary>
    internal long Steps { get; private set; }

    internal void Add(long step, ReadOnlySpan<int> neurons)
    {
        Spikes += neurons.Length;
        Steps++;
        foreach (int neuron in neurons)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_used), step);
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_used + sizeof(long)), neuron);
            _used += Record;
            if (_used == _buffer.Length) Flush();
        }
    }

    /// <summary>The hash in lower-case hexadecimal; ends the series.</summary>
    internal string Text()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>The hash of the spikes until now.</summary>
    internal string TextSoFar()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }
}
