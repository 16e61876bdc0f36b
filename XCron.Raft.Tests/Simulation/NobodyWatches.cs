using XCron.Raft.Core;

namespace XCron.Raft.Tests.Simulation;

/// <summary>For tests that turn simulated nodes by hand and look for themselves.</summary>
internal sealed class NobodyWatches : INodeWatch, IMessageWatch
{
    public void Applied(SimulatedNode node, LogIndex index, ulong hash)
    {
    }

    public void ReadsFromDisk(SimulatedNode node)
    {
    }

    public void Died(SimulatedNode node, IOException? failure)
    {
    }

    public void Sent(SimulatedNode from, Message message)
    {
    }

    public void Arrives(SimulatedNode at, Message message)
    {
    }

    public void Fetches(SimulatedNode node, long offset)
    {
    }
}
