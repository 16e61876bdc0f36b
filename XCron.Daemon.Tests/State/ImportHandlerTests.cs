using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImportHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public async Task An_imported_task_is_there_with_its_schedule_and_counts_and_in_every_table()
    {
        var codes = Import(Task(7, "nightly") with { Paused = true, NextDelayMs = 3, RunsByHand = 2 });

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(codes, Is.EqualTo([ResultCode.Ok]));
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Paused));
            Assert.That((record.NextDueMs, record.CreateTimeMs, record.Revision), Is.EqualTo((1000L, 500L, 1L)));
            Assert.That((record.RunSequence, record.RunCount, record.FailCount), Is.EqualTo((5L, 4L, 2L)));
            Assert.That((record.NextDelayMs, record.History!.Uncounted), Is.EqualTo((3, 2L)));
            Assert.That(_fixture.State.FindByName("nightly"), Is.SameAs(record));
            Assert.That(_fixture.State.Counters.Paused, Is.EqualTo(1));
            Assert.That(_fixture.State.IdsAfter(default, new TaskId[2]), Is.EqualTo(1));
            Assert.That(_fixture.Heard.Changes[^1].Id.Value, Is.EqualTo(7));
        }

        var restored = await Restored(await SnapshotOf(_fixture.State));
        Assert.That(restored.StateHash(), Is.EqualTo(_fixture.State.StateHash()));
        Assert.That(restored.IdsAfter(default, new TaskId[2]), Is.EqualTo(1));
    }

    [Test]
    public void The_same_again_is_unchanged_and_another_is_refused()
    {
        Import(Task(7, "nightly"));
        var before = _fixture.State.StateHash();

        var codes = Import(Task(7, "nightly"), Task(7, "other"), Task(8, "nightly"), Task(9, ""), Task(9, ""));

        Assert.That(
            codes,
            Is.EqualTo([
                ResultCode.Unchanged, ResultCode.IdTaken, ResultCode.NameTaken, ResultCode.Ok, ResultCode.Unchanged,
            ]));
        Assert.That(_fixture.Apply(TaskCommands.EncodeDelete(new TaskId(9))).Code, Is.Zero);
        Assert.That(_fixture.State.Counters.Created, Is.EqualTo(2));
        Assert.That(_fixture.State.StateHash(), Is.Not.EqualTo(before), "the counters have moved");
    }

    [Test]
    public async Task Open_runs_are_there_under_their_numbers_and_an_attempt_that_was_on_its_way_is_nobody_s_here()
    {
        var codes = Import(Task(7, "") with
        {
            NextDueMs = 0,
            RunsByHand = 1,
            OpenRuns =
            [
                new ImportRun { Sequence = 5, ScheduledMs = 900, DelayMs = 3, Attempt = 2, ByHand = true },
                new ImportRun { Sequence = 3, ScheduledMs = 700, Attempt = 4, Failures = 3, RetryAtMs = 950 },
            ],
        });

        var runs = _fixture.Find(7).Runs!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(codes, Is.EqualTo([ResultCode.Ok]));
            Assert.That(
                runs.AsSpan().ToArray(),
                Is.EqualTo((OpenRun[])
                [
                    new()
                    {
                        Sequence = 5,
                        ScheduledMs = 900,
                        DelayMs = 3,
                        Attempt = 2,
                        IsByHand = true,
                        ClaimedBy = runs.First.ClaimedBy,
                    },
                    new() { Sequence = 3, ScheduledMs = 700, Attempt = 4, Failures = 3, RetryAtMs = 950 },
                ]));
            Assert.That(runs.HasForeign(Alpha));
            Assert.That(runs.FirstRetryMs(), Is.EqualTo(950));
            Assert.That(_fixture.State.Counters.Running, Is.EqualTo(1));
        }

        var restored = await Restored(await SnapshotOf(_fixture.State));
        Assert.That(restored.StateHash(), Is.EqualTo(_fixture.State.StateHash()));
        Assert.That(restored.Find(new TaskId(7))!.Runs, Is.EqualTo(runs));
    }

    [Test]
    public void A_delete_of_an_imported_run_waits_for_no_node_and_its_result_is_nobody_s()
    {
        Import(Task(7, "") with { OpenRuns = [new ImportRun { Sequence = 5, ScheduledMs = 900, Attempt = 2 }] });
        var late = new FinishAttempt
        {
            TaskId = 7,
            RunSequence = 5,
            Attempt = 2,
            Outcome = AttemptOutcome.Succeeded,
        };

        var stale = _fixture.Apply(TaskCommands.EncodeFinish(Alpha, [late]));
        var deleted = _fixture.Apply(TaskCommands.EncodeDelete(new TaskId(7)));

        Assert.That(stale.Code, Is.Zero, "none is recorded");
        Assert.That(DeleteAnswer.Decode(deleted.Data.Span).Callers, Is.Empty);
    }

    [Test]
    public void Open_runs_that_no_task_has_are_refused()
    {
        var run = new ImportRun { Sequence = 5, ScheduledMs = 900, Attempt = 1 };
        ImportRun Other(Action<ImportRun> change)
        {
            var other = run.Clone();
            change(other);
            return other;
        }

        var seventeen = Enumerable.Range(1, 17).Select(number => Other(other => other.Sequence = number));
        ImportRun[][] wrong =
        [
            [Other(other => other.Sequence = 0)],
            [Other(other => other.Sequence = 18)],
            [run, run],
            [Other(other => other.ScheduledMs = 0)],
            [Other(other => other.Attempt = 0)],
            [Other(other => other.DelayMs = -1)],
            [Other(other => other.RetryAtMs = -1)],
            [Other(other => other.Failures = 2)],
            [Other(other => other.ByHand = true)],
            [.. seventeen],
        ];

        var codes = Import(
        [
            .. wrong.Select((runs, place) => Task(place + 1, "") with { RunSequence = 17, OpenRuns = runs }),
            Task(30, "") with { OpenRuns = [Other(other => other.RetryAtMs = 9)], QueuedDueMs = 9 },
            Task(31, "") with { NextDueMs = 0, QueuedDueMs = -1 },
        ]);

        Assert.That(codes, Has.Count.EqualTo(wrong.Length + 2).And.All.EqualTo(ResultCode.Invalid));
        Assert.That(
            Import(Task(32, "") with { RunSequence = 17, OpenRuns = [.. seventeen.Skip(1)], NextDueMs = 0 }),
            Is.EqualTo([ResultCode.Ok]));
    }

    [Test]
    public void A_session_that_chooses_an_imported_id_learns_that_it_is_taken()
    {
        Import(Task(7, ""));

        var result = _fixture.Apply(CreateCommand(7, Definition()));

        Assert.That(result.Code, Is.EqualTo(ResultCode.IdTaken));
    }

    [Test]
    public void What_is_no_task_is_refused()
    {
        var codes = Import(
            Task(0, ""),
            Task(1, "") with { NextDueMs = 0 },
            Task(2, "") with { RunSequence = -1 },
            Task(3, "") with { Definition = [1, 2, 3] },
            Task(4, "") with { Definition = [] },
            Task(5, "") with { NextDelayMs = -1 },
            Task(6, "") with { RunsByHand = 6 });

        Assert.That(codes, Has.Count.EqualTo(7).And.All.EqualTo(ResultCode.Invalid));
        Assert.That(_fixture.State.IdsAfter(default, new TaskId[1]), Is.Zero);
    }

    [Test]
    public void A_type_of_a_newer_version_stops_the_node() =>
        Assert.That(
            () => Import(Task(1, "") with { Definition = Definition((TaskType)3) }),
            Throws.TypeOf<InvalidDataException>());

    private static Imported Task(long id, string name) => new() { Id = id, Definition = Definition(name: name) };

    private IReadOnlyList<int> Import(params Imported[] tasks)
    {
        var result = _fixture.Apply(TaskCommands.EncodeImport(tasks.Select(task => new ImportTask
        {
            QueuedDueMs = task.QueuedDueMs,
            OpenRuns = { task.OpenRuns },
            TaskId = task.Id,
            CreateTimeMs = 500,
            Definition = ByteString.CopyFrom(task.Definition),
            NextDueMs = task.NextDueMs,
            Paused = task.Paused,
            RunSequence = task.RunSequence,
            NextDelayMs = task.NextDelayMs,
            RunsByHand = task.RunsByHand,
            RunCount = 4,
            FailCount = 2,
        })));
        Assert.That(result.Code, Is.Zero);
        return TaskCommands.DecodeImported(result.Data.Span);
    }

    private sealed record Imported
    {
        public required long Id { get; init; }

        public required byte[] Definition { get; init; }

        public long NextDueMs { get; init; } = 1000;

        public bool Paused { get; init; }

        public long RunSequence { get; init; } = 5;

        public long NextDelayMs { get; init; }

        public long RunsByHand { get; init; }

        public long QueuedDueMs { get; init; }

        public ImportRun[] OpenRuns { get; init; } = [];
    }
}
