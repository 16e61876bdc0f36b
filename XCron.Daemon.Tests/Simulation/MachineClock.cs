using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The clocks of one machine in true time: a monotonic one that may run a little fast or slow, and a wall clock that
/// goes by it and can be set.
/// </summary>
internal sealed class MachineClock(VirtualTime time)
{
    private readonly long _startWallMs = time.GetUtcNow().ToUnixTimeMilliseconds() - time.NowMs;
    private double _rate = 1;
    private long _baseTrueMs;
    private double _baseMs;
    private long _offsetMs;

    public long MonotonicMs => (long)(_baseMs + ((time.NowMs - _baseTrueMs) * _rate));

    public long WallMs => _startWallMs + MonotonicMs + _offsetMs;

    public long TrueWallMs => _startWallMs + time.NowMs;

    /// <summary>By how much the wall clock is ahead of the truth.</summary>
    public long AheadMs => WallMs - TrueWallMs;

    /// <summary>In true time, when the monotonic clock will show this at the earliest.</summary>
    public long TrueMsOf(long monotonicMs) =>
        _baseTrueMs + (long)Math.Ceiling((monotonicMs - _baseMs) / _rate);

    /// <summary>Somebody sets the wall clock.</summary>
    public void Set(long aheadMs) => _offsetMs += aheadMs - AheadMs;

    /// <summary>From now on it runs so much faster than the truth: 0.01 is one in a hundred.</summary>
    public void Drift(double share)
    {
        (_baseMs, _baseTrueMs) = (_baseMs + ((time.NowMs - _baseTrueMs) * _rate), time.NowMs);
        _rate = 1 + share;
    }
}
