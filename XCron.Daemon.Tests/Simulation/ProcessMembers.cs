using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Daemon.Tests.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// What a process does about the members of its cluster, by the product's own parts: it asks to be taken in, gives
/// learners their votes, carries changes out or passes them on, and answers who it is.
/// </summary>
internal sealed class ProcessMembers
{
    private readonly SimulationWorld _world;
    private readonly SimulatedMachine _machine;
    private readonly ProcessRaft _raft;
    private readonly ProcessClock _clock;
    private readonly PeerIdentity _identity;
    private readonly MemberChanges _changes;
    private readonly CallersNotice _notice;
    private readonly Admission _admission;
    private readonly LearnerPromotion _promotion;

    public ProcessMembers(
        SchedulerProcess process,
        SimulationWorld world,
        PeerOptions options,
        ProcessClock clock,
        MemberDirectory members,
        Random random)
    {
        (_world, _machine, _raft, _clock) = (world, process.Machine, process.Raft, clock);
        var dialer = new SimulatedDialer(_machine.Id, world);
        _identity = new PeerIdentity(_machine.Id, _machine.Address, [])
        {
            InitialMembership = _machine.Told is null ? world.Initial : null,
            Told = _machine.Told,
            InForce = () => _raft.Membership.WithEpoch(_raft.Epoch),
        };
        _changes = new MemberChanges(_raft, dialer, options, clock, process.State, members);
        _notice = new CallersNotice(_raft, dialer, options, clock);
        _promotion = new LearnerPromotion(_raft, clock, Traces.None);
        string[] hosts = [.. world.Machines.Select(static machine => machine.Address)];
        _admission = new Admission(
            _raft, dialer, options, hosts, clock, new Random(random.Next()), Traces.None);
    }

    public IdentifyReply Identify() => _identity.Reply();

    public Task<MemberAnswer> ChangeAsync(MemberAction action, string host, CancellationToken cancellationToken) =>
        _changes.ChangeAsync(action, host, cancellationToken);

    public Task<MemberReply> AnswerAsync(MemberRequest request) =>
        _changes.AnswerAsync(request, CancellationToken.None);

    public Task AwaitCallersAsync(IReadOnlyList<NodeId> callers, CancellationToken cancellationToken) =>
        _notice.WaitAsync(callers, cancellationToken);

    public async Task<CatchUpReply> CatchUpAsync() => await _raft.ReadBarrierAsync(CancellationToken.None)
        ? new CatchUpReply()
        : throw new PeerCallException("no majority answers", refused: false);

    /// <summary>Until the process is gone; does what Admission and LearnerPromotion do when they are woken.</summary>
    public async Task RunAsync()
    {
        var wasMember = _machine.Told is null || _machine.WasTakenIn;
        while (true)
        {
            if (!wasMember && _raft.CommittedMembership?.Find(_raft.Self) is not null)
            {
                wasMember = _machine.WasTakenIn = true;
                _world.Count("taken in");
            }

            if (!wasMember)
                await _admission.AskAsync(CancellationToken.None);
            await _promotion.StepAsync(CancellationToken.None);
            await Task.Delay(_machine.Timeouts.Report, _clock, CancellationToken.None);
        }
    }
}
