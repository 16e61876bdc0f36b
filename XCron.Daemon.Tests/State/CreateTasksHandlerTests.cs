using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CreateTasksHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void A_created_task_is_found_by_id_and_by_name_and_waits_for_its_first_due_time()
    {
        var definition = Definition(name: "nightly");

        var result = _fixture.Apply(CreateCommand(7, definition, firstDueMs: 1000));

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            Assert.That(Answer(result), Is.EqualTo(new CreateAnswer(0, new TaskId(7), false)));
            Assert.That(_fixture.State.FindByName("nightly"), Is.SameAs(record));
            Assert.That(record.Definition, Is.EqualTo(definition));
            Assert.That(record.CreateTimeMs, Is.EqualTo(500));
            Assert.That(record.Revision, Is.EqualTo(1));
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Scheduled));
            Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(1000));
            Assert.That(_fixture.State.TasksOf(ShardId.Of(record.Id)), Is.EqualTo(new[] { record }));
            Assert.That(_fixture.Heard.Changes, Is.EqualTo(new[] { (record.Id, (TaskRecord?)record) }));
            Assert.That(_fixture.State.Counters.Created, Is.EqualTo(1));
            Assert.That(_fixture.State.Counters.Scheduled, Is.EqualTo(1));
        }
    }

    [Test]
    public void The_same_command_once_more_is_answered_as_the_first_time_and_changes_nothing()
    {
        var command = CreateCommand(7, Definition(name: "nightly"));
        var first = _fixture.Apply(command);
        var record = _fixture.Find(7);

        var second = _fixture.Apply(command);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(second.Code, Is.Zero);
            Assert.That(Answer(second), Is.EqualTo(Answer(first)));
            Assert.That(_fixture.Find(7), Is.SameAs(record));
            Assert.That(_fixture.State.Counters.Created, Is.EqualTo(1));
        }
    }

    [Test]
    public void An_id_that_another_session_has_taken_is_refused_even_for_the_same_definition()
    {
        _fixture.Apply(CreateCommand(7, Definition()));

        var result = _fixture.Apply(
            TaskCommands.EncodeCreate(Beta, new NewTask(new TaskId(7), 500, 1000, Definition())));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.EqualTo(ResultCode.IdTaken));
            Assert.That(Answer(result).Code, Is.EqualTo(ResultCode.IdTaken));
            Assert.That(_fixture.State.Counters.Created, Is.EqualTo(1));
        }
    }

    [Test]
    public void The_same_definition_under_a_taken_name_is_the_existing_task()
    {
        _fixture.Apply(CreateCommand(7, Definition(name: "nightly")));

        var result = _fixture.Apply(CreateCommand(8, Definition(name: "nightly")));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            Assert.That(Answer(result), Is.EqualTo(new CreateAnswer(0, new TaskId(7), true)));
            Assert.That(_fixture.State.Find(new TaskId(8)), Is.Null);
        }
    }

    [Test]
    public void Another_definition_under_a_taken_name_is_refused_with_1040()
    {
        _fixture.Apply(CreateCommand(7, Definition(name: "nightly")));

        var result = _fixture.Apply(CreateCommand(8, Definition(name: "nightly", url: "http://y/")));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.EqualTo(1040));
            Assert.That(Answer(result).Code, Is.EqualTo(1040));
            Assert.That(_fixture.State.Find(new TaskId(8)), Is.Null);
        }
    }

    [Test]
    public void Names_that_differ_in_case_are_two()
    {
        _fixture.Create(7, name: "nightly");
        _fixture.Create(8, name: "Nightly");

        Assert.That(_fixture.State.FindByName("Nightly")!.Id.Value, Is.EqualTo(8));
    }

    [Test]
    public void A_task_with_nothing_to_do_is_completed()
    {
        var record = _fixture.Create(7, firstDueMs: 0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Completed));
            Assert.That(record.WakeAtMs(Alpha), Is.Zero);
            Assert.That(_fixture.State.Counters.Completed, Is.EqualTo(1));
        }
    }

    [Test]
    public void Of_many_each_has_its_own_answer_and_the_code_is_the_first_that_is_not_0()
    {
        var tasks = new NewTask[40];
        for (var i = 0; i < tasks.Length; i++)
        {
            var definition = i switch
            {
                20 => Definition(name: "taken", url: "http://y/"),
                30 => Definition(TaskType.Unspecified),
                _ => Definition(name: i == 0 ? "taken" : ""),
            };
            tasks[i] = new NewTask(new TaskId(i + 1), 500, 1000, definition);
        }

        var result = _fixture.Apply(TaskCommands.EncodeCreate(Alpha, tasks));

        var answers = CreateAnswers.Decode(result.Data.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.EqualTo(1040));
            Assert.That(answers, Has.Length.EqualTo(40));
            Assert.That(answers[20], Is.EqualTo(new CreateAnswer(1040, new TaskId(1), false)));
            Assert.That(answers[30].Code, Is.EqualTo(ResultCode.Invalid));
            Assert.That(answers[39], Is.EqualTo(new CreateAnswer(0, new TaskId(40), false)));
            Assert.That(_fixture.State.Counters.Created, Is.EqualTo(38));
        }
    }

    [Test]
    public void What_no_task_can_be_made_of_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Apply(CreateCommand(-1, Definition())).Code, Is.EqualTo(ResultCode.Invalid));
            Assert.That(_fixture.Apply(CreateCommand(0, Definition())).Code, Is.EqualTo(ResultCode.Invalid));
            Assert.That(_fixture.Apply(CreateCommand(1, [])).Code, Is.EqualTo(ResultCode.Invalid));
            Assert.That(_fixture.Apply(CreateCommand(1, [0x22, 0x09])).Code, Is.EqualTo(ResultCode.Invalid));
        }
    }

    [Test]
    public void A_single_create_allocates_little_beyond_the_record_itself()
    {
        const int Count = 1000;
        var definition = Definition(TaskType.OneShot, url: new string('u', 200));
        var commands = Enumerable.Range(1, 3 * Count).Select(id => CreateCommand(id, definition)).ToArray();
        var state = new SchedulerState();
        var entries = commands.Select((command, i) => new Raft.LogEntry(
            new Raft.LogIndex(i + 1), new Raft.Term(1), Raft.EntryKind.Command, command)).ToArray();
        var results = new Raft.ApplyResult[Count];
        state.Apply(entries.AsSpan(0, Count), results);

        var before = GC.GetAllocatedBytesForCurrentThread();
        state.Apply(entries.AsSpan(Count, Count), results);
        var perCreate = (GC.GetAllocatedBytesForCurrentThread() - before) / Count;

        // The record, its definition's array, the answer, and a share of the growth of the shards' tables.
        Assert.That(perCreate - definition.Length, Is.LessThan(400));
    }

    private static CreateAnswer Answer(Raft.ApplyResult result) => CreateAnswers.DecodeSingle(result.Data.Span);
}
