namespace XCron.Daemon.Timing;

/// <summary>One timer of a <see cref="TimingWheel"/>: 24 bytes in an array, linked to others by index.</summary>
internal struct WheelEntry
{
    /// <summary>In <see cref="Previous"/>: the entry is free, and <see cref="Next"/> is the next free one.</summary>
    public const int Free = int.MinValue;

    /// <summary>In <see cref="Previous"/>: the entry is in the heap, at the place <see cref="Next"/>.</summary>
    public const int InHeap = int.MinValue + 1;

    public long Key;

    public long DueMs;

    /// <summary>The entry after this one in its slot; the complement of the slot where this is the last.</summary>
    public int Next;

    /// <summary>The entry before this one in its slot; the complement of the slot where this is the first.</summary>
    public int Previous;
}
