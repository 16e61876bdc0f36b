namespace XCron.Raft;

/// <summary>
/// How patient a node is and how much it holds. All durations are real time of the node's TimeProvider.
/// </summary>
public sealed class RaftOptions
{
    /// <summary>
    /// Shortest silence from a leader before a follower campaigns; each wait is drawn from [this, 2 × this).
    /// Default 1 s; at least 10 heartbeats, or ordinary jitter starts elections (Raft §5.6).
    /// </summary>
    public TimeSpan ElectionTimeout
    {
        get;
        init => field = Positive(value);
    } = TimeSpan.FromSeconds(1);

    /// <summary>Time between a leader's heartbeats. Default 100 ms.</summary>
    public TimeSpan HeartbeatInterval
    {
        get;
        init => field = Positive(value);
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Whether a leader answers <see cref="RaftNode.ReadBarrierAsync"/>, its own and its followers', without asking a
    /// majority first while a majority has promised to elect nobody else (thesis §6.4.1): reads then cost no round
    /// trip, and are linearizable only as long as <see cref="MaxClockDrift"/> holds. Where the leader cannot be sure it
    /// asks as ever. Default false: by a round of heartbeats, which trusts no clock. What nodes promise does not depend
    /// on this option, so they may differ in it.
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>
    /// For <see cref="LeaseReads"/>: by how much the monotonic clocks of two nodes may come apart within an <see
    /// cref="ElectionTimeout"/>, below which it must stay. Default 100 ms, a tenth of the default timeout: a thousand
    /// times what quartz does. A virtual machine that is frozen or moved, and whose clock stands still meanwhile, keeps
    /// no bound: leave leases off where that may happen.
    /// </summary>
    public TimeSpan MaxClockDrift
    {
        get;
        init => field = Positive(value);
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a proposal or read may wait for its outcome; a proposal then ends as <see
    /// cref="ProposeOutcome.Unknown"/>. Default 3 s.
    /// </summary>
    public TimeSpan RequestTimeout
    {
        get;
        init => field = Positive(value);
    } = TimeSpan.FromSeconds(3);

    /// <summary>Proposals that may wait for the loop before more are refused as overloaded. Default 65,536.</summary>
    public int MaxWaitingProposals
    {
        get;
        init => field = Positive(value);
    } = 65_536;

    /// <summary>
    /// Bytes of entries (each counts 128 more than its payload) appended and not yet committed, or not yet on the
    /// leader's own disk and applied there, before more are refused as overloaded. A follower whose state machine has
    /// as much left to apply takes no more meanwhile. So this bounds what a node holds in memory beside its cache, to
    /// about twice as much. Default 64 MiB.
    /// </summary>
    public long MaxUncommittedBytes
    {
        get;
        init => field = Positive(value);
    } = 64L << 20;

    /// <summary>
    /// Largest payload of one proposal, in bytes. Default 4 MiB, which is also the most a peer accepts.
    /// </summary>
    public int MaxEntryBytes
    {
        get;
        init => field = Positive(value);
    } = 4 << 20;

    /// <summary>Bytes of a segment of the log on disk. Default 16 MiB.</summary>
    public long SegmentBytes
    {
        get;
        init => field = Positive(value);
    } = 16L << 20;

    /// <summary>
    /// Bytes applied since the last snapshot that make the next one due; bounds the log on disk (about twice this) and
    /// the time of a restart. Default 64 MiB.
    /// </summary>
    public long SnapshotLogBytes
    {
        get;
        init => field = Positive(value);
    } = 64L << 20;

    /// <summary>
    /// The log behind a snapshot that a peer pulls is kept for it, or it would have to pull again, for ever. When the
    /// log has grown to so many bytes on disk it is cut all the same, and the peer begins anew: one whose pulls never
    /// succeed must not fill this disk. Default 1 GiB: a pull has the time in which a busy leader writes that.
    /// </summary>
    public long MaxPinnedLogBytes
    {
        get;
        init => field = Positive(value);
    } = 1L << 30;

    /// <summary>Bytes of the newest entries kept in memory for peers. Default 32 MiB.</summary>
    public long CachedLogBytes
    {
        get;
        init => field = Positive(value);
    } = 32L << 20;

    /// <summary>Where time comes from. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Seeds the waits of elections; nodes should differ. Default: random.</summary>
    public int Seed { get; init; } = System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>What must hold between options; each alone is good by now.</summary>
    internal void ThrowIfContradictory()
    {
        if (LeaseReads && MaxClockDrift >= ElectionTimeout)
        {
            throw new ArgumentException(
                $"MaxClockDrift is {MaxClockDrift.TotalMilliseconds} ms; must be below ElectionTimeout "
                + $"({ElectionTimeout.TotalMilliseconds} ms).");
        }
    }

    private static TimeSpan Positive(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        return value;
    }

    private static int Positive(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
        return value;
    }

    private static long Positive(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
        return value;
    }
}
