namespace Shunt.Simulation;

/// <summary>
/// Lets a fixed number of threads wait for one another. Spins before it yields: the time loop meets thousands of times a second, where the
/// framework's barrier costs more than the work between two meetings.
/// </summary>
internal sealed class SpinBarrier
{
    private const int SpinsBeforeYield = 300;
    private readonly int _participants;
    private int _waiting;
    private int _phase;

    internal SpinBarrier(int participants)
    {
        _participants = participants;
        _waiting = participants;
    }

    internal void SignalAndWait()
    {
        if (_participants == 1) return;
        int phase = Volatile.Read(ref _phase);
        if (Interlocked.Decrement(ref _waiting) == 0)
        {
            Volatile.Write(ref _waiting, _participants);
            Volatile.Write(ref _phase, phase + 1);
            return;
        }

        // The others are usually a few microseconds away, less than it costs to yield; with more threads than cores they need the core.
        for (int spins = 0; Volatile.Read(ref _phase) == phase; spins++)
        {
            if (spins < SpinsBeforeYield) Thread.SpinWait(1);
            else Thread.Yield();
        }
    }
}
