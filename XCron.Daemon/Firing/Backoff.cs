namespace XCron.Daemon.Firing;

/// <summary>
/// Waits between tries of one loop: 50 ms, doubling to 500 ms, each ±20 %, so that nodes do not try in step.
/// </summary>
internal sealed class Backoff(Random random)
{
    private const double FirstMs = 50;
    private const double LongestMs = 500;
    private double _nextMs = FirstMs;

    public void Reset() => _nextMs = FirstMs;

    public TimeSpan Next()
    {
        var waitMs = _nextMs * (0.8 + (0.4 * random.NextDouble()));
        _nextMs = Math.Min(_nextMs * 2, LongestMs);
        return TimeSpan.FromMilliseconds(waitMs);
    }
}
