namespace XCron.Raft.Storage;

/// <summary>
/// Leaves the log half of the disk's and of a processor's time while a snapshot is written: each megabyte is synced
/// when it is there, and then the writer rests for as long as it has worked. One sync at the end instead would take as
/// long as the whole file needs, and every sync of the log would wait behind it. One thread at a time.
/// </summary>
internal sealed class SnapshotPace(TimeProvider time)
{
    private const int RestEveryBytes = 1 << 20;

    // A disk that stalls is no reason to rest as long again.
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(100);

    private long _workingSince = time.GetTimestamp();
    private long _bytesSince;

    /// <summary>To be called after each write; rests where it is time to.</summary>
    /// <exception cref="OperationCanceledException">The snapshot was given up meanwhile.</exception>
    public async ValueTask WroteAsync(IDiskFile file, int bytes, CancellationToken cancellationToken)
    {
        _bytesSince += bytes;
        if (_bytesSince < RestEveryBytes)
            return;

        file.Sync();
        var worked = time.GetElapsedTime(_workingSince);
        await Task.Delay(worked < LongestRest ? worked : LongestRest, time, cancellationToken).ConfigureAwait(false);
        _bytesSince = 0;
        _workingSince = time.GetTimestamp();
    }
}
