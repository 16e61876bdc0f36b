namespace XCron.Raft.Core;

/// <summary>Arithmetic of majorities, also of two configurations at once (joint consensus, Raft §6).</summary>
internal static class Quorum
{
    private const int StackVoters = 16;

    /// <summary>The highest index that a majority of voters has stored (Raft §5.3).</summary>
    /// <param name="matched">Each voter's highest stored index, in any order; at least one.</param>
    public static LogIndex CommittedIndex(ReadOnlySpan<LogIndex> matched)
    {
        ArgumentOutOfRangeException.ThrowIfZero(matched.Length);

        Span<LogIndex> ascending = matched.Length <= StackVoters
            ? stackalloc LogIndex[matched.Length]
            : new LogIndex[matched.Length];
        matched.CopyTo(ascending);
        ascending.Sort();
        return ascending[(matched.Length - 1) / 2];
    }

    /// <summary>The same over a membership: while one is being left, both must have it.</summary>
    public static LogIndex CommittedIndex(Membership membership, Func<NodeId, LogIndex> matchOf)
    {
        var incoming = CommittedIndex(membership.Voters.AsSpan(), matchOf);
        return membership.Outgoing.IsEmpty
            ? incoming
            : LogIndex.Min(incoming, CommittedIndex(membership.Outgoing.AsSpan(), matchOf));
    }

    /// <summary>Whether those for whom <paramref name="holds"/> are a majority, in both configurations.</summary>
    public static bool IsMajority(Membership membership, Func<NodeId, bool> holds) =>
        IsMajority(membership.Voters.AsSpan(), holds)
        && (membership.Outgoing.IsEmpty || IsMajority(membership.Outgoing.AsSpan(), holds));

    private static LogIndex CommittedIndex(ReadOnlySpan<NodeId> voters, Func<NodeId, LogIndex> matchOf)
    {
        Span<LogIndex> matched = voters.Length <= StackVoters
            ? stackalloc LogIndex[voters.Length]
            : new LogIndex[voters.Length];
        for (var i = 0; i < voters.Length; i++)
            matched[i] = matchOf(voters[i]);
        return CommittedIndex(matched);
    }

    private static bool IsMajority(ReadOnlySpan<NodeId> voters, Func<NodeId, bool> holds)
    {
        var count = 0;
        foreach (var voter in voters)
            count += holds(voter) ? 1 : 0;
        return count > voters.Length / 2;
    }
}
