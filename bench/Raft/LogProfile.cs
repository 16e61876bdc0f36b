using XCron.Raft;
using XCron.Raft.Storage;

namespace bench.Raft;

/// <summary>
/// The log alone: batches of entries, each with one write and one fsync; beside it, the same bytes written and synced
/// into a file that has its full length, which is the most that this disk can do, and DotNext's log.
/// </summary>
internal static class LogProfile
{
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(3);

    public static async Task<Measurement> AppendAsync(int batch)
    {
        using var directory = new ScratchDirectory();
        var identity = new LogIdentity(Guid.NewGuid(), new NodeId(1));
        using var log = WriteAheadLog.Open(new PosixDisk(directory.Path), identity, new LogOptions(), null);
        var entries = new LogEntry[batch];
        var next = new LogIndex(1);
        return await RunAsync(batch, () =>
        {
            for (var i = 0; i < entries.Length; i++, next = next.Next)
                entries[i] = new LogEntry(next, new Term(1), EntryKind.Command, new byte[ClosedLoop.EntryBytes]);
            log.Append(null, null, entries, new HardState(new Term(1), NodeId.None), LogIndex.Zero);
            log.Flush();
            if (log.SegmentCount > 4)
                log.CompactTo(next.Previous);
            log.PrepareSpare();
            return ValueTask.CompletedTask;
        });
    }

    public static async Task<Measurement> BareAsync(int batch)
    {
        const int FileBytes = 16 << 20;
        using var directory = new ScratchDirectory();
        var path = Path.Combine(directory.Path, "bare");
        File.WriteAllBytes(path, new byte[FileBytes]);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        var bytes = new byte[batch * ClosedLoop.EntryBytes];
        var offset = 0L;
        return await RunAsync(batch, () =>
        {
            if (offset + bytes.Length > FileBytes)
                offset = 0;
            RandomAccess.Write(file, bytes, offset);
            RandomAccess.FlushToDisk(file);
            offset += bytes.Length;
            return ValueTask.CompletedTask;
        });
    }

    public static async Task<Measurement> RunAsync(int batch, Func<ValueTask> append)
    {
        var ticks = new List<long>();
        var usedBefore = Environment.CpuUsage.TotalTime;
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < Measured)
        {
            var begun = TimeProvider.System.GetTimestamp();
            await append();
            ticks.AddRange(Enumerable.Repeat(TimeProvider.System.GetTimestamp() - begun, batch));
        }

        var used = Environment.CpuUsage.TotalTime - usedBefore;
        return Measurement.Of(TimeProvider.System.GetElapsedTime(start), used, [.. ticks]);
    }
}
