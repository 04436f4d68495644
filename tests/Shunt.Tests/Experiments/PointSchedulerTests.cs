using Shunt.Experiments;
using Xunit;

namespace Shunt.Tests.Experiments;

/// <summary>Points side by side within cores and memory.</summary>
public sealed class PointSchedulerTests
{
    [Fact]
    public void Cores_and_memory_are_never_exceeded_and_every_point_is_computed_once()
    {
        var random = new Random(1);
        WaitingPoint<int>[] points = [.. Enumerable.Range(0, 200).Select(i => new WaitingPoint<int>(i, random.NextDouble(), random.Next(0, 60), i % 3 > 0))];
        int running = 0, most = 0;
        double bytes = 0;
        var gate = new Lock();
        var computed = new List<int>();
        new PointScheduler<int>(4, 100).Run(
            points,
            (i, threads) =>
            {
                lock (gate)
                {
                    computed.Add(i);
                    running += threads;
                    bytes += points[i].Bytes;
                    most = Math.Max(most, running);
                    Assert.InRange(running, 1, 4);
                    Assert.InRange(bytes, 0, 100);
                    if (!points[i].UsesThreads) Assert.Equal(1, threads);
                }

                Thread.Sleep(1);
                lock (gate)
                {
                    running -= threads;
                    bytes -= points[i].Bytes;
                }
            },
            CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 200), computed.Order());
        Assert.Equal(4, most);
    }

    [Theory]
    [InlineData(new[] { 10.0 }, new[] { 8 })] // alone: all cores
    [InlineData(new[] { 10.0, 10 }, new[] { 4, 4 })]
    [InlineData(new[] { 60.0, 60 }, new[] { 8, 8 })] // they do not fit beside one another
    [InlineData(new[] { 60.0, 60, 30 }, new[] { 4, 4, 4 })] // the third fits beside the first; each of the others beside it
    [InlineData(new[] { 200.0 }, new[] { 8 })] // more than there is: alone
    public void Threads_are_shared_by_those_that_fit_beside_one_another(double[] bytes, int[] expected)
    {
        var threads = new int[bytes.Length];
        using var started = new CountdownEvent(bytes.Length);
        new PointScheduler<int>(8, 100).Run(
            bytes.Select((b, i) => new WaitingPoint<int>(i, bytes.Length - i, b, true)),
            (i, n) =>
            {
                threads[i] = n;
                started.Signal();
                if (i == bytes.Length - 1) Assert.True(started.Wait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)); // the last to end
            },
            CancellationToken.None);
        Assert.Equal(expected, threads);
    }

    [Fact]
    public void The_longest_come_first_and_the_first_error_stops_the_rest()
    {
        var computed = new List<int>();
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => new PointScheduler<int>(1, 1).Run(
            Enumerable.Range(0, 10).Select(i => new WaitingPoint<int>(i, i, 0, false)),
            (i, _) =>
            {
                computed.Add(i);
                if (i == 7) throw new InvalidOperationException("seven");
            },
            CancellationToken.None));
        Assert.Equal("seven", thrown.Message);
        Assert.Equal([9, 8, 7], computed);
    }

    [Fact]
    public void Stopped_it_starts_no_more()
    {
        using var stop = new CancellationTokenSource();
        int computed = 0;
        Assert.Throws<OperationCanceledException>(() => new PointScheduler<int>(1, 1).Run(
            Enumerable.Range(0, 10).Select(i => new WaitingPoint<int>(i, i, 0, false)),
            (_, _) =>
            {
                if (++computed == 3) stop.Cancel();
            },
            stop.Token));
        Assert.Equal(3, computed);
    }
}
