using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// Hears, on the applier's thread and in log order, what applying changed. Must return at once: it queues for others.
/// While the log is replayed at start nobody observes; whoever starts to observe reads the state once it is observing.
/// </summary>
internal interface IStateObserver
{
    /// <summary>
    /// The task's record changed or, where <paramref name="record"/> is null, is gone. Also told, with the same
    /// revision as before, when the owner's claim was refused although nothing had changed (its clock was set back,
    /// say): whoever took the task off its wheel to claim it arms it again.
    /// </summary>
    void TaskChanged(TaskId id, TaskRecord? record);

    /// <summary>
    /// An attempt was granted to this session and is to be made now: that of the record's <see cref="TaskRecord.Run"/>.
    /// Follows TaskChanged for the same record.
    /// </summary>
    void AttemptGranted(OwnerSession session, TaskRecord record);

    /// <summary>
    /// A command of claims by this session was applied, whatever was granted of it: so the session was alive when it
    /// proposed that. Told once a command, before what it grants.
    /// </summary>
    void SessionHeard(OwnerSession session)
    {
    }

    /// <summary>The table of owners changed to this epoch.</summary>
    void OwnersChanged(long epoch);

    /// <summary>The whole state will be replaced at once: no reader has seen the new one yet.</summary>
    void StateReplacing()
    {
    }

    /// <summary>The whole state was replaced by a snapshot's.</summary>
    void StateReplaced();
}
