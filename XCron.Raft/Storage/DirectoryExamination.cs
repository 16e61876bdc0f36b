namespace XCron.Raft.Storage;

/// <summary>
/// Reads a whole data directory and changes nothing in it: what does it hold, what is damaged, and what is left of it?
/// Nothing may be writing to it.
/// </summary>
internal sealed class DirectoryExamination
{
    private readonly IDisk _disk;
    private readonly List<LogDamagedException> _damage = [];

    private DirectoryExamination(IDisk disk) => _disk = disk;

    /// <exception cref="UnsupportedFormatException">A newer version wrote some of it.</exception>
    public static DirectoryFindings Examine(IDisk disk) => new DirectoryExamination(disk).Examine();

    private DirectoryFindings Examine()
    {
        var names = _disk.List().Order(StringComparer.Ordinal).ToArray();
        var logs = Array.FindAll(names, static name => LogSegment.IsName(name, out _));
        var snapshots = Array.FindAll(names, static name => SnapshotName.TryParse(name, "", out _, out _));
        var identity = ReadIdentity(isExpected: logs.Length + snapshots.Length > 0);
        var owner = identity is null ? OwnerByFiles(logs, snapshots)
            : identity.IsFormed ? new LogIdentity(identity.ClusterId, identity.Node) : null;
        var findings = new DirectoryFindings { Identity = identity, Owner = owner, Damage = _damage };
        if (owner is null)
            return findings;

        var whole = WholeSnapshots(snapshots, owner.ClusterId);
        var watermark = Watermark.Read(_disk, owner);
        findings = findings with
        {
            Snapshot = whole.Count == 0 ? null : whole[^1].Mark,
            WholeSnapshots = [.. whole.Select(snapshot => snapshot.Name)],
            Promised = watermark.Last,
            PromisedTerm = watermark.LastTerm,
        };
        var best = BestReading(logs, owner, findings.Snapshot, watermark);
        if (best is null && (findings.Snapshot is not null || identity is not { HasLog: false }))
            _damage.Add(new(LogSegment.NameFor(1), 0, "the log is missing, or nothing of it can be read."));
        return WithMembership(best is null ? WithoutLog(findings) : best.PutInto(findings));
    }

    private NodeIdentity? ReadIdentity(bool isExpected)
    {
        try
        {
            return IdentityFile.TryLoad(_disk, isExpected);
        }
        catch (LogDamagedException damage)
        {
            _damage.Add(damage);
            return null;
        }
    }

    /// <summary>The log's files say whose they are, each under a checksum of its own.</summary>
    private LogIdentity? OwnerByFiles(string[] logs, string[] snapshots)
    {
        foreach (var name in logs)
        {
            using var file = _disk.Open(name);
            if (SegmentHeader.TryReadOwner(file) is { } owner)
                return owner;
        }

        foreach (var name in snapshots)
        {
            using var file = _disk.Open(name);
            if (SnapshotHeader.TryReadCluster(file) is { } clusterId)
                return new(clusterId, NodeId.None);
        }

        return null;
    }

    private List<(string Name, SnapshotMark Mark)> WholeSnapshots(string[] names, Guid clusterId)
    {
        var whole = new List<(string, SnapshotMark)>();
        foreach (var name in names)
        {
            try
            {
                whole.Add((name, SnapshotCheck.Verify(_disk, name, clusterId)));
            }
            catch (LogDamagedException damage)
            {
                _damage.Add(damage);
            }
        }

        return whole;
    }

    /// <summary>
    /// From the first segment on; and where that meets damage which the snapshot covers, from a later one: each segment
    /// begins by saying where the log stands. What reaches furthest counts.
    /// </summary>
    private LogReading? BestReading(
        string[] logs, LogIdentity owner, SnapshotMark? snapshot, in WatermarkReading watermark)
    {
        LogReading? best = null;
        for (var first = 0; first < logs.Length; first++)
        {
            var reading = LogReading.Of(_disk, owner, logs.AsSpan(first).ToArray(), snapshot, watermark);
            if (first == 0 && reading.Damage is { } damage)
                _damage.Add(damage);
            if (reading.IsUsable && (best is null || reading.Last > best.Last))
                best = reading;
            if (reading.Damage is null || snapshot is null)
                break;
        }

        return best;
    }

    private static DirectoryFindings WithoutLog(DirectoryFindings findings) => findings with
    {
        HardState = new(findings.Snapshot?.Term ?? default, NodeId.None),
        Commit = findings.Snapshot?.Index ?? LogIndex.Zero,
        Last = findings.Snapshot?.Index ?? LogIndex.Zero,
        LastTerm = findings.Snapshot?.Term ?? default,
    };

    private static DirectoryFindings WithMembership(DirectoryFindings findings)
    {
        var entry = findings.Entries.LastOrDefault(static entry => entry.Kind == EntryKind.Configuration);
        if (entry is not null)
            return findings with { Membership = Membership.Decode(entry.Payload.Span) };
        if (findings.Snapshot is { } snapshot)
            return findings with { Membership = snapshot.Membership };

        return findings.Identity is { IsFormed: true } identity
            ? findings with { Membership = Membership.Decode(identity.InitialMembership.Span) }
            : findings;
    }
}
