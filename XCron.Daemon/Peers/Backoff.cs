namespace XCron.Daemon.Peers;

/// <summary>
/// Waits that double from the least to the most, each shortened by up to half at random, so that nodes that failed
/// together do not come back together. Not thread-safe.
/// </summary>
internal sealed class Backoff
{
    private readonly TimeSpan _least;
    private readonly TimeSpan _most;
    private readonly Random _random;
    private TimeSpan _next;

    public Backoff(TimeSpan least, TimeSpan most, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(least, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least);
        _least = least;
        _most = most;
        _random = random;
        _next = least;
    }

    public TimeSpan Next()
    {
        var wait = _next * (1 - (_random.NextDouble() / 2));
        _next = _next * 2 < _most ? _next * 2 : _most;
        return wait;
    }

    /// <summary>It worked: the next failure starts from the least again.</summary>
    public void Reset() => _next = _least;
}
