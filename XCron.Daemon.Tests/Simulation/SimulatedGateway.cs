using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The entrance for commands, as CommandGateway is one: into the local log where this node leads, else to the leader
/// over the simulated network. What certainly was not taken is tried again until the request timeout; what was sent and
/// not answered by then is in doubt.
/// </summary>
internal sealed class SimulatedGateway(
    SchedulerProcess process, SimulatedWires wires, SimulatedTimeouts timeouts, TimeProvider clock)
    : ICommandGateway
{
    private static readonly ProposeOutcome InDoubt = new ProposeOutcome.Unknown();

    private readonly List<(NodeId Leader, TaskCompletionSource<ProposeOutcome> Answered)> _sent = [];
    private readonly HashSet<NodeId> _ended = [];

    public async ValueTask<ProposeOutcome> SubmitAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began) < timeouts.Request && !cancellationToken.IsCancellationRequested)
        {
            if (await TryOnceAsync(command) is { } outcome)
                return outcome;
            await Task.Delay(timeouts.Retry, clock, CancellationToken.None);
        }

        return new ProposeOutcome.Rejected(RejectReason.NotLeader, process.Raft.Leader);
    }

    public async ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began) < timeouts.Request && !cancellationToken.IsCancellationRequested)
        {
            if (await process.Raft.ReadBarrierAsync(cancellationToken))
                return true;
            await Task.Delay(timeouts.Retry, clock, CancellationToken.None);
        }

        return false;
    }

    /// <summary>
    /// The stream to a node whose process is gone has ended: what was sent over it is in doubt, and nothing more is
    /// before there is a process to connect to.
    /// </summary>
    public void Broke(NodeId leader)
    {
        _ended.Add(leader);
        foreach (var (_, answered) in _sent.FindAll(sent => sent.Leader == leader))
            answered.TrySetResult(InDoubt);
    }

    /// <summary>Null where it was certainly not taken.</summary>
    private async ValueTask<ProposeOutcome?> TryOnceAsync(ReadOnlyMemory<byte> command)
    {
        var leader = process.Raft.Leader;
        if (!process.Raft.IsLeader && (leader == NodeId.None || leader == process.Raft.Self))
            return null;
        if (_ended.Contains(leader) && !wires.HasProcess(leader))
            return null;

        _ended.Remove(leader);
        var outcome = process.Raft.IsLeader
            ? await process.Raft.ProposeAsync(command, CancellationToken.None)
            : await ForwardAsync(leader, command);
        return outcome is ProposeOutcome.Rejected { Reason: RejectReason.NotLeader or RejectReason.Stopping }
            ? null
            : outcome;
    }

    private async Task<ProposeOutcome> ForwardAsync(NodeId leader, ReadOnlyMemory<byte> command)
    {
        // Completes in this process's context, since that is where it is awaited.
        var answered = new TaskCompletionSource<ProposeOutcome>();
        using var timer = clock.CreateTimer(
            _ => answered.TrySetResult(InDoubt), null, timeouts.Request, Timeout.InfiniteTimeSpan);
        var sent = (leader, answered);
        _sent.Add(sent);
        wires.Carry(process.Raft.Self, leader, there =>
        {
            _ = ProposeThereAsync(there, command, outcome =>
                wires.Carry(leader, process.Raft.Self, process, _ => answered.TrySetResult(outcome)));
        });
        var outcome = await answered.Task;
        _sent.Remove(sent);
        return outcome;
    }

    private static async Task ProposeThereAsync(
        SchedulerProcess there, ReadOnlyMemory<byte> command, Action<ProposeOutcome> answer) =>
        answer(await there.Raft.ProposeAsync(command, CancellationToken.None));
}
