using XCron.Raft.Core;

namespace XCron.Raft.Grpc;

/// <summary>The two streams of a pair of nodes; each has a connection of its own.</summary>
internal enum Lane
{
    /// <summary>Appends, their answers, and offers of snapshots.</summary>
    Replicate,

    /// <summary>Votes, heartbeats, reads: never behind bulk data.</summary>
    Control,
}

/// <summary>Where a message travels.</summary>
internal static class Route
{
    public static Lane LaneOf(Message message) => message is
        Message.AppendRequest or Message.AppendResponse or Message.SnapshotOffer
            ? Lane.Replicate
            : Lane.Control;

    /// <summary>Answers go back on the stream that the asker opened.</summary>
    public static bool IsAnswer(Message message) => message is
        Message.AppendResponse or Message.HeartbeatResponse or Message.VoteResponse or Message.ReadIndexResponse;
}
