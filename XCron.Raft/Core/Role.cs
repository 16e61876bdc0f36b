namespace XCron.Raft.Core;

/// <summary>
/// What a node is in its term. Its state is made with the role and dropped with it, so that there is nothing to reset:
/// votes exist only in a candidate, progress only in a leader.
/// </summary>
internal abstract class Role
{
    private protected Role()
    {
    }

    public abstract RaftRole Kind { get; }

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public abstract long DeadlineMs { get; }

    public abstract void Tick(long nowMs);

    /// <summary>A message of the node's own term.</summary>
    public abstract void Step(Message message, long nowMs);

    public abstract void ReadIndex(long readId, long nowMs);

    /// <summary>A write became durable.</summary>
    public virtual void OnDurable()
    {
    }

    /// <summary>Last chance to say something before effects are handed out: batches form here.</summary>
    public virtual void BeforeDrain(long nowMs)
    {
    }

    /// <summary>The role ends: whoever waits for it gets an answer.</summary>
    public virtual void End()
    {
    }
}
