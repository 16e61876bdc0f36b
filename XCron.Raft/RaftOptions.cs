namespace XCron.Raft;

/// <summary>
/// How patient a node is and how much it holds. All durations are at least 1 ms, of the node's TimeProvider's monotonic
/// clock. A value out of range throws ArgumentOutOfRangeException when it is set; values that contradict each other are
/// refused by <see cref="RaftNode.StartAsync"/> with ArgumentException. Immutable once made.
/// </summary>
public sealed class RaftOptions
{
    private const int LargestEntryBytes = 8 << 20;

    /// <summary>
    /// Shortest silence from a leader before a follower campaigns; each wait is drawn from [this, 2 × this).
    /// Above <see cref="HeartbeatInterval"/>, and better 10 of those, or ordinary jitter starts elections (Raft §5.6).
    /// Default 1 s: longer than a garbage collection or a slow fsync, and a dead leader is replaced after one to two of
    /// it. The same on every node.
    /// </summary>
    public TimeSpan ElectionTimeout
    {
        get;
        init => field = AtLeastOneMs(value);
    } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time between a leader's heartbeats; below <see cref="ElectionTimeout"/>. Default 100 ms: some may be lost before
    /// anybody doubts the leader. The same on every node.
    /// </summary>
    public TimeSpan HeartbeatInterval
    {
        get;
        init => field = AtLeastOneMs(value);
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
        init => field = AtLeastOneMs(value);
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a proposal, a read or a change of the members may wait for its outcome; a proposal or change then ends
    /// as unknown (<see cref="ProposeOutcome.Unknown"/>), a read as false. Default 3 s: a change of leaders is over.
    /// </summary>
    public TimeSpan RequestTimeout
    {
        get;
        init => field = AtLeastOneMs(value);
    } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Proposals that may wait for the loop before more are refused as overloaded; at least 1. Default 65,536: what the
    /// loop appends in about a tenth of a second.
    /// </summary>
    public int MaxWaitingProposals
    {
        get;
        init => field = Positive(value);
    } = 65_536;

    /// <summary>
    /// Bytes of entries (each counts 128 more than its payload) appended and not yet committed, or not yet on the
    /// leader's own disk and applied there, before more are refused as overloaded. A follower whose state machine has
    /// as much left to apply takes no more meanwhile. So this bounds what a node holds in memory beside its cache, to
    /// about twice as much. At least 1; one proposal is always taken when nothing waits. Default 64 MiB.
    /// </summary>
    public long MaxUncommittedBytes
    {
        get;
        init => field = Positive(value);
    } = 64L << 20;

    /// <summary>
    /// Largest payload of one proposal, in bytes; 1 to 8 MiB, half of what a message to a peer may hold. Default 4 MiB.
    /// The same on every node.
    /// </summary>
    public int MaxEntryBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LargestEntryBytes);
            field = Positive(value);
        }
    } = 4 << 20;

    /// <summary>
    /// Bytes of a segment of the log on disk, each a file of full length; a batch that is larger gets one of its own.
    /// Default 16 MiB: a new one every second under full load, and little to keep where there is none.
    /// </summary>
    public long SegmentBytes
    {
        get;
        init => field = Positive(value);
    } = 16L << 20;

    /// <summary>
    /// Bytes applied since the last snapshot that make the next one due; at least 1. Bounds the log on disk, to about
    /// twice this, and the time of a restart. Default 64 MiB: a restart reads it in a second or two.
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

    /// <summary>
    /// Bytes of the newest entries kept in memory for peers that are a little behind; older ones are read from disk.
    /// At least 1; what is not applied or not on disk yet is held beside it. Default 32 MiB: some seconds of full load.
    /// </summary>
    public long CachedLogBytes
    {
        get;
        init => field = Positive(value);
    } = 32L << 20;

    /// <summary>Where time comes from; thread-safe. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Seeds the random waits of elections (Raft §5.2); nodes must differ. Default: random.</summary>
    public int Seed { get; init; } = System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>What must hold between options; each alone is good by now.</summary>
    internal void ThrowIfContradictory()
    {
        if (HeartbeatInterval >= ElectionTimeout)
        {
            throw new ArgumentException(
                $"HeartbeatInterval is {HeartbeatInterval.TotalMilliseconds} ms; must be below ElectionTimeout "
                + $"({ElectionTimeout.TotalMilliseconds} ms).");
        }

        if (LeaseReads && MaxClockDrift >= ElectionTimeout)
        {
            throw new ArgumentException(
                $"MaxClockDrift is {MaxClockDrift.TotalMilliseconds} ms; must be below ElectionTimeout "
                + $"({ElectionTimeout.TotalMilliseconds} ms).");
        }
    }

    private static TimeSpan AtLeastOneMs(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(1));
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
