using System.Diagnostics;

namespace Shunt.Simulation.Mpi;

/// <summary>Processes that mpirun or srun has started together. Calls may come from any thread, one at a time.</summary>
public sealed class MpiRanks : IRanks, IDisposable
{
    private readonly MpiLibrary _library;
    private readonly int[] _offsets;

    private MpiRanks(MpiLibrary library)
    {
        _library = library;
        Rank = library.Rank;
        Count = library.Size;
        _offsets = new int[Count];
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public double Seconds => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Joins the processes that were started together.</summary>
    /// <param name="launch">How they were started.</param>
    /// <exception cref="MpiException">They cannot be joined.</exception>
    public static MpiRanks Join(Launch launch) => new(new MpiLibrary(launch));

    /// <inheritdoc/>
    public void Allgather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        if (all.Length != (long)own.Length * Count) throw new ArgumentException($"{own.Length} bytes of each of {Count} ranks do not fill {all.Length}", nameof(all));
        _library.Allgather(own, all);
    }

    /// <inheritdoc/>
    public void Allgather(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        int end = 0;
        for (int r = 0; r < Count; r++)
        {
            _offsets[r] = end;
            end = checked(end + lengths[r]);
        }

        if (end != all.Length || own.Length != lengths[Rank]) throw new ArgumentException($"{end} bytes of all ranks do not fill {all.Length}", nameof(all));
        _library.Allgather(own, all, lengths, _offsets);
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes) => _library.Broadcast(bytes);

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> bytes, int to) => _library.Send(bytes, to);

    /// <inheritdoc/>
    public void Receive(Span<byte> bytes, int from) => _library.Receive(bytes, from);

    /// <summary>Ends all processes at once.</summary>
    /// <param name="code">Exit code of the job.</param>
    public void Abort(int code) => _library.Abort(code);

    /// <summary>Leaves the others; all must. Nothing can be called after that, in this process.</summary>
    public void Dispose() => _library.Finish();
}
