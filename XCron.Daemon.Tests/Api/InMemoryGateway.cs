using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>A cluster of one that applies at once, unless the test says how a proposal is to end.</summary>
internal sealed class InMemoryGateway(InMemoryTasks tasks) : ICommandGateway
{
    public List<byte[]> Submitted { get; } = [];

    /// <summary>How every proposal ends, instead of being applied.</summary>
    public ProposeOutcome? Ending { get; set; }

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
        return Ending ?? new ProposeOutcome.Applied(
            new LogIndex(Submitted.Count), new Term(1), tasks.Apply(TaskCommand.Parser.ParseFrom(command.Span)));
    }

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        Barriers++;
        return ValueTask.FromResult(HasBarrier);
    }
}
