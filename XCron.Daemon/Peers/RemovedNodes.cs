using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// The nodes that this leader has removed last: what one of them had asked before it knew, or asks because it never
/// learned that it had been taken in, does not bring it back. Thread-safe. Bounded; a leader that follows knows nothing
/// of it, and whoever was a member for long enough to note it does not ask.
/// </summary>
internal sealed class RemovedNodes
{
    private const int Most = 64;

    private readonly Lock _gate = new();
    private readonly List<NodeId> _ids = [];

    public void Add(NodeId id)
    {
        lock (_gate)
        {
            _ids.Remove(id);
            _ids.Add(id);
            if (_ids.Count > Most)
                _ids.RemoveAt(0);
        }
    }

    /// <summary>It was not removed after all, or its operator wants it back.</summary>
    public void Forget(NodeId id)
    {
        lock (_gate)
            _ids.Remove(id);
    }

    public bool Contains(NodeId id)
    {
        lock (_gate)
            return _ids.Contains(id);
    }
}
