using System.Diagnostics;
using Google.Protobuf;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>Outcomes as cluster.proto has them, and back.</summary>
internal static class ForwardedOutcomes
{
    private const int AppliedStatus = 0;
    private const int UnknownStatus = 10;

    public static readonly ProposeOutcome Unknown = new ProposeOutcome.Unknown();

    public static ForwardedOutcome ToWire(long id, ProposeOutcome outcome) => outcome switch
    {
        ProposeOutcome.Applied applied => new()
        {
            Id = id,
            Status = AppliedStatus,
            ResultCode = applied.Result.Code,
            ResultData = UnsafeByteOperations.UnsafeWrap(applied.Result.Data),
            Index = applied.Index.Value,
            Term = applied.Term.Value,
        },
        ProposeOutcome.Rejected rejected => new() { Id = id, Status = (int)rejected.Reason },
        ProposeOutcome.Unknown => new() { Id = id, Status = UnknownStatus },
        _ => throw new UnreachableException("an outcome is one of three"),
    };

    /// <summary>A status of a newer version that this one does not know promises nothing: unknown.</summary>
    public static ProposeOutcome FromWire(ForwardedOutcome outcome, NodeId leader) => outcome.Status switch
    {
        AppliedStatus => new ProposeOutcome.Applied(
            new LogIndex(outcome.Index), new Term(outcome.Term), new(outcome.ResultCode, outcome.ResultData.Memory)),
        >= (int)RejectReason.NotLeader and <= (int)RejectReason.DiskFull =>
            new ProposeOutcome.Rejected((RejectReason)outcome.Status, leader),
        _ => Unknown,
    };
}
