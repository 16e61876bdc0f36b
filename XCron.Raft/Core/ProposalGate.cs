namespace XCron.Raft.Core;

/// <summary>Which commands a leader takes in.</summary>
internal sealed class ProposalGate(RaftCore core, PeerSet peers)
{
    /// <returns>Why not; null: it is taken.</returns>
    public RejectReason? Refusal(int payloadBytes, ProposalUrgency urgency)
    {
        if (core.Disk == DiskHealth.Full || (HasLittleSpace() && !MayCommit(urgency)))
            return RejectReason.DiskFull;

        var waiting = core.Log.UnsettledBytes;
        return waiting > 0 && waiting + payloadBytes > core.Options.MaxUncommittedBytes
            ? RejectReason.Overloaded
            : null;
    }

    private bool HasLittleSpace() => core.Disk == DiskHealth.Low || peers.HaveLittleSpace;

    /// <summary>
    /// Not only the leader's disk counts: where those of a majority are low, an ordinary command would use up what they
    /// keep for urgent ones.
    /// </summary>
    private bool MayCommit(ProposalUrgency urgency)
    {
        if (core.Disk == DiskHealth.Low && urgency == ProposalUrgency.Ordinary)
            return false;

        return Quorum.IsMajority(core.Membership, id => HealthOf(id) switch
        {
            DiskHealth.Full => false,
            DiskHealth.Low => urgency == ProposalUrgency.Urgent,
            _ => true,
        });
    }

    private DiskHealth HealthOf(NodeId id)
    {
        if (id == core.Self)
            return core.Disk;
        return peers.TryGet(id, out var peer) ? peer.Disk : DiskHealth.Well;
    }
}
