using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Storage;

/// <summary>The log as a plain list: what the one on disk must be equal to.</summary>
internal sealed class LogModel
{
    public LogIndex Base { get; private set; }

    public Term BaseTerm { get; private set; }

    public List<LogEntry> Entries { get; private init; } = [];

    public HardState HardState { get; set; }

    public LogIndex Commit { get; set; }

    public LogIndex Last => Base + Entries.Count;

    public Term LastTerm => TermAt(Last);

    public Term TermAt(LogIndex index) => index == Base ? BaseTerm : Entries[(int)(index - Base) - 1].Term;

    public void Reset(SnapshotMark mark)
    {
        Base = mark.Index;
        BaseTerm = mark.Term;
        Entries.Clear();
        Commit = mark.Index;
    }

    public void Truncate(LogIndex from) =>
        Entries.RemoveRange((int)(from - Base) - 1, (int)(Last - from) + 1);

    public LogModel Clone() => new()
    {
        Base = Base,
        BaseTerm = BaseTerm,
        Entries = [.. Entries],
        HardState = HardState,
        Commit = Commit,
    };

    /// <summary>The same log as it must be after opening with this snapshot.</summary>
    public LogModel OpenedWith(SnapshotMark? snapshot)
    {
        var opened = Clone();
        if (snapshot is not null && (Last < snapshot.Index || TermAt(snapshot.Index) != snapshot.Term))
            opened.Reset(snapshot);
        else if (snapshot is not null)
            opened.Commit = LogIndex.Max(Commit, snapshot.Index);
        return opened;
    }

    /// <summary>What differs from what was recovered, or null.</summary>
    public string? Compare(LogRecovery recovery, SnapshotMark? snapshot)
    {
        var behind = snapshot?.Index ?? LogIndex.Zero;
        var opened = OpenedWith(snapshot);
        if (recovery.HardState != HardState)
            return $"hard state {recovery.HardState} instead of {HardState}";
        if (recovery.Commit != opened.Commit)
            return $"commit {recovery.Commit} instead of {opened.Commit}";

        var expected = opened.Entries.Where(entry => entry.Index > behind).ToArray();
        return CompareEntries(expected, recovery.Entries);
    }

    public static string? CompareEntries(IReadOnlyList<LogEntry> expected, IReadOnlyList<LogEntry> actual)
    {
        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            if (!AreEqual(expected[i], actual[i]))
                return $"entry {actual[i]} instead of {expected[i]}";
        }

        return expected.Count == actual.Count ? null : $"{actual.Count} entries instead of {expected.Count}";
    }

    private static bool AreEqual(LogEntry left, LogEntry right) => left.Index == right.Index && left.Term == right.Term
        && left.Kind == right.Kind && left.Payload.Span.SequenceEqual(right.Payload.Span);
}
