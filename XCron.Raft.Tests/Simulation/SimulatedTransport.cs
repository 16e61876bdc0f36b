using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>One process's end of the simulated network.</summary>
/// <param name="owner">Whose process it is.</param>
/// <param name="network">What carries.</param>
/// <param name="find">The machine with an id, or null.</param>
/// <param name="watch">Sees every message leave and arrive.</param>
internal sealed class SimulatedTransport(
    SimulatedNode owner, SimulatedNetwork network, Func<NodeId, SimulatedNode?> find, IMessageWatch watch)
    : IRaftTransport
{
    private const int ChunkBytes = 256;

    private bool _isDead;

    /// <summary>The process is gone: nobody is left to take what is on its way to it.</summary>
    public void Die() => _isDead = true;

    void IRaftTransport.Start(IRaftTransportHost host)
    {
    }

    void IRaftTransport.SetPeers(IReadOnlyList<Member> peers)
    {
    }

    void IRaftTransport.Send(Message message)
    {
        watch.Sent(owner, message);
        network.Carry(message.From, message.To, () => Deliver(message), static () => { });
    }

    void IRaftTransport.FetchSnapshot(
        NodeId from,
        LogIndex index,
        Term entryTerm,
        long offset,
        ISnapshotSink sink,
        CancellationToken cancellationToken)
    {
        watch.Fetches(owner, offset);
        FetchChunk(from, ContentOf(from, index, entryTerm), offset, sink, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Deliver(Message message)
    {
        if (find(message.To) is not { Process: { } process } node)
            return;

        watch.Arrives(node, message);
        process.Deliver(message);
    }

    private byte[] ContentOf(NodeId from, LogIndex index, Term entryTerm)
    {
        try
        {
            using var snapshot = find(from)?.Process?.OpenSnapshot(index, entryTerm);
            var content = new byte[snapshot?.Length ?? 0];
            snapshot?.Read(0, content);
            return content;
        }
        catch (IOException)
        {
            return []; // the one that serves it cannot read it: its stream ends
        }
    }

    // A stream keeps its order: the next chunk leaves when the last one arrived; the first that is lost ends it.
    private void FetchChunk(
        NodeId from, byte[] content, long offset, ISnapshotSink sink, CancellationToken cancellation)
    {
        if (_isDead)
            return;

        var count = (int)Math.Min(ChunkBytes, content.Length - offset);
        if (count <= 0 || cancellation.IsCancellationRequested)
        {
            End(sink);
            return;
        }

        var isOpen = true; // a stream does not double: whatever comes of its next chunk comes once
        network.Carry(
            from,
            owner.Id,
            () => Once(() => owner.Guard(() => Take(from, content, offset, count, sink, cancellation))),
            () => Once(() => End(sink)));

        void Once(Action act)
        {
            if (!isOpen || _isDead)
                return;

            isOpen = false;
            act();
        }
    }

    private void Take(
        NodeId from, byte[] content, long offset, int count, ISnapshotSink sink, CancellationToken cancellation)
    {
        if (sink.Chunk(offset, content.Length, content.AsSpan((int)offset, count)))
            FetchChunk(from, content, offset + count, sink, cancellation);
        else
            End(sink);
    }

    private void End(ISnapshotSink sink) => network.CarrySurely(() =>
    {
        if (!_isDead)
            owner.Guard(sink.Ended);
    });
}

/// <summary>Who sees what passes between simulated nodes.</summary>
internal interface IMessageWatch
{
    void Sent(SimulatedNode from, Message message);

    void Arrives(SimulatedNode at, Message message);

    /// <summary>A snapshot's stream is asked for, from this byte on.</summary>
    void Fetches(SimulatedNode node, long offset);
}
