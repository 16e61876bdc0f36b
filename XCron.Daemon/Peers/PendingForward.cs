using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>A command on its way over a link. Its fields are the link's, touched under the link's gate only.</summary>
internal sealed class PendingForward : TaskCompletionSource<ProposeOutcome>
{
    public PendingForward(ForwardLink link, long id, ReadOnlyMemory<byte> command)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Link = link;
        Id = id;
        Command = command;
        Place = new(this);
    }

    public ForwardLink Link { get; }

    public long Id { get; }

    public ReadOnlyMemory<byte> Command { get; }

    /// <summary>In the queue of those that wait; in no list from the moment it may have been written.</summary>
    public LinkedListNode<PendingForward> Place { get; }
}
