namespace XCron.Raft.Storage;

/// <summary>Reads entries back from disk, for followers that lag further than memory reaches. Any thread.</summary>
internal sealed class LogReader(LogSegments segments)
{
    private const int WindowBytes = 64 * 1024;

    // What an entry costs beside its payload, so that a run of empty ones is bounded too.
    private const int EntryBytes = 32;

    /// <summary>
    /// Entries from an index on, gapless, at most so many bytes (32 an entry beside its payload) but at least one; empty
    /// where there is none.
    /// </summary>
    public LogEntry[] Read(LogIndex from, int maxBytes)
    {
        var entries = new List<LogEntry>();
        var budget = (long)maxBytes;
        long? cuts = null;
        while (budget > 0 || entries.Count == 0)
        {
            // A truncation between two pieces would join two histories: what was read before it stands alone.
            if (segments.Pin(from, cuts) is not { } piece)
                break;

            try
            {
                cuts = piece.Cuts;
                if (!ReadPiece(piece, from, entries, ref budget))
                    break;
            }
            finally
            {
                segments.Unpin(piece.Segment);
            }

            from = entries[^1].Index.Next;
        }

        return [.. entries];
    }

    /// <summary>False when the budget is used up.</summary>
    private static bool ReadPiece(LogPiece piece, LogIndex from, List<LogEntry> entries, ref long budget)
    {
        var segment = piece.Segment;
        var reader = new FrameReader(segment.File, piece.End, segment.Seed, WindowBytes);
        var found = new List<(LogEntry Entry, int Offset, int Bytes)>();
        for (var offset = piece.Offset; offset < piece.End && from <= piece.Last;)
        {
            if (!reader.TryRead(offset, out var header, out _, out var body))
                throw new LogDamagedException(segment.Name, offset, "a batch that was durable fails its check.");

            Collect(body, from, piece.Last, found);
            foreach (var (entry, payloadOffset, payloadBytes) in found)
            {
                if (payloadBytes + EntryBytes > budget && entries.Count > 0)
                    return false;

                budget -= payloadBytes + EntryBytes;
                entries.Add(entry with { Payload = body.Slice(payloadOffset, payloadBytes).ToArray() });
                from = entry.Index.Next;
            }

            offset += header.FrameBytes;
        }

        Invariant.Require(entries.Count > 0 && from > piece.Last, "the entries of a piece of the log are where it says");
        return true;
    }

    /// <summary>The entries that a batch leaves behind, of those asked for.</summary>
    private static void Collect(
        ReadOnlySpan<byte> body, LogIndex from, LogIndex last, List<(LogEntry Entry, int Offset, int Bytes)> found)
    {
        found.Clear();
        var records = new RecordReader(body);
        while (records.Next())
        {
            switch (records.Kind)
            {
                case RecordKind.Reset:
                    found.Clear();
                    break;
                case RecordKind.Truncate:
                    var cut = records.First;
                    found.RemoveAll(item => item.Entry.Index.Value >= cut);
                    break;
                case RecordKind.Entry when records.First >= from.Value && records.First <= last.Value:
                    var entry = new LogEntry(new(records.First), new(records.Second), records.EntryKind, default);
                    found.Add((entry, records.PayloadOffset, records.PayloadBytes));
                    break;
                default:
                    break;
            }
        }
    }
}
