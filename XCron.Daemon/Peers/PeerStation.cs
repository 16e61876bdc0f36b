using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Peers;

/// <summary>Everything between this daemon and the others once it has its log: one thing to run and to stop.</summary>
internal sealed class PeerStation : IAsyncDisposable
{
    private static readonly TimeSpan DrainLook = TimeSpan.FromMilliseconds(50);

    private readonly IRaftAccess _raft;
    private readonly ITaskReader _state;
    private readonly SelfStatus _self;
    private readonly TimeProvider _timeProvider;
    private readonly CommandGateway _gateway;
    private readonly ReportLinks _reports;
    private readonly ShardAssigner _assigner;
    private readonly Pulse _assignerWoken = new();

    public PeerStation(
        IRaftAccess raft,
        ITaskReader state,
        SelfStatus self,
        MemberDirectory members,
        IPeerDialer dialer,
        PeerOptions options,
        TimeProvider timeProvider,
        Random random,
        PeersTrace trace)
    {
        _raft = raft;
        _state = state;
        _self = self;
        _timeProvider = timeProvider;
        _gateway = new(raft, dialer, options, timeProvider, Seeded(random), trace);
        _reports = new(raft, dialer, self, members, options, timeProvider, Seeded(random), trace);
        _assigner = new(raft, state, members, self, options, timeProvider, Seeded(random), trace);
    }

    public ICommandGateway Commands => _gateway;

    /// <summary>Commands that wait for a leader or for its answer, as a gauge.</summary>
    public int WaitingCommands => _gateway.WaitingCommands;

    /// <summary>Reports to the others, and assigns shards while this node leads. Throws only a defect.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var reporting = _reports.RunAsync(ending.Token);
        var assigning = _assigner.RunAsync(_assignerWoken, ending.Token);
        await Task.WhenAny(reporting, assigning);
        await ending.CancelAsync();
        await Task.WhenAll(reporting, assigning);
    }

    /// <summary>
    /// Asks the leader to give this process's shards to others, and waits until they are. To be called while
    /// <see cref="RunAsync"/> still runs.
    /// </summary>
    /// <returns>False where the token was cancelled first; true at once where there is nobody else.</returns>
    public async Task<bool> DrainAsync(CancellationToken cancellationToken)
    {
        _self.Draining = true;
        _reports.Hurry();
        _assignerWoken.Set();
        while (!cancellationToken.IsCancellationRequested)
        {
            var changed = _assignerWoken.Next;
            if (_raft.Membership.Voters.Length == 1 || !_state.Ownership.IsAlive(_self.Session))
                return true;

            await Pulse.WaitAsync(changed, DrainLook, _timeProvider, cancellationToken);

            // That its last attempt has ended is no event.
            _reports.Hurry();
            _assignerWoken.Set();
        }

        return false;
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    private static Random Seeded(Random random) => new(random.Next());
}
