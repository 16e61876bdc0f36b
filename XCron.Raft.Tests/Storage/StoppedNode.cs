using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

/// <summary>
/// The directory of a node that was stopped: identity, several segments, a spare that was a segment before, two
/// snapshots and a watermark; and what a start finds in it.
/// </summary>
internal static class StoppedNode
{
    public static SimulatedDisk Make(Membership? members = null)
    {
        var disk = new SimulatedDisk();
        IdentityFile.Save(
            disk,
            new()
            {
                Node = Sample.Identity.Node,
                ClusterId = Sample.Identity.ClusterId,
                InitialMembership = (members ?? Sample.Membership).Encode(),
                HasLog = true,
            });
        var store = new SnapshotStore(disk, Sample.Identity);
        using (var log = Sample.Open(disk))
        {
            log.Append(null, null, [Configuration(members)], new(new(1), Sample.Identity.Node), new(1));
            log.Flush();
            FillSegments(log, 3);
            var older = new LogIndex(log.LastIndex.Value - 2);
            log.Append(null, null, [], null, older);
            log.Flush();
            Sample.WriteSnapshot(store, MarkOf(older, members), Content(1));
            FillSegments(log, 5);
            var newer = new LogIndex(log.LastIndex.Value - 2);
            log.Append(null, null, [], null, newer);
            log.Flush();
            Sample.WriteSnapshot(store, MarkOf(newer, members), Content(2));
            log.CompactTo(older.Next);
            FillSegments(log, log.SegmentCount + 1);
            log.Write(Sample.Entry(log.LastIndex.Value + 1));
            while (log.PrepareSpare())
            {
                // Until there is one.
            }

            log.Confirm();
        }

        return disk;
    }

    /// <summary>
    /// Everything that a node would take from the directory, as text, or the damage that it would stop at. Changes the
    /// disk as a start does.
    /// </summary>
    public static Finding Start(SimulatedDisk disk)
    {
        try
        {
            var identity = IdentityFile.LoadOrCreate(disk, static () => 99);
            var store = new SnapshotStore(disk, Sample.Identity);
            if (store.Damaged.Count > 0)
                return new(null, store.Damaged[0], null);
            var snapshots = new List<string>();
            foreach (var name in disk.List().Order(StringComparer.Ordinal))
            {
                if (SnapshotName.TryParse(name, "", out var index, out var term))
                    snapshots.Add(Describe(store, new(index, term, Sample.Membership, new(1))));
            }

            using var log = Sample.Open(disk, snapshot: store.Latest);
            var recovery = log.Recovery;
            var text = string.Join(
                '\n',
                [
                    $"{identity.Node} {identity.ClusterId} {identity.HasLog}",
                    Convert.ToHexString(identity.InitialMembership.Span),
                    $"{store.Latest!.Index} {store.Latest.Term} {store.Latest.Membership}",
                    .. snapshots,
                    $"{recovery.HardState} {recovery.Commit} {log.LastIndex}",
                    .. recovery.Entries.Select(entry =>
                        $"{entry.Index} {entry.Term} {entry.Kind} {Convert.ToHexString(entry.Payload.Span)}"),
                ]);
            return new(text, null, recovery);
        }
        catch (LogDamagedException damage)
        {
            return new(null, damage, null);
        }
    }

    private static LogEntry Configuration(Membership? members) =>
        new(new(1), new(1), EntryKind.Configuration, (members ?? Sample.Membership).Encode());

    private static SnapshotMark MarkOf(LogIndex index, Membership? members) =>
        new(index, new(1), members ?? Sample.Membership, new(1));

    private static void FillSegments(WriteAheadLog log, int count)
    {
        while (log.SegmentCount < count)
            log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 250));
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[700];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static string Describe(SnapshotStore store, SnapshotMark mark)
    {
        using var stream = store.OpenRead(mark);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return $"{mark.Index} {Convert.ToHexString(copy.ToArray())}";
    }

    internal sealed record Finding(string? Content, LogDamagedException? Damage, LogRecovery? Recovery);
}
