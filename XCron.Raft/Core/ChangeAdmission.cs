namespace XCron.Raft.Core;

/// <summary>Whether a change of the members was begun: then where, else why not.</summary>
internal readonly record struct ChangeAdmission(bool Accepted, LogIndex Index, Term Term, ChangeRefusal Reason)
{
    public static ChangeAdmission Refused(ChangeRefusal reason) => new(false, default, default, reason);
}
