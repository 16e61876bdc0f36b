namespace XCron.Raft.Core;

/// <summary>Whether a proposal was appended: then where, else why not.</summary>
internal readonly record struct ProposeAdmission(bool Accepted, LogIndex Index, Term Term, RejectReason Reason)
{
    public static ProposeAdmission Refused(RejectReason reason) => new(false, default, default, reason);
}
