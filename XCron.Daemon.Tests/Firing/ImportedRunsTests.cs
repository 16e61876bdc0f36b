using System.Net;
using System.Text;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Daemon.Tests.Api;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>
/// A task with open runs goes from one cluster to another by its line: a run id stands for one due time on both sides.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImportedRunsTests : IDisposable
{
    private const long Second = 1000;

    private static readonly OwnerSession Elsewhere = new(new NodeId(9), 9);
    private readonly ManualClock _clock = new(FixedTime.StartMs);
    private readonly SchedulerState _source = new();
    private readonly AppliedLog _sourceLog;
    private readonly MemoryLog _log = new();
    private readonly SteppedNode _node;
    private readonly List<string> _sent = [];
    private HttpStatusCode _answer = HttpStatusCode.OK;

    public ImportedRunsTests()
    {
        _sourceLog = new AppliedLog(_source);
        var target = new FakeTarget((request, _) =>
        {
            var attempt = request.Headers.GetValues("X-Xcron-Attempt").Single();
            var time = request.Headers.GetValues("X-Xcron-Scheduled-Time").Single();
            _sent.Add($"{request.Headers.GetValues("X-Xcron-Run-Id").Single()}/{attempt} for {time}");
            return Task.FromResult(new HttpResponseMessage(_answer));
        });
        _node = new SteppedNode(1, new MemoryReplica(_log), new MemoryGateway(_log), _clock, 1, target);
        _log.AssignAll(_node.Self);
        _sourceLog.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), Elsewhere))));
    }

    public void Dispose() => _node.Dispose();

    [Test]
    public async Task Runs_side_by_side_each_go_on_under_their_own_id_and_new_ones_are_above_them()
    {
        await CreateAsync("""{"type":1,"format":"@every 10s","overlap":"allow"}""");
        Claim(ClaimAction.Start);
        Claim(ClaimAction.StartBeside);
        Claim(ClaimAction.StartBeside);
        Fail(runSequence: 3, retryInMs: 25 * Second);
        var byHand = TaskCommands.EncodeRun(new TaskId(1001), null, _clock.NowMs, _clock.NowMs);
        Assert.That(_sourceLog.Apply(byHand).Code, Is.Zero);
        await MoveAsync();

        await StepAsync();
        await StepAsync();

        // A pause of an hour; fire_once passes over all but the latest, which is a new run.
        Assert.That(
            _sent,
            Is.EquivalentTo((string[])
            [
                "1001-1/2 for 1800000010.250", "1001-2/2 for 1800000020.250", "1001-4/2 for 1800000030.250",
                "1001-5/1 for 1800003630.250",
            ]));
        var record = _log.Tasks.Find(new TaskId(1001))!;
        Assert.That((record.RunSequence, record.Runs), Is.EqualTo((5L, (OpenRuns?)null)));
        Assert.That(record.LastRun!.Sequence, Is.EqualTo(5));
        var ended = record.History!.ToList().Find(run => run.Sequence == 3)!;
        Assert.That(ended.Status, Is.EqualTo(RunStatus.Failed), "its retries ended as the next one was due");
    }

    [Test]
    public async Task A_run_that_waits_for_its_retry_is_retried_at_its_time_and_counts_its_failures()
    {
        await CreateAsync("""{"type":2,"format":"+10s","retry":{"max_attempts":3}}""");
        Claim(ClaimAction.Start, nextMs: 0);
        Fail(runSequence: 1, retryInMs: 7200 * Second);
        await MoveAsync();
        _answer = HttpStatusCode.InternalServerError;

        await StepAsync();
        Assert.That(_sent, Is.Empty, "its retry is an hour away");
        _clock.Advance(3600 * Second);
        await StepAsync();
        _clock.Advance(3600 * Second);
        await StepAsync();

        Assert.That(
            _sent, Is.EqualTo((string[])["1001-1/2 for 1800000010.250", "1001-1/3 for 1800000010.250"]));
        Assert.That(_log.Tasks.Find(new TaskId(1001))!.Phase, Is.EqualTo(TaskPhase.Failed));
    }

    [Test]
    public async Task A_due_time_that_waited_has_its_turn_after_the_run_it_waited_for()
    {
        await CreateAsync("""{"type":1,"format":"@every 2h","overlap":"queue"}""");
        Claim(ClaimAction.Start);
        Claim(ClaimAction.Queue);
        await MoveAsync();

        await StepAsync();
        await StepAsync();

        Assert.That(
            _sent, Is.EqualTo((string[])["1001-1/2 for 1800007200.250", "1001-2/1 for 1800014400.250"]));
    }

    [Test]
    public async Task The_last_of_max_runs_that_was_on_its_way_is_the_last()
    {
        await CreateAsync("""{"type":1,"format":"@every 10s","max_runs":1}""");
        Claim(ClaimAction.Start, nextMs: 0);
        await MoveAsync();

        await StepAsync();
        _clock.Advance(3600 * Second);
        await StepAsync();

        Assert.That(_sent, Is.EqualTo((string[])["1001-1/2 for 1800000010.250"]));
        Assert.That(_log.Tasks.Find(new TaskId(1001))!.Phase, Is.EqualTo(TaskPhase.Completed));
    }

    private async Task CreateAsync(string task)
    {
        var host = new ApiHost(state: _source);
        var callback = task[..^1] + ""","callback":{"url":"http://target.test/hook"}}""";
        Assert.That((await host.PostAsync("/xcron/createTask", callback)).Code, Is.Zero);
    }

    /// <summary>At its due time, by the source's owner; the clock goes there.</summary>
    private void Claim(ClaimAction action, long? nextMs = null)
    {
        var record = _source.Find(new TaskId(1001))!;
        _clock.Advance(Math.Max(0, record.NextRunMs - _clock.NowMs));
        var stepMs = record.NextDueMs - (record.Run?.ScheduledMs ?? FixedTime.StartMs);
        var claim = new ClaimRun
        {
            TaskId = 1001,
            Revision = record.Revision,
            Action = action,
            ScheduledMs = record.NextDueMs,
            NextDueMs = nextMs ?? record.NextDueMs + stepMs,
        };
        Assert.That(_sourceLog.Apply(TaskCommands.EncodeClaims(Elsewhere, _clock.NowMs, [claim])).Code, Is.EqualTo(1));
    }

    private void Fail(long runSequence, long retryInMs)
    {
        var attempt = new FinishAttempt
        {
            TaskId = 1001,
            RunSequence = runSequence,
            Attempt = 1,
            Outcome = AttemptOutcome.Failed,
            EndMs = _clock.NowMs,
            RetryAtMs = _clock.NowMs + retryInMs,
        };
        Assert.That(_sourceLog.Apply(TaskCommands.EncodeFinish(Elsewhere, [attempt])).Code, Is.EqualTo(1));
    }

    /// <summary>An hour passes between the export and the import, which is made twice.</summary>
    private async Task MoveAsync()
    {
        var context = ApiHost.Request("GET", "/xcron/export");
        await new ApiHost(state: _source).Endpoints.HandleAsync(context);
        await context.Response.CompleteAsync();
        var export = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
        _clock.Advance(3600 * Second);

        var other = new ApiHost(state: new SchedulerState());
        other.Time.NowMs = _clock.NowMs;
        foreach (var created in (int[])[1, 0])
        {
            var import = await other.PostAsync("/xcron/import", export);
            Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(created), import.Text);
            Assert.That(import.Data.GetProperty("unchanged").GetInt32(), Is.EqualTo(1 - created), import.Text);
        }

        foreach (var command in other.Gateway.Submitted)
            _log.Apply(command);
    }

    private Task StepAsync() => _node.FollowAndStepAsync(6);
}
