using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft;

/// <summary>
/// Carries a node's messages to its peers. Implemented in this library only: its members speak of messages that are not
/// public. A transport serves one node, which starts it and disposes it.
/// </summary>
public interface IRaftTransport : IAsyncDisposable
{
    /// <summary>Begins to serve the node; called once.</summary>
    internal void Start(IRaftTransportHost host);

    /// <summary>
    /// Who the peers are from now on; called by the node's loop, so it must not block. Those that are gone can still
    /// be sent to for a while: they are to hear of it.
    /// </summary>
    internal void SetPeers(IReadOnlyList<Member> peers);

    /// <summary>Sends or drops; never blocks. Messages to one peer on one lane keep their order.</summary>
    internal void Send(Message message);

    /// <summary>
    /// Pulls the bytes of a peer's snapshot from an offset on into the sink, until its end or a failure.
    /// </summary>
    internal void FetchSnapshot(
        NodeId from,
        LogIndex index,
        Term entryTerm,
        long offset,
        ISnapshotSink sink,
        CancellationToken cancellationToken);
}
