namespace XCron.Raft.Storage;

/// <summary>What a batch does to the places of entries in the log: what it voids, and which entries it leaves behind.</summary>
internal struct BatchExtent
{
    /// <summary>Everything before the batch is void.</summary>
    public bool Reset { get; private set; }

    /// <summary>Entries before the batch are void from here on.</summary>
    public LogIndex? CutFrom { get; private set; }

    /// <summary>The first entry that the batch leaves behind; Zero: none.</summary>
    public LogIndex First { get; private set; }

    public LogIndex Last { get; private set; }

    public readonly bool HasEntries => First != LogIndex.Zero;

    public void OnReset()
    {
        Reset = true;
        Forget();
    }

    public void OnTruncate(LogIndex from)
    {
        CutFrom = CutFrom is { } earlier ? LogIndex.Min(earlier, from) : from;
        if (from <= First)
            Forget();
        else if (HasEntries)
            Last = from.Previous;
    }

    public void OnEntry(LogIndex index)
    {
        if (!HasEntries)
            First = index;
        Last = index;
    }

    private void Forget()
    {
        First = LogIndex.Zero;
        Last = LogIndex.Zero;
    }
}
