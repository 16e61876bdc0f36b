using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>
/// Makes the tables of a snapshot. Strict: what this version would not have written so is not taken for a state, as a
/// replica that has lost a part is worse than one that stops.
/// </summary>
internal static class SnapshotLoader
{
    private static readonly StrictParser<SnapshotHeader> HeaderParser = new(SnapshotHeader.Parser);
    private static readonly StrictParser<TaskRecordMessage> RecordParser = new(TaskRecordMessage.Parser);

    /// <exception cref="InvalidDataException">Damaged, of a newer version, or contradicting itself.</exception>
    public static async ValueTask<StateTables> LoadAsync(
        Stream snapshot, StateObservers observers, CancellationToken cancellationToken)
    {
        var frames = new SnapshotFrames(snapshot);
        var header = HeaderParser.Parse((await frames.NextAsync(cancellationToken)).Span);
        if (header.Format != SnapshotFormat.Version)
        {
            throw new InvalidDataException(
                $"The snapshot is of format {header.Format}; this version reads {SnapshotFormat.Version}.");
        }

        var tables = new StateTables(observers);
        tables.Owners.Set(OwnershipOf(header));
        var counters = CountersOf(header);
        tables.Counters.Load(counters);

        var gauges = new long[CounterNames.GaugeCount];
        var last = (Shard: -1, Id: 0L);
        for (var i = 0L; i < header.TaskCount; i++)
        {
            var frame = await frames.NextAsync(cancellationToken);
            var record = SnapshotFormat.RecordOf(RecordParser.Parse(frame.Span));
            var place = (Shard: ShardId.Of(record.Id).Value, Id: record.Id.Value);
            if (place.CompareTo(last) <= 0)
                throw new InvalidDataException($"Task {record.Id} is out of its order in the snapshot.");

            Load(tables, record);
            gauges[(int)CounterTally.GaugeOf(record)]++;
            last = place;
        }

        await frames.RequireEndAsync(cancellationToken);
        if (!gauges.AsSpan().SequenceEqual(counters.AsSpan(0, gauges.Length)))
            throw new InvalidDataException("The counters of the snapshot are not those of its tasks.");
        return tables;
    }

    private static void Load(StateTables tables, TaskRecord record)
    {
        if (record.Id.Value <= 0 || !DefinitionHead.TryRead(record.Definition, out _, out var name))
            throw new InvalidDataException($"The definition of task {record.Id} cannot be read.");
        RequireRuns(record);
        if (name.Length > 0 && tables.Names.Find(name) is { } holder)
            throw new InvalidDataException($"Tasks {holder} and {record.Id} have one name.");

        tables.Load(record, name);
    }

    private static void RequireRuns(TaskRecord record)
    {
        if (record.Runs is not { } runs)
            return;
        if (runs.Count > OpenRuns.Most)
            throw new InvalidDataException($"Task {record.Id} has {runs.Count} open runs.");
        foreach (var run in runs.AsSpan())
        {
            var isOnce = ReferenceEquals(runs.Find(run.Sequence), run);
            if (run.Sequence <= 0 || run.Sequence > record.RunSequence || !isOnce)
                throw new InvalidDataException($"Task {record.Id} cannot have the open run {run.Sequence}.");
        }
    }

    private static Ownership OwnershipOf(SnapshotHeader header)
    {
        if (header.Owners.Count != ShardId.Count)
            throw new InvalidDataException($"The snapshot has {header.Owners.Count} shards, not {ShardId.Count}.");

        var sessions = new OwnerSession[ShardId.Count];
        for (var shard = 0; shard < sessions.Length; shard++)
        {
            var position = header.Owners[shard];
            if (position < -1 || position >= header.Sessions.Count)
                throw new InvalidDataException($"Shard {shard} of the snapshot has no session {position}.");
            if (position >= 0)
                sessions[shard] = SessionMessage.Read(header.Sessions[position]);
        }

        return new Ownership(header.Epoch, [.. sessions], [.. header.Ending.Select(SessionMessage.Read)]);
    }

    private static long[] CountersOf(SnapshotHeader header)
    {
        var counters = new long[CounterNames.All.Length];
        foreach (var (name, count) in header.Counters)
        {
            var place = Array.IndexOf(CounterNames.All, name);
            if (place < 0)
                throw new InvalidDataException($"This version does not know the counter {name} of the snapshot.");

            counters[place] = count;
        }

        return counters;
    }
}
