using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>The state machine of a process, with somebody who looks on as each command is applied.</summary>
internal sealed class WatchedState(SchedulerState state, LogWitness witness) : IStateMachine
{
    public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            var before = witness.Before(batch[i], state);
            state.Apply(batch.Slice(i, 1), results.Slice(i, 1));
            if (before is not null)
                witness.After(before, results[i], state);
        }
    }

    public ISnapshotView Capture() => state.Capture();

    public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken) =>
        state.RestoreAsync(snapshot, cancellationToken);
}
