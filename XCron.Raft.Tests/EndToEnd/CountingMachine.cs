namespace XCron.Raft.Tests.EndToEnd;

/// <summary>Counts commands.</summary>
internal sealed class CountingMachine : IStateMachine, ISnapshotView
{
    private long _count;

    /// <summary>Written by the applier's thread, read by the test's.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results) =>
        Interlocked.Add(ref _count, batch.Length);

    public ISnapshotView Capture() => this;

    public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void Dispose()
    {
    }
}
