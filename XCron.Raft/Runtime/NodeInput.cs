using XCron.Raft.Core;

namespace XCron.Raft.Runtime;

/// <summary>
/// Everything the node's loop is told. A closed family; <see cref="Proposal"/> is the hot one and pooled.
/// </summary>
internal abstract class NodeInput
{
    private protected NodeInput()
    {
    }

    public sealed class Received(Message message) : NodeInput
    {
        public Message Message => message;
    }

    public sealed class Durable(long sequence) : NodeInput
    {
        public long Sequence => sequence;
    }

    public sealed class Applied(LogIndex index) : NodeInput
    {
        public LogIndex Index => index;
    }

    public sealed class ReadsWaiting : NodeInput;

    public sealed class SnapshotTaken(SnapshotMark mark) : NodeInput
    {
        public SnapshotMark Mark => mark;
    }

    public sealed class SnapshotInstalled(SnapshotMark mark) : NodeInput
    {
        public SnapshotMark Mark => mark;
    }

    public sealed class SnapshotFailed(LogIndex index) : NodeInput
    {
        public LogIndex Index => index;
    }

    public sealed class EntriesLoaded(NodeId peer, LogIndex from, LogEntry[] entries) : NodeInput
    {
        public NodeId Peer => peer;

        public LogIndex From => from;

        public LogEntry[] Entries => entries;
    }

    public sealed class PeerDisconnected(NodeId peer) : NodeInput
    {
        public NodeId Peer => peer;
    }

    public sealed class ChangeMembers(
        MemberEdit edit, LogIndex? expected, TaskCompletionSource<ChangeOutcome> done) : NodeInput
    {
        public MemberEdit Edit => edit;

        public LogIndex? Expected => expected;

        public TaskCompletionSource<ChangeOutcome> Done => done;
    }

    public sealed class TransferLeadership(NodeId target, TaskCompletionSource<TransferOutcome> done) : NodeInput
    {
        public NodeId Target => target;

        public TaskCompletionSource<TransferOutcome> Done => done;
    }

    public sealed class Superseded(long ours, long theirs) : NodeInput
    {
        public long Ours => ours;

        public long Theirs => theirs;
    }

    /// <summary>Well, low or full: what the log writer finds.</summary>
    public sealed class DiskSpace(DiskHealth health) : NodeInput
    {
        public DiskHealth Health => health;
    }
}
