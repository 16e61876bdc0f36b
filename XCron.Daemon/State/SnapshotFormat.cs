using System.Buffers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>
/// A snapshot is a SnapshotHeader and then the records, shard by shard and by rising id within each, every message
/// behind its length. Nothing in it depends on the order of a hash table, so equal states have equal bytes.
/// </summary>
internal static class SnapshotFormat
{
    public const uint Version = 1;

    public static void Write(IMessage message, IBufferWriter<byte> destination)
    {
        const int MaxLengthBytes = 5;
        var length = new WireWriter(destination.GetSpan(MaxLengthBytes));
        length.WriteVarint((ulong)message.CalculateSize());
        destination.Advance(length.Written);
        message.WriteTo(destination);
    }

    public static SnapshotHeader HeaderOf(Ownership ownership, ReadOnlySpan<long> counters, int taskCount)
    {
        var header = new SnapshotHeader { Format = Version, Epoch = ownership.Epoch, TaskCount = taskCount };
        var positions = new Dictionary<OwnerSession, int>();
        foreach (var session in ownership.Sessions)
        {
            if (session.IsNone)
            {
                header.Owners.Add(-1);
                continue;
            }

            if (!positions.TryGetValue(session, out var position))
            {
                position = header.Sessions.Count;
                positions.Add(session, position);
                header.Sessions.Add(SessionMessage.Of(session));
            }

            header.Owners.Add(position);
        }

        header.Ending.Add(ownership.Ending.Select(SessionMessage.Of));

        // A MapField is written in the order of insertion.
        for (var i = 0; i < counters.Length; i++)
            header.Counters.Add(CounterNames.All[i], counters[i]);
        return header;
    }

    public static TaskRecordMessage MessageOf(TaskRecord record)
    {
        var message = MessageOfOne(record);
        if (record.Runs is { } runs)
        {
            message.OpenRun = MessageOf(runs.First);
            foreach (var run in runs.AsSpan()[1..])
                message.MoreRuns.Add(MessageOf(run));
        }

        if (record.History is { } history)
        {
            message.LastRun = history.Last is null ? null : MessageOf(history.Last);
            message.EarlierRuns = UnsafeByteOperations.UnsafeWrap(history.Earlier);
            message.RunsByHand = history.Uncounted;
        }

        return message;
    }

    private static TaskRecordMessage MessageOfOne(TaskRecord record) => new()
    {
        TaskId = record.Id.Value,
        CreateTimeMs = record.CreateTimeMs,
        CreatedBy = record.CreatedBy,
        Definition = UnsafeByteOperations.UnsafeWrap(record.Definition),
        Revision = record.Revision,
        Phase = (int)record.Phase,
        NextDueMs = record.NextDueMs,
        QueuedDueMs = record.QueuedDueMs,
        ExpireAtMs = record.ExpireAtMs,
        RunSequence = record.RunSequence,
        RunCount = record.RunCount,
        FailCount = record.FailCount,
        MissedCount = record.MissedCount,
        NextDelayMs = record.NextDelayMs,
    };

    public static TaskRecord RecordOf(TaskRecordMessage message) => new()
    {
        Id = new TaskId(message.TaskId),
        CreateTimeMs = message.CreateTimeMs,
        CreatedBy = message.CreatedBy,
        Definition = ArrayOf(message.Definition),
        Revision = message.Revision,
        Phase = message.Phase is >= (int)TaskPhase.Scheduled and <= (int)TaskPhase.Expired
            ? (TaskPhase)message.Phase
            : throw new InvalidDataException($"Task {message.TaskId} is in the unknown phase {message.Phase}."),
        NextDueMs = message.NextDueMs,
        QueuedDueMs = message.QueuedDueMs,
        ExpireAtMs = message.ExpireAtMs,
        RunSequence = message.RunSequence,
        RunCount = message.RunCount,
        FailCount = message.FailCount,
        MissedCount = message.MissedCount,
        NextDelayMs = message.NextDelayMs is >= 0 and <= int.MaxValue
            ? (int)message.NextDelayMs
            : throw new InvalidDataException($"Task {message.TaskId} is delayed by {message.NextDelayMs} ms."),
        Runs = RunsOf(message),
        History = RunHistory.Load(
            FinishedOf(message.LastRun), ArrayOf(message.EarlierRuns), message.RunsByHand),
    };

    private static OpenRunMessage MessageOf(OpenRun run) => new()
    {
        Sequence = run.Sequence,
        ScheduledMs = run.ScheduledMs,
        Attempt = run.Attempt,
        Failures = run.Failures,
        ClaimedBy = run.ClaimedBy.IsNone ? null : SessionMessage.Of(run.ClaimedBy),
        RetryAtMs = run.RetryAtMs,
        ClaimedMs = run.ClaimedMs,
        LastAttempt = run.LastAttempt is null ? null : MessageOf(run.LastAttempt),
        DelayMs = run.DelayMs,
        ByHand = run.IsByHand,
    };

    public static FinishedRunMessage MessageOf(FinishedRun run) => new()
    {
        Sequence = run.Sequence,
        ScheduledMs = run.ScheduledMs,
        Attempt = run.Attempt,
        Status = (int)run.Status,
        HttpStatus = run.HttpStatus,
        Error = run.Error,
        StartMs = run.StartMs,
        EndMs = run.EndMs,
        NodeId = run.NodeId,
    };

    private static OpenRuns? RunsOf(TaskRecordMessage message)
    {
        if (message.OpenRun is null)
        {
            return message.MoreRuns.Count == 0
                ? null
                : throw new InvalidDataException($"Task {message.TaskId} has more runs than none.");
        }

        return OpenRuns.Of([RunOf(message.OpenRun), .. message.MoreRuns.Select(RunOf)]);
    }

    private static OpenRun RunOf(OpenRunMessage message) => new()
    {
        Sequence = message.Sequence,
        ScheduledMs = message.ScheduledMs,
        Attempt = message.Attempt,
        Failures = message.Failures,
        ClaimedBy = SessionMessage.Read(message.ClaimedBy),
        RetryAtMs = message.RetryAtMs,
        ClaimedMs = message.ClaimedMs,
        LastAttempt = FinishedOf(message.LastAttempt),
        DelayMs = message.DelayMs,
        IsByHand = message.ByHand,
    };

    public static FinishedRun? FinishedOf(FinishedRunMessage? message) => message is null ? null : new()
    {
        Sequence = message.Sequence,
        ScheduledMs = message.ScheduledMs,
        Attempt = message.Attempt,
        Status = message.Status is >= (int)RunStatus.Ok and <= (int)RunStatus.Skipped
            ? (RunStatus)message.Status
            : throw new InvalidDataException($"Run {message.Sequence} has the unknown status {message.Status}."),
        HttpStatus = message.HttpStatus,
        Error = message.Error,
        StartMs = message.StartMs,
        EndMs = message.EndMs,
        NodeId = message.NodeId,
    };

    // The parser made an array for these bytes alone, and the message is dropped: no second copy is needed.
    private static byte[] ArrayOf(ByteString bytes) =>
        MemoryMarshal.TryGetArray(bytes.Memory, out var segment) && segment.Array is { } array
            && array.Length == bytes.Length ? array : bytes.ToByteArray();
}
