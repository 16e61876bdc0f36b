using System.Numerics;

namespace XCron.Daemon.Timing;

/// <summary>
/// What is due when: a hierarchical timing wheel (Varghese and Lauck 1987, scheme 7) of seven levels, 64 slots each.
/// A slot of level 0 is one millisecond; a slot of each further level is as wide as the whole level below it, so that
/// the seventh reaches 139 years ahead; what is due later waits in its last slot and is placed anew from there.
/// An entry lies in the level of the highest six-bit digit in which its due time differs from the wheel's position, and
/// moves down a level each time the position enters its slot. Pure data: no clock, no thread. Not thread-safe.
/// </summary>
internal sealed class TimingWheel
{
    private const int DefaultCapacity = 1024;
    private const int LevelBits = 6;
    private const int SlotsPerLevel = 1 << LevelBits;
    private const int TopLevel = 6;
    private const int TopShift = TopLevel * LevelBits;
    private const int None = -1;

    private readonly WheelEntries _entries;
    private readonly OverdueHeap _overdue;

    // Invariant: no occupied slot of a level above 0 begins at or before NowMs, nor is one of level 0 due by then.
    private readonly ulong[] _occupied = new ulong[TopLevel + 1];
    private readonly int[] _first = new int[(TopLevel + 1) * SlotsPerLevel];
    private readonly int[] _last = new int[(TopLevel + 1) * SlotsPerLevel];

