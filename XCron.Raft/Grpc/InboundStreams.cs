using System.Collections.Concurrent;
using System.Threading.Channels;
using XCron.Raft.Core;

namespace XCron.Raft.Grpc;

/// <summary>The streams that peers opened to this node, by peer and lane; answers leave on them. Thread-safe.</summary>
internal sealed class InboundStreams
{
    private readonly ConcurrentDictionary<(NodeId Peer, Lane Lane), Channel<Message>> _outboxes = new();

    /// <summary>Makes this the peer's stream; an older one of the same peer and lane gets no more answers.</summary>
    public ChannelReader<Message> Open(NodeId peer, Lane lane)
    {
        var outbox = MessageQueue.Create();
        _outboxes.AddOrUpdate((peer, lane), outbox, (_, older) =>
        {
            older.Writer.TryComplete();
            return outbox;
        });
        return outbox.Reader;
    }

    public void Close(NodeId peer, Lane lane, ChannelReader<Message> outbox)
    {
        if (_outboxes.TryGetValue((peer, lane), out var current) && ReferenceEquals(current.Reader, outbox))
            _outboxes.TryRemove(KeyValuePair.Create((peer, lane), current));
    }

    public void Send(Message message)
    {
        if (_outboxes.TryGetValue((message.To, Route.LaneOf(message)), out var outbox))
            outbox.Writer.TryWrite(message);
    }

    public void CloseAll()
    {
        foreach (var outbox in _outboxes.Values)
            outbox.Writer.TryComplete();
    }
}
