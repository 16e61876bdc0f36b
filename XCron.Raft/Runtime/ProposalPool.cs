using System.Collections.Concurrent;

namespace XCron.Raft.Runtime;

/// <summary>Proposals to be used again. Thread-safe; keeps at most a fixed number.</summary>
internal sealed class ProposalPool
{
    private const int Kept = 4096;

    private readonly ConcurrentQueue<Proposal> _idle = new();
    private int _count;

    public Proposal Rent()
    {
        if (!_idle.TryDequeue(out var proposal))
            return new Proposal(this);

        Interlocked.Decrement(ref _count); // pairs with Return
        return proposal;
    }

    public void Return(Proposal proposal)
    {
        if (Interlocked.Increment(ref _count) <= Kept)
            _idle.Enqueue(proposal);
        else
            Interlocked.Decrement(ref _count);
    }
}
