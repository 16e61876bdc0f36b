using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>One page of a listing.</summary>
/// <param name="Tasks">By rising id.</param>
/// <param name="Next">The last task that was looked at; null where there is nothing behind it.</param>
internal sealed record TaskPage(List<TaskRecord> Tasks, TaskId? Next)
{
    /// <summary>So many tasks are looked at for one page: a filter that few match costs more pages, never a long
    /// one. About 5 ms.</summary>
    public const int MaxLooks = 20_000;

    /// <summary>Definitions on one page; what is larger comes on the next.</summary>
    private const int MaxBytes = 2 * 1024 * 1024;

    private const int IdsAtOnce = 256;

    public static TaskPage Read(ITaskReader tasks, TaskFilter filter, TaskId after, int limit)
    {
        var found = new List<TaskRecord>(Math.Min(limit, IdsAtOnce));
        var foundBytes = 0;
        Span<TaskId> ids = stackalloc TaskId[IdsAtOnce];
        var last = after;
        for (var looks = 0; looks < MaxLooks;)
        {
            var count = tasks.IdsAfter(last, ids);
            if (count == 0)
                return new TaskPage(found, null);
            for (var position = 0; position < count; position++)
            {
                // Deleted since its id was copied: it was not there all along.
                if (tasks.Find(ids[position]) is { } record && filter.Matches(record))
                {
                    if (found.Count == limit || (found.Count > 0 && foundBytes + record.Definition.Length > MaxBytes))
                        return new TaskPage(found, last);
                    found.Add(record);
                    foundBytes += record.Definition.Length;
                }

                last = ids[position];
            }

            looks += count;
        }

        return new TaskPage(found, last);
    }
}
