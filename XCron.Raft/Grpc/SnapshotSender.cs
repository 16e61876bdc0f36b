using Google.Protobuf;
using Grpc.Core;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Storage;

namespace XCron.Raft.Grpc;

/// <summary>
/// Sends a snapshot to a peer that pulls it, no faster than allowed. As long as it takes; but a peer that takes nothing
/// for a while is given up, for the file stays pinned for it.
/// </summary>
internal sealed class SnapshotSender(GrpcTransportOptions options)
{
    private const int LargestChunkBytes = 256 << 10;

    // Slow transfers go in smaller pieces, so that no pause between two looks like silence to the peer.
    private const int ChunksASecond = 4;

    private int ChunkBytes => (int)Math.Min(
        LargestChunkBytes, (options.SnapshotBytesPerSecond ?? long.MaxValue) / ChunksASecond);

    public async Task SendAsync(
        SnapshotSource snapshot,
        long offset,
        IServerStreamWriter<SnapshotChunk> destination,
        CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.TimeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        var buffer = new byte[ChunkBytes];
        var start = options.TimeProvider.GetTimestamp();
        for (var sent = 0L; offset < snapshot.Length;)
        {
            await PaceAsync(sent, start, ending.Token).ConfigureAwait(false);
            var count = snapshot.Read(offset, buffer);
            var chunk = new SnapshotChunk
            {
                Offset = offset,
                TotalBytes = snapshot.Length,
                Content = ByteString.CopyFrom(buffer, 0, count),
            };
            idle.CancelAfter(options.SnapshotIdleTimeout);
            await destination.WriteAsync(chunk, ending.Token).ConfigureAwait(false);
            idle.CancelAfter(Timeout.InfiniteTimeSpan);
            offset += count;
            sent += count;
        }
    }

    private async Task PaceAsync(long sentBytes, long start, CancellationToken cancellationToken)
    {
        if (options.SnapshotBytesPerSecond is not { } rate)
            return;

        var due = TimeSpan.FromSeconds((double)sentBytes / rate);
        var ahead = due - options.TimeProvider.GetElapsedTime(start);
        if (ahead > TimeSpan.Zero)
            await Task.Delay(ahead, options.TimeProvider, cancellationToken).ConfigureAwait(false);
    }
}
