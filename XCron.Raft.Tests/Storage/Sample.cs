using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

/// <summary>What the tests of storage write.</summary>
internal static class Sample
{
    public static readonly LogIdentity Identity = new(new("6f1c3f0a-4a57-4d1e-9c59-5d2c6f0b7e11"), new(0xABCDEF));

    public static readonly LogOptions SmallSegments = new() { SegmentBytes = 4096, SpareStepBytes = 1024 };

    public static Membership Membership { get; } = new(Identity.ClusterId, [new(Identity.Node, "127.0.0.1:8899")]);

    public static SnapshotMark Mark(long index, long term) => new(new(index), new(term), Membership, new(1));

    public static LogEntry Entry(long index, long term = 1, int payloadBytes = 20)
    {
        var payload = new byte[payloadBytes];
        new Random(17).NextBytes(payload);
        if (payloadBytes > 0)
            payload[0] = (byte)index;
        return new(new(index), new(term), EntryKind.Command, payload);
    }

    public static LogEntry[] Entries(long first, int count, long term = 1, int payloadBytes = 20) =>
        [.. Enumerable.Range(0, count).Select(i => Entry(first + i, term, payloadBytes))];

    public static WriteAheadLog Open(IDisk disk, LogOptions? options = null, SnapshotMark? snapshot = null) =>
        WriteAheadLog.Open(disk, Identity, options ?? SmallSegments, snapshot);

    /// <summary>One append, flushed.</summary>
    public static void Write(this WriteAheadLog log, params ReadOnlySpan<LogEntry> entries)
    {
        log.Append(null, null, entries, null, LogIndex.Zero);
        log.Flush();
    }

    public static string[] Segments(this SimulatedDisk disk) =>
        [.. disk.List().Where(name => LogSegment.IsName(name, out _)).Order(StringComparer.Ordinal)];

    /// <summary>
    /// As after a loss of power that took the watermark's last writes with it: the end of the log is all there is.
    /// </summary>
    public static SimulatedDisk WithoutWatermark(this SimulatedDisk disk)
    {
        disk.Remove(Watermark.Name);
        return disk;
    }

    public static void WriteSnapshot(SnapshotStore store, SnapshotMark mark, ReadOnlySpan<byte> content)
    {
        using var writer = store.Create(mark);
        writer.Write(content);
        writer.Complete();
    }

    public static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
