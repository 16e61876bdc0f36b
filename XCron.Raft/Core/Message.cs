namespace XCron.Raft.Core;

/// <summary>What one node's core says to another's. Term is the sender's, but for a pre-vote: there it is the one
/// that it would campaign in.</summary>
internal abstract record Message
{
    private protected Message()
    {
    }

    public required NodeId From { get; init; }

    public required NodeId To { get; init; }

    public required Term Term { get; init; }

    /// <summary>
    /// Whether this says all that an earlier message said, so that the earlier one need not be sent: an acceptance of
    /// more to the same leader. Its match only ever rises there.
    /// </summary>
    public bool Supersedes(Message earlier) =>
        this is AppendResponse { Accepted: true } later
        && earlier is AppendResponse { Accepted: true } before
        && (later.To, later.Term) == (before.To, before.Term)
        && later.Match >= before.Match;

    /// <summary>
    /// A candidate asks for a vote (Raft §5.2), or, with PreVote, whether it would get one (thesis §9.6).
    /// </summary>
    public sealed record VoteRequest : Message
    {
        public required bool PreVote { get; init; }

        public required LogIndex LastIndex { get; init; }

        public required Term LastTerm { get; init; }

        /// <summary>The leader asked for this campaign: nobody ignores it for that leader's sake.</summary>
        public bool Transfer { get; init; }
    }

    public sealed record VoteResponse : Message
    {
        public required bool PreVote { get; init; }

        public required bool Granted { get; init; }
    }

    /// <summary>Entries that follow PrevIndex without a gap (Raft §5.3).</summary>
    public sealed record AppendRequest : Message
    {
        public required LogIndex PrevIndex { get; init; }

        public required Term PrevTerm { get; init; }

        public required LogIndex Commit { get; init; }

        public required LogEntry[] Entries { get; init; }
    }

    /// <summary>Accepted: Match is the tail of that one message. Rejected: where to look next.</summary>
    public sealed record AppendResponse : Message
    {
        public required bool Accepted { get; init; }

        public LogIndex Match { get; init; }

        public LogIndex RejectedPrev { get; init; }

        /// <summary>The term found at RejectedPrev; 0 where the log is too short.</summary>
        public Term ConflictTerm { get; init; }

        /// <summary>Where that term begins, or the last index plus one.</summary>
        public LogIndex ConflictIndex { get; init; }
    }

    /// <summary>
    /// Commit never passes what this peer is known to match. Round numbers serve reads (thesis §6.4).
    /// </summary>
    public sealed record Heartbeat : Message
    {
        public required LogIndex Commit { get; init; }

        public required long Round { get; init; }

        /// <summary>When it was sent, by the leader's clock, which nobody else reads; comes back with the answer.
        /// </summary>
        public long SentMs { get; init; }
    }

    public sealed record HeartbeatResponse : Message
    {
        public required long Round { get; init; }

        public required LogIndex LastIndex { get; init; }

        /// <summary>What the follower knows to be committed.</summary>
        public LogIndex Commit { get; init; }

        /// <summary>The heartbeat's own.</summary>
        public long SentMs { get; init; }

        /// <summary>For so long from the heartbeat on it votes for nobody else, unless the leader wants it.</summary>
        public long PromiseMs { get; init; }

        /// <summary>Its state machine lags so far that it takes no entries for now.</summary>
        public bool IsHeldUp { get; init; }

        /// <summary>Leadership is not handed to one whose disk fails it.</summary>
        public DiskHealth Disk { get; init; }
    }

    /// <summary>A follower asks its leader for an index that a read must wait for.</summary>
    public sealed record ReadIndexRequest : Message
    {
        public required long ReadId { get; init; }
    }

    public sealed record ReadIndexResponse : Message
    {
        public required long ReadId { get; init; }

        public required bool Accepted { get; init; }

        public LogIndex Index { get; init; }
    }

    /// <summary>What you need is no longer in my log: pull my snapshot. Repeated until an append is accepted.</summary>
    public sealed record SnapshotOffer : Message
    {
        public required LogIndex Index { get; init; }

        public required Term EntryTerm { get; init; }
    }
    /// <summary>A leader hands over: campaign at once (thesis §3.10), if your log still ends where mine does.</summary>
    public sealed record TimeoutNow : Message
    {
        public required LogIndex LastIndex { get; init; }
    }
}
