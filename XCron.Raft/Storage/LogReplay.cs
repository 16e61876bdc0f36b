namespace XCron.Raft.Storage;

/// <summary>Plays the batches of a log back, in order, checking each against where the log stands.</summary>
internal sealed class LogReplay(SnapshotMark? snapshot)
{
    private readonly LogIndex _covered = snapshot?.Index ?? LogIndex.Zero;
    private LogStand _stand = new();
    private bool _begun;

    /// <summary>Where the log stands after the batches so far.</summary>
    public LogStand Stand => _stand;

    /// <summary>Whether anything has been read.</summary>
    public bool HasBegun => _begun;

    /// <summary>The entries behind the snapshot.</summary>
    public List<LogEntry> Entries { get; } = [];

    public BatchExtent Apply(string file, long offset, in FrameHeader header, ReadOnlySpan<byte> body)
    {
        try
        {
            var extent = new BatchExtent();
            var problem = header.Kind switch
            {
                FrameKind.Opening => ApplyOpening(body),
                FrameKind.Batch => ApplyBatch(body, header.Records, ref extent),
                _ => $"a frame of kind {header.Kind} where none may stand.",
            };
            return problem is null ? extent : throw new LogDamagedException(file, offset, problem);
        }
        catch (FormatException malformed)
        {
            throw new LogDamagedException(file, offset, malformed.Message);
        }
    }

    private string? ApplyOpening(ReadOnlySpan<byte> body)
    {
        var records = new RecordReader(body);
        if (!records.Next() || records.Kind != RecordKind.Stand || records.First < 0)
            return "a segment's opening does not say where the log stands.";

        var opened = LogStand.At(new(records.First), new(records.Second));
        while (records.Next())
        {
            var problem = records.Kind switch
            {
                RecordKind.HardState => opened.Put(StateOf(records)),
                RecordKind.Commit => opened.CommitUpTo(new(records.First)),
                _ => $"a segment's opening has a record {records.Kind}.",
            };
            if (problem is not null)
                return problem;
        }

        if (_begun)
            return opened.IsSameAs(_stand) ? null : "the segment continues another log than the one before it left.";

        _begun = true;
        _stand = opened;
        return null;
    }

    private string? ApplyBatch(ReadOnlySpan<byte> body, int count, ref BatchExtent extent)
    {
        byte[]? copy = null;
        var records = new RecordReader(body);
        while (records.Next())
        {
            count--;
            if (ApplyRecord(records, body, ref copy, ref extent) is { } problem)
                return problem;
        }

        return count == 0 ? null : "a batch has another number of records than its head says.";
    }

    private string? ApplyRecord(
        in RecordReader record, ReadOnlySpan<byte> body, ref byte[]? copy, ref BatchExtent extent)
    {
        var index = new LogIndex(record.First);
        switch (record.Kind)
        {
            case RecordKind.Entry:
                if (_stand.Append(index, new(record.Second)) is { } misplaced)
                    return misplaced;

                extent.OnEntry(index);
                if (index <= _covered)
                    return null;

                // One copy for a batch: its entries usually live and die together.
                copy ??= body.ToArray();
                var payload = copy.AsMemory(record.PayloadOffset, record.PayloadBytes);
                Entries.Add(new(index, new(record.Second), record.EntryKind, payload));
                return null;
            case RecordKind.Truncate:
                extent.OnTruncate(index);
                var kept = Entries.Count == 0 ? 0 : (int)Math.Clamp(index - Entries[0].Index, 0, Entries.Count);
                Entries.RemoveRange(kept, Entries.Count - kept);
                return _stand.Truncate(index, new Term(record.Second));
            case RecordKind.Reset:
                extent.OnReset();
                Entries.Clear();
                return _stand.Reset(index, new(record.Second));
            case RecordKind.HardState:
                return _stand.Put(StateOf(record));
            case RecordKind.Commit:
                return _stand.CommitUpTo(index);
            default:
                return $"a batch has a record {record.Kind}.";
        }
    }

    private static HardState StateOf(in RecordReader record) => new(new(record.First), new((ulong)record.Second));
}
