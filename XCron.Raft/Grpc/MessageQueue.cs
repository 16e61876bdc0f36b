using System.Threading.Channels;
using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Grpc;

/// <summary>
/// Messages waiting for one stream: bounded, in order; what does not fit is dropped, as a network would.
/// </summary>
internal static class MessageQueue
{
    private const int Capacity = 4096;

    public static Channel<Message> Create() => Channel.CreateBounded<Message>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
        static _ => RaftMetrics.MessagesDropped.Add(1));
}
