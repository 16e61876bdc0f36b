using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Grants claims, each by itself: only to the session that owns the task's shard at this point of the log, and only for
/// the record it looked at. The result's code is how many were granted.
/// </summary>
internal static class ClaimHandler
{
    public static ApplyResult Apply(StateTables tables, ClaimRuns command)
    {
        var session = SessionMessage.Read(command.Session);
        var owners = tables.Owners.Current;
        var granted = 0;
        if (!session.IsNone)
            tables.Observers.SessionHeard(session);
        foreach (var claim in command.Claims)
        {
            // Before anything else: an action of a newer version stops this node even where the claim would be refused.
            ClaimRules.RequireKnown(claim);

            var id = new TaskId(claim.TaskId);
            if (session.IsNone || owners.Of(id) != session)
                continue;
            if (tables.Tasks.Find(id) is not { } record || record.Revision != claim.Revision)
                continue;

            if (Grant(tables, record, claim, session, command.NowMs))
                granted++;
            else
                tables.Observers.TaskChanged(id, record);
        }

        return new ApplyResult(granted);
    }

    private static bool Grant(StateTables tables, TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        if (claim.Action == ClaimAction.Sweep)
        {
            if (!ClaimRules.MaySweep(record, nowMs))
                return false;

            tables.Sweep(record);
            return true;
        }

        if (ClaimRules.Grant(record, claim, session, nowMs) is not { } after)
            return false;

        tables.Change(record, after);
        if (ClaimRules.OpensAttempt(claim.Action))
            tables.Observers.AttemptGranted(session, after);
        return true;
    }
}
