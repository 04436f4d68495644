using System.Runtime.InteropServices;
using System.Text;

namespace Shunt.Simulation;

/// <summary>
/// The processes that simulate one network together, each a part of its neurons. All of them make the same collective calls in the same order, one at
/// a time. Every rank runs on the same kind of machine: numbers travel as they lie in memory.
/// </summary>
public interface IRanks
{
    /// <summary>Number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>Processes.</summary>
    int Count { get; }

    /// <summary>Wall-clock time since some moment in the past (s).</summary>
    double Seconds { get; }

    /// <summary>Gives every rank what each of them has; all have the same number of bytes.</summary>
    /// <param name="own">What this rank has.</param>
    /// <param name="all">Receives what they have, in the order of ranks.</param>
    void Allgather(ReadOnlySpan<byte> own, Span<byte> all);

    /// <summary>Gives every rank what each of them has.</summary>
    /// <param name="own">What this rank has.</param>
    /// <param name="all">Receives what they have, in the order of ranks.</param>
    /// <param name="lengths">Bytes that each has.</param>
    void Allgather(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths);

    /// <summary>Gives every rank what rank 0 has.</summary>
    /// <param name="bytes">On rank 0 what it has; elsewhere receives it.</param>
    void Broadcast(Span<byte> bytes);

    /// <summary>Sends to one rank, which must receive as many bytes.</summary>
    /// <param name="bytes">What.</param>
    /// <param name="to">Rank that receives it.</param>
    void Send(ReadOnlySpan<byte> bytes, int to);

    /// <summary>Receives from one rank what it sends.</summary>
    /// <param name="bytes">Where to.</param>
    /// <param name="from">Rank that sends it.</param>
    void Receive(Span<byte> bytes, int from);
}

/// <summary>Something went wrong on another rank, so that the network as a whole cannot go on.</summary>
/// <param name="message">The rank, and what it said.</param>
public sealed class OtherRankException(string message) : Exception(message);

/// <summary>What every rank can do with the calls there are.</summary>
public static class RankCalls
{
    private enum Kind : long
    {
        None,
        Cancelled,
        Simulation,
        Memory,
        Other,
    }

    /// <summary>
    /// Lets all ranks go on, or none: when anything went wrong on any, all throw. Which error it is, is the same everywhere: that of the lowest rank;
    /// a cancellation only when there is no other.
    /// </summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="own">What went wrong here; null if nothing.</param>
    /// <exception cref="SimulationException">Somewhere it was this.</exception>
    /// <exception cref="OperationCanceledException">Somewhere it was this, and nothing worse.</exception>
    /// <exception cref="OtherRankException">It was something else, on another rank.</exception>
    public static void Agree(this IRanks ranks, Exception? own)
    {
        byte[] text = own is null ? [] : Encoding.UTF8.GetBytes(Text(own));
        long[] mine = [(long)KindOf(own), text.Length], all = new long[2 * ranks.Count];
        ranks.Allgather(MemoryMarshal.AsBytes(mine.AsSpan()), MemoryMarshal.AsBytes(all.AsSpan()));
        int[] failed = [.. Enumerable.Range(0, ranks.Count).Where(r => all[2 * r] != (long)Kind.None)];
        if (failed.Length == 0) return;
        int[] lengths = [.. Enumerable.Range(0, ranks.Count).Select(r => (int)all[(2 * r) + 1])];
        byte[] texts = new byte[lengths.Sum()];
        ranks.Allgather(text, texts, lengths);
        int told = failed.Where(r => all[2 * r] != (long)Kind.Cancelled).Append(failed[0]).First();
        if (told == ranks.Rank) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(own!);
        string message = Encoding.UTF8.GetString(texts.AsSpan(lengths[..told].Sum(), lengths[told]));
        throw (Kind)all[2 * told] switch
        {
            Kind.Cancelled => new OperationCanceledException(message),
            Kind.Simulation => new SimulationException(message),
            Kind.Memory => new OtherRankException($"rank {told}: memory ran out"),
            _ => new OtherRankException($"rank {told}: {message}"),
        };
    }

    /// <summary>Does something on this rank, then lets all ranks go on, or none.</summary>
    /// <param name="ranks">The ranks; null when there is only this process.</param>
    /// <param name="action">What to do. Collective calls in it must be made on every rank, whatever goes wrong.</param>
    public static void Together(this IRanks? ranks, Action action) => ranks.Together(() =>
    {
        action();
        return true;
    });

    /// <inheritdoc cref="Together(IRanks?, Action)"/>
    internal static T Together<T>(this IRanks? ranks, Func<T> action)
    {
        if (ranks is null) return action();
        T result = default!;
        Exception? own = null;
        try
        {
            result = action();
        }
#pragma warning disable CA1031 // Whatever it is, the others must learn of it: they would wait for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            own = e;
        }

        ranks.Agree(own);
        return result;
    }

    private static Kind KindOf(Exception? e) => e switch
    {
        null => Kind.None,
        OperationCanceledException => Kind.Cancelled,
        SimulationException => Kind.Simulation,
        OutOfMemoryException => Kind.Memory,
        AggregateException all when all.InnerExceptions.Any(x => x is OutOfMemoryException) => Kind.Memory,
        _ => Kind.Other,
    };

    /// <summary>What this program throws on purpose says all there is to say; of anything else the place matters too.</summary>
    private static string Text(Exception e) =>
        KindOf(e) != Kind.Other || e.GetType().Assembly.GetName().Name!.StartsWith("Shunt.", StringComparison.Ordinal) ? e.Message : e.ToString();
}
