namespace XCron.Daemon.Tests.Firing;

/// <summary>
/// Time that stands still until a test moves it; the wall clock can be set apart from the time that passes.
/// </summary>
internal sealed class ManualClock(long wallMs) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(long WithinMs, TaskCompletionSource Source)> _waiters = [];
    private long _wallMs = wallMs;
    private long _elapsedMs = 1_000_000;

    public override long TimestampFrequency => 1000;

    public long NowMs => _wallMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(_wallMs);

    public override long GetTimestamp() => _elapsedMs;

    /// <summary>Somebody sets the clock; no time passes.</summary>
    public void Set(long wallMs) => _wallMs = wallMs;

    /// <summary>Completes when a timer is set that is due within so much time.</summary>
    public Task TimerWithinAsync(long milliseconds)
    {
        lock (_gate)
        {
            var waiter = (milliseconds, Source: new TaskCompletionSource(
                TaskCreationOptions.RunContinuationsAsynchronously));
            _waiters.Add(waiter);
            TellWaiters();
            return waiter.Source.Task;
        }
    }

    public void Advance(long milliseconds)
    {
        List<ManualTimer> due;
        lock (_gate)
        {
            _wallMs += milliseconds;
            _elapsedMs += milliseconds;
            due = _timers.FindAll(timer => timer.DueMs <= _elapsedMs);
            _timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due)
            timer.Fire();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void TellWaiters()
    {
        foreach (var waiter in _waiters.FindAll(
            waiter => _timers.Exists(timer => timer.DueMs - _elapsedMs <= waiter.WithinMs)))
        {
            _waiters.Remove(waiter);
            waiter.Source.SetResult();
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueMs { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                DueMs = clock._elapsedMs + (long)dueTime.TotalMilliseconds;
                clock._timers.Add(this);
                clock.TellWaiters();
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
