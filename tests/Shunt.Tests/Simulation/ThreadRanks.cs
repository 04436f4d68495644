using System.Collections.Concurrent;
using Shunt.Simulation;

namespace Shunt.Tests.Simulation;

/// <summary>Ranks that are threads of the test: the same calls without MPI.</summary>
internal sealed class ThreadRanks : IRanks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Meeting _meeting;

    private ThreadRanks(int rank, Meeting meeting)
    {
        Rank = rank;
        _meeting = meeting;
    }

    public int Rank { get; }

    public int Count => _meeting.Slots.Length;

    public double Seconds => System.Diagnostics.Stopwatch.GetTimestamp() / (double)System.Diagnostics.Stopwatch.Frequency;

    /// <summary>Does something on every rank, and returns what came out and what went wrong, rank by rank.</summary>
    internal static (T? Result, Exception? Error)[] Run<T>(int count, Func<IRanks, T?> work)
        where T : class
    {
        using var meeting = new Meeting(count);
        var outcomes = new (T?, Exception?)[count];
        Thread[] threads =
        [
            .. Enumerable.Range(0, count).Select(rank => new Thread(() =>
            {
                try
                {
                    outcomes[rank] = (work(new ThreadRanks(rank, meeting)), null);
                }
                catch (Exception e)
                {
                    outcomes[rank] = (null, e);
                }
            })),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return outcomes;
    }

    public void Allgather(ReadOnlySpan<byte> own, Span<byte> all) => Allgather(own, all, [.. Enumerable.Repeat(own.Length, Count)]);

    public void Allgather(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        _meeting.Slots[Rank] = own.ToArray();
        Meet();
        int at = 0;
        for (int r = 0; r < Count; r++)
        {
            if (_meeting.Slots[r].Length != lengths[r]) throw new InvalidOperationException($"rank {r} sends {_meeting.Slots[r].Length} bytes, and rank {Rank} expects {lengths[r]}");
            _meeting.Slots[r].CopyTo(all[at..]);
            at += lengths[r];
        }

        Meet();
    }

    public void Broadcast(Span<byte> bytes)
    {
        if (Rank == 0) _meeting.Slots[0] = bytes.ToArray();
        Meet();
        _meeting.Slots[0].CopyTo(bytes);
        Meet();
    }

    public void Send(ReadOnlySpan<byte> bytes, int to) => _meeting.Mail[(Rank * Count) + to].Add(bytes.ToArray());

    public void Receive(Span<byte> bytes, int from)
    {
        if (!_meeting.Mail[(from * Count) + Rank].TryTake(out byte[]? mail, Patience)) throw new TimeoutException($"rank {Rank} waits for rank {from}");
        if (mail.Length != bytes.Length) throw new InvalidOperationException($"rank {Rank} expects {bytes.Length} bytes of rank {from}, and gets {mail.Length}");
        mail.CopyTo(bytes);
    }

    private void Meet()
    {
        if (!_meeting.Barrier.SignalAndWait(Patience)) throw new TimeoutException($"rank {Rank} waits for the others");
    }

    private sealed class Meeting(int count) : IDisposable
    {
        internal byte[][] Slots { get; } = new byte[count][];

        internal Barrier Barrier { get; } = new(count);

        internal BlockingCollection<byte[]>[] Mail { get; } = [.. Enumerable.Range(0, count * count).Select(_ => new BlockingCollection<byte[]>())];

        public void Dispose()
        {
            Barrier.Dispose();
            foreach (BlockingCollection<byte[]> mail in Mail) mail.Dispose();
        }
    }
}
