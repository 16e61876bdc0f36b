namespace XCron.Daemon.Peers;

/// <summary>
/// Tokens that are cancelled when the request timeout is over. Requests that arrive within one sixteenth of the timeout
/// share a token, so that a deadline costs a request neither a timer nor an allocation; it comes up to that much late.
/// Thread-safe.
/// </summary>
internal sealed class RequestDeadlines : IDisposable
{
    private const int SlicesInTimeout = 16;

    private readonly TimeSpan _timeout;
    private readonly TimeSpan _slice;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _gate = new();

    // A ring with room for every slice that may still be running; one that comes round again is past its time.
    private readonly CancellationTokenSource?[] _sources = new CancellationTokenSource?[SlicesInTimeout + 2];
    private int _at;
    private bool _disposed;

    // Written under the gate as one reference, read without: a reader gets this slice or the one before.
    private volatile Slice? _current;

    public RequestDeadlines(TimeSpan timeout, TimeProvider timeProvider)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        _timeout = timeout;
        _slice = timeout / SlicesInTimeout;
        _timeProvider = timeProvider;
    }

    /// <summary>A token that is cancelled between one timeout and one and a sixteenth from now.</summary>
    public CancellationToken Next()
    {
        var now = _timeProvider.GetTimestamp();
        return _current is { } current && IsRunning(current, now) ? current.Token : Begin(now);
    }

    /// <summary>Whoever still waits is cancelled now.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;

            _disposed = true;
            _current = null;
        }

        foreach (var source in _sources)
            End(source);
    }

    private CancellationToken Begin(long now)
    {
        CancellationTokenSource? past;
        CancellationToken token;
        lock (_gate)
        {
            if (_disposed)
                return new CancellationToken(canceled: true);
            if (_current is { } current && IsRunning(current, now))
                return current.Token;

            _at = (_at + 1) % _sources.Length;
            past = _sources[_at];
            var source = new CancellationTokenSource(_timeout + _slice, _timeProvider);
            _sources[_at] = source;
            token = source.Token;
            _current = new Slice(now, token);
        }

        End(past);
        return token;
    }

    /// <summary>Cancelled first: on a starved machine its timer may be later than its time.</summary>
    private static void End(CancellationTokenSource? source)
    {
        source?.Cancel();
        source?.Dispose();
    }

    private bool IsRunning(Slice slice, long now) => _timeProvider.GetElapsedTime(slice.Start, now) < _slice;

    private sealed record Slice(long Start, CancellationToken Token);
}
