using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>The whole station with its loops running, on the real clock; nothing waits for time to pass.</summary>
[CancelAfter(30_000)]
internal sealed class FiringStationTests
{
    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private static readonly long NowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [TestCase(3000)]
    [TestCase(50_000)]
    public async Task All_that_is_due_at_once_is_sent_once_and_recorded(int count, CancellationToken token)
    {
        var sent = new ConcurrentDictionary<string, int>();
        var metrics = new CountingMetrics();
        var log = new MemoryLog();
        var watch = new Finished(count);
        var target = new FakeTarget((request, _) =>
        {
            sent.AddOrUpdate(request.Headers.GetValues("X-Xcron-Run-Id").Single(), 1, static (_, n) => n + 1);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        });
        await using var station = Station(log, metrics, target);
        log.Observe(watch);
        log.AssignAll(Self);
        for (var id = 1; id <= count; id++)
            log.Create(id, NowMs, Definitions.OneShot($"http://host{id % 10}.test/"));

        station.Start();
        await watch.All.Task.WaitAsync(token);
        await station.StopAsync(token);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(sent, Has.Count.EqualTo(count));
            Assert.That(sent.Values, Is.All.EqualTo(1));
            Assert.That(station.Figures.ResultsWaiting, Is.Zero);
            Assert.That(station.Failure.IsCompleted, Is.False);
            Assert.That(metrics.Attempts, Is.EqualTo(count));
            Assert.That(metrics.MinLateness, Is.GreaterThanOrEqualTo(0));
        }
    }

    [Test]
    public async Task Stuck_targets_delay_no_other(CancellationToken token)
    {
        const int Alive = 50;
        var log = new MemoryLog();
        var watch = new Finished(Alive);
        var target = new FakeTarget(async (request, cancellation) =>
        {
            if (request.RequestUri!.Host.StartsWith("stuck", StringComparison.Ordinal))
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            return new HttpResponseMessage(HttpStatusCode.OK);
        });
        await using var station = Station(log, new CountingMetrics(), target);
        log.Observe(watch);
        log.AssignAll(Self);
        for (var id = 1; id <= 2000; id++)
            log.Create(id, NowMs, Definitions.OneShot($"http://stuck{id % 8}.test/"));
        for (var id = 3001; id <= 3000 + Alive; id++)
            log.Create(id, NowMs, Definitions.OneShot("http://alive.test/"));

        station.Start();
        await watch.All.Task.WaitAsync(token);

        Assert.That(station.Figures.AttemptsWaiting, Is.GreaterThan(1000));
    }

    [Test]
    public async Task Ten_thousand_runs_at_one_slow_target_hold_its_share_of_places_and_no_more(CancellationToken token)
    {
        const int Slow = 10_000;
        const int Alive = 200;
        var log = new MemoryLog();
        var watch = new Finished(Alive);
        var atOnce = 0;
        var most = 0;
        var target = new FakeTarget(async (request, cancellation) =>
        {
            if (request.RequestUri!.Host == "slow.test")
            {
                InterlockedMax(ref most, Interlocked.Increment(ref atOnce));
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            }

            return new HttpResponseMessage(HttpStatusCode.OK);
        });
        await using var station = Station(log, new CountingMetrics(), target);
        log.Observe(watch);
        log.AssignAll(Self);
        for (var id = 1; id <= Slow; id++)
            log.Create(id, NowMs, Definitions.OneShot("http://slow.test/"));
        for (var id = Slow + 1; id <= Slow + Alive; id++)
            log.Create(id, NowMs, Definitions.OneShot("http://alive.test/"));

        station.Start();
        await watch.All.Task.WaitAsync(token);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(most, Is.InRange(1, new FiringOptions().MaxPerHost));
            Assert.That(station.Figures.AttemptsWaiting, Is.GreaterThan(Slow / 2), "the rest waits as small tickets");
        }
    }

    [Test]
    public async Task A_stop_cuts_off_what_hangs_and_leaves_it_to_the_next_owner(CancellationToken token)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = new MemoryLog();
        var target = new FakeTarget(async (_, cancellation) =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            return new HttpResponseMessage(HttpStatusCode.OK);
        });
        await using var station = Station(log, new CountingMetrics(), target);
        log.AssignAll(Self);
        var id = log.Create(7, NowMs, Definitions.OneShot());

        station.Start();
        await started.Task.WaitAsync(token);
        await station.StopAsync(token);

        var run = log.Tasks.Find(id)!.Run!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ClaimedBy, Is.EqualTo(Self));
            Assert.That(run.Failures, Is.Zero);
            Assert.That(station.Failure.IsCompleted, Is.False);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        // The other side is every call at the same time.
        for (var seen = Volatile.Read(ref most); seen < value;)
            seen = Interlocked.CompareExchange(ref most, value, seen) == seen ? value : Volatile.Read(ref most);
    }

    private static FiringStation Station(MemoryLog log, IFiringMetrics metrics, FakeTarget target)
    {
        var options = new FiringOptions { StopGrace = TimeSpan.FromMilliseconds(50) };
        var station = new FiringStation(
            log.Tasks, new LockedGateway(log), () => log.Applied, Self, options, TimeProvider.System, metrics,
            NullLogger.Instance, seed: 1, target);
        log.Observe(station);
        return station;
    }

    /// <summary>The applier is one thread at a time, as in a node.</summary>
    private sealed class LockedGateway(MemoryLog log) : ICommandGateway
    {
        private readonly Lock _applier = new();

        public ValueTask<ProposeOutcome> SubmitAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
        {
            lock (_applier)
                return ValueTask.FromResult<ProposeOutcome>(log.Apply(command));
        }

        public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);
    }

    private sealed class Finished(int count) : IStateObserver
    {
        private int _left = count;

        public TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void TaskChanged(TaskId id, TaskRecord? record)
        {
            if (record is { Phase: TaskPhase.Completed, Run: null } && --_left == 0)
                All.TrySetResult();
        }

        public void AttemptGranted(OwnerSession session, TaskRecord record)
        {
        }

        public void OwnersChanged(long epoch)
        {
        }

        public void StateReplaced()
        {
        }
    }
}
