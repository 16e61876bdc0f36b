namespace XCron.Raft.Runtime;

/// <summary>
/// Gathers readers into batches: all that arrive before the loop takes the batch share one read index (thesis §6.4).
/// </summary>
internal sealed class ReadBarriers
{
    // Batches that wait for an index or for the applier. Where that stands, more readers are refused.
    private const int MaxOpen = 4096;

    private readonly Lock _gate = new();

    // Touched by the loop only.
    private readonly Dictionary<long, ReadBatch> _asked = [];
    private ReadBatch? _gathering;
    private long _lastId;
    private bool _closed;
    private int _open; // changed by whoever completes a batch, the applier or the loop, and by those that begin one

    /// <summary>Joins the batch that is gathering; a new one must be announced to the loop.</summary>
    public Task<bool> Join(out bool isNew)
    {
        lock (_gate)
        {
            isNew = _gathering is null && !_closed && Volatile.Read(ref _open) < MaxOpen;
            if (isNew)
            {
                Interlocked.Increment(ref _open);
                _gathering = new ReadBatch(() => Interlocked.Decrement(ref _open));
            }

            return _gathering?.Done ?? Task.FromResult(false);
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
/// <param name="ended">Called once, when they wait no longer.</param>
internal sealed class ReadBatch(Action ended)
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True: reads may be served; false: no index could be had, the read may be tried again.</summary>
    public Task<bool> Done => _done.Task;

    public void Complete(bool ready)
    {
        if (_done.TrySetResult(ready))
            ended();
    }
}
