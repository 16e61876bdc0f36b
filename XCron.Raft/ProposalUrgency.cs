namespace XCron.Raft;

/// <summary>What of the disk a proposal may use.</summary>
public enum ProposalUrgency : byte
{
    /// <summary>Refused as <see cref="RejectReason.DiskFull"/> while disk space is low.</summary>
    Ordinary = 0,

    /// <summary>
    /// Taken also while disk space is low, into what is left of the segment that was made ahead: for what must go on
    /// although nothing new is taken in, such as the results of work that was accepted before. At most <see
    /// cref="RaftOptions.SegmentBytes"/>, and for ever only if the application writes nothing else.
    /// </summary>
    Urgent = 1,
}
