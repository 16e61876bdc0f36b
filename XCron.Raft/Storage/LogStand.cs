namespace XCron.Raft.Storage;

/// <summary>
/// Where the log stands. One set of rules for what is about to be written and for what is read back: each step answers
/// null, or what is wrong with it and then changes nothing.
/// </summary>
internal struct LogStand
{
    public LogStand() => Terms = TermRuns.StartingAt(LogIndex.Zero, default);

    public LogIndex Last { get; private set; }

    public HardState HardState { get; private set; }

    public LogIndex Commit { get; private set; }

    public TermRuns Terms { get; private set; }

    public static LogStand At(LogIndex last, Term term) => new() { Last = last, Terms = TermRuns.StartingAt(last, term) };

    public string? Append(LogIndex index, Term term)
    {
        if (index != Last.Next)
            return $"entry {index} follows entry {Last}.";
        if (term < Terms.LastTerm || term.Value <= 0)
            return $"entry {index} has term {term}, the one before it {Terms.LastTerm}.";

        Last = index;
        Terms = Terms.Append(index, term);
        return null;
    }

    /// <param name="from">The first entry that is void.</param>
    /// <param name="previousTerm">The term of the entry before it, for the case that it is no longer known here.</param>
    public string? Truncate(LogIndex from, Term? previousTerm)
    {
        if (from > Last)
            return $"a truncation from entry {from} on, behind the last entry {Last}.";
        if (from <= Commit)
            return $"a truncation from entry {from} on, though {Commit} is committed.";
        if (from <= Terms.Base && previousTerm is null)
            return $"a truncation from entry {from} on, though the log begins behind {Terms.Base}.";

        Last = from.Previous;
        Terms = from > Terms.Base ? Terms.EndingAt(Last) : TermRuns.StartingAt(Last, previousTerm.GetValueOrDefault());
        return null;
    }

    public string? Reset(LogIndex index, Term term)
    {
        if (index < Commit)
            return $"a snapshot up to {index} replaces the log, though {Commit} is committed.";

        Last = index;
        Terms = TermRuns.StartingAt(index, term);
        Commit = index;
        return null;
    }

    public string? Put(HardState state)
    {
        if (state.Term < HardState.Term)
            return $"the term falls from {HardState.Term} to {state.Term}.";
        if (state.Term == HardState.Term && HardState.Vote != NodeId.None && state.Vote != HardState.Vote)
            return $"the vote of term {state.Term} changes from {HardState.Vote} to {state.Vote}.";

        HardState = state;
        return null;
    }

    public string? CommitUpTo(LogIndex index)
    {
        if (index < Commit)
            return $"the commit index falls from {Commit} to {index}.";
        if (index > Last)
            return $"entry {index} is committed, but the last one is {Last}.";

        Commit = index;
        return null;
    }

    /// <summary>Forgets the terms before an entry that is no longer in the log.</summary>
    public void MoveBase(LogIndex index) => Terms = Terms.WithBase(LogIndex.Min(index, Last));

    /// <summary>The same place, whatever is known of the terms before it.</summary>
    public readonly bool IsSameAs(in LogStand other) => Last == other.Last && Terms.LastTerm == other.Terms.LastTerm
        && HardState == other.HardState && Commit == other.Commit;
}
