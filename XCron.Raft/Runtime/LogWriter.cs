using XCron.Raft.Core;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>
/// Puts writes on disk: all that wait in one write and one fsync, however many there are (group commit). While the
/// disk is full it keeps what it has and tries again; any other failure stops the node. The next segment is made ahead:
/// where that fails disk space is low, while there is still room in the one at hand.
/// </summary>
internal sealed class LogWriter : Station<LogWriterJob>
{
    private const int Capacity = 1 << 16; // the loop lets nothing in that asks for more long before
    private const int FullDiskRetryMs = 500;
    private const int IdleMs = 100;

    private readonly WriteAheadLog _log;
    private readonly Func<NodeInput, bool> _tell;
    private readonly TimeProvider _time;
    private long _stagedSequence;
    private DiskHealth _space = DiskHealth.Well; // as the loop was told
    private bool _isMakingSpare;
    private long _triedSpareAt;

    // Nothing is left to do for an idle log: its next segment is ready and its last batch confirmed.
    private bool _mayRest;

    public LogWriter(WriteAheadLog log, Func<NodeInput, bool> tell, TimeProvider time)
        : base("log writer", Capacity)
    {
        _log = log;
        _tell = tell;
        _time = time;
    }

    public override int SleepMs
    {
        get
        {
            if (_isMakingSpare)
                return 0;
            if (_space != DiskHealth.Well)
                return FullDiskRetryMs;
            return _mayRest ? Timeout.Infinite : IdleMs;
        }
    }

    protected override void Work(List<LogWriterJob> batch)
    {
        var keepFrom = LogIndex.Zero;
        foreach (var job in batch)
        {
            if (job.Write is { } write)
            {
                _log.Append(write.ResetTo, write.TruncateFrom, write.Entries, write.HardState, write.Commit);
                _stagedSequence = write.Sequence;
            }
            else
            {
                keepFrom = LogIndex.Max(keepFrom, job.CompactTo);
            }
        }

        if (_stagedSequence != 0)
            Flush();
        if (keepFrom > LogIndex.Zero)
            _log.CompactTo(keepFrom);
        if (_space != DiskHealth.Full)
            UseIdleTime(hadWork: batch.Count > 0);
    }

    // In small steps, so that the next batch waits for one of them at most.
    private void UseIdleTime(bool hadWork)
    {
        // Low may have ended without a try: a segment that the log needs no more is the next one now.
        if ((hadWork || !_log.HasSpare || _space == DiskHealth.Low) && MayTrySpare())
        {
            _mayRest = false;
            MakeSpare();
        }
        else if (!hadWork)
        {
            _log.Confirm();
            _mayRest = true;
        }
    }

    // Without space each try is in vain and takes time from the batches, so it is made now and then.
    private bool MayTrySpare() => _space == DiskHealth.Well || _isMakingSpare
        || _time.GetElapsedTime(_triedSpareAt).TotalMilliseconds >= FullDiskRetryMs;

    private void MakeSpare()
    {
        _isMakingSpare = _log.PrepareSpare();
        if (_isMakingSpare)
            return;

        _triedSpareAt = _time.GetTimestamp();
        SpaceIs(_log.HasSpare ? DiskHealth.Well : DiskHealth.Low);
    }

    private void Flush()
    {
        var start = _time.GetTimestamp();
        try
        {
            _log.Flush();
        }
        catch (DiskFullException)
        {
            _isMakingSpare = false;
            SpaceIs(DiskHealth.Full);
            return;
        }

        RaftMetrics.FlushSeconds.Record(_time.GetElapsedTime(start).TotalSeconds);
        if (_space == DiskHealth.Full)
            SpaceIs(_log.HasSpare ? DiskHealth.Well : DiskHealth.Low);
        _tell(new NodeInput.Durable(_stagedSequence));
        _stagedSequence = 0;
    }

    private void SpaceIs(DiskHealth space)
    {
        if (space != _space)
            _tell(new NodeInput.DiskSpace(space));
        _space = space;
    }
}

/// <summary>Either a write, or the index before which the log may be cut.</summary>
internal readonly record struct LogWriterJob(Effect.Write? Write, LogIndex CompactTo);
