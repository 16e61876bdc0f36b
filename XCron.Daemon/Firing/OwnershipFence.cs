using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>
/// The last look before an attempt is sent, so that a node that was paused or cut off sends nothing that is not its own
/// any more. What this node has applied may be old. A claim that was granted shows that it was not, at the moment when
/// it was proposed. Where that is long ago, a command without claims and a read barrier show the same: the one to the
/// others, the other to this node. Every leader sees both kinds of commands in its log, and takes a shard from nobody
/// whose command it applied within owner_timeout; so either is good for half of that.
/// </summary>
internal sealed class OwnershipFence(
    ITaskReader tasks,
    ICommandGateway gateway,
    LogEcho echo,
    OwnerSession self,
    FiringOptions options,
    TimeProvider time)
    : IDisposable
{
    /// <summary>A barrier that took so long that it is stale itself is passed again, this often at most.</summary>
    private const int MaxBarriers = 3;

    private readonly SemaphoreSlim _barrier = new(1, 1);

    // Written by the holder of _barrier, read by every attempt.
    private long _passedTimestamp = AttemptTicket.NotKnown;
    private long _failedTimestamp = AttemptTicket.NotKnown;

    /// <summary>What this node's state says, however old it may be; the record is given with the ticket's run as its
    /// <see cref="TaskRecord.Run"/>.</summary>
    public FenceVerdict Look(in AttemptTicket ticket, out TaskRecord? record)
    {
        record = tasks.Find(ticket.Task);
        if (record is null)
            return FenceVerdict.Gone;
        if (record.Revision < ticket.Revision)
            return FenceVerdict.Unsure;
        record = record.Facing(ticket.RunSequence);
        if (record?.Run is not { } run || run.Attempt != ticket.Attempt || run.ClaimedBy != self)
            return FenceVerdict.Gone;
        var table = tasks.Ownership;
        return table.Of(ticket.Task) == self || table.IsAlive(self) ? FenceVerdict.Clear : FenceVerdict.NotOwned;
    }

    /// <summary>Makes sure that what this node has applied is fresh enough for this attempt.</summary>
    /// <returns>False if that could not be had: no majority answers, or the process is being held up.</returns>
    public async ValueTask<bool> RefreshAsync(AttemptTicket ticket, CancellationToken cancellationToken)
    {
        for (var barriers = 0; !IsFresh(ticket.ProposedTimestamp); barriers++)
        {
            if (barriers == MaxBarriers || !await PassBarrierAsync(cancellationToken))
                return false;
        }

        return true;
    }

    public void Dispose() => _barrier.Dispose();

    private bool IsFresh(long proposedTimestamp)
    {
        var timestamp = Math.Max(proposedTimestamp, Volatile.Read(ref _passedTimestamp));
        return timestamp != AttemptTicket.NotKnown && time.GetElapsedTime(timestamp) <= options.OwnerTimeout / 2;
    }

    /// <summary>Who is behind in applying would not get past the barrier, and shows nobody that it lives.</summary>
    private async ValueTask<bool> ShowLifeAsync(CancellationToken cancellationToken)
    {
        if (echo.IsOut)
            return false;

        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var outcome = await gateway.SubmitAsync(TaskCommands.EncodeClaims(self, nowMs, []), cancellationToken);
        echo.Said(outcome);
        return outcome is ProposeOutcome.Applied;
    }

    /// <summary>Those that wait at the same time share a barrier, but only one that began after they asked.</summary>
    private async Task<bool> PassBarrierAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();

        // Without the token: each barrier ends by itself, and by the token, which is the same for all that wait here.
        await _barrier.WaitAsync(CancellationToken.None);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_passedTimestamp > asked)
                return true;
            if (_failedTimestamp > asked)
                return false;
            var began = time.GetTimestamp();
            var isPassed = await ShowLifeAsync(cancellationToken) && await gateway.ReadBarrierAsync(cancellationToken);
            Volatile.Write(ref isPassed ? ref _passedTimestamp : ref _failedTimestamp, began);
            return isPassed;
        }
        finally
        {
            _barrier.Release();
        }
    }
}
