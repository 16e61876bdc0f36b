using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Gives shards to sessions, all or nothing. No task is touched: whether an attempt's session is still the owner is
/// asked when it matters (<see cref="TaskRecord.WakeAtMs"/>).
/// </summary>
internal static class AssignHandler
{
    public static ApplyResult Apply(StateTables tables, AssignShards command)
    {
        var current = tables.Owners.Current;
        if (command.ExpectedEpoch != current.Epoch)
            return new ApplyResult(ResultCode.StaleEpoch);

        OwnerSession[] sessions = [.. current.Sessions];
        foreach (var assignment in command.Assignments)
        {
            var session = SessionMessage.Read(assignment.Session);
            foreach (var shard in assignment.Shards)
            {
                if (shard is < 0 or >= ShardId.Count)
                    return new ApplyResult(ResultCode.NoSuchShard);

                sessions[shard] = session.IsNone ? OwnerSession.None : session;
            }
        }

        var ending = command.Ending.Select(SessionMessage.Read)
            .Where(session => !session.IsNone && !sessions.Contains(session)).Distinct();
        tables.Owners.Set(new Ownership(current.Epoch + 1, [.. sessions], [.. ending]));
        tables.Observers.OwnersChanged(current.Epoch + 1);
        return new ApplyResult(ResultCode.Ok);
    }
}
