using XCron.Daemon.Commands;
using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// Makes the command that ends a pause. Due times that passed meanwhile are left to the task's owner, who meets them as
/// those of an outage; only misfire skip is settled here, since an owner would still serve what is a little late.
/// </summary>
internal static class TaskResume
{
    /// <exception cref="InvalidDataException">This machine does not know the task's time zone.</exception>
    public static ResumeTask Make(TaskRecord record, ApiServices services)
    {
        var nowMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var resume = new ResumeTask { TaskId = record.Id.Value, Revision = record.Revision, NowMs = nowMs };
        var definition = TaskDefinitionCodec.Decode(record.Definition);
        if (definition.Type != TaskType.Periodic)
            return resume;

        // The first version gave up the due times when it paused.
        var isLost = record is { NextDueMs: 0, QueuedDueMs: 0 };
        var isSkipped = definition.Misfire == Misfire.Skip && record.NextDueMs != 0 && record.NextRunMs <= nowMs;
        if (!isLost && !isSkipped)
            return resume;

        var due = DueTimesOf(definition, record);
        var lastMs = isLost ? nowMs : due.LatestBegun(record.NextDueMs, nowMs);
        resume.ReplacesDue = true;
        resume.NextDueMs = due.NextAfter(lastMs);
        resume.NextDelayMs = due.DelayMs(resume.NextDueMs);
        resume.Missed = isLost ? 0 : 1 + due.Count(record.NextDueMs, lastMs);
        if (resume.NextDueMs == 0)
            resume.ExpireAtMs = nowMs + (long)services.CompletedRetention.TotalMilliseconds;
        return resume;
    }

    private static DueTimes DueTimesOf(TaskDefinition definition, TaskRecord record)
    {
        // An interval keeps the phase of its next due time.
        var anchorMs = record.NextDueMs != 0 ? record.NextDueMs : record.CreateTimeMs;
        var parse = ScheduleParser.Parse(definition.Format, definition.Timezone, anchorMs);
        return parse is ScheduleParse.Parsed parsed
            ? new DueTimes(
                parsed.Schedule, record.Id.Value, definition.StartAtMs, definition.EndAtMs, definition.JitterMs)
            : throw new InvalidDataException(
                $"No schedule can be made of '{definition.Format}' in '{definition.Timezone}'.");
    }
}
