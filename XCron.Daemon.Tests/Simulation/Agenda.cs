using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>What the world outside the processes does, in true time and in order.</summary>
internal sealed class Agenda(VirtualTime time)
{
    private readonly PriorityQueue<Action, (long DueMs, long Order)> _actions = new();
    private long _order;

    public long NextDueMs => _actions.TryPeek(out _, out var when) ? when.DueMs : long.MaxValue;

    public void After(long ms, Action action) => _actions.Enqueue(action, (time.NowMs + ms, _order++));

    public bool DoDue()
    {
        var did = false;
        while (_actions.TryPeek(out _, out var when) && when.DueMs <= time.NowMs)
        {
            _actions.Dequeue()();
            did = true;
        }

        return did;
    }
}
