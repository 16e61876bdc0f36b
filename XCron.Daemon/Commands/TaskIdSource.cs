namespace XCron.Daemon.Commands;

/// <summary>
/// Makes task ids: 41 bits of milliseconds since 2020, 14 bits drawn from the session, 8 bits that count within the
/// millisecond. Thread-safe, lock-free.
/// <para>
/// Within a process ids only rise and none comes twice: more than 256 in a millisecond run ahead into the next ones,
/// and after a clock was set back they go on from the last one. Between processes the 14 bits keep ids apart, but for
/// one pair of sessions in 16,384 (a node that starts again is another session: its last life is one more process).
/// That pair is told apart by the state, which holds who chose each id and refuses one that another session has taken
/// (<see cref="ResultCode.IdTaken"/>): the proposer then takes its next id and tries again.
/// </para>
/// </summary>
internal sealed class TaskIdSource
{
    private const int CounterBits = 8;
    private const int SessionBits = 14;
    private const int TimeBits = 41;

    private static readonly DateTimeOffset Origin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TimeProvider _time;
    private readonly long _sessionPart;

    // The last id's milliseconds and counter side by side; other callers of Next raise it too.
    private long _last;

    public TaskIdSource(OwnerSession session, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        if (session.IsNone)
            throw new ArgumentException("There is no session to make ids for.", nameof(session));

        Session = session;
        _time = time;
        _sessionPart = (long)(Mix(session.Node.Value ^ Mix(session.Incarnation)) >> (64 - SessionBits)) << CounterBits;
    }

    /// <summary>Whose ids these are: the proposer of the creates that use them.</summary>
    public OwnerSession Session { get; }

    public TaskId Next()
    {
        var nowMs = Math.Max(0, (long)(_time.GetUtcNow() - Origin).TotalMilliseconds);
        long last, next;
        do
        {
            last = Volatile.Read(ref _last);
            next = Math.Max(last + 1, nowMs << CounterBits);
            if (next >= 1L << (TimeBits + CounterBits))
                throw new InvalidOperationException("Task ids reach to September 2089; this clock is past it.");
        }
        while (Interlocked.CompareExchange(ref _last, next, last) != last);

        var counter = next & ((1L << CounterBits) - 1);
        return new TaskId((next >> CounterBits << (SessionBits + CounterBits)) | _sessionPart | counter);
    }

    /// <summary>Spreads every bit over all (the finalizer of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9UL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebUL;
        return value ^ (value >> 31);
    }
}
