namespace XCron.Daemon.Schedules;

/// <summary>
/// The due times of one task, and by how much jitter moves the run of each: a share of the jitter that is fixed for the
/// task and the time, whoever computes it. A run is never moved past the next due time, nor past the end, so the runs
/// keep their order and none is lost.
/// </summary>
internal sealed class DueTimes
{
    private readonly ISchedule _schedule;
    private readonly long _taskId;
    private readonly long _jitterMs;
    private readonly long _endMs;

    /// <param name="schedule">Of the task's expression; bounded here.</param>
    /// <param name="taskId">The task's id.</param>
    /// <param name="startMs">No due time is before; 0 for no bound.</param>
    /// <param name="endMs">No due time is after; 0 for no bound.</param>
    /// <param name="jitterMs">The most a run is moved; 0 for none.</param>
    public DueTimes(ISchedule schedule, long taskId, long startMs, long endMs, long jitterMs)
    {
        _schedule = startMs == 0 && endMs == 0 ? schedule : new WindowedSchedule(schedule, startMs, endMs);
        (_taskId, _jitterMs, _endMs) = (taskId, jitterMs, endMs);
    }

    /// <summary>The first due time after the moment; 0 for none.</summary>
    /// <exception cref="InvalidDataException">A schedule that did not move on would run a task without end.</exception>
    public long NextAfter(long afterMs)
    {
        var nextMs = _schedule.NextAfter(afterMs);
        return nextMs == 0 || nextMs > afterMs
            ? nextMs
            : throw new InvalidDataException($"The schedule gave {nextMs} as its next time after {afterMs}.");
    }

    /// <summary>The first due time after the moment, 0 for none, and by how much its run is moved.</summary>
    public (long DueMs, long DelayMs) NextRunAfter(long afterMs)
    {
        var dueMs = NextAfter(afterMs);
        return (dueMs, DelayMs(dueMs));
    }

    /// <summary>By how much the run of a due time is moved.</summary>
    public long DelayMs(long dueMs) =>
        dueMs == 0 || _jitterMs == 0 ? 0 : Jitter.DelayMs(_taskId, dueMs, MostDelayMs(dueMs));

    /// <summary>The most by which the run of a due time may be moved.</summary>
    public long MostDelayMs(long dueMs)
    {
        if (_jitterMs == 0)
            return 0;
        var nextMs = NextAfter(dueMs);
        var mostMs = nextMs == 0 ? _jitterMs : Math.Min(_jitterMs, nextMs - dueMs - 1);
        return _endMs == 0 ? mostMs : Math.Clamp(_endMs - dueMs, 0, mostMs);
    }

    /// <summary>The latest due time whose run was to start by now; the first at least, which was.</summary>
    public long LatestBegun(long firstMs, long nowMs)
    {
        var latestMs = _schedule.LatestAtOrBefore(nowMs, firstMs);
        if (latestMs <= firstMs || latestMs + DelayMs(latestMs) <= nowMs)
            return Math.Max(firstMs, latestMs);
        return Math.Max(firstMs, _schedule.LatestAtOrBefore(latestMs - 1, firstMs));
    }

    /// <summary>How many due times lie after the one moment, up to and with the other.</summary>
    public long Count(long fromMs, long toMs) => MissedTimes.Count(_schedule, fromMs, toMs);

    /// <inheritdoc cref="MissedTimes.OldestKept"/>
    public long OldestKept(long firstMs, long nowMs, int kept) =>
        MissedTimes.OldestKept(_schedule, firstMs, nowMs, kept);
}
