using System.Runtime.InteropServices;

namespace Shunt.Simulation;

/// <summary>What a rank has to say to the others besides its spikes.</summary>
[Flags]
internal enum RankSignals
{
    None = 0,

    /// <summary>The epoch is the last.</summary>
    Stop = 1,

    /// <summary>Something went wrong; the epoch is the last.</summary>
    Failed = 2,

    /// <summary>The state is to be saved after the epoch.</summary>
    Save = 4,
}

/// <summary>Numbers as they travel between ranks: seven bits a byte, the lowest first.</summary>
internal sealed class NumberCode
{
    private byte[] _bytes = new byte[4096];

    internal int Length { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    internal void Clear() => Length = 0;

    internal void Append(int number)
    {
        if (Length + 5 > _bytes.Length) Array.Resize(ref _bytes, 2 * _bytes.Length);
        uint left = (uint)number;
        for (; left >= 0x80; left >>= 7) _bytes[Length++] = (byte)(left | 0x80);
        _bytes[Length++] = (byte)left;
    }

    /// <summary>The number at a place, which moves on behind it.</summary>
    internal static int Read(byte[] bytes, ref int at)
    {
        uint number = bytes[at++];
        if (number < 0x80) return (int)number;
        number &= 0x7F;
        for (int shift = 7; ; shift += 7)
        {
            uint next = bytes[at++];
            number |= (next & 0x7F) << shift;
            if (next < 0x80) return (int)number;
        }
    }
}

/// <summary>
/// The exchange of spikes between ranks after every epoch: first everyone's number of bytes, then the bytes. A rank sends, for each population in
/// which it has neurons and each step, the number of spikes and then the neurons as differences, all in <see cref="NumberCode"/>:
/// about two bytes a spike and one a step. What the others send is kept population by population; there is no list of ranks to go through when
/// spikes are delivered.
/// </summary>
internal sealed class RankExchange
{
    private readonly IRanks _ranks;
    private readonly ShardPlan.Slice[][] _slices;
    private readonly Shard[][] _own;
    private readonly (int Rank, int First)[][] _senders;
    private readonly int[] _headers, _lengths, _at;
    private readonly NumberCode _sent = new();
    private byte[] _received = [];

    /// <param name="ranks">The ranks.</param>
    /// <param name="network">The network.</param>
    /// <param name="slices">Who has which neurons.</param>
    /// <param name="own">Shards of this rank.</param>
    internal RankExchange(IRanks ranks, LoweredNetwork network, ShardPlan.Slice[][] slices, Shard[] own)
    {
        _ranks = ranks;
        _slices = slices;
        _own = [.. slices[ranks.Rank].Select(s => own.Where(shard => shard.Population == s.Population).ToArray())];
        _headers = new int[2 * ranks.Count];
        _lengths = new int[ranks.Count];
        _at = new int[ranks.Count];
        _senders =
        [
            .. network.Populations.Select(p => Enumerable.Range(0, ranks.Count).Where(r => r != ranks.Rank)
                .SelectMany(r => slices[r].Where(s => s.Population == p).Select(s => (r, s.First))).ToArray()),
        ];
        Counters = new ExchangeCounters(ranks.Count, 0, 0, 0, 0, 0, 0);
        Others = [.. network.Populations.Select(p => new SpikeSource(p.Index, 0, new SpikeHistory(network.EpochSteps, network.HistoryEpochs)))];
    }

    /// <summary>The spikes of the other ranks, one source for each population.</summary>
    internal SpikeSource[] Others { get; }

    /// <summary>What the exchanges have taken.</summary>
    internal ExchangeCounters Counters { get; private set; }

    /// <summary>Exchanges the spikes of an epoch.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="steps">Its steps.</param>
    /// <param name="signals">What this rank has to say.</param>
    /// <returns>What all of them have to say. The spikes are of no use where it is a failure.</returns>
    internal RankSignals Exchange(long epoch, int steps, RankSignals signals)
    {
        (_ranks as PretendedRanks)?.Draw(steps);
        double start = _ranks.Seconds;
        _sent.Clear();
        if (!signals.HasFlag(RankSignals.Failed)) Encode(epoch, steps);
        double encoded = _ranks.Seconds;
        Span<int> header = [_sent.Length, (int)signals];
        _ranks.Allgather(MemoryMarshal.AsBytes(header), MemoryMarshal.AsBytes(_headers.AsSpan()));
        int total = 0;
        var all = RankSignals.None;
        for (int r = 0; r < _lengths.Length; r++)
        {
            _at[r] = total;
            _lengths[r] = _headers[2 * r];
            total = checked(total + _lengths[r]);
            all |= (RankSignals)_headers[(2 * r) + 1];
        }

        if (_received.Length < total) _received = new byte[total + (total / 4)];
        double met = _ranks.Seconds;
        _ranks.Allgather(_sent.Bytes, _received.AsSpan(0, total), _lengths);
        double received = _ranks.Seconds;
        if (!all.HasFlag(RankSignals.Failed)) Decode(epoch, steps);
        Counters = Counters with
        {
            Exchanges = Counters.Exchanges + 1,
            BytesSent = Counters.BytesSent + _sent.Length,
            BytesReceived = Counters.BytesReceived + total - _sent.Length,
            CodingSeconds = Counters.CodingSeconds + encoded - start + _ranks.Seconds - received,
            WaitSeconds = Counters.WaitSeconds + met - encoded,
            TransferSeconds = Counters.TransferSeconds + received - met,
        };
        return all;
    }

    private void Encode(long epoch, int steps)
    {
        ShardPlan.Slice[] slices = _slices[_ranks.Rank];
        for (int i = 0; i < slices.Length; i++)
        {
            for (int step = 0; step < steps; step++)
            {
                int count = 0, last = slices[i].First;
                foreach (Shard shard in _own[i]) count += shard.History.Of(epoch).OfStep(step).Length;
                _sent.Append(count);
                foreach (Shard shard in _own[i])
                {
                    foreach (int neuron in shard.History.Of(epoch).OfStep(step))
                    {
                        _sent.Append(shard.First + neuron - last);
                        last = shard.First + neuron;
                    }
                }
            }
        }
    }

    private void Decode(long epoch, int steps)
    {
        foreach (SpikeSource others in Others)
        {
            SpikeBuffer spikes = others.History.Of(epoch);
            spikes.Clear();
            for (int step = 0; step < steps; step++)
            {
                foreach ((int rank, int first) in _senders[others.Population])
                {
                    ref int at = ref _at[rank];
                    int count = NumberCode.Read(_received, ref at);
                    for (int i = 0, neuron = first; i < count; i++)
                    {
                        neuron += NumberCode.Read(_received, ref at);
                        spikes.Add(neuron);
                    }
                }

                spikes.EndStep();
            }
        }
    }
}
