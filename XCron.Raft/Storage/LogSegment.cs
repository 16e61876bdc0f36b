using System.Globalization;

namespace XCron.Raft.Storage;

/// <summary>
/// One file of the log, and where its entries stand in it. Entries that a later batch made void are not counted. Guarded
/// by the lock of <see cref="LogSegments"/>.
/// </summary>
internal sealed class LogSegment(IDiskFile file, string name, SegmentHeader header, uint seed)
{
    // One place remembered for so much of the file: 16 bytes for 16 KiB, and a read skips at most that much.
    private const long AnchorSpacingBytes = 16 * 1024;
    private const string Prefix = "log-";

    // Invariant: both rise. An anchor covers the indexes up to the next one, in the frames up to the next one's, and no
    // frame in between makes an entry of those void: a batch that truncates gets an anchor of its own.
    private readonly List<(LogIndex Index, long Offset)> _anchors = [];
    private bool _anchorNext = true;

    public IDiskFile File { get; } = file;

    public string Name { get; } = name;

    public SegmentHeader Header { get; } = header;

    public uint Seed { get; } = seed;

    /// <summary>The end of its durable frames.</summary>
    public long Position { get; set; } = SegmentHeader.Bytes;

    /// <summary>The first entry that is in force; Zero: none.</summary>
    public LogIndex First { get; private set; }

    public LogIndex Last { get; private set; }

    public bool HasEntries => First != LogIndex.Zero;

    /// <summary>Readers at work; the file is not taken away under them.</summary>
    public int Pins { get; set; }

    public static string NameFor(long firstSequence) =>
        Prefix + firstSequence.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Whether this is exactly the name of a segment; a copy made by hand is not.</summary>
    public static bool IsName(string name, out long firstSequence)
    {
        firstSequence = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out firstSequence)
            && name == NameFor(firstSequence);
    }

    /// <summary>Entries from this index on are void.</summary>
    public void CutFrom(LogIndex from)
    {
        if (!HasEntries || from > Last)
            return;

        _anchorNext = true;
        _anchors.RemoveAll(anchor => anchor.Index >= from);
        if (from <= First)
            First = Last = LogIndex.Zero;
        else
            Last = from.Previous;
    }

    /// <summary>A frame has been written that leaves these entries behind.</summary>
    public void Note(LogIndex first, LogIndex last, long offset)
    {
        if (!HasEntries)
            First = first;
        Last = last;
        if (_anchorNext || offset - _anchors[^1].Offset >= AnchorSpacingBytes)
            _anchors.Add((first, offset));
        _anchorNext = false;
    }

    /// <summary>Where an entry that is in force here stands, and how far one may read on from there.</summary>
    public void Locate(LogIndex index, out long offset, out long end, out LogIndex last)
    {
        var low = 0;
        var high = _anchors.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_anchors[middle].Index <= index)
                low = middle;
            else
                high = middle - 1;
        }

        var isLast = low == _anchors.Count - 1;
        offset = _anchors[low].Offset;
        end = isLast ? Position : _anchors[low + 1].Offset;
        last = isLast ? Last : _anchors[low + 1].Index.Previous;
    }
}
