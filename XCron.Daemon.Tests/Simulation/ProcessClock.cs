namespace XCron.Daemon.Tests.Simulation;

/// <summary>The clock of one process: its machine's, and timers that die with it.</summary>
internal sealed class ProcessClock(MachineClock machine) : TimeProvider
{
    // No timestamp is 0, which some take for none.
    private const long FirstTimestamp = 1_000_000;

    private readonly PriorityQueue<(ProcessTimer Timer, long Setting), (long DueMs, long Order)> _timers = new();
    private long _order;

    public override long TimestampFrequency => 1000;

    /// <summary>When the next timer is due, in true time; long.MaxValue for none.</summary>
    public long NextDueMs
    {
        get
        {
            while (_timers.TryPeek(out var next, out var when))
            {
                if (next.Timer.IsSetAs(next.Setting))
                    return machine.TrueMsOf(when.DueMs);
                _timers.Dequeue();
            }

            return long.MaxValue;
        }
    }

    public override long GetTimestamp() => FirstTimestamp + machine.MonotonicMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(machine.WallMs);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
            throw new NotSupportedException("Only timers of one shot are needed here.");

        var timer = new ProcessTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Fires what is due by now; to be called as the process. Returns whether there was anything.</summary>
    public bool FireDue()
    {
        var fired = false;
        while (_timers.TryPeek(out var next, out var when) && when.DueMs <= machine.MonotonicMs)
        {
            _timers.Dequeue();
            if (!next.Timer.IsSetAs(next.Setting))
                continue;
            next.Timer.Fire();
            fired = true;
        }

        return fired;
    }

    private void Enter(ProcessTimer timer, long setting, TimeSpan dueTime)
    {
        var dueMs = machine.MonotonicMs + (long)Math.Ceiling(dueTime.TotalMilliseconds);
        _timers.Enqueue((timer, setting), (dueMs, _order++));
    }

    private sealed class ProcessTimer(ProcessClock clock, TimerCallback callback, object? state) : ITimer
    {
        private long _setting;
        private bool _isSet;

        public bool IsSetAs(long setting) => _isSet && setting == _setting;

        public void Fire()
        {
            _isSet = false;
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _setting++;
            _isSet = dueTime != Timeout.InfiniteTimeSpan;
            if (_isSet)
                clock.Enter(this, _setting, dueTime);
            return true;
        }

        public void Dispose() => _isSet = false;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
