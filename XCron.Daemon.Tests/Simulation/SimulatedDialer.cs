using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Calls from one process to others over the simulated network: what is lost is not answered, until the caller has
/// waited long enough. Commands and reports go by links of the simulation's own.
/// </summary>
internal sealed class SimulatedDialer(NodeId self, SimulationWorld world) : IPeerDialer
{
    public IPeerStream<ForwardRequest, ForwardReply> OpenForward(string address) =>
        throw new NotSupportedException("Commands go by SimulatedGateway.");

    public IPeerStream<NodeReport, ReportAck> OpenReport(string address) =>
        throw new NotSupportedException("Reports go by SimulatedWires.");

    public Task<IdentifyReply> IdentifyAsync(
        string address, IdentifyRequest request, CancellationToken cancellationToken) =>
        CallAsync(address, static there => Task.FromResult(there.Members.Identify()), cancellationToken);

    public Task<MemberReply> ChangeMembersAsync(
        string address, MemberRequest request, CancellationToken cancellationToken) =>
        CallAsync(address, there => there.Members.AnswerAsync(request), cancellationToken);

    public Task<CatchUpReply> CatchUpAsync(
        string address, CatchUpRequest request, CancellationToken cancellationToken) =>
        CallAsync(address, static there => there.Members.CatchUpAsync(), cancellationToken);

    private async Task<T> CallAsync<T>(
        string address, Func<SchedulerProcess, Task<T>> answer, CancellationToken cancellationToken)
    {
        if (world.MachineAt(address) is not { } machine)
            throw Unreachable(address);

        // Completes in the caller's context, since that is where it is awaited.
        var answered = new TaskCompletionSource<T>();
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<T>)state!).TrySetCanceled(token), answered);
        world.Network.TryCarry(self, machine.Id, () =>
        {
            if (machine.Process is { } there)
                there.Context.Post(static state => ((Action)state!)(), (Action)(() => _ = AnswerAsync(there)));
            else
                world.Network.TryCarry(machine.Id, self, () => answered.TrySetException(Unreachable(address)));
        });
        return await answered.Task;

        async Task AnswerAsync(SchedulerProcess there)
        {
            try
            {
                var reply = await answer(there);
                world.Network.TryCarry(machine.Id, self, () => answered.TrySetResult(reply));
            }
            catch (PeerCallException failure)
            {
                world.Network.TryCarry(machine.Id, self, () => answered.TrySetException(failure));
            }
        }
    }

    private static PeerCallException Unreachable(string address) => new($"{address}: nobody listens", refused: false);
}
