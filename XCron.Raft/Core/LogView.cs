namespace XCron.Raft.Core;

/// <summary>
/// The log as the core sees it: the terms of all entries behind the base, and the entries themselves from some point
/// on. What is applied and on disk leaves memory, oldest first, when more than the cache's size is held.
/// </summary>
internal sealed class LogView
{
    private readonly TermHistory _terms = new();
    private readonly EntryRing _entries = new();
    private readonly long _cachedBytes;

    public LogView(RecoveredState recovered, long cachedBytes)
    {
        _cachedBytes = cachedBytes;
        var snapshot = recovered.Snapshot;
        _terms.Reset(snapshot?.Index ?? LogIndex.Zero, snapshot?.Term ?? default);
        _entries.Clear(Base.Next);
        foreach (var entry in recovered.Entries)
            Append(entry);
    }

    /// <summary>The entry before the first one.</summary>
    public LogIndex Base => _terms.Base;

    public LogIndex FirstIndex => Base.Next;

    public LogIndex LastIndex => _entries.First + (_entries.Count - 1);

    public Term LastTerm => _terms.TermAt(LastIndex);

    public Term TermAt(LogIndex index) => _terms.TermAt(index);

    public LogIndex FirstOfRun(LogIndex index) => _terms.FirstOfRun(index);

    public LogIndex? LastOf(Term term, LogIndex limit) => _terms.LastOf(term, LogIndex.Min(limit, LastIndex));

    /// <summary>Whether the entry is of this log, as far as the log still knows.</summary>
    public bool Matches(LogIndex index, Term term) =>
        index >= Base && index <= LastIndex && _terms.TermAt(index) == term;

    public LogEntry Entry(LogIndex index) => _entries[index];

    public bool IsCached(LogIndex index) => index >= _entries.First && index <= LastIndex;

    public void Append(LogEntry entry)
    {
        _entries.Add(entry);
        _terms.Append(entry.Index, entry.Term);
    }

    public void TruncateFrom(LogIndex index)
    {
        while (_entries.Count > 0 && LastIndex >= index)
            _entries.RemoveLast();
        _terms.TruncateFrom(index);
    }

    /// <summary>Entries from an index on, at least one, up to limits; they must be cached.</summary>
    public LogEntry[] Slice(LogIndex from, LogIndex upTo, int maxEntries, long maxBytes)
    {
        var count = 0;
        var bytes = 0L;
        for (var index = from; index <= upTo && count < maxEntries; index = index.Next)
        {
            bytes += _entries[index].Payload.Length;
            if (count > 0 && bytes > maxBytes)
                break;
            count++;
        }

        var slice = new LogEntry[count];
        for (var i = 0; i < count; i++)
            slice[i] = _entries[from + i];
        return slice;
    }

    /// <summary>Lets entries go from memory that nobody here needs any more; their terms stay.</summary>
    public void Evict(LogIndex upTo)
    {
        while (_entries.PayloadBytes > _cachedBytes && _entries.Count > 1 && _entries.First <= upTo)
            _entries.RemoveFirst();
    }

    /// <summary>The log is cut before this index, on disk as here.</summary>
    public void ForgetBefore(LogIndex keepFrom)
    {
        if (keepFrom <= FirstIndex)
            return;

        _terms.Forget(keepFrom.Previous);
        while (_entries.Count > 0 && _entries.First < keepFrom)
            _entries.RemoveFirst();
    }

    /// <summary>Nothing is left but what the snapshot stands for.</summary>
    public void Reset(SnapshotMark mark)
    {
        _terms.Reset(mark.Index, mark.Term);
        _entries.Clear(mark.Index.Next);
    }
}
