using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Peers;

/// <summary>Enters what the log shows of sessions: one that claims is alive, though its reports may stay out.</summary>
internal sealed class SessionWitness(MemberDirectory members) : IStateObserver
{
    public void SessionHeard(OwnerSession session) => members.Claimed(session);

    public void TaskChanged(TaskId id, TaskRecord? record)
    {
        // Says nothing of sessions, and neither do the others.
    }

    public void AttemptGranted(OwnerSession session, TaskRecord record)
    {
    }

    public void OwnersChanged(long epoch)
    {
    }

    public void StateReplaced()
    {
    }
}
