using System.Collections.Concurrent;
using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.EndToEnd;

/// <summary>Nodes of one process that put messages into each other's inboxes, on the sender's thread.</summary>
internal sealed class DirectTransport(ConcurrentDictionary<NodeId, IRaftTransportHost> hosts) : IRaftTransport
{
    private IRaftTransportHost? _host;

    public void Start(IRaftTransportHost host)
    {
        _host = host;
        hosts[host.Self] = host;
    }

    public void SetPeers(IReadOnlyList<Member> peers)
    {
    }

    public void Send(Message message)
    {
        if (hosts.TryGetValue(message.To, out var peer))
            peer.Deliver(message);
    }

    public void FetchSnapshot(
        NodeId from,
        LogIndex index,
        Term entryTerm,
        long offset,
        ISnapshotSink sink,
        CancellationToken cancellationToken) => sink.Ended();

    public ValueTask DisposeAsync()
    {
        if (_host is { } host)
            hosts.TryRemove(host.Self, out _);
        return ValueTask.CompletedTask;
    }
}
