using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Nodes, configurations, entries and logs in few words.</summary>
internal static class Make
{
    public static readonly Guid ClusterId = new(1, 2, 3, new byte[8]);

    public static NodeId Id(int number) => new((ulong)number);

    public static LogIndex At(long index) => new(index);

    /// <summary>Voters 1..n, then learners.</summary>
    public static Membership Cluster(int voters, int learners = 0) => new(
        ClusterId,
        Enumerable.Range(1, voters + learners).Select(number =>
            new Member(Id(number), $"node{number}:1", number <= voters ? Suffrage.Voter : Suffrage.Learner)));

    /// <summary>The configuration that is entered, and the voters of the one that is being left.</summary>
    public static Membership Joint(int[] incoming, int[] outgoing) => new(
        ClusterId,
        incoming.Union(outgoing).Select(number => new Member(
            Id(number), $"node{number}:1", incoming.Contains(number) ? Suffrage.Voter : Suffrage.Learner)),
        outgoing.Select(Id));

    public static LogEntry Command(long index, long term, int bytes = 8)
    {
        var payload = new byte[Math.Max(bytes, 8)];
        BitConverter.TryWriteBytes(payload, (index * 1000) + term);
        return new LogEntry(At(index), new Term(term), EntryKind.Command, payload.AsMemory(0, bytes));
    }

    public static LogEntry Configuration(long index, long term, Membership membership) =>
        new(At(index), new Term(term), EntryKind.Configuration, membership.Encode());

    /// <summary>Entries from index 1 on, one for each term; the first is the configuration.</summary>
    public static LogEntry[] Log(Membership membership, params long[] terms) =>
    [
        .. terms.Select((term, i) => i == 0 ? Configuration(1, term, membership) : Command(i + 1, term)),
    ];

    /// <summary>Commands from an index on, one for each term.</summary>
    public static LogEntry[] Commands(long from, params long[] terms) =>
        [.. terms.Select((term, i) => Command(from + i, term))];

    /// <summary>What a node finds on its disk; its term is that of its last entry unless said otherwise.</summary>
    public static RecoveredState State(
        Membership membership, long[] terms, long? term = null, int vote = 0, long commit = 1) => new(
            new HardState(new Term(term ?? terms[^1]), Id(vote)), null, Log(membership, terms), At(commit));

    /// <summary>Equal in content, wherever the bytes are.</summary>
    public static bool IsSame(LogEntry left, LogEntry right) =>
        (left.Index, left.Term, left.Kind) == (right.Index, right.Term, right.Kind)
        && left.Payload.Span.SequenceEqual(right.Payload.Span);
}
