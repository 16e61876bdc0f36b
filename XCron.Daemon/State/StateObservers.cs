using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>Who hears of changes. Added to from any thread; told on the applier's.</summary>
internal sealed class StateObservers
{
    private readonly Lock _adding = new();

    // Volatile: the applier reads the array anew for each event, so that whoever was added before a change hears of it.
    private volatile IStateObserver[] _observers = [];

    public void Add(IStateObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        lock (_adding)
            _observers = [.. _observers, observer];
    }

    public void TaskChanged(TaskId id, TaskRecord? record)
    {
        foreach (var observer in _observers)
            observer.TaskChanged(id, record);
    }

    public void AttemptGranted(OwnerSession session, TaskRecord record)
    {
        foreach (var observer in _observers)
            observer.AttemptGranted(session, record);
    }

    public void SessionHeard(OwnerSession session)
    {
        foreach (var observer in _observers)
            observer.SessionHeard(session);
    }

    public void OwnersChanged(long epoch)
    {
        foreach (var observer in _observers)
            observer.OwnersChanged(epoch);
    }

    public void StateReplacing()
    {
        foreach (var observer in _observers)
            observer.StateReplacing();
    }

    public void StateReplaced()
    {
        foreach (var observer in _observers)
            observer.StateReplaced();
    }
}
