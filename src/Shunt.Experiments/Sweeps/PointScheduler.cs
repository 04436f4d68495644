namespace Shunt.Experiments;

/// <summary>A point that waits to be computed.</summary>
/// <param name="Item">What it is.</param>
/// <param name="Seconds">What it will take on one thread (s), roughly.</param>
/// <param name="Bytes">Memory it will need.</param>
/// <param name="UsesThreads">Whether it can use more threads than one.</param>
internal sealed record WaitingPoint<T>(T Item, double Seconds, double Bytes, bool UsesThreads);

/// <summary>
/// Computes many points on one machine, the longest first: as many side by side, each on one thread, as there are cores and as fit into memory; where
/// fewer do, each gets more threads. The result of a point does not depend on its threads.
/// </summary>
/// <param name="cores">Threads of all points together.</param>
/// <param name="memory">Memory of all points together (bytes); a point that needs more runs alone.</param>
internal sealed class PointScheduler<T>(int cores, double memory)
{
    private readonly object gate = new();

    /// <summary>Computes all points, or until one throws.</summary>
    /// <param name="points">The points.</param>
    /// <param name="compute">Computes one, on so many threads.</param>
    /// <param name="cancellation">Starts no more points; those that run see it as well.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <remarks>What <paramref name="compute"/> throws stops the rest and reaches the caller.</remarks>
    internal void Run(IEnumerable<WaitingPoint<T>> points, Action<T, int> compute, CancellationToken cancellation)
    {
        var waiting = new LinkedList<WaitingPoint<T>>(points.OrderByDescending(p => p.Seconds));
        int idle = cores, running = 0;
        double left = memory;
        Exception? failure = null;
        using CancellationTokenRegistration wake = cancellation.Register(() =>
        {
            lock (gate) Monitor.PulseAll(gate);
        });
        lock (gate)
        {
            while (waiting.Count > 0 || running > 0)
            {
                if (failure is not null || cancellation.IsCancellationRequested) waiting.Clear();
                LinkedListNode<WaitingPoint<T>>? node = idle == 0 ? null : running == 0 ? waiting.First : First(waiting, left);
                if (node is null)
                {
                    if (running > 0) Monitor.Wait(gate);
                    continue;
                }

                WaitingPoint<T> point = node.Value;
                waiting.Remove(node);
                int threads = point.UsesThreads ? ThreadsOf(point, waiting, idle, left) : 1;
                idle -= threads;
                left -= point.Bytes;
                running++;
                Task.Factory.StartNew(
                    () => Compute(point, threads), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }

        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        cancellation.ThrowIfCancellationRequested();

        void Compute(WaitingPoint<T> point, int threads)
        {
            Exception? thrown = null;
            try
            {
                compute(point.Item, threads);
            }
#pragma warning disable CA1031 // Whatever goes wrong in a thread must reach the caller.
            catch (Exception e)
#pragma warning restore CA1031
            {
                thrown = e;
            }

            lock (gate)
            {
                failure ??= thrown;
                idle += threads;
                left += point.Bytes;
                running--;
                Monitor.PulseAll(gate);
            }
        }
    }

    private static LinkedListNode<WaitingPoint<T>>? First(LinkedList<WaitingPoint<T>> waiting, double left)
    {
        LinkedListNode<WaitingPoint<T>>? node = waiting.First;
        while (node is not null && node.Value.Bytes > left) node = node.Next;
        return node;
    }

    // an equal share of the idle cores, among the points that could start beside this one
    private static int ThreadsOf(WaitingPoint<T> point, LinkedList<WaitingPoint<T>> waiting, int idle, double left)
    {
        int beside = 1;
        double room = left - point.Bytes;
        foreach (WaitingPoint<T> other in waiting)
        {
            if (beside == idle) break;
            if (other.Bytes > room) continue;
            room -= other.Bytes;
            beside++;
        }

        return idle / beside;
    }
}
