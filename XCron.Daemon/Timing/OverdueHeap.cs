namespace XCron.Daemon.Timing;

/// <summary>
/// The entries whose due time is not after the wheel's position, the earliest on top (a binary heap). They are those
/// that were late when they were added and, after the clock was set back, those of the time it goes through again.
/// </summary>
internal sealed class OverdueHeap(WheelEntries entries)
{
    private Node[] _nodes = new Node[64];

    // Invariant: a parent is due no later than its children; entries[node.Handle].Next is the node's place.
    private int _count;

    public bool IsEmpty => _count == 0;

    /// <summary>The earliest due time; long.MaxValue when empty.</summary>
    public long EarliestDueMs => _count == 0 ? long.MaxValue : _nodes[0].DueMs;

    public int EarliestHandle => _nodes[0].Handle;

    public void Add(int handle)
    {
        if (_count == _nodes.Length)
            Array.Resize(ref _nodes, _nodes.Length * 2);

        ref var entry = ref entries[handle];
        entry.Previous = WheelEntry.InHeap;
        Rise(_count++, new Node(entry.DueMs, handle));
    }

    public void Remove(int handle)
    {
        var place = entries[handle].Next;
        var last = _nodes[--_count];
        if (place == _count)
            return;
        if (place > 0 && last.DueMs < _nodes[(place - 1) / 2].DueMs)
            Rise(place, last);
        else
            Sink(place, last);
    }

    private void Rise(int place, Node node)
    {
        while (place > 0)
        {
            var parent = (place - 1) / 2;
            if (_nodes[parent].DueMs <= node.DueMs)
                break;
            Put(place, _nodes[parent]);
            place = parent;
        }

        Put(place, node);
    }

    private void Sink(int place, Node node)
    {
        while (place * 2 + 1 < _count)
        {
            var child = place * 2 + 1;
            if (child + 1 < _count && _nodes[child + 1].DueMs < _nodes[child].DueMs)
                child++;
            if (node.DueMs <= _nodes[child].DueMs)
                break;
            Put(place, _nodes[child]);
            place = child;
        }

        Put(place, node);
    }

    private void Put(int place, Node node)
    {
        _nodes[place] = node;
        entries[node.Handle].Next = place;
    }

    /// <summary>Holds the due time too, so that comparing does not reach into the entries.</summary>
    private readonly record struct Node(long DueMs, int Handle);
}
