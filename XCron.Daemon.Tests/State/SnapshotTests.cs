using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SnapshotTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public async Task A_restored_state_answers_as_the_old_one_did()
    {
        Fill();
        var epoch = _fixture.State.Ownership.Epoch;

        var restored = await Restored(await SnapshotOf(_fixture.State));

        using (Assert.EnterMultipleScope())
        {
            foreach (var id in new long[] { 1, 2, 3, 4 })
            {
                var (before, after) = (_fixture.Find(id), restored.Find(new TaskId(id))!);
                Assert.That(after with { Definition = before.Definition }, Is.EqualTo(before));
                Assert.That(after.Definition, Is.EqualTo(before.Definition));
            }

            Assert.That(restored.FindByName("nightly")!.Id.Value, Is.EqualTo(1));
            Assert.That(restored.Ownership.Epoch, Is.EqualTo(epoch));
            Assert.That(restored.Ownership.Sessions, Is.EqualTo(_fixture.State.Ownership.Sessions));
            Assert.That(restored.Counters, Is.EqualTo(_fixture.State.Counters));
            Assert.That(restored.StateHash(), Is.EqualTo(_fixture.State.StateHash()));
        }
    }

    [Test]
    public async Task A_restore_replaces_everything_and_tells_the_observers()
    {
        var empty = await SnapshotOf(new SchedulerState());
        Fill();

        await _fixture.State.RestoreAsync(new MemoryStream(empty), CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Heard.Replacements, Is.EqualTo(1));
            Assert.That(_fixture.State.Find(new TaskId(1)), Is.Null);
            Assert.That(_fixture.State.FindByName("nightly"), Is.Null);
            Assert.That(_fixture.State.Ownership.Epoch, Is.Zero);
            Assert.That(_fixture.State.Counters, Is.EqualTo(new StateCounters()));
        }

        _fixture.Create(9);
        Assert.That(_fixture.Heard.Changes[^1].Id.Value, Is.EqualTo(9), "the observer goes on to hear");
    }

    [Test]
    public async Task A_repeated_create_and_a_collision_are_told_apart_after_a_restore_too()
    {
        _fixture.Create(7);
        var restored = await Restored(await SnapshotOf(_fixture.State));
        var byBeta = TaskCommands.EncodeCreate(Beta, new NewTask(new TaskId(7), 500, 1000, Definition()));

        Assert.That(Apply(restored, 1, CreateCommand(7, Definition())).Code, Is.Zero);
        Assert.That(Apply(restored, 2, byBeta).Code, Is.EqualTo(ResultCode.IdTaken));
    }

    [Test]
    public async Task A_snapshot_that_is_cut_anywhere_is_refused_and_leaves_the_state_as_it_was()
    {
        Fill();
        var snapshot = await SnapshotOf(_fixture.State);

        var target = new StateFixture();
        target.Create(50);
        for (var length = 0; length < snapshot.Length; length += 3)
        {
            var cut = new MemoryStream(snapshot, 0, length);
            Assert.That(
                async () => await target.State.RestoreAsync(cut, CancellationToken.None),
                Throws.TypeOf<InvalidDataException>(),
                $"{length} bytes");
        }

        Assert.That(target.Find(50), Is.Not.Null);
        Assert.That(target.Heard.Replacements, Is.Zero);
    }

    [Test]
    public async Task A_snapshot_that_goes_on_is_refused()
    {
        byte[] snapshot = [.. await SnapshotOf(_fixture.State), 0];

        Assert.That(async () => await Restored(snapshot), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public async Task A_stream_that_gives_one_byte_at_a_time_is_read_as_well()
    {
        Fill();
        var snapshot = await SnapshotOf(_fixture.State);
        var state = new SchedulerState();

        await state.RestoreAsync(new TricklingStream(snapshot), CancellationToken.None);

        Assert.That(await SnapshotOf(state), Is.EqualTo(snapshot));
    }

    [Test]
    public async Task A_record_larger_than_every_buffer_survives()
    {
        var definition = Definition(url: "http://x/" + new string('y', 1_000_000));
        _fixture.Apply(CreateCommand(1, definition));
        _fixture.Apply(CreateCommand(2, Definition()));

        var restored = await Restored(await SnapshotOf(_fixture.State));

        Assert.That(restored.Find(new TaskId(1))!.Definition, Is.EqualTo(definition));
        Assert.That(restored.Find(new TaskId(2)), Is.Not.Null);
    }

    [Test]
    public void Snapshots_that_contradict_themselves_or_are_of_a_newer_version_are_refused()
    {
        var task = new TaskRecordMessage
        {
            TaskId = 1,
            Revision = 1,
            NextDueMs = 5,
            Definition = ByteString.CopyFrom(Definition(name: "nightly")),
        };
        var unknownPhase = task.Clone();
        unknownPhase.Phase = 5;
        var sameName = task.Clone();
        sameName.TaskId = 2;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(async () => await Restored(Snapshot(Header(1), task)), Throws.Nothing);
            AssertRefused("an unknown format", Header(0, header => header.Format = 2));
            AssertRefused("an unknown counter", Header(0, header => header.Counters.Add("lost", 1)));
            AssertRefused("too few shards", Header(0, header => header.Owners.RemoveAt(0)));
            AssertRefused("a session that is not there", Header(0, header => header.Owners[3] = 0));
            AssertRefused("counters of other tasks", Header(1, header => header.Counters["scheduled"] = 2), task);
            AssertRefused("the same task twice", Header(2), task, task);
            AssertRefused("one name for two", Header(2), [.. ByPlace(task, sameName)]);
            AssertRefused("an unknown phase", Header(1), unknownPhase);
        }
    }

    private static void AssertRefused(string what, SnapshotHeader header, params TaskRecordMessage[] tasks) =>
        Assert.That(async () => await Restored(Snapshot(header, tasks)), Throws.TypeOf<InvalidDataException>(), what);

    private static IEnumerable<TaskRecordMessage> ByPlace(params TaskRecordMessage[] tasks) =>
        tasks.OrderBy(task => ShardId.Of(new TaskId(task.TaskId)).Value).ThenBy(task => task.TaskId);

    private static SnapshotHeader Header(int taskCount, Action<SnapshotHeader>? change = null)
    {
        var header = new SnapshotHeader { Format = 1, TaskCount = taskCount };
        header.Owners.AddRange(Enumerable.Repeat(-1, ShardId.Count));
        header.Counters.Add("scheduled", taskCount);
        change?.Invoke(header);
        return header;
    }

    private static byte[] Snapshot(SnapshotHeader header, params TaskRecordMessage[] tasks)
    {
        var stream = new MemoryStream();
        header.WriteDelimitedTo(stream);
        foreach (var task in tasks)
            task.WriteDelimitedTo(stream);
        return stream.ToArray();
    }

    /// <summary>A pending task, one with an attempt on its way, one that waits for its retry, a finished one.</summary>
    private void Fill()
    {
        _fixture.Create(1, name: "nightly");
        _fixture.Create(2);
        _fixture.Start(2, nextDueMs: 2000);
        _fixture.Create(3);
        _fixture.Start(3, nextDueMs: 2000);
        _fixture.Finish(Alpha, 3, AttemptOutcome.Failed, retryAtMs: 1500);
        _fixture.Create(4, TaskType.OneShot);
        _fixture.Start(4);
        _fixture.Succeed(4);
        _fixture.Apply(TaskCommands.EncodeAssign(
            _fixture.State.Ownership.Epoch, [(new ShardId(3), Beta), (new ShardId(4), OwnerSession.None)]));
    }

    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
