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
            Assert.That((record.NextDelayMs, record.History!.RunsByHand), Is.EqualTo((3, 2L)));
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
    }
}
