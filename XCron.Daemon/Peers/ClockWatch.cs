using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Says when another node's clock stands so far off that somebody must act, and when it no longer does. Due times in
/// the log are the same for all; but a task goes by the clock of the node that owns it, and is early or late by what
/// that is off.
/// </summary>
internal sealed class ClockWatch(Member peer, PeersTrace trace)
{
    // Machines that keep time by NTP are within some milliseconds; half a second is a clock that nobody sets.
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    // A clock about as far off as the limit is not told of again and again.
    private static readonly TimeSpan Calm = Limit / 2;

    private bool _isOff;

    /// <param name="offset">The other clock minus this node's.</param>
    /// <param name="error">How far that may be wrong: what a slow answer could explain is not held against it.</param>
    public void Measured(TimeSpan offset, TimeSpan error)
    {
        var atLeast = offset.Duration() - error;
        if (!_isOff && atLeast > Limit)
        {
            _isOff = true;
            trace.ClockIsOff(peer.Id, peer.Address, offset.TotalSeconds, error.TotalSeconds);
        }
        else if (_isOff && offset.Duration() + error < Calm)
        {
            _isOff = false;
            trace.ClockIsRight(peer.Id, peer.Address, offset.TotalSeconds);
        }
    }
}
