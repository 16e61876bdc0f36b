using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>Passes commands to the log; a test says what goes wrong on the way.</summary>
internal sealed class MemoryGateway(MemoryLog log) : ICommandGateway
{
    private static readonly ProposeOutcome Rejected =
        new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None);

    private readonly Queue<byte[]> _late = new();

    public Func<Fault> NextFault { get; set; } = static () => Fault.None;

    public Func<bool> Barrier { get; set; } = static () => true;

    public int Submitted { get; private set; }

    public int Barriers { get; private set; }

    public ValueTask<ProposeOutcome> SubmitAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        Submitted++;
        switch (NextFault())
        {
            case Fault.None:
                return ValueTask.FromResult<ProposeOutcome>(log.Apply(command));
            case Fault.Rejected:
                return ValueTask.FromResult(Rejected);
            case Fault.UnknownAndLost:
                return ValueTask.FromResult<ProposeOutcome>(new ProposeOutcome.Unknown());
            case Fault.UnknownAndApplied:
                log.Apply(command);
                return ValueTask.FromResult<ProposeOutcome>(new ProposeOutcome.Unknown());
            default:
                _late.Enqueue(command.ToArray());
                return ValueTask.FromResult<ProposeOutcome>(new ProposeOutcome.Unknown());
        }
    }

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        Barriers++;
        return ValueTask.FromResult(Barrier());
    }

    /// <summary>Commands whose outcome was unknown for long are applied after all.</summary>
    public void ApplyLate()
    {
        while (_late.TryDequeue(out var command))
            log.Apply(command);
    }

    internal enum Fault
    {
        None,
        Rejected,
        UnknownAndLost,
        UnknownAndApplied,
        UnknownAndAppliedLate,
    }
}
