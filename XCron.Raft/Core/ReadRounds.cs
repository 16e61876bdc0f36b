namespace XCron.Raft.Core;

/// <summary>
/// A leader's linearizable reads (thesis §6.4). A read joins only a round of heartbeats that starts after it arrived;
/// a round is confirmed when a majority answered it or a later one. Rounds are numbered, so a late or doubled answer to
/// an old one confirms nothing.
/// </summary>
internal sealed class ReadRounds(int maxWaiting)
{
    private readonly List<Read> _waiting = [];
    private readonly List<Read> _asked = [];

    /// <summary>The newest round; every heartbeat carries it.</summary>
    public long Round { get; private set; }

    public bool IsAsking => _asked.Count > 0;

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>The commit index when the round began: every write acknowledged before is at or below it.</summary>
    public LogIndex Index { get; private set; }

    public bool TryAdd(Read read)
    {
        if (_waiting.Count >= maxWaiting)
            return false;

        _waiting.Add(read);
        return true;
    }

    public void Begin(LogIndex commit)
    {
        Round++;
        Index = commit;
        _asked.AddRange(_waiting);
        _waiting.Clear();
    }

    /// <summary>The reads of the confirmed round.</summary>
    public IReadOnlyList<Read> Confirm()
    {
        var confirmed = _asked.ToArray();
        _asked.Clear();
        return confirmed;
    }

    /// <summary>All reads that will get no index from this leader.</summary>
    public IEnumerable<Read> All => _asked.Concat(_waiting);

    /// <param name="From">Who asks; <see cref="NodeId.None"/> for this node itself.</param>
    /// <param name="Id">The asker's number.</param>
    internal readonly record struct Read(NodeId From, long Id);
}
