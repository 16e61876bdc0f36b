using XCron.Daemon.Peers;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>Lets a process's assigner look, and its reports go out, when each is due or woken.</summary>
internal sealed class ProcessOffice(
    ShardAssigner assigner, SimulatedMachine machine, TimeSpan reportInterval, Action sendReports)
{
    private Task<TimeSpan>? _looking;
    private bool _isWoken = true;
    private bool _isHurried = true;
    private long _lookMs;
    private long _reportMs;

    public long NextDueMs =>
        _isHurried || (_isWoken && _looking is null) || _looking is { IsCompleted: true } ? 0
        : Math.Min(_looking is null ? _lookMs : long.MaxValue, _reportMs);

    public void Wake() => _isWoken = true;

    public void Hurry() => _isHurried = true;

    /// <summary>To be called as the process.</summary>
    public bool Turn(long nowMs)
    {
        var did = false;
        if (_isHurried || nowMs >= _reportMs)
        {
            _isHurried = false;
            _reportMs = TrueMsAfter(reportInterval);
            sendReports();
            did = true;
        }

        if (_looking is { IsCompleted: true } looked)
        {
            var wait = new ValueTask<TimeSpan>(looked).Result;
            _looking = null;
            _lookMs = wait == Timeout.InfiniteTimeSpan ? long.MaxValue : TrueMsAfter(wait);
            did = true;
        }

        if (_looking is null && (_isWoken || nowMs >= _lookMs))
        {
            _isWoken = false;
            _looking = assigner.StepAsync(CancellationToken.None);
            did = true;
        }

        return did;
    }

    private long TrueMsAfter(TimeSpan wait) =>
        machine.Clock.TrueMsOf(machine.Clock.MonotonicMs + Math.Max(1, (long)wait.TotalMilliseconds));
}
