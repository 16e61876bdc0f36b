using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

internal sealed class TimingLoopTests
{
    private const long StartMs = 1_700_000_000_000;
    private static readonly long[] Seven = [7];
    private static readonly long[] Eight = [8];
    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private static readonly OwnerSession Other = new(new NodeId(2), 22);

    private ManualClock _clock = null!;
    private MemoryLog _log = null!;
    private TimingInbox _inbox = null!;
    private DueQueue _due = null!;
    private AttemptInbox _attempts = null!;
    private TimingLoop _loop = null!;

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock(StartMs);
        _log = new MemoryLog();
        _inbox = new TimingInbox(Self);
        _due = new DueQueue();
        _attempts = new AttemptInbox();
        _loop = new TimingLoop(_log.Tasks, Self, _inbox, _due, _attempts, _clock, NullLogger.Instance);
        _log.Observe(new Observer(_inbox));
    }

    [TearDown]
    public void TearDown() => _inbox.Dispose();

    [Test]
    public void A_task_is_handed_out_at_its_millisecond_and_not_before()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs + 5000, Definitions.OneShot());
        Turn();

        _clock.Advance(4999);
        var before = Due();
        _clock.Advance(1);
        var then = Due();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.Empty);
            Assert.That(then, Is.EqualTo(Seven));
        }
    }

    [Test]
    public void A_sleep_ends_at_the_next_due_time_and_after_a_second_at_the_latest()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs + 90_040, Definitions.OneShot());

        var first = Turn();
        _clock.Advance(90_000);
        var last = Turn();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(1000));
            Assert.That(last, Is.InRange(1, 40));
        }
    }

    [Test]
    public void What_is_handed_out_is_not_handed_out_again_before_it_is_released()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs, Definitions.OneShot());
        Assert.That(Due(), Is.EqualTo(Seven));

        _clock.Advance(60_000);
        _inbox.TaskChanged(new TaskId(7), _log.Tasks.Find(new TaskId(7)));
        var whileOut = Due();
        Release(7, revision: _log.Tasks.Find(new TaskId(7))!.Revision, notBeforeMs: _clock.NowMs + 100);
        var atOnce = Due();
        _clock.Advance(100);
        var later = Due();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(whileOut, Is.Empty);
            Assert.That(atOnce, Is.Empty);
            Assert.That(later, Is.EqualTo(Seven));
        }
    }

    [Test]
    public void A_task_that_changed_while_it_was_handed_out_is_looked_at_at_once()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs, Definitions.OneShot());
        Assert.That(Due(), Is.EqualTo(Seven));

        Release(7, revision: -1, notBeforeMs: StartMs + 10_000);

        Assert.That(Due(), Is.EqualTo(Seven));
    }

    [Test]
    public void A_deleted_task_is_not_handed_out()
    {
        _log.AssignAll(Self);
        var id = _log.Create(7, StartMs + 5000, Definitions.OneShot());
        Turn();
        _log.Delete(id);

        _clock.Advance(10_000);

        Assert.That(Due(), Is.Empty);
    }

    [Test]
    public void A_clock_set_back_fires_nothing_early_and_freezes_nothing()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs + 5000, Definitions.OneShot());
        Turn();

        _clock.Set(StartMs - 3_600_000);
        _log.Create(8, StartMs - 3_600_000 + 2000, Definitions.OneShot());
        Turn();
        _clock.Advance(1999);
        var before = Due();
        _clock.Advance(1);
        var eight = Due();
        var seven = new List<long>();
        var wall = 0L;
        for (var i = 0; i < 4000 && seven.Count == 0; i++)
        {
            _clock.Advance(1000);
            seven = Due();
            wall = _clock.NowMs;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.Empty);
            Assert.That(eight, Is.EqualTo(Eight));
            Assert.That(seven, Is.EqualTo(Seven));
            Assert.That(wall, Is.EqualTo(StartMs + 5000));
        }
    }

    [Test]
    public void A_clock_set_forward_and_back_again_leaves_the_rest_on_time()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs + 5000, Definitions.OneShot());
        _log.Create(8, StartMs + 7_200_000, Definitions.OneShot());
        Turn();

        _clock.Set(StartMs + 3_600_000);
        var forward = Due();
        _clock.Set(StartMs);
        Turn();
        _clock.Advance(7_199_999);
        var before = Due();
        _clock.Advance(1);
        var then = Due();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(forward, Is.EqualTo(Seven));
            Assert.That(before, Is.Empty);
            Assert.That(then, Is.EqualTo(Eight));
        }
    }

    [Test]
    public void Only_tasks_of_owned_shards_are_armed()
    {
        _log.AssignAll(Other);
        _log.Create(7, StartMs, Definitions.OneShot());

        Assert.That(Due(), Is.Empty);

        _log.AssignAll(Self);

        Assert.That(Due(), Is.EqualTo(Seven));
    }

    [Test]
    public void Tasks_of_a_lost_shard_are_disarmed_and_come_back_with_it()
    {
        _log.AssignAll(Self);
        var id = _log.Create(7, StartMs + 1000, Definitions.OneShot());
        Turn();
        _log.Assign(Other, [ShardId.Of(id).Value]);
        _clock.Advance(2000);
        var lost = Due();
        var armed = _loop.ArmedCount;
        _log.Assign(Self, [ShardId.Of(id).Value]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lost, Is.Empty);
            Assert.That(armed, Is.Zero);
            Assert.That(Due(), Is.EqualTo(Seven));
        }
    }

    [Test]
    public void A_task_released_after_its_shard_was_lost_is_dropped()
    {
        _log.AssignAll(Self);
        var id = _log.Create(7, StartMs, Definitions.OneShot());
        Assert.That(Due(), Has.Count.EqualTo(1));
        _log.Assign(Other, [ShardId.Of(id).Value]);

        Release(7, revision: 1, notBeforeMs: StartMs);
        _clock.Advance(60_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Due(), Is.Empty);
            Assert.That(_loop.OverdueCount, Is.Zero);
        }
    }

    [Test]
    public void Everything_is_read_anew_when_the_state_was_replaced()
    {
        _log.AssignAll(Self);
        _log.Create(7, StartMs + 5000, Definitions.OneShot());
        _log.Create(8, StartMs + 6000, Definitions.OneShot());
        Turn();

        _inbox.Reload();
        Turn();

        Assert.That(_loop.ArmedCount, Is.EqualTo(2));
    }

    [Test]
    public void A_grant_that_came_with_a_snapshot_is_made_though_its_shard_is_anothers()
    {
        _log.AssignAll(Self);
        var id = _log.Create(7, StartMs, Definitions.OneShot());
        var claim = new XCron.Proto.Tasks.ClaimRun
        {
            TaskId = 7,
            Revision = _log.Tasks.Find(id)!.Revision,
            Action = XCron.Proto.Tasks.ClaimAction.Start,
            ScheduledMs = StartMs,
        };
        _log.Apply(TaskCommands.EncodeClaims(Self, StartMs, [claim]));
        _log.Assign(Other, [ShardId.Of(id).Value]);

        _inbox.ExpectReload();
        Turn();
        var expected = (_inbox.ReplacedExpected, _loop.ReplacedDone);
        _inbox.Reload();
        Turn();

        Assert.That(_attempts.Swap([]), Has.Count.EqualTo(1));
        Assert.That((expected, _loop.ReplacedDone), Is.EqualTo(((1, 0), 1)));
    }

    [Test]
    public void More_changes_than_fit_are_read_from_the_state()
    {
        _log.AssignAll(Self);
        Turn();
        for (var id = 1; id <= 70_000; id++)
            _log.Create(id, StartMs + 1000, Definitions.OneShot());

        Turn();
        _clock.Advance(1000);

        Assert.That(Due(), Has.Count.EqualTo(70_000));
    }

    [Test]
    public void Armed_tasks_agree_with_a_sorted_list([Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        var model = new Dictionary<long, long>();
        _log.AssignAll(Self);
        for (var step = 0; step < 2000; step++)
        {
            if (random.Next(3) > 0)
            {
                var dueMs = _clock.NowMs + random.Next(1, 20_000);
                _log.Create(step + 1, dueMs, Definitions.OneShot());
                model.Add(step + 1, dueMs);
            }
            else if (model.Count > 0 && random.Next(2) == 0)
            {
                var id = model.Keys.ElementAt(random.Next(model.Count));
                _log.Delete(new TaskId(id));
                model.Remove(id);
            }

            if (random.Next(50) == 0)
                _clock.Set(_clock.NowMs + random.Next(-5000, 5000));
            _clock.Advance(random.Next(50));
            var expected = model.Where(task => task.Value <= _clock.NowMs).Select(task => task.Key).ToList();
            foreach (var id in expected)
                model.Remove(id);

            Assert.That(Due(), Is.EquivalentTo(expected), $"seed {seed}, step {step}");
        }
    }

    private int Turn()
    {
        int sleepMs;
        do
        {
            sleepMs = _loop.RunOnce();
        }
        while (sleepMs == 0);
        return sleepMs;
    }

    private List<long> Due()
    {
        Turn();
        var due = new List<long>();
        _due.Take(due, int.MaxValue);
        return due;
    }

    private void Release(long task, long revision, long notBeforeMs) =>
        _inbox.Release([new ClaimRelease(task, revision, notBeforeMs, IsWaiting: false)]);

    private sealed class Observer(TimingInbox inbox) : IStateObserver
    {
        public void TaskChanged(TaskId id, TaskRecord? record) => inbox.TaskChanged(id, record);

        public void AttemptGranted(OwnerSession session, TaskRecord record)
        {
        }

        public void OwnersChanged(long epoch) => inbox.OwnersChanged();

        public void StateReplaced() => inbox.Reload();
    }
}
