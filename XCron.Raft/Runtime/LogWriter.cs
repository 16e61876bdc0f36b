using XCron.Raft.Core;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>
/// Puts writes on disk: all that wait in one write and one fsync, however many there are (group commit). While the
/// disk is full it keeps what it has and tries again; any other failure stops the node.
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
    private bool _diskFull;
    private bool _isSpareReady;

    // Nothing is left to do for an idle log: its next segment is ready and its last batch confirmed.
    private bool _mayRest;

    public LogWriter(WriteAheadLog log, Func<NodeInput, bool> tell, TimeProvider time)
        : base("log writer", Capacity)
    {
        _log = log;
        _tell = tell;
        _time = time;
    }

    public override int SleepMs => (_diskFull, _mayRest) switch
    {
        (true, _) => FullDiskRetryMs,
        (_, true) => Timeout.Infinite,
        _ => _isSpareReady ? IdleMs : 0,
    };

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
        if (!_diskFull)
            UseIdleTime(hadWork: batch.Count > 0);
    }

    // In small steps, so that the next batch waits for one of them at most.
    private void UseIdleTime(bool hadWork)
    {
        if (hadWork || !_isSpareReady)
        {
            _mayRest = false;
            _isSpareReady = !_log.PrepareSpare();
            return;
        }

        _log.Confirm();
        _mayRest = true;
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
            if (!_diskFull)
                _tell(new NodeInput.DiskSpace(full: true));
            _diskFull = true;
            return;
        }

        RaftMetrics.FlushSeconds.Record(_time.GetElapsedTime(start).TotalSeconds);
        if (_diskFull)
            _tell(new NodeInput.DiskSpace(full: false));
        _diskFull = false;
        _tell(new NodeInput.Durable(_stagedSequence));
        _stagedSequence = 0;
    }
}

/// <summary>Either a write, or the index before which the log may be cut.</summary>
internal readonly record struct LogWriterJob(Effect.Write? Write, LogIndex CompactTo);
