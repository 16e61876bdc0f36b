namespace XCron.Raft.Core;

/// <summary>
/// When a leader whose disk fails it gives its office away. Its heartbeats need no disk and would keep it in office for
/// ever, while everything that it proposes waits for a disk that may be dead. Belongs to one leadership.
/// </summary>
internal sealed class DiskResignation(RaftCore core)
{
    // Proposals are refused while a transfer is under way, so a full disk tries it now and then only.
    private const int RetryTimeouts = 10;

    private DiskHealth _health = DiskHealth.Well;
    private long _sinceMs;
    private long _nextHandOverMs = long.MinValue;

    /// <summary>Nobody could be handed over to for as long as a transfer may take.</summary>
    public bool MustStepDown(long nowMs) => Look(nowMs) == DiskHealth.Stalled && HasLasted(nowMs);

    /// <summary>
    /// Stalled: that already took an election timeout to notice. Low or full: when it has lasted as long.
    /// </summary>
    public bool WantsHandOver(long nowMs) => nowMs >= _nextHandOverMs && Look(nowMs) switch
    {
        DiskHealth.Stalled => true,
        DiskHealth.Low or DiskHealth.Full => HasLasted(nowMs),
        _ => false,
    };

    public void HandOverBegan(long nowMs) =>
        _nextHandOverMs = nowMs + (RetryTimeouts * core.Options.ElectionTimeoutMs);

    private DiskHealth Look(long nowMs)
    {
        // A cluster of one voter has nobody else, and waits for its disk.
        var isAlone = core.Membership.Voters is [var only] && only == core.Self && core.Membership.Outgoing.IsEmpty;
        var health = isAlone ? DiskHealth.Well : core.Disk;
        if (health != _health)
            (_health, _sinceMs) = (health, nowMs);
        return health;
    }

    private bool HasLasted(long nowMs) => nowMs - _sinceMs >= core.Options.ElectionTimeoutMs;
}