    /// <param name="nowMs">The wheel's first position, in unix milliseconds.</param>
    /// <param name="capacity">Entries to have room for at first; doubled whenever they run out.</param>
    public TimingWheel(long nowMs, int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nowMs);
        _entries = new WheelEntries(capacity);
        _overdue = new OverdueHeap(_entries);
        Array.Fill(_first, None);
        Array.Fill(_last, None);
        NowMs = nowMs;
    }

    public int Count => _entries.Count;

    /// <summary>The wheel's position: the latest moment it was advanced to. Never goes back.</summary>
    public long NowMs { get; private set; }

    /// <summary>
    /// Adds an entry and returns its handle, good until the entry expires or is cancelled; handles are used again.
    /// What is due already expires at the next <see cref="Advance"/>.
    /// </summary>
    public int Add(long key, long dueMs)
    {
        var handle = _entries.Take(key, dueMs);
        if (dueMs <= NowMs)
            _overdue.Add(handle);
        else
            Place(handle, dueMs);
        return handle;
    }

    /// <summary>Removes an entry. Returns false, and changes nothing, if the handle is in no use.</summary>
    public bool Cancel(int handle)
    {
        if (!_entries.IsLive(handle))
            return false;

        if (_entries[handle].Previous == WheelEntry.InHeap)
            _overdue.Remove(handle);
        else
            Unlink(handle);
        _entries.Release(handle);
        return true;
    }

    /// <summary>
    /// The same, and false too if the handle is now another key's: a handle kept too long cancels nothing of others.
    /// </summary>
    public bool Cancel(int handle, long key) =>
        _entries.IsLive(handle) && _entries[handle].Key == key && Cancel(handle);

    /// <summary>
    /// The earliest moment at which <see cref="Advance"/> has something to do: to expire an entry or to move entries
    /// down a level. Never later than the earliest due time; long.MaxValue when the wheel is empty.
    /// </summary>
    public long NextExpiryMs() => Math.Min(_overdue.EarliestDueMs, FindNextSlot(out _));

    /// <summary>
    /// Appends the keys of all entries due at or before <paramref name="nowMs"/>, in the order of their due times, and
    /// removes them. Costs nothing for the time in between, however long. A moment before <see cref="NowMs"/> (the
    /// clock was set back) expires only what was added since and is due by that moment.
    /// </summary>
    public void Advance(long nowMs, List<long> expiredKeys)
    {
        // All that is overdue is due no later than NowMs, and so before anything in the slots.
        while (_overdue.EarliestDueMs <= nowMs && !_overdue.IsEmpty)
        {
            var handle = _overdue.EarliestHandle;
            expiredKeys.Add(_entries[handle].Key);
            _overdue.Remove(handle);
            _entries.Release(handle);
        }

        while (true)
        {
            var startMs = FindNextSlot(out var slot);
            if (slot == None || startMs > nowMs)
                break;

            NowMs = startMs;
            if (slot < SlotsPerLevel)
                Expire(slot, expiredKeys);
            else
                MoveDown(slot);
        }

        NowMs = Math.Max(NowMs, nowMs);
    }

    /// <summary>
    /// Finds the occupied slot that begins first. All of a level lies within one slot of the level above, and so before
    /// every other slot there: the lowest level that holds anything has it.
    /// </summary>
    private long FindNextSlot(out int slot)
    {
        for (var level = 0; level < TopLevel; level++)
        {
            if (_occupied[level] == 0)
                continue;

            var digit = BitOperations.TrailingZeroCount(_occupied[level]);
            var shift = level * LevelBits;
            slot = level * SlotsPerLevel + digit;
            return (NowMs >> (shift + LevelBits) << (shift + LevelBits)) | ((long)digit << shift);
        }

        if (_occupied[TopLevel] == 0)
        {
            slot = None;
            return long.MaxValue;
        }

        // The top level has none above it and goes round: its slots are read on from the present one.
        var turn = NowMs >> TopShift;
        turn += BitOperations.TrailingZeroCount(BitOperations.RotateRight(_occupied[TopLevel], (int)turn));
        slot = TopSlot(turn);
        return turn << TopShift;
    }

    private void Expire(int slot, List<long> expiredKeys)
    {
        for (var handle = TakeAll(slot); handle >= 0;)
        {
            ref var entry = ref _entries[handle];
            var next = entry.Next;
            expiredKeys.Add(entry.Key);
            _entries.Release(handle);
            handle = next;
        }
    }

    private void MoveDown(int slot)
    {
        for (var handle = TakeAll(slot); handle >= 0;)
        {
            ref var entry = ref _entries[handle];
            var next = entry.Next;
            Place(handle, entry.DueMs);
            handle = next;
        }
    }

    /// <summary>Links an entry that is due at or after <see cref="NowMs"/> into its slot.</summary>
    private void Place(int handle, long dueMs)
    {
        var level = BitOperations.Log2((ulong)(dueMs ^ NowMs) | 1) / LevelBits;
        if (level < TopLevel)
            Append(level * SlotsPerLevel + (int)(dueMs >> (level * LevelBits) & (SlotsPerLevel - 1)), handle);
        else
            Append(TopSlot(Math.Min(dueMs >> TopShift, (NowMs >> TopShift) + SlotsPerLevel - 1)), handle);
    }

    private static int TopSlot(long turn) => TopLevel * SlotsPerLevel + (int)(turn & (SlotsPerLevel - 1));

    /// <summary>At the slot's end: what is due in the same millisecond expires in the order it was added.</summary>
    private void Append(int slot, int handle)
    {
        ref var entry = ref _entries[handle];
        entry.Next = ~slot;
        var last = _last[slot];
        _last[slot] = handle;
        if (last == None)
        {
            entry.Previous = ~slot;
            _first[slot] = handle;
            _occupied[slot / SlotsPerLevel] |= 1UL << (slot % SlotsPerLevel);
            return;
        }

        entry.Previous = last;
        _entries[last].Next = handle;
    }

    private void Unlink(int handle)
    {
        ref var entry = ref _entries[handle];
        var (previous, next) = (entry.Previous, entry.Next);
        if (previous >= 0)
            _entries[previous].Next = next;
        else
            _first[~previous] = Math.Max(next, None);
        if (next >= 0)
            _entries[next].Previous = previous;
        else
            _last[~next] = Math.Max(previous, None);
        if (previous < 0 && next < 0)
            MarkEmpty(~previous);
    }

    /// <summary>Empties the slot and returns its first entry; the others follow by their links.</summary>
    private int TakeAll(int slot)
    {
        var first = _first[slot];
        _first[slot] = None;
        _last[slot] = None;
        MarkEmpty(slot);
        return first;
    }

    private void MarkEmpty(int slot) => _occupied[slot / SlotsPerLevel] &= ~(1UL << (slot % SlotsPerLevel));
}
