using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>The parts of firing as one session has them, moved step by step in one thread.</summary>
internal sealed class SteppedNode : IStateObserver, IDisposable
{
    private readonly MemoryReplica _replica;
    private readonly DueQueue _due = new();
    private readonly TimingInbox _timingInbox;
    private readonly ProposalTimes _proposals = new();
    private readonly OwnershipFence _fence;
    private readonly CallbackSender _sender;
    private readonly AttemptMaker _maker;
    private readonly List<AttemptTicket> _put = [];

    public SteppedNode(
        ulong node, MemoryReplica replica, MemoryGateway gateway, ManualClock clock, int seed, FakeTarget target)
    {
        _replica = replica;
        Self = new OwnerSession(new NodeId(node), node);
        var options = new FiringOptions { MaxClaimsPerCommand = 7, MaxResultsPerCommand = 5 };
        var logger = NullLogger.Instance;
        var metrics = new CountingMetrics();
        _timingInbox = new TimingInbox(Self);
        Timing = new TimingLoop(replica.Tasks, Self, _timingInbox, _due, Attempts, clock, logger);
        var echo = new LogEcho(() => replica.Applied, clock);
        Claims = new ClaimBatcher(
            replica.Tasks, gateway, echo, Self, options, _due, _timingInbox, _proposals, clock,
            new Backoff(new Random(seed)), metrics, logger);
        Results = new ResultBatcher(
            replica.Tasks, gateway, Self, options, Attempts, clock, new Backoff(new Random(seed)), metrics, logger);
        _fence = new OwnershipFence(replica.Tasks, gateway, echo, Self, options, clock);
        _sender = new CallbackSender(target, options, clock, logger);
        _maker = new AttemptMaker(
            replica.Tasks, _fence, Attempts, _sender, new RetryPolicy(new Random(seed)), Results,
            new TraceParents(new Random(seed)), options, clock, metrics);
        replica.Observe(this);
    }

    public OwnerSession Self { get; }

    public TimingLoop Timing { get; }

    public ClaimBatcher Claims { get; }

    public ResultBatcher Results { get; }

    public AttemptInbox Attempts { get; } = new();

    public void TaskChanged(TaskId id, TaskRecord? record) => _timingInbox.TaskChanged(id, record);

    public void AttemptGranted(OwnerSession session, TaskRecord record)
    {
        if (session == Self)
            Attempts.Offer(record, record.Run!, _proposals.TakeFor(record));
    }

    public void OwnersChanged(long epoch) => _timingInbox.OwnersChanged();

    public void StateReplaced() => _timingInbox.Reload();

    public void Turn()
    {
        for (var turns = 0; Timing.RunOnce() == 0; turns++)
            Assert.That(turns, Is.LessThan(1000), "the timing loop turns in vain");
    }

    /// <summary>So many steps, each with all that the log holds by then.</summary>
    public async Task FollowAndStepAsync(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            _replica.Follow();
            await StepAsync();
        }

        _replica.Follow();
    }

    /// <summary>Claims what is due, and sends nothing.</summary>
    public async Task FollowAndClaimAsync()
    {
        _replica.Follow();
        Turn();
        await Claims.RunOnceAsync(CancellationToken.None);
        _replica.Follow();
    }

    public async Task StepAsync()
    {
        Turn();
        await Claims.RunOnceAsync(CancellationToken.None);
        await SendAsync();
        await Results.RunOnceAsync(CancellationToken.None);
    }

    public async Task SendAsync()
    {
        _put.AddRange(Attempts.Swap([]));
        foreach (var ticket in _put.ToArray())
        {
            if (await _maker.MakeAsync(ticket, CancellationToken.None))
                _put.Remove(ticket);
        }
    }

    public void Dispose()
    {
        _sender.Dispose();
        _fence.Dispose();
        _timingInbox.Dispose();
    }
}
