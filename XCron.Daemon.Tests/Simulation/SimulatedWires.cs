using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The daemons' own streams over the simulated network: nothing comes twice, and what arrives at a process waits there
/// until that is turned.
/// </summary>
internal sealed class SimulatedWires(DaemonNetwork network, Func<NodeId, SchedulerProcess?> processOf)
{
    /// <summary>Whether there is somebody to connect to.</summary>
    public bool HasProcess(NodeId node) => processOf(node) is not null;

    /// <summary>To whatever process the node has when it arrives.</summary>
    public void Carry(NodeId from, NodeId to, Action<SchedulerProcess> deliver) => Carry(from, to, null, deliver);

    /// <summary>To one process only: what is meant for it does not reach its successor.</summary>
    public void Carry(NodeId from, NodeId to, SchedulerProcess? only, Action<SchedulerProcess> deliver)
    {
        network.TryCarry(from, to, () =>
        {
            if (processOf(to) is not { } there || (only is not null && only != there))
                return;

            there.Context.Post(static state => ((Delivery)state!).Take(), new Delivery(there, deliver));
        });
    }

    private sealed record Delivery(SchedulerProcess There, Action<SchedulerProcess> Deliver)
    {
        public void Take() => Deliver(There);
    }
}
