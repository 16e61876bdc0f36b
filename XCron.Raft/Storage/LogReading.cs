namespace XCron.Raft.Storage;

/// <summary>A log read back as far as it is whole, without a byte of it changed.</summary>
internal sealed class LogReading
{
    private readonly LogReplay _replay;
    private readonly SnapshotMark? _snapshot;

    private LogReading(LogReplay replay, SnapshotMark? snapshot, LogDamagedException? damage)
    {
        _replay = replay;
        _snapshot = snapshot;
        Damage = damage;
    }

    /// <summary>Where it ends, if that is not its end.</summary>
    public LogDamagedException? Damage { get; }

    /// <summary>Whether it begins no later than the snapshot ends: what lies before is known.</summary>
    public bool IsUsable => _replay.HasBegun && _replay.Stand.Terms.Base <= Covered;

    public LogIndex Last => LogIndex.Max(_replay.Stand.Last, Covered);

    private LogIndex Covered => _snapshot?.Index ?? LogIndex.Zero;

    public static LogReading Of(
        IDisk disk, LogIdentity owner, string[] names, SnapshotMark? snapshot, in WatermarkReading watermark)
    {
        var replay = new LogReplay(snapshot);
        using var segments = new LogSegments();
        LogDamagedException? damage = null;
        try
        {
            new LogScan(disk, owner, segments, replay, watermark) { LeavesRemains = true }.Run(names);
            if (replay.Stand.Terms.Base > (snapshot?.Index ?? LogIndex.Zero))
                damage = new(names[0], 0, $"the log begins behind entry {replay.Stand.Terms.Base}.");
        }
        catch (LogDamagedException found)
        {
            damage = found;
        }

        return new(replay, snapshot, damage);
    }

    public DirectoryFindings PutInto(DirectoryFindings findings)
    {
        var stand = _replay.Stand;
        if (_snapshot is { } snapshot
            && (stand.Last < snapshot.Index
                || (stand.Terms.Base <= snapshot.Index && stand.Terms.At(snapshot.Index) != snapshot.Term)))
        {
            // The log does not lead up to the snapshot, which then replaces it.
            return findings with
            {
                HardState = stand.HardState,
                Commit = snapshot.Index,
                Last = snapshot.Index,
                LastTerm = snapshot.Term,
            };
        }

        return findings with
        {
            HardState = stand.HardState,
            Entries = _replay.Entries,
            Commit = LogIndex.Max(stand.Commit, Covered),
            Last = stand.Last,
            LastTerm = stand.Terms.LastTerm,
        };
    }
}
