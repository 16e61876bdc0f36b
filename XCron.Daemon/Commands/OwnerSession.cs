using XCron.Raft;

namespace XCron.Daemon.Commands;

/// <summary>A process of a member: a node that restarts is another session.</summary>
/// <param name="Node">The member.</param>
/// <param name="Incarnation">Random at each start of the process, never 0; 0 is no session.</param>
internal readonly record struct OwnerSession(NodeId Node, ulong Incarnation)
{
    public static OwnerSession None => default;

    public bool IsNone => Incarnation == 0;
}
