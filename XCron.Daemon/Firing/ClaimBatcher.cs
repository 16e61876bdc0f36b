using System.Runtime.InteropServices;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>
/// Claims what is due: while one command is on its way through the log, all that falls due gathers into the next. Every
/// task that it takes it releases again, whatever became of the claim, and the timing loop then looks at it anew.
/// </summary>
internal sealed class ClaimBatcher(
    ITaskReader tasks,
    ICommandGateway gateway,
    LogEcho echo,
    OwnerSession self,
    FiringOptions options,
    DueQueue due,
    TimingInbox timing,
    ProposalTimes proposals,
    TimeProvider time,
    Backoff backoff,
    IFiringMetrics metrics,
    ILogger logger)
{
    /// <summary>An applied claim shows on this node soon after; one that was refused shows by nothing at all.</summary>
    private static readonly long EchoMs = (long)LogEcho.Limit.TotalMilliseconds;

    /// <summary>
    /// Where nothing is to be claimed, a change of the record wakes the task; this is for what is unforeseen.
    /// </summary>
    private const long IdleMs = 10_000;

    /// <summary>For a task that this node cannot plan, such as one in a zone that it does not know.</summary>
    private const long UnplannableMs = 60_000;

    private readonly ClaimPlanner _planner = new(self, options);
    private readonly ScheduleCache _schedules = new();
    private readonly List<long> _taken = [];
    private readonly List<ClaimRelease> _releases = [];
    private readonly List<ClaimRelease> _claimed = [];
    private int _most = options.MaxClaimsPerCommand;

    /// <summary>
    /// Runs until told to stop; a command on its way is waited for until the second token ends that too.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        while (!stopping.IsCancellationRequested)
        {
            await due.WaitAsync(stopping);
            while (!stopping.IsCancellationRequested && await RunOnceAsync(aborting))
            {
            }
        }
    }

    /// <summary>One command for what is due now; returns whether more was left.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        _taken.Clear();
        var isMoreLeft = due.Take(_taken, _most);
        var command = Plan();
        Release(_releases);
        if (command.Claims.Count > 0)
            await ProposeAsync(command, cancellationToken);
        return isMoreLeft;
    }

    private ClaimRuns Plan()
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var owners = tasks.Ownership;
        var isOut = echo.IsOut;
        var command = new ClaimRuns
        {
            Session = SessionMessage.Of(self),
            NowMs = nowMs,
        };
        foreach (var id in CollectionsMarshal.AsSpan(_taken))
        {
            var task = new TaskId(id);
            if (tasks.Find(task) is not { } record)
                _releases.Add(new ClaimRelease(id, 0, nowMs + EchoMs, IsWaiting: true));
            else if (owners.Of(task) != self)
                _releases.Add(new ClaimRelease(id, record.Revision, nowMs + EchoMs, IsWaiting: true));
            else if (isOut)
                _releases.Add(new ClaimRelease(id, record.Revision, nowMs + EchoMs, IsWaiting: false));
            else
                PlanOne(record, owners, nowMs, command);
        }

        return command;
    }

    private void PlanOne(TaskRecord record, Ownership owners, long nowMs, ClaimRuns command)
    {
        var id = record.Id.Value;
        try
        {
            var terms = DefinitionPeek.Terms(record.Definition);
            var anchorMs = record.QueuedDueMs != 0 ? record.QueuedDueMs : record.NextDueMs;
            var schedule = terms.Type == TaskType.Periodic ? _schedules.Find(terms, anchorMs) : null;
            if (_planner.Plan(record, terms, schedule, nowMs, owners) is not { } claim)
            {
                // Whether another session is still alive is asked again soon: no change of the record tells.
                var waitMs = record.Runs?.HasForeign(self) == true ? EchoMs : IdleMs;
                _releases.Add(new ClaimRelease(id, record.Revision, nowMs + waitMs, IsWaiting: true));
            }
            else
            {
                command.Claims.Add(claim);
                _claimed.Add(new ClaimRelease(id, record.Revision, nowMs + EchoMs, IsWaiting: false));
            }
        }
        catch (Exception exception) when (exception is not InvariantException)
        {
            // One bad task must not stop the others; its trace and its growing lateness call for someone.
            logger.Unplannable(record.Id, exception.Message);
            _releases.Add(new ClaimRelease(id, record.Revision, nowMs + UnplannableMs, IsWaiting: false));
        }
    }

    private async Task ProposeAsync(ClaimRuns command, CancellationToken cancellationToken)
    {
        // Before the proposal leaves, since its grant may be heard of before its outcome.
        var timestamp = time.GetTimestamp();
        foreach (var claim in command.Claims)
            proposals.Note(claim.TaskId, claim.Revision, timestamp);

        var bytes = new TaskCommand { Claim = command }.ToByteArray();
        var outcome = await gateway.SubmitAsync(bytes, cancellationToken);
        echo.Said(outcome);
        metrics.ClaimsProposed(command.Claims.Count, outcome is ProposeOutcome.Applied);
        if (outcome is ProposeOutcome.Applied)
        {
            backoff.Reset();
            Release(_claimed);
            return;
        }

        if (outcome is ProposeOutcome.Rejected { Reason: RejectReason.TooLarge })
            _most = Math.Max(1, command.Claims.Count / 2);
        var wait = backoff.Next();
        logger.ClaimsNotApplied(command.Claims.Count, OutcomeText.Of(outcome), wait.TotalMilliseconds);
        var notBeforeMs = time.GetUtcNow().ToUnixTimeMilliseconds() + (long)wait.TotalMilliseconds;
        foreach (ref var claimed in CollectionsMarshal.AsSpan(_claimed))
            claimed = claimed with { NotBeforeMs = notBeforeMs };
        Release(_claimed);
    }

    private void Release(List<ClaimRelease> releases)
    {
        if (releases.Count > 0)
            timing.Release(releases);
        releases.Clear();
    }
}
