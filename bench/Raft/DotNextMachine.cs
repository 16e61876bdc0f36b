using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace bench.Raft;

/// <summary>A state machine of DotNext's that does nothing with what is applied.</summary>
internal sealed class DotNextMachine(DirectoryInfo location) : SimpleStateMachine(location)
{
    protected override ValueTask RestoreAsync(FileInfo snapshotFile, CancellationToken token) =>
        ValueTask.CompletedTask;

    protected override ValueTask PersistAsync(IAsyncBinaryWriter writer, CancellationToken token) =>
        ValueTask.CompletedTask;

    protected override ValueTask<bool> ApplyAsync(LogEntry entry, CancellationToken token) => new(false);
}
