namespace XCron.Raft.Core;

/// <summary>What the core wants done and has not handed out yet.</summary>
internal sealed class Outbox
{
    private readonly List<(Message Message, bool AfterWrite)> _sends = [];
    private readonly List<Effect> _others = [];

    /// <summary>
    /// Leaves at once, unless the term or vote is not on disk yet: nobody hears of a term that a crash could take back.
    /// </summary>
    public void Send(Message message) => _sends.Add((message, false));

    /// <summary>
    /// Leaves when everything that this node wanted to write up to this drain is on disk: the one place where the rule
    /// "persist, then speak" (Raft figure 2) stands.
    /// </summary>
    public void SendWhenDurable(Message message) => _sends.Add((message, true));

    public void Add(Effect effect) => _others.Add(effect);

    /// <param name="pendingWrite">The newest write that is not durable yet; 0 where all are.</param>
    /// <param name="pendingHardState">The write of the newest term and vote while it is not durable; else 0.</param>
    /// <param name="into">Where the effects are added.</param>
    public void Drain(long pendingWrite, long pendingHardState, List<Effect> into)
    {
        foreach (var (message, afterWrite) in _sends)
            into.Add(new Effect.Send(message, afterWrite ? pendingWrite : pendingHardState));
        into.AddRange(_others);
        _sends.Clear();
        _others.Clear();
    }
}
