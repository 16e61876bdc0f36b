using XCron.Raft;
using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>Carries the log's messages and snapshots for one process, and nothing more once that is gone.</summary>
internal sealed class DaemonTransport(NodeId self, DaemonNetwork network, Func<NodeId, NodeAssembly?> nodeOf)
    : IRaftTransport
{
    private const int PieceBytes = 4096;

    private readonly NodeId _self = self;
    private readonly DaemonNetwork _network = network;
    private bool _isGone;

    public void Die() => _isGone = true;

    void IRaftTransport.Start(IRaftTransportHost host)
    {
    }

    void IRaftTransport.SetPeers(IReadOnlyList<Member> peers)
    {
    }

    void IRaftTransport.Send(Message message)
    {
        if (message is Message.AppendRequest or Message.SnapshotOffer)
            _network.TryCarryLog(_self, message.To, () => nodeOf(message.To)?.Deliver(message));
        else
            _network.TryCarry(_self, message.To, () => nodeOf(message.To)?.Deliver(message));
    }

    void IRaftTransport.FetchSnapshot(
        NodeId from,
        LogIndex index,
        Term entryTerm,
        long offset,
        ISnapshotSink sink,
        CancellationToken cancellationToken)
    {
        using var snapshot = nodeOf(from)?.OpenSnapshot(index, entryTerm);
        var bytes = new byte[snapshot?.Length ?? 0];
        snapshot?.Read(0, bytes);
        new Pull(this, from, bytes, sink, cancellationToken).GoOn(offset);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A snapshot that comes piece by piece; the first that is lost breaks the stream.</summary>
    private sealed class Pull(
        DaemonTransport transport, NodeId from, byte[] bytes, ISnapshotSink sink, CancellationToken cancellation)
    {
        public void GoOn(long offset)
        {
            var left = bytes.Length - offset;
            if (left <= 0 || cancellation.IsCancellationRequested
                || !transport._network.TryCarry(from, transport._self, () => Arrive(offset)))
                transport._network.Notice(End);
        }

        private void Arrive(long offset)
        {
            if (transport._isGone)
                return;

            var piece = bytes.AsSpan((int)offset, (int)Math.Min(PieceBytes, bytes.Length - offset));
            if (sink.Chunk(offset, bytes.Length, piece))
                GoOn(offset + piece.Length);
            else
                transport._network.Notice(End);
        }

        private void End()
        {
            if (!transport._isGone)
                sink.Ended();
        }
    }
}
