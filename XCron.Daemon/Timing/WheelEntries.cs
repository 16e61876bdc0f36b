namespace XCron.Daemon.Timing;

/// <summary>The array that all entries of a wheel live in, and the list of those that are free.</summary>
internal sealed class WheelEntries
{
    private const int None = -1;

    private WheelEntry[] _items;
    private int _used;
    private int _firstFree = None;

    public WheelEntries(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _items = new WheelEntry[capacity];
    }

    public int Count { get; private set; }

    /// <summary>The reference is good until the next <see cref="Take"/>, which may move the array.</summary>
    public ref WheelEntry this[int handle] => ref _items[handle];

    /// <summary>Whether the handle is that of an entry in use.</summary>
    public bool IsLive(int handle) => (uint)handle < (uint)_used && _items[handle].Previous != WheelEntry.Free;

    public int Take(long key, long dueMs)
    {
        var handle = _firstFree;
        if (handle != None)
            _firstFree = _items[handle].Next;
        else
        {
            if (_used == _items.Length)
                Array.Resize(ref _items, (int)Math.Min(Array.MaxLength, _items.Length * 2L));
            handle = _used++;
        }

        ref var entry = ref _items[handle];
        entry.Key = key;
        entry.DueMs = dueMs;
        Count++;
        return handle;
    }

    public void Release(int handle)
    {
        ref var entry = ref _items[handle];
        entry.Previous = WheelEntry.Free;
        entry.Next = _firstFree;
        _firstFree = handle;
        Count--;
    }
}
