using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>
/// Whether this session may claim, and whether what it claimed may still be granted to it unknown to this node. Closed
/// when the node is to go: while it is, what is no longer under way never is again. Thread-safe.
/// </summary>
/// <param name="applied">How far this node has applied the log; may be some 20 ms old.</param>
/// <param name="doubt">How long a claim of unknown outcome counts as under way.</param>
/// <param name="time">The clock.</param>
internal sealed class ClaimGate(Func<LogIndex> applied, TimeSpan doubt, TimeProvider time)
{
    private readonly Lock _gate = new();
    private bool _isClosed;
    private bool _isOut;
    private LogIndex _granted;
    private long? _doubtfulTimestamp;

    /// <summary>
    /// A claim is on its way, or this node has not applied one that was granted, or it is not known whether one was.
    /// </summary>
    public bool IsUnderWay
    {
        get
        {
            lock (_gate)
            {
                var isDoubtful = _doubtfulTimestamp is { } since && time.GetElapsedTime(since) <= doubt;
                return _isOut || isDoubtful || _granted > applied();
            }
        }
    }

    public bool IsClosed
    {
        get
        {
            lock (_gate)
                return _isClosed;
        }
    }

    /// <summary>Nothing may be claimed any more.</summary>
    public void Close()
    {
        lock (_gate)
            _isClosed = true;
    }

    /// <summary>The node is to stay after all.</summary>
    public void Reopen()
    {
        lock (_gate)
            _isClosed = false;
    }

    /// <summary>To be called before a claim is planned; where it may be, <see cref="Leave"/> follows.</summary>
    public bool TryEnter()
    {
        lock (_gate)
            return !_isClosed && (_isOut = true);
    }

    /// <param name="outcome">
    /// What became of the claim; null where none was proposed. <see cref="ProposeOutcome.Unknown"/> where it was given
    /// up on its way.
    /// </param>
    public void Leave(ProposeOutcome? outcome)
    {
        lock (_gate)
        {
            _isOut = false;
            if (outcome is ProposeOutcome.Applied granted)
                _granted = granted.Index;
            else if (outcome is ProposeOutcome.Unknown)
                _doubtfulTimestamp = time.GetTimestamp();
        }
    }
}
