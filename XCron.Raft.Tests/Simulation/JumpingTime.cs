namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Short waits are over at once and have taken their time; long ones end when the test says so.
/// </summary>
internal sealed class JumpingTime : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private readonly List<Timer> _timers = [];

    public TimeSpan Passed { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Passed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Something took this long.</summary>
    public void Pass(TimeSpan time) => Passed += time;

    public void Fire(TimeSpan due)
    {
        foreach (var timer in _timers.Where(timer => timer.Due == due).ToArray())
            timer.Act();
    }

    private sealed class Timer(JumpingTime time, Action act) : ITimer
    {
        public TimeSpan Due { get; private set; } = Timeout.InfiniteTimeSpan;

        public void Act() => act();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime;
            if (dueTime < TimeSpan.Zero || dueTime > Short)
                return true;

            time.Passed += dueTime;
            ThreadPool.QueueUserWorkItem(static timer => timer.Act(), this, preferLocal: false);
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
