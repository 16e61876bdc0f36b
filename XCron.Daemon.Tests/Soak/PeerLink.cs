namespace XCron.Daemon.Tests.Soak;

/// <summary>What becomes of the bytes that one node sends another. Thread-safe.</summary>
internal sealed class PeerLink
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    // Written by the nemesis, read by the connections: each is whole by itself.
    private volatile bool _isCut;
    private volatile int _delayMs;
    private volatile int _stallPercent;
    private volatile int _stallMs;

    /// <summary>Nothing arrives; what was sent waits, as TCP sends it again and again.</summary>
    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    public void Slow(int delayMs, int stallPercent, int stallMs)
    {
        _delayMs = delayMs;
        _stallPercent = stallPercent;
        _stallMs = stallMs;
    }

    public void Heal()
    {
        _isCut = false;
        Slow(0, 0, 0);
    }

    /// <summary>Returns when what was sent may arrive.</summary>
    public async ValueTask PassAsync(Random random, CancellationToken stop)
    {
        var waitMs = _delayMs + (random.Next(100) < _stallPercent ? _stallMs : 0);
        if (waitMs > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(waitMs), TimeProvider.System, stop);
        while (_isCut)
            await Task.Delay(LookAgain, TimeProvider.System, stop);
    }
}
