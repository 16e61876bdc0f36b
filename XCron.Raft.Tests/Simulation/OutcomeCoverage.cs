namespace XCron.Raft.Tests.Simulation;

/// <summary>Rare events that show in how proposals end: refusals for a while, and service after them.</summary>
internal sealed class OutcomeCoverage(Coverage coverage)
{
    private readonly HashSet<NodeId> _overloaded = [];
    private readonly HashSet<NodeId> _full = [];

    public void Ended(SimulatedNode node, ProposeOutcome outcome)
    {
        switch (outcome)
        {
            case ProposeOutcome.Rejected { Reason: RejectReason.Overloaded }:
                _overloaded.Add(node.Id);
                break;
            case ProposeOutcome.Rejected { Reason: RejectReason.DiskFull }:
                _full.Add(node.Id);
                break;
            case ProposeOutcome.Applied:
                if (_overloaded.Remove(node.Id))
                    coverage.Reached(RareEvent.OverloadedThenServed);
                if (_full.Remove(node.Id))
                    coverage.Reached(RareEvent.DiskFullThenServed);
                break;
        }
    }
}
