namespace XCron.Raft.Runtime;

/// <summary>
/// Many writers, one reader that takes everything at once: however many items wait, it is woken once. Bounded.
/// </summary>
internal sealed class Inbox<T>(int capacity)
{
    // Monitor and not System.Threading.Lock: the reader waits on it with a timeout.
    private readonly object _gate = new();
    private List<T> _waiting = [];
    private bool _closed;
    private bool _woken;

    // Written within the gate, by writers and the reader; whoever asks for the count looks without it.
    private volatile int _count;

    /// <summary>How many wait: a glance, which may be past when it returns.</summary>
    public int Count => _count;

    /// <summary>False when the inbox is full or closed; the item is then not in it.</summary>
    /// <param name="item">What is to be posted.</param>
    /// <param name="limit">Taken for full already when so many wait.</param>
    public bool TryPost(T item, int limit = int.MaxValue)
    {
        lock (_gate)
        {
            if (_closed || _waiting.Count >= Math.Min(capacity, limit))
                return false;

            _waiting.Add(item);
            _count = _waiting.Count;
            if (_count == 1)
                Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Takes all that waits; the reader's list, which must be empty, becomes the next to be filled.</summary>
    public void Take(ref List<T> empty)
    {
        lock (_gate)
        {
            (_waiting, empty) = (empty, _waiting);
            _count = _waiting.Count;
        }
    }

    /// <summary>Returns when something waits, after a <see cref="Wake"/>, or when the time is over.</summary>
    /// <param name="timeoutMs">-1: no limit.</param>
    public void Wait(int timeoutMs)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && !_woken && timeoutMs != 0)
                Monitor.Wait(_gate, timeoutMs);
            _woken = false;
        }
    }

    /// <summary>Ends a wait although nothing was posted.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Refuses further items; those that wait can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }
}
