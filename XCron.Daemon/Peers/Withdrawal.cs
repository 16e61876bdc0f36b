namespace XCron.Daemon.Peers;

/// <summary>
/// Whether this node is to give up its shards: for it stops, or the leader says that it is to be removed. Firing is
/// closed before anybody hears of it, so that a node that drains and is not busy will send nothing any more; where it
/// is not to be removed after all, firing opens again only when the others have heard that. Thread-safe.
/// </summary>
/// <param name="isToBeRemoved">Whether the leader says so now.</param>
/// <param name="close">Ends claiming; may be called again.</param>
/// <param name="reopen">Begins it again.</param>
/// <param name="notice">How long the others may take to hear that the node does not drain any more.</param>
/// <param name="time">The clock.</param>
internal sealed class Withdrawal(
    Func<bool> isToBeRemoved, Action close, Action reopen, TimeSpan notice, TimeProvider time)
{
    private readonly Lock _gate = new();
    private bool _isStopping;
    private bool _isClosed;
    private long? _calledOffTimestamp;

    /// <summary>The process stops: there is no way back.</summary>
    public void Stop()
    {
        lock (_gate)
            _isStopping = true;
        Look();
    }

    /// <summary>
    /// Does what is to be done by now; to be called at each report. Returns whether the node drains, as the others are
    /// to be told.
    /// </summary>
    public bool Look()
    {
        lock (_gate)
        {
            if (_isStopping || isToBeRemoved())
            {
                if (!_isClosed)
                    close();
                (_isClosed, _calledOffTimestamp) = (true, null);
                return true;
            }

            if (!_isClosed)
                return false;
            _calledOffTimestamp ??= time.GetTimestamp();
            if (time.GetElapsedTime(_calledOffTimestamp.Value) < notice)
                return false;

            reopen();
            (_isClosed, _calledOffTimestamp) = (false, null);
            return false;
        }
    }
}
