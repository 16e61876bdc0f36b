namespace XCron.Raft.Runtime;

/// <summary>
/// Gathers readers into batches: all that arrive before the loop takes the batch share one read index (thesis §6.4).
/// </summary>
internal sealed class ReadBarriers
{
    private readonly Lock _gate = new();

    // Touched by the loop only.
    private readonly Dictionary<long, ReadBatch> _asked = [];
    private ReadBatch? _gathering;
    private long _lastId;
    private bool _closed;

    /// <summary>Joins the batch that is gathering; a new one must be announced to the loop.</summary>
    public Task<bool> Join(out bool isNew)
    {
        lock (_gate)
        {
            isNew = _gathering is null && !_closed;
            if (_closed)
                return Task.FromResult(false);

            _gathering ??= new ReadBatch();
            return _gathering.Done;
        }
    }

    /// <summary>Closes the gathering batch and gives it an id; 0 where there is none.</summary>
    public long Ask()
    {
        lock (_gate)
        {
            if (_gathering is null)
                return 0;

            _asked.Add(++_lastId, _gathering);
            _gathering = null;
            return _lastId;
        }
    }

    /// <summary>Hands over the batch with this id, or null where it has ended.</summary>
    public ReadBatch? Take(long id) => _asked.Remove(id, out var batch) ? batch : null;

    /// <summary>Ends every wait; later readers are refused at once.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _gathering?.Complete(false);
            _gathering = null;
        }
    }

    /// <summary>Called by the loop's owner once the loop has ended.</summary>
    public void FailAll()
    {
        foreach (var batch in _asked.Values)
            batch.Complete(false);
        _asked.Clear();
    }
}

/// <summary>Readers that wait for the same index.</summary>
internal sealed class ReadBatch
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True: reads may be served; false: no index could be had, the read may be tried again.</summary>
    public Task<bool> Done => _done.Task;

    public void Complete(bool ready) => _done.TrySetResult(ready);
}
