using System.Runtime.InteropServices;
using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>
/// When claims were proposed, until they are granted. Where one revision was proposed several times, the first counts:
/// which of them is granted is not known, and an attempt is safe to make only while the oldest is fresh. Thread-safe.
/// </summary>
internal sealed class ProposalTimes
{
    /// <summary>Beyond it all are forgotten, which costs no more than a read barrier.</summary>
    private const int MaxTasks = 65_536;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, (long Revision, long Timestamp)> _times = [];

    public void Note(long task, long revision, long timestamp)
    {
        lock (_gate)
        {
            if (_times.Count >= MaxTasks && !_times.ContainsKey(task))
                _times.Clear();
            ref var time = ref CollectionsMarshal.GetValueRefOrAddDefault(_times, task, out var exists);
            if (!exists || time.Revision != revision)
                time = (revision, timestamp);
        }
    }

    /// <summary>
    /// The time of the claim that granted the record's <see cref="TaskRecord.Run"/> just now;
    /// <see cref="AttemptTicket.NotKnown"/> if it is not known, or nobody claimed it: a run by hand is granted by the
    /// log alone, whatever was proposed for the task at that time.
    /// </summary>
    public long TakeFor(TaskRecord record) => record.Run is { IsByHand: true, Attempt: 1 }
        ? AttemptTicket.NotKnown
        : Take(record.Id.Value);

    /// <summary>As <see cref="TakeFor"/>, of what was claimed.</summary>
    public long Take(long task)
    {
        lock (_gate)
            return _times.Remove(task, out var time) ? time.Timestamp : AttemptTicket.NotKnown;
    }
}
