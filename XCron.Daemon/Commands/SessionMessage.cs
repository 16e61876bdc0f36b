using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Commands;

/// <summary>A session as the log has it.</summary>
internal static class SessionMessage
{
    public static Session Of(OwnerSession session) =>
        new() { NodeId = session.Node.Value, Incarnation = session.Incarnation };

    /// <summary>No session where the message is absent.</summary>
    public static OwnerSession Read(Session? message) =>
        message is null ? OwnerSession.None : new(new NodeId(message.NodeId), message.Incarnation);
}
