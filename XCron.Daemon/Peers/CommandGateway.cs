using System.Runtime.CompilerServices;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// The entrance for commands on any node: on the leader straight into the log, elsewhere over the link to the leader.
/// What was certainly not applied is tried again, at the next leader too, until the request timeout is over. Cancelling
/// ends the wait for a leader or an answer; a command that the local log has taken is awaited all the same.
/// </summary>
internal sealed class CommandGateway : ICommandGateway, IAsyncDisposable
{
    // For a leader that is known but does not take commands, because one of the two has not yet heard of a change.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly IRaftAccess _raft;
    private readonly TimeProvider _timeProvider;
    private readonly RequestDeadlines _deadlines;
    private readonly CommandBudget _budget;
    private readonly ForwardLinks _links;
    private readonly Pulse _leadership = new();

    // Not disposed: it holds nothing, and whoever comes late must still find it cancelled.
    private readonly CancellationTokenSource _stopping = new();

    public CommandGateway(
        IRaftAccess raft,
        IPeerDialer dialer,
        PeerOptions options,
        TimeProvider timeProvider,
        Random random,
        PeersTrace trace)
    {
        _raft = raft;
        _timeProvider = timeProvider;
        _deadlines = new RequestDeadlines(options.RequestTimeout, timeProvider);
        _budget = new CommandBudget(options.MaxWaitingCommands, options.MaxWaitingBytes);
        _links = new ForwardLinks(dialer, options, timeProvider, random, trace);
        _raft.Changed += OnRaftChanged;
    }

    /// <summary>Commands that wait for a leader or for its answer; those in the local log are not counted.</summary>
    public int WaitingCommands => _budget.Commands;

    public ValueTask<ProposeOutcome> SubmitAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        var deadline = _deadlines.Next();
        var isWanted = !cancellationToken.IsCancellationRequested && !_stopping.IsCancellationRequested;
        return isWanted && _raft.IsLeader
            ? ProposeFirstAsync(command, deadline, cancellationToken)
            : PassOnAsync(command, deadline, cancellationToken);
    }

    public async ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        var deadline = _deadlines.Next();
        var changed = _leadership.Next;
        if (await TryReadBarrierAsync(deadline))
            return true;

        using var ending =
            CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellationToken, _stopping.Token);
        while (true)
        {
            await WaitForLeaderAsync(changed, ending.Token);
            if (ending.IsCancellationRequested)
                return false;

            changed = _leadership.Next;
            if (await TryReadBarrierAsync(ending.Token))
                return true;
        }
    }

    /// <summary>Ends every wait: what never left is rejected as Stopping, what did is unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        _raft.Changed -= OnRaftChanged;
        await _stopping.CancelAsync();
        await _links.DisposeAsync();
        _deadlines.Dispose();
    }

    private void OnRaftChanged()
    {
        var leader = _raft.Leader;
        if (leader != NodeId.None)
            _links.RetireUnless(leader);
        _leadership.Set();
    }

    /// <summary>The usual path of a leader: nothing is allocated here, the state of the await is pooled.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ProposeOutcome> ProposeFirstAsync(
        ReadOnlyMemory<byte> command, CancellationToken deadline, CancellationToken cancellationToken)
    {
        ProposeOutcome outcome;
        try
        {
            outcome = await _raft.ProposeAsync(command, deadline);
        }
        catch (OperationCanceledException)
        {
            return ForwardedOutcomes.Unknown;
        }

        return outcome is ProposeOutcome.Rejected { Reason: RejectReason.NotLeader }
            ? await PassOnAsync(command, deadline, cancellationToken)
            : outcome;
    }

    private async ValueTask<bool> TryReadBarrierAsync(CancellationToken ending)
    {
        try
        {
            return await _raft.ReadBarrierAsync(ending);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async ValueTask<ProposeOutcome> PassOnAsync(
        ReadOnlyMemory<byte> command, CancellationToken deadline, CancellationToken cancellationToken)
    {
        if (command.Length > PeerOptions.MaxCommandBytes)
            return Rejected(RejectReason.TooLarge);
        if (!_budget.TryTake(command.Length))
            return Rejected(RejectReason.Overloaded);

        try
        {
            using var ending =
                CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellationToken, _stopping.Token);
            while (!ending.IsCancellationRequested)
            {
                var changed = _leadership.Next;
                if (await TryOnceAsync(command, deadline, ending.Token) is { } outcome)
                    return outcome;

                await WaitForLeaderAsync(changed, ending.Token);
            }

            return Rejected(_stopping.IsCancellationRequested ? RejectReason.Stopping : RejectReason.NotLeader);
        }
        finally
        {
            _budget.Return(command.Length);
        }
    }

    /// <summary>Null where the command was certainly not taken and another leader may take it.</summary>
    private async ValueTask<ProposeOutcome?> TryOnceAsync(
        ReadOnlyMemory<byte> command, CancellationToken deadline, CancellationToken ending)
    {
        if (_raft.IsLeader)
        {
            try
            {
                var outcome = await _raft.ProposeAsync(command, deadline);
                return outcome is ProposeOutcome.Rejected { Reason: RejectReason.NotLeader } ? null : outcome;
            }
            catch (OperationCanceledException)
            {
                return ForwardedOutcomes.Unknown;
            }
        }

        var leader = _raft.Leader;
        if (leader == NodeId.None || leader == _raft.Self || _links.LinkTo(leader, _raft.Membership) is not { } link)
            return null;

        // A leader that is stopping has not taken it either, and hands its office over.
        var answer = await link.SendAsync(command, ending);
        return answer is ProposeOutcome.Rejected { Reason: RejectReason.NotLeader or RejectReason.Stopping }
            ? null
            : answer;
    }

    private async Task WaitForLeaderAsync(Task changed, CancellationToken ending) => await Pulse.WaitAsync(
        changed, _raft.Leader == NodeId.None ? Timeout.InfiniteTimeSpan : RetryDelay, _timeProvider, ending);

    private ProposeOutcome.Rejected Rejected(RejectReason reason) => new(reason, _raft.Leader);
}
