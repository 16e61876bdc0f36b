using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>
/// What a crash leaves: the writes that were made durable, played into one log, and the newest snapshot. Refuses what
/// the log on disk refuses, so that a wrong write shows where it is made.
/// </summary>
internal sealed class CoreDisk
{
    private readonly List<LogEntry> _entries = [];
    private LogIndex _base;
    private Term _baseTerm;

    public CoreDisk(RecoveredState start)
    {
        HardState = start.HardState;
        Snapshot = start.Snapshot;
        _base = start.Snapshot?.Index ?? LogIndex.Zero;
        _baseTerm = start.Snapshot?.Term ?? default;
        _entries.AddRange(start.Entries);
        Commit = start.Commit;
    }

    public HardState HardState { get; private set; }

    public LogIndex Commit { get; private set; }

    public SnapshotMark? Snapshot { get; private set; }

    /// <summary>The state that the snapshot holds: everything applied up to it.</summary>
    public LogEntry[] SnapshotState { get; private set; } = [];

    public LogIndex Last => _base + _entries.Count;

    public Term TermAt(LogIndex index) => index == _base ? _baseTerm : Entry(index).Term;

    public LogEntry Entry(LogIndex index) => _entries[(int)(index - _base) - 1];

    public void Write(Effect.Write write)
    {
        if (write.ResetTo is { } mark)
            Reset(mark);
        if (write.TruncateFrom is { } from)
        {
            Assert.That(from, Is.GreaterThan(Commit), "what is known to be committed stays on disk");
            Assert.That(from, Is.LessThanOrEqualTo(Last), "a truncation takes something away");
            _entries.RemoveRange((int)(from - _base) - 1, (int)(Last - from) + 1);
        }

        foreach (var entry in write.Entries)
        {
            Assert.That(entry.Index, Is.EqualTo(Last.Next), "entries are written without a gap");
            Assert.That(entry.Term, Is.GreaterThanOrEqualTo(TermAt(Last)), "terms never fall along the log");
            _entries.Add(entry);
        }

        if (write.HardState is { } state)
            Put(state);
        Assert.That(write.Commit, Is.LessThanOrEqualTo(Last), "the commit hint is within the log");
        Commit = LogIndex.Max(Commit, write.Commit);
    }

    public void SaveSnapshot(SnapshotMark mark, LogEntry[] state)
    {
        if (Snapshot is null || mark.Index > Snapshot.Index)
            (Snapshot, SnapshotState) = (mark, state);
    }

    public void Compact(LogIndex keepFrom)
    {
        var count = (int)Math.Clamp(keepFrom - _base - 1, 0, _entries.Count);
        if (count == 0)
            return;

        (_base, _baseTerm) = (_entries[count - 1].Index, _entries[count - 1].Term);
        _entries.RemoveRange(0, count);
    }

    public LogEntry[] Read(LogIndex from, long maxBytes)
    {
        var read = new List<LogEntry>();
        for (var index = from; index > _base && index <= Last; index = index.Next)
        {
            maxBytes -= Entry(index).Payload.Length;
            if (read.Count > 0 && maxBytes < 0)
                break;
            read.Add(Entry(index));
        }

        return [.. read];
    }

    public RecoveredState Recover()
    {
        if (Snapshot is { } mark && (Last < mark.Index || (_base <= mark.Index && TermAt(mark.Index) != mark.Term)))
            Reset(mark);
        var start = LogIndex.Max(_base, Snapshot?.Index ?? LogIndex.Zero);
        var entries = _entries.Where(entry => entry.Index > start).ToArray();
        return new RecoveredState(HardState, Snapshot, entries, LogIndex.Max(Commit, start));
    }

    private void Reset(SnapshotMark mark)
    {
        Assert.That(mark.Index, Is.GreaterThanOrEqualTo(Commit), "a snapshot does not go back behind the commit index");
        _entries.Clear();
        (_base, _baseTerm, Commit) = (mark.Index, mark.Term, mark.Index);
    }

    private void Put(HardState state)
    {
        Assert.That(state.Term, Is.GreaterThanOrEqualTo(HardState.Term), "the term on disk only rises");
        if (state.Term == HardState.Term && HardState.Vote != NodeId.None)
            Assert.That(state.Vote, Is.EqualTo(HardState.Vote), "one vote a term, for ever");
        HardState = state;
    }
}
