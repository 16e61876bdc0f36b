using System.Diagnostics;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>The answers to a change of the cluster, as they travel.</summary>
internal static class MemberReplies
{
    public static MemberReply Done => new() { Status = MemberReply.Types.Status.Done };

    /// <summary>Nothing was changed; another node, or this one a moment later, may do it.</summary>
    public static MemberReply NotLeader => new() { Status = MemberReply.Types.Status.NotLeader };

    public static MemberReply Refused(string why) =>
        new() { Status = MemberReply.Types.Status.Refused, Message = why };

    /// <summary>A majority has just confirmed the leader that says this.</summary>
    public static MemberReply Vouched(Membership membership, long epoch) => new()
    {
        Status = MemberReply.Types.Status.Done,
        Membership = UnsafeByteOperations.UnsafeWrap(membership.WithEpoch(epoch).Encode()),
    };

    public static MemberReply Of(ChangeOutcome outcome) => outcome switch
    {
        ChangeOutcome.Changed => Done,
        ChangeOutcome.Unknown => new MemberReply { Status = MemberReply.Types.Status.Unknown },
        ChangeOutcome.Refused refused => Of(refused.Reason),
        _ => throw new UnreachableException($"No outcome: {outcome}."),
    };

    /// <summary>Null where it is to be asked again.</summary>
    public static MemberAnswer? Read(MemberReply reply) => reply.Status switch
    {
        MemberReply.Types.Status.Done => new MemberAnswer.Done(),
        MemberReply.Types.Status.NotLeader => null,
        MemberReply.Types.Status.Refused => new MemberAnswer.Refused(reply.Message),
        _ => new MemberAnswer.Unknown(), // also what a newer version may say
    };

    private static MemberReply Of(ChangeRefusal reason) => reason switch
    {
        ChangeRefusal.Unchanged => Done,
        ChangeRefusal.NoVoters => Refused("nobody would be left to vote"),
        ChangeRefusal.NotCaughtUp => Refused("it has not caught up yet"),
        ChangeRefusal.UnknownMember => Refused("it is no member"),
        ChangeRefusal.TooManyMembers => Refused("the cluster has as many members as it can"),
        ChangeRefusal.DiskFull => Refused("the leader's disk is full"),
        ChangeRefusal.NotLeader or ChangeRefusal.NotReady or ChangeRefusal.InProgress or
            ChangeRefusal.WrongConfiguration or ChangeRefusal.Transferring or ChangeRefusal.Stopping => NotLeader,
        _ => throw new UnreachableException($"No reason: {reason}."),
    };
}
