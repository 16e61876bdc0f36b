using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.Peers;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>
/// Whether this process is alive, and whether it serves: what /livez and /readyz answer. Thread-safe.
/// </summary>
internal sealed class Readiness(ITaskReader tasks, MemberDirectory members, OwnerSession self, TimeProvider time)
{
    /// <summary>Entries; a node further behind does not say that it is ready.</summary>
    private const long MostBehind = 1000;

    private static readonly TimeSpan LoopStandsStill = TimeSpan.FromSeconds(10);

    // Both null until the node runs.
    private volatile RaftNode? _node;
    private volatile FiringStation? _firing;
    private volatile string? _stage = "starting";

    /// <summary>What the process is busy with before it can serve, or why it no longer does; null: nothing.</summary>
    public string? Stage
    {
        set => _stage = value;
    }

    public void Attach(RaftNode node, FiringStation firing)
    {
        _node = node;
        _firing = firing;
    }

    public string? ReasonNotLive()
    {
        if (_firing is not { } firing)
            return null;

        var standing = time.GetElapsedTime(firing.Figures.LastTurnTimestamp);
        return standing > LoopStandsStill ? $"the timing loop stands still since {standing.TotalSeconds:0} s" : null;
    }

    public string? ReasonNotReady()
    {
        if (_stage is { } stage)
            return stage;
        if (_node is not { } node)
            return "starting";

        var raft = node.Status;
        if (raft.Leader == NodeId.None)
            return "no leader is known";
        if (WhyBehind(raft, members.Find(raft.Leader)) is { } why)
            return why;
        return !tasks.Ownership.Sessions.Contains(self) ? "this node owns no shard yet" : ReasonNotLive();
    }

    /// <summary>
    /// A follower does not hear what is committed beyond its own log: how far it is behind is what the leader reported.
    /// </summary>
    public static string? WhyBehind(RaftStatus raft, MemberStatus? leader)
    {
        if (raft.InstallingSnapshot > LogIndex.Zero)
            return $"catching up: applied {raft.Applied}, installing the snapshot of {raft.InstallingSnapshot}";
        var known = Math.Max(raft.Commit.Value, leader?.AppliedIndex ?? 0);
        return known - raft.Applied.Value > MostBehind ? $"catching up: applied {raft.Applied} of {known}" : null;
    }
}
