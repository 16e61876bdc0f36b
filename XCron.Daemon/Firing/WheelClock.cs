namespace XCron.Daemon.Firing;

/// <summary>
/// The wheel's time: runs with the wall clock but never backwards. When the wall clock is set back, the wheel's time
/// goes on from where it is, so that nothing freezes; entries armed before that come up early, and are armed again
/// by whoever looks at the wall clock before firing.
/// </summary>
internal sealed class WheelClock(long wallMs)
{
    private long _wheelMs = wallMs;

    // Invariant: never shrinks; the sum of all steps that the wall clock was set back by.
    private long _offsetMs;

    /// <summary>Follows the wall clock; returns the wheel's time.</summary>
    /// <param name="wallMs">The wall clock now.</param>
    /// <param name="setBackMs">By how much the wall clock went back since the last call; else 0.</param>
    public long Advance(long wallMs, out long setBackMs)
    {
        var wheelMs = wallMs + _offsetMs;
        setBackMs = Math.Max(0, _wheelMs - wheelMs);
        _offsetMs += setBackMs;
        _wheelMs = Math.Max(_wheelMs, wheelMs);
        return _wheelMs;
    }

    /// <summary>When the wheel's time will be what the wall clock calls <paramref name="wallMs"/>.</summary>
    public long OfWall(long wallMs) => wallMs + _offsetMs;
}
