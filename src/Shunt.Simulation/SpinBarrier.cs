namespace Shunt.Simulation;

/// <summary>
/// Lets a fixed number of threads wait for one another. Spins before it yields: the time loop meets thousands of times a second, where the
/// framework's barrier costs more than the work between two meetings.
/// </summary>
internal sealed class SpinBarrier
{
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

        var spin = new SpinWait();
        while (Volatile.Read(ref _phase) == phase) spin.SpinOnce(sleep1Threshold: -1);
    }
}
