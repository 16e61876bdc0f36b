using System.Threading.Tasks.Sources;

namespace XCron.Raft.Runtime;

/// <summary>
/// A proposal on its way through the node and the awaitable of its outcome, in one pooled object. It goes back to the
/// pool when its outcome is read, so the ValueTask must be awaited exactly once.
/// </summary>
internal sealed class Proposal : NodeInput, IValueTaskSource<ProposeOutcome>
{
    private readonly ProposalPool _pool;
    private ManualResetValueTaskSourceCore<ProposeOutcome> _completion;

    internal Proposal(ProposalPool pool)
    {
        _pool = pool;
        _completion.RunContinuationsAsynchronously = true;
    }

    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>When it was made, in ms of the node's monotonic clock.</summary>
    public long StartMs { get; private set; }

    public ProposalUrgency Urgency { get; private set; }

    // Valid once the core has taken the proposal.
    public LogIndex Index { get; set; }

    public Term Term { get; set; }

    public ValueTask<ProposeOutcome> Outcome => new(this, _completion.Version);

    public void Begin(ReadOnlyMemory<byte> payload, long nowMs, ProposalUrgency urgency = default)
    {
        Payload = payload;
        Urgency = urgency;
        StartMs = nowMs;
    }

    /// <summary>Called exactly once for each proposal.</summary>
    public void Complete(ProposeOutcome outcome) => _completion.SetResult(outcome);

    ProposeOutcome IValueTaskSource<ProposeOutcome>.GetResult(short token)
    {
        var outcome = _completion.GetResult(token);
        Payload = default;
        _completion.Reset();
        _pool.Return(this);
        return outcome;
    }

    ValueTaskSourceStatus IValueTaskSource<ProposeOutcome>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<ProposeOutcome>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
