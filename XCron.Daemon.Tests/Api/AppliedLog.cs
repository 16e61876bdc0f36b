using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>A log of one node: what is proposed is applied.</summary>
internal sealed class AppliedLog(SchedulerState state)
{
    private long _lastIndex;

    public ApplyResult Apply(byte[] command)
    {
        var results = new ApplyResult[1];
        state.Apply([new LogEntry(new LogIndex(++_lastIndex), new Term(1), EntryKind.Command, command)], results);
        return results[0];
    }
}
