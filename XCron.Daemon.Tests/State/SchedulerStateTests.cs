using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SchedulerStateTests
{
    private readonly StateFixture _fixture = new();

    [TestCase(new byte[0], TestName = "An_empty_command_stops_the_node")]
    [TestCase(new byte[] { 0x0a, 0x05, 0x01 }, TestName = "A_create_that_ends_too_early_stops_the_node")]
    [TestCase(new byte[] { 0x12, 0x05, 0x01 }, TestName = "A_delete_that_ends_too_early_stops_the_node")]
    [TestCase(new byte[] { 0x7a, 0x00 }, TestName = "A_command_of_a_newer_version_stops_the_node")]
    [TestCase(new byte[] { 0x12, 0x02, 0x78, 0x01 }, TestName = "A_field_of_a_newer_version_stops_the_node")]
    public void Undecodable(byte[] command)
    {
        Assert.That(() => _fixture.Apply(command), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void The_error_names_the_place_in_the_log()
    {
        Assert.That(
            () => Apply(_fixture.State, 4711, [0x7a, 0x00]),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("4711"));
    }

    [Test]
    public void A_claim_action_outcome_or_task_type_of_a_newer_version_stops_the_node()
    {
        _fixture.Create(7);
        _fixture.Start(7);
        var claim = new ClaimRun { TaskId = 7, Action = (ClaimAction)10 };
        var attempt = new FinishAttempt { TaskId = 7, RunSequence = 1, Attempt = 1, Outcome = (AttemptOutcome)4 };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => _fixture.Apply(TaskCommands.EncodeClaims(Alpha, 1, [claim])),
                Throws.TypeOf<InvalidDataException>());
            Assert.That(
                () => _fixture.Apply(TaskCommands.EncodeFinish(Alpha, [attempt])),
                Throws.TypeOf<InvalidDataException>());
            Assert.That(
                () => _fixture.Apply(CreateCommand(8, Definition((TaskType)3))),
                Throws.TypeOf<InvalidDataException>());
        }
    }

    [Test]
    public void A_batch_is_applied_in_order_with_a_result_for_each()
    {
        LogEntry[] batch =
        [
            Entry(1, CreateCommand(7, Definition())),
            Entry(2, TaskCommands.EncodeDelete(new TaskId(7))),
            Entry(5, TaskCommands.EncodeDelete(new TaskId(7))),
        ];
        var results = new ApplyResult[3];

        _fixture.State.Apply(batch, results);

        Assert.That(results.Select(result => result.Code), Is.EqualTo([0, 0, 1030]));
    }

    [Test]
    public void Every_observer_hears_of_what_comes_after_it_began()
    {
        _fixture.Create(7);
        var second = new RecordingObserver();

        _fixture.State.Observe(second);
        _fixture.Create(8);

        Assert.That(second.Changes.Select(change => change.Id.Value), Is.EqualTo([8]));
        Assert.That(_fixture.Heard.Changes.Select(change => change.Id.Value), Is.EqualTo([7, 8]));
    }

    [Test]
    public void A_pending_task_costs_at_most_400_bytes_beyond_its_definition([Values] bool named)
    {
        const int Count = 100_000;
        const int MaxBytes = 400;
        var state = new SchedulerState();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var definitionBytes = 0L;
        for (var i = 1; i <= Count; i++)
        {
            var definition = Definition(TaskType.OneShot, named ? $"reclaim-order-{i:D10}" : "");
            definitionBytes += definition.Length;
            Apply(state, i, CreateCommand(i, definition));
        }

        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before - definitionBytes) / Count;
        GC.KeepAlive(state);
        TestContext.Out.WriteLine($"{bytes} bytes a task beyond its definition");
        Assert.That(bytes, Is.LessThanOrEqualTo(MaxBytes));
    }

    private static LogEntry Entry(long index, byte[] command) =>
        new(new LogIndex(index), new Term(1), EntryKind.Command, command);
}
