using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class UpdateTaskHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void An_update_of_the_callback_leaves_the_schedule_as_it_is()
    {
        _fixture.Create(7, name: "nightly");

        var result = _fixture.Update(7, Definition(name: "nightly", url: "http://y/"));

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            Assert.That(record.Definition, Is.EqualTo(Definition(name: "nightly", url: "http://y/")));
            Assert.That((record.NextDueMs, record.Revision, record.Phase), Is.EqualTo((1000, 2, TaskPhase.Scheduled)));
            Assert.That(_fixture.State.FindByName("nightly"), Is.SameAs(record));
            Assert.That(_fixture.Heard.Changes[^1].Record, Is.SameAs(record));
        }
    }

    [Test]
    public void A_new_schedule_takes_the_place_of_the_old_due_time()
    {
        _fixture.Create(7);

        _fixture.Update(7, Definition(), nextDueMs: 50_000, nextDelayMs: 20);

        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(50_020));
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 50_010, 50_000), Is.Zero, "jitter moves it later");
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 50_020, 50_000), Is.EqualTo(1));
        Assert.That(_fixture.Find(7).Run!.DelayMs, Is.EqualTo(20));
    }

    [Test]
    public void Renaming_frees_the_old_name_and_takes_the_new_one()
    {
        _fixture.Create(7, name: "old");
        _fixture.Update(7, Definition(name: "new"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.State.FindByName("old"), Is.Null);
            Assert.That(_fixture.State.FindByName("new"), Is.SameAs(_fixture.Find(7)));
            Assert.That(_fixture.Create(8, name: "old").Id.Value, Is.EqualTo(8));
            _fixture.Update(7, Definition());
            Assert.That(_fixture.State.FindByName("new"), Is.Null);
            _fixture.Update(7, Definition(name: "new"));
            _fixture.Apply(TaskCommands.EncodeDelete("new"));
            Assert.That(_fixture.Find(7), Is.Null);
        }
    }

    [Test]
    public void A_name_that_is_anothers_is_refused_and_nothing_changes()
    {
        var record = _fixture.Create(7, name: "mine");
        _fixture.Create(8, name: "theirs");

        var result = _fixture.Update(7, Definition(name: "theirs"));

        Assert.That(result.Code, Is.EqualTo(ResultCode.NameTaken));
        Assert.That(ChangeAnswer.Decode(result.Data.Span).Id.Value, Is.EqualTo(8));
        Assert.That(_fixture.Find(7), Is.SameAs(record));
    }

    [Test]
    public void An_attempt_on_its_way_is_not_touched_and_its_result_counts()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        _fixture.Update(7, Definition(url: "http://y/"), nextDueMs: 8000);

        Assert.That(_fixture.Find(7).Run!.Attempt, Is.EqualTo(1));
        Assert.That(_fixture.Succeed(7), Is.EqualTo(1));
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(8000));
    }

    [Test]
    public void A_finished_task_that_gets_a_due_time_is_scheduled_again()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);
        _fixture.Succeed(7);

        _fixture.Update(7, Definition(TaskType.OneShot), nextDueMs: 50_000);

        var record = _fixture.Find(7);
        Assert.That((record.Phase, record.ExpireAtMs), Is.EqualTo((TaskPhase.Scheduled, 0)));
        Assert.That(_fixture.State.Counters.Scheduled, Is.EqualTo(1));
    }

    [Test]
    public void A_paused_task_stays_paused()
    {
        _fixture.Create(7);
        _fixture.Pause(7);

        _fixture.Update(7, Definition(), nextDueMs: 50_000);

        Assert.That((_fixture.Find(7).Phase, _fixture.Find(7).NextDueMs), Is.EqualTo((TaskPhase.Paused, 50_000)));
    }

    [Test]
    public void Another_type_or_an_older_look_is_refused()
    {
        var record = _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        var stale = new UpdateTask
        {
            TaskId = 7,
            Revision = record.Revision,
            Definition = Google.Protobuf.ByteString.CopyFrom(Definition()),
        };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Update(7, Definition(TaskType.OneShot)).Code, Is.EqualTo(ResultCode.Invalid));
            Assert.That(_fixture.Update(7, [0x22, 0x05, 0x61]).Code, Is.EqualTo(ResultCode.Invalid));
            Assert.That(_fixture.Apply(TaskCommands.EncodeUpdate(stale)).Code, Is.EqualTo(ResultCode.Changed));
        }
    }

    [Test]
    public async Task A_renamed_task_is_found_by_its_new_name_after_a_restore()
    {
        _fixture.Create(7, name: "old");
        _fixture.Update(7, Definition(name: "new"));

        var restored = await Restored(await SnapshotOf(_fixture.State));

        Assert.That(restored.FindByName("new")!.Id.Value, Is.EqualTo(7));
        Assert.That(restored.FindByName("old"), Is.Null);
    }
}
