using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>A node's own state, which follows the log as far and as fast as a test lets it.</summary>
internal sealed class MemoryReplica(MemoryLog log)
{
    private readonly SchedulerState _state = new();
    private int _applied;

    public ITaskReader Tasks => _state;

    public LogIndex Applied => new(_applied);

    public void Observe(IStateObserver observer) => _state.Observe(observer);

    public void Follow(int entries = int.MaxValue)
    {
        var results = new ApplyResult[1];
        for (; entries > 0 && _applied < log.Entries.Count; entries--)
            _state.Apply([log.Entries[_applied++]], results);
    }
}
