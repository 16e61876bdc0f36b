using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>A cluster of one that applies at once, unless the test says how a proposal is to end.</summary>
internal sealed class InMemoryGateway(Func<byte[], ApplyResult> apply) : ICommandGateway
{
    public List<byte[]> Submitted { get; } = [];

    /// <summary>How every proposal ends, instead of being applied.</summary>
    public ProposeOutcome? Ending { get; set; }

    /// <summary>How the proposals after so many end.</summary>
    public (int Count, ProposeOutcome Ending)? EndingAfter { get; set; }

    /// <summary>What every proposal waits for.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public bool HasBarrier { get; set; } = true;

    public int Barriers { get; private set; }

    public async ValueTask<ProposeOutcome> SubmitAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        Submitted.Add(command.ToArray());
        if (Gate is not null)
            await Gate.Task.WaitAsync(cancellationToken);
        if (EndingAfter is { } after && Submitted.Count > after.Count)
            return after.Ending;
        return Ending ?? new ProposeOutcome.Applied(
            new LogIndex(Submitted.Count), new Term(1), apply(Submitted[^1]));
    }

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        Barriers++;
        return ValueTask.FromResult(HasBarrier);
    }
}
