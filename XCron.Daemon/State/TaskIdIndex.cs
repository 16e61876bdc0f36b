using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// The ids of all tasks in rising order, for listing. Pages of sorted ids: ids mostly rise, so most pages fill from
/// behind and a task costs 8 bytes; two neighbours that fit into one are merged, so it never costs more than 16.
/// Changed by the applier alone, read from any thread; no lock is held for longer than one page's copy.
/// </summary>
internal sealed class TaskIdIndex
{
    private const int PageIds = 512;

    private readonly Lock _lock = new();

    // Invariant: no page is empty, and the last id of each is less than the first of the next.
    private readonly List<Page> _pages = [];

    /// <summary>Adds an id; one that is there already stays there once.</summary>
    public void Add(TaskId id)
    {
        lock (_lock)
        {
            var place = PageOf(id.Value);
            if (place < 0)
            {
                _pages.Insert(0, new Page(id.Value));
                return;
            }

            var page = _pages[place];
            var position = page.Find(id.Value);
            if (position >= 0)
                return;
            if (page.Count < PageIds)
                page.Insert(~position, id.Value);
            else if (~position == PageIds)
                _pages.Insert(place + 1, new Page(id.Value));
            else
                Split(place, id.Value, ~position);
        }
    }

    public void Remove(TaskId id)
    {
        lock (_lock)
        {
            var place = PageOf(id.Value);
            var position = place < 0 ? -1 : _pages[place].Find(id.Value);
            if (position < 0)
                return;

            _pages[place].RemoveAt(position);
            if (_pages[place].Count == 0)
                _pages.RemoveAt(place);
            else if (!TryMerge(place))
                TryMerge(place - 1);
        }
    }

    /// <summary>Copies the ids that follow one, as many as there is room for; returns how many there were.</summary>
    public int CopyAfter(TaskId after, Span<TaskId> ids)
    {
        lock (_lock)
        {
            var copied = 0;
            for (var place = Math.Max(0, PageOf(after.Value)); place < _pages.Count && copied < ids.Length; place++)
            {
                var page = _pages[place];
                var position = page.Find(after.Value);
                for (position = position < 0 ? ~position : position + 1; position < page.Count; position++)
                {
                    if (copied == ids.Length)
                        break;
                    ids[copied++] = new TaskId(page[position]);
                }
            }

            return copied;
        }
    }

    /// <summary>The last page that begins at or before the id; -1 where all begin behind it.</summary>
    private int PageOf(long id)
    {
        var (least, end) = (0, _pages.Count);
        while (least < end)
        {
            var middle = (least + end) / 2;
            if (_pages[middle][0] <= id)
                least = middle + 1;
            else
                end = middle;
        }

        return least - 1;
    }

    private void Split(int place, long id, int position)
    {
        var page = _pages[place];
        var upper = page.SplitOff();
        _pages.Insert(place + 1, upper);
        if (position <= page.Count)
            page.Insert(position, id);
        else
            upper.Insert(position - page.Count, id);

        // Half of what was full may now fit to a small neighbour.
        if (!TryMerge(place + 1))
            TryMerge(place - 1);
    }

    /// <summary>Merges a page with the one behind it, where one page holds both.</summary>
    private bool TryMerge(int place)
    {
        if (place < 0 || place + 1 >= _pages.Count || _pages[place].Count + _pages[place + 1].Count > PageIds)
            return false;
        _pages[place].Append(_pages[place + 1]);
        _pages.RemoveAt(place + 1);
        return true;
    }

    private sealed class Page
    {
        private readonly long[] _ids = new long[PageIds];

        public Page(long first) => (_ids[0], Count) = (first, 1);

        private Page(ReadOnlySpan<long> ids)
        {
            ids.CopyTo(_ids);
            Count = ids.Length;
        }

        public int Count { get; private set; }

        public long this[int position] => _ids[position];

        /// <summary>Where the id is, or the complement of where it belongs.</summary>
        public int Find(long id) => _ids.AsSpan(0, Count).BinarySearch(id);

        public void Insert(int position, long id)
        {
            _ids.AsSpan(position, Count - position).CopyTo(_ids.AsSpan(position + 1));
            _ids[position] = id;
            Count++;
        }

        public void RemoveAt(int position)
        {
            _ids.AsSpan(position + 1, Count - position - 1).CopyTo(_ids.AsSpan(position));
            Count--;
        }

        public Page SplitOff()
        {
            const int Half = PageIds / 2;
            var upper = new Page(_ids.AsSpan(Half));
            Count = Half;
            return upper;
        }

        public void Append(Page next)
        {
            next._ids.AsSpan(0, next.Count).CopyTo(_ids.AsSpan(Count));
            Count += next.Count;
        }
    }
}
