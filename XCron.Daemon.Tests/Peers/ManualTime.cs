using XCron.Daemon.Peers;

namespace XCron.Daemon.Tests.Peers;

/// <summary>Time that passes only when a test says so. Timers fire on the thread that advances it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(TimeSpan DueTime, TaskCompletionSource Set)> _awaited = [];
    private readonly Pulse _timerSet = new();
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Completes when the next timer is set.</summary>
    public Task TimerSet => _timerSet.Next;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Assert.That(period, Is.EqualTo(Timeout.InfiniteTimeSpan), "only timers of one shot are needed here");
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        DateTimeOffset until;
        lock (_gate)
            until = _now + by;
        while (TakeDue(until) is { } due)
            due.Fire();
    }

    /// <summary>Completes when a timer of exactly this length is running.</summary>
    public Task TimerOf(TimeSpan dueTime)
    {
        lock (_gate)
        {
            if (_timers.Any(timer => timer.DueTime == dueTime))
                return Task.CompletedTask;

            var awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((dueTime, awaited));
            return awaited.Task;
        }
    }

    /// <summary>
    /// Until the task has ended, lets timers of at most this length fire, each as soon as it is set: waits between
    /// attempts pass, deadlines do not.
    /// </summary>
    public async Task FireUntilAsync(Task ended, TimeSpan atMost)
    {
        while (!ended.IsCompleted)
        {
            var set = _timerSet.Next;
            if (TimeToNext(atMost) is { } time)
                Advance(time);
            else
                await Task.WhenAny(ended, set);
        }
    }

    private TimeSpan? TimeToNext(TimeSpan atMost)
    {
        lock (_gate)
            return _timers.Where(timer => timer.DueTime <= atMost).MinBy(timer => timer.DueAt)?.DueAt - _now;
    }

    private ManualTimer? TakeDue(DateTimeOffset until)
    {
        lock (_gate)
        {
            var due = _timers.Where(timer => timer.DueAt <= until).MinBy(timer => timer.DueAt);
            _now = due?.DueAt ?? until;
            if (due is not null)
                _timers.Remove(due);
            return due;
        }
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public TimeSpan DueTime { get; private set; }

        public DateTimeOffset DueAt { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;

                DueTime = dueTime;
                DueAt = time._now + dueTime;
                time._timers.Add(this);
                foreach (var (_, set) in time._awaited.Where(awaited => awaited.DueTime == dueTime))
                    set.TrySetResult();
                time._awaited.RemoveAll(awaited => awaited.DueTime == dueTime);
                time._timerSet.Set();
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
