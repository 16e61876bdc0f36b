namespace XCron.Raft.Core;

/// <summary>
/// A run of consecutive entries: grows at the back, is cut at the back, forgotten at the front. O(1) each.
/// </summary>
internal sealed class EntryRing
{
    private LogEntry[] _slots = new LogEntry[64]; // Invariant: the length is a power of two.
    private int _head;

    /// <summary>The index of the first entry held, or of the next one where none is.</summary>
    public LogIndex First { get; private set; } = new(1);

    public int Count { get; private set; }

    public long PayloadBytes { get; private set; }

    public LogEntry this[LogIndex index]
    {
        get
        {
            var place = index - First;
            Invariant.Require((ulong)place < (ulong)Count, "only an entry that is held is asked for");
            return _slots[(_head + (int)place) & (_slots.Length - 1)];
        }
    }

    public void Add(LogEntry entry)
    {
        Invariant.Require(entry.Index == First + Count, "entries follow each other without a gap");
        if (Count == _slots.Length)
            Grow();
        _slots[(_head + Count) & (_slots.Length - 1)] = entry;
        Count++;
        PayloadBytes += entry.Payload.Length;
    }

    public void RemoveFirst()
    {
        PayloadBytes -= _slots[_head].Payload.Length;
        _slots[_head] = null!; // lets the payload go
        _head = (_head + 1) & (_slots.Length - 1);
        First = First.Next;
        Count--;
    }

    public void RemoveLast()
    {
        var slot = (_head + Count - 1) & (_slots.Length - 1);
        PayloadBytes -= _slots[slot].Payload.Length;
        _slots[slot] = null!; // lets the payload go
        Count--;
    }

    /// <summary>Forgets everything; the next entry stands at this index.</summary>
    public void Clear(LogIndex next)
    {
        Array.Clear(_slots);
        (_head, Count, PayloadBytes, First) = (0, 0, 0, next);
    }

    private void Grow()
    {
        var larger = new LogEntry[_slots.Length * 2];
        for (var i = 0; i < Count; i++)
            larger[i] = _slots[(_head + i) & (_slots.Length - 1)];
        (_slots, _head) = (larger, 0);
    }
}
