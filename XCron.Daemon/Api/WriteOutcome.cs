using System.Diagnostics;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>Says of a proposal that was not applied why not, in the contract's codes.</summary>
internal static class WriteOutcome
{
    private static readonly ApiError NoLeader = new(
        ApiCode.NoLeader, "no leader within request_timeout; nothing was written, try again");

    private static readonly ApiError Stopping = new(
        ApiCode.NoLeader, "the node is stopping; nothing was written, try again");

    private static readonly ApiError Unknown = new(
        ApiCode.NoLeader,
        "not acknowledged by a majority within request_timeout; the outcome is unknown: it may have been written, or " +
        "may yet be. Look before trying again, or try again under the same name");

    private static readonly ApiError Overloaded = new(
        ApiCode.Overloaded, "too much is waiting to be written; nothing was written, try again");

    private static readonly ApiError DiskFull = new(
        ApiCode.DiskFull, "the disk is full; nothing was written");

    private static readonly ApiError TooLarge = new(
        ApiCode.TooLarge, "larger than the largest entry of the log; nothing was written");

    /// <summary>The refusal of a write that had to look at the state first, and could not.</summary>
    public static ApiError OfBarrier { get; } = new(
        ApiCode.NoLeader, "no leader or no majority within request_timeout; nothing was written, try again");

    /// <summary>The refusal, or null where the command was applied.</summary>
    public static ApiError? Of(ProposeOutcome outcome) => outcome switch
    {
        ProposeOutcome.Applied => null,
        ProposeOutcome.Rejected rejected => Of(rejected.Reason),
        ProposeOutcome.Unknown => Unknown,
        _ => throw new UnreachableException($"No outcome: {outcome}."),
    };

    private static ApiError Of(RejectReason reason) => reason switch
    {
        RejectReason.NotLeader => NoLeader,
        RejectReason.Stopping => Stopping,
        RejectReason.Overloaded => Overloaded,
        RejectReason.TooLarge => TooLarge,
        RejectReason.DiskFull => DiskFull,
        _ => throw new UnreachableException($"No reason: {reason}."),
    };
}
