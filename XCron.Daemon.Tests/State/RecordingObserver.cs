using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.State;

internal sealed class RecordingObserver : IStateObserver
{
    public List<(TaskId Id, TaskRecord? Record)> Changes { get; } = [];

    public List<(OwnerSession Session, TaskRecord Record)> Grants { get; } = [];

    public List<long> Epochs { get; } = [];

    public int Replacements { get; private set; }

    public void TaskChanged(TaskId id, TaskRecord? record) => Changes.Add((id, record));

    public void AttemptGranted(OwnerSession session, TaskRecord record) => Grants.Add((session, record));

    public void OwnersChanged(long epoch) => Epochs.Add(epoch);

    public void StateReplaced() => Replacements++;
}
