namespace XCron.Raft;

/// <summary>
/// What the log is replayed into. The node calls all of it from one thread at a time, in log order, each index exactly
/// once in a process's life. An exception from here stops the node: a replica that skipped a command is no replica.
/// </summary>
public interface IStateMachine
{
    /// <summary>
    /// Applies committed commands in order. Must be deterministic: no clock, no random, no environment, nothing that
    /// depends on where a batch ends. A bad command gets an answer, not an exception: that would stop every node.
    /// </summary>
    /// <param name="batch">
    /// At least one entry, all of <see cref="EntryKind.Command"/>; indexes rise, with gaps. Payloads may be kept and
    /// must not be changed; one that is kept may hold up to 1 MiB of its neighbours in memory, so copy what lives long.
    /// </param>
    /// <param name="results">One place for each entry, to be filled.</param>
    void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results);

    /// <summary>
    /// Freezes the state as it is after the last command applied. Must be cheap: it holds up applying. The view is
    /// written out on another thread while applying goes on, and disposed afterwards.
    /// </summary>
    ISnapshotView Capture();

    /// <summary>
    /// Replaces the whole state by a snapshot's, whatever it was. After it threw for damage it may be called again,
    /// with an older snapshot.
    /// </summary>
    /// <param name="snapshot">
    /// What a view wrote; ends where it ended. Damage is reported by an exception on reading.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the node stops.</param>
    ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken);
}

/// <summary>A frozen state, on its way to disk.</summary>
public interface ISnapshotView : IDisposable
{
    /// <summary>Writes the state; equal states write equal bytes. Called once, on a thread of the node's.</summary>
    /// <param name="destination">Where to; not seekable.</param>
    /// <param name="cancellationToken">Cancelled when the node stops.</param>
    ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken);
}
