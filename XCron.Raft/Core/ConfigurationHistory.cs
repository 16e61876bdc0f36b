namespace XCron.Raft.Core;

/// <summary>
/// The configurations of the log, newest last. The newest is in force from its append on, and leaves with a truncation
/// (Raft §6); older ones are kept as far as a truncation could reach.
/// </summary>
internal sealed class ConfigurationHistory
{
    // Invariant: indexes rise; never empty.
    private readonly List<(LogIndex Index, Membership Membership)> _configurations = [];

    public ConfigurationHistory(RecoveredState recovered)
    {
        if (recovered.Told is { } told)
            _configurations.Add((LogIndex.Zero, told));
        if (recovered.Snapshot is { } snapshot)
            _configurations.Add((snapshot.MembershipIndex, snapshot.Membership));
        foreach (var entry in recovered.Entries)
            Appended(entry);
        Invariant.Require(_configurations.Count > 0, "a log begins with a configuration or a snapshot");
    }

    public Membership Current => _configurations[^1].Membership;

    public LogIndex CurrentIndex => _configurations[^1].Index;

    /// <summary>
    /// Whether a node votes in the configuration in force or, while that is not committed, in one that it may yet fall
    /// back to.
    /// </summary>
    public bool MayBeNeeded(NodeId id) => _configurations.Exists(entry => entry.Membership.IsVoter(id));

    /// <returns>Whether another configuration is in force now.</returns>
    public bool Appended(LogEntry entry)
    {
        if (entry.Kind != EntryKind.Configuration)
            return false;

        _configurations.Add((entry.Index, Membership.Decode(entry.Payload.Span)));
        return true;
    }

    /// <returns>Whether another configuration is in force now.</returns>
    public bool TruncatedFrom(LogIndex index)
    {
        var before = _configurations.Count;
        while (_configurations.Count > 1 && _configurations[^1].Index >= index)
            _configurations.RemoveAt(_configurations.Count - 1);
        return _configurations.Count != before;
    }

    /// <summary>What is committed is never truncated: older configurations cannot come back.</summary>
    public void Committed(LogIndex index)
    {
        while (_configurations.Count > 1 && _configurations[1].Index <= index)
            _configurations.RemoveAt(0);
    }

    public void Reset(SnapshotMark mark)
    {
        _configurations.Clear();
        _configurations.Add((mark.MembershipIndex, mark.Membership));
    }
}
