using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>Rare events that show in how one process's core differs from a step before.</summary>
internal sealed class NodeCoverage(Coverage coverage)
{
    private readonly Dictionary<NodeId, Seen> _seen = [];
    private Term _newestCommitted; // the newest term of which something is known to be committed

    /// <summary>Called after every step.</summary>
    /// <param name="node">Whose.</param>
    /// <param name="network">Which may be cut at the time.</param>
    /// <returns>What it has done as a leader.</returns>
    public LeaderNews Observe(SimulatedNode node, SimulatedNetwork network)
    {
        var core = node.Process!.Loop.Core;
        var log = core.Log;
        var before = _seen.GetValueOrDefault(node.Id);
        if (core.Role.Kind == RaftRole.Leader && core.Term < _newestCommitted)
            coverage.Reached(RareEvent.DeposedLeaderDoesNotKnow);
        var now = new Seen(node.Lives, core.Role, core.Term, log.LastIndex, log.View.LastTerm, log.Commit)
        {
            Membership = core.Membership, MembershipIndex = log.MembershipIndex, Durable = log.Durable,
            Snapshot = log.Snapshot,
        };
        if (now == before)
            return LeaderNews.None;

        _seen[node.Id] = now;
        var isLeader = core.Role.Kind == RaftRole.Leader;
        if (isLeader)
            ObserveLeader(core, node);
        if (before is null || before.Life != node.Lives)
            return LeaderNews.None;

        ObserveRole(core, before, network);
        ObserveLog(core, before, now);
        if (!ReferenceEquals(before.Membership, now.Membership))
            ObserveMembers(core, before);
        if (!isLeader)
            return LeaderNews.None;

        return before.Role != core.Role ? LeaderNews.Elected
            : before.Commit < log.Commit ? LeaderNews.Committed
            : LeaderNews.None;
    }

    /// <summary>A process has started.</summary>
    public void Started(NodeAssembly process)
    {
        var recovery = process.Parts.Log.Recovery;
        if (recovery.Torn is not null)
            coverage.Reached(RareEvent.TornTailCut);
        if (process.Loop.Core.Log.Snapshot is not null && recovery.Entries.Count == 0)
            coverage.Reached(RareEvent.StartFromSnapshotAlone);
    }

    private void ObserveLeader(RaftCore core, SimulatedNode node)
    {
        var log = core.Log;
        if (log.Commit > log.Durable)
            coverage.Reached(RareEvent.CommitBeforeOwnFlush);
        if (core.Membership.Voters.Length == 1 && log.Commit == log.LastIndex && core.Peers.Count == 0)
            coverage.Reached(RareEvent.CommitAlone);
        if (node.DiskSpeed == 0 && log.Durable < log.LastIndex)
            coverage.Reached(RareEvent.DiskStalledLeader);
        if (core.Membership.Find(core.Self) is null or { Suffrage: not Suffrage.Voter })
            coverage.Reached(RareEvent.LeaderRemovedItself);
        var committed = log.View.TermAt(log.Commit);
        _newestCommitted = committed > _newestCommitted ? committed : _newestCommitted;
        if (committed == core.Term || log.LastIndex == log.Commit)
            return;

        var counted = Quorum.CommittedIndex(core.Membership, id => id == core.Self ? log.Durable : MatchOf(core, id));
        if (counted > log.Commit)
            coverage.Reached(RareEvent.OldTermOnMajorityNotCommitted);
    }

    private void ObserveRole(RaftCore core, Seen before, SimulatedNetwork network)
    {
        if (before.Role == core.Role)
            return;

        if (core.Role.Kind == RaftRole.Leader)
        {
            if (network.HasCuts)
                coverage.Reached(RareEvent.LeaderUnderCuts);
            if (core.Membership.Voters.Length % 2 == 0)
                coverage.Reached(RareEvent.EvenVotersElected);
            if (!core.Membership.Outgoing.IsEmpty)
                coverage.Reached(RareEvent.JointElection);
        }

        if (before.Role.Kind == RaftRole.Leader && before.Term == core.Term && core.Membership.IsVoter(core.Self))
            coverage.Reached(RareEvent.LeaderSteppedDownUnheard);
    }

    private void ObserveLog(RaftCore core, Seen before, Seen now)
    {
        var view = core.Log.View;
        var isInstalled = now.Snapshot is { } snapshot && snapshot != before.Snapshot && before.Commit < snapshot.Index
            && view.Base == snapshot.Index;
        if (isInstalled)
        {
            coverage.Reached(RareEvent.SnapshotInstalled);
            if (before.Last > view.Base)
                coverage.Reached(RareEvent.SnapshotOverConflictingLog);
        }

        var isTruncated = before.Last > view.Base && !view.Matches(before.Last, before.LastTerm);
        if (!isTruncated)
            return;

        coverage.Reached(RareEvent.SuffixTruncated);
        if (before.Durable < before.Last)
            coverage.Reached(RareEvent.UndurableSuffixTruncated);
    }

    private void ObserveMembers(RaftCore core, Seen before)
    {
        var log = core.Log;
        if (log.MembershipIndex < before.MembershipIndex)
        {
            coverage.Reached(RareEvent.ConfigurationRolledBack);
            return;
        }

        var isCompletedHere = core.Role.Kind == RaftRole.Leader
            && !before.Membership!.Outgoing.IsEmpty && core.Membership.Outgoing.IsEmpty;
        if (isCompletedHere && before.MembershipIndex >= log.View.Base
            && log.View.TermAt(before.MembershipIndex) < core.Term)
        {
            coverage.Reached(RareEvent.JointCompletedByAnother);
        }

        foreach (var member in core.Membership.Members)
        {
            if (member.Suffrage == Suffrage.Voter && before.Membership!.Find(member.Id)?.Suffrage == Suffrage.Learner)
                coverage.Reached(RareEvent.LearnerPromoted);
        }

        if (before.Membership!.Find(core.Self) is not null && core.Membership.Find(core.Self) is null)
            coverage.Reached(RareEvent.RemovedNodeLearnedIt);
    }

    private static LogIndex MatchOf(RaftCore leader, NodeId id)
    {
        foreach (var peer in leader.Peers)
        {
            if (peer.Id == id)
                return peer.Match;
        }

        return LogIndex.Zero;
    }

    private sealed record Seen(int Life, Role Role, Term Term, LogIndex Last, Term LastTerm, LogIndex Commit)
    {
        public required Membership Membership { get; init; }

        public required LogIndex MembershipIndex { get; init; }

        public required LogIndex Durable { get; init; }

        public required SnapshotMark? Snapshot { get; init; }
    }
}

/// <summary>What a leader has just done.</summary>
internal enum LeaderNews
{
    None,
    Elected,
    Committed,
}
