using System.Buffers.Binary;

namespace XCron.Raft.Grpc;

/// <summary>
/// The entries of an append as one run of bytes: for each its term (8 bytes), kind (1) and length (4), little-endian,
/// and its payload; indexes follow from the append's own. Read back, the payloads are slices of the block: an entry
/// costs no array of its own. bench raft, three nodes: 2,300 bytes allocated for a proposal with one message an entry,
/// 1,500 with this.
/// </summary>
internal static class EntryBlock
{
    private const int HeadBytes = 8 + 1 + 4;

    public static int BytesOf(LogEntry[] entries)
    {
        var bytes = 0;
        foreach (var entry in entries)
            bytes += HeadBytes + entry.Payload.Length;
        return bytes;
    }

    /// <returns>What is left of the destination.</returns>
    public static Span<byte> Write(LogEntry[] entries, Span<byte> destination)
    {
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination, entry.Term.Value);
            destination[8] = (byte)entry.Kind;
            BinaryPrimitives.WriteInt32LittleEndian(destination[9..], entry.Payload.Length);
            entry.Payload.Span.CopyTo(destination[HeadBytes..]);
            destination = destination[(HeadBytes + entry.Payload.Length)..];
        }

        return destination;
    }

    /// <summary>The entries, or null where one is of a kind that this version does not know.</summary>
    /// <param name="block">Not changed any more: the entries keep it.</param>
    /// <param name="first">Where the first entry stands.</param>
    /// <exception cref="IOException">It is no block; the stream cannot be trusted.</exception>
    public static LogEntry[]? Read(ReadOnlyMemory<byte> block, LogIndex first)
    {
        var entries = new LogEntry[Count(block.Span, out var isKnown)];
        if (!isKnown)
            return null;

        for (var i = 0; i < entries.Length; i++)
        {
            var head = block.Span[..HeadBytes];
            var term = new Term(BinaryPrimitives.ReadInt64LittleEndian(head));
            var length = BinaryPrimitives.ReadInt32LittleEndian(head[9..]);
            entries[i] = new LogEntry(first + i, term, (EntryKind)head[8], block.Slice(HeadBytes, length));
            block = block[(HeadBytes + length)..];
        }

        return entries;
    }

    private static int Count(ReadOnlySpan<byte> block, out bool isKnown)
    {
        isKnown = true;
        var count = 0;
        for (; !block.IsEmpty; count++)
        {
            var length = block.Length < HeadBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(block[9..]);
            if (length < 0 || length > block.Length - HeadBytes)
                throw new IOException("a block of entries ends within an entry");
            isKnown &= block[8] <= (byte)EntryKind.Configuration;
            block = block[(HeadBytes + length)..];
        }

        return count;
    }
}
