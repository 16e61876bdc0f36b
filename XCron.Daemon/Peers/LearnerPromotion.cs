using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// On the leader, gives every learner its vote once it has caught up: in this scheduler nobody learns for its own sake.
/// Whoever leads goes on with it.
/// </summary>
internal sealed class LearnerPromotion(IMemberAccess raft, TimeProvider timeProvider, PeersTrace trace)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public async Task RunAsync(CancellationToken stopping)
    {
        var changed = new Pulse();
        raft.Changed += changed.Set;
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var next = changed.Next;
                var hasLearners = await StepAsync(stopping);
                await Pulse.WaitAsync(
                    next, hasLearners ? Interval : Timeout.InfiniteTimeSpan, timeProvider, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            raft.Changed -= changed.Set;
        }
    }

    /// <returns>Whether there is somebody to look at again.</returns>
    public async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        if (!raft.IsLeader)
            return false;

        var learners = raft.Membership.Members.Where(member => member.Suffrage == Suffrage.Learner).ToArray();
        foreach (var learner in learners.Where(learner => raft.IsCaughtUp(learner.Id)))
        {
            if (await raft.PromoteAsync(learner.Id, cancellationToken) is ChangeOutcome.Changed)
                trace.LearnerPromoted(learner.Id, learner.Address);
        }

        return learners.Length > 0;
    }
}
